#include "dataplane/api/purpose.h"

#include <stdio.h>
#include <string.h>

#define LOWER "abcdefghijklmnopqrstuvwxyz0123456789._-"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

static bool chars_ok(const char *name, const char *chars)
{
	size_t n = strlen(name);

	return n > 0 && n < PURPOSE_NAME_LEN && strspn(name, chars) == n;
}

bool purpose_name_ok(const char *name)
{
	return chars_ok(name, LOWER);
}

bool purpose_rule_ok(const char *name)
{
	const char *colon = strchr(name, ':');

	if (colon == NULL)
		return chars_ok(name, LOWER UPPER);
	return colon != name && colon[1] != '\0' && strlen(name) < PURPOSE_NAME_LEN &&
		strspn(name, "0123456789") == (size_t)(colon - name) &&
		strspn(colon + 1, "0123456789") == strlen(colon + 1);
}

static bool ended(const char *name)
{
	return memchr(name, '\0', PURPOSE_NAME_LEN) != NULL;
}

static bool row_ok(const struct purpose_row *r)
{
	if (!ended(r->id) || !ended(r->segment) || !purpose_name_ok(r->id) ||
		!purpose_name_ok(r->segment))
		return false;
	if (r->n_rules > PURPOSE_LIST_MAX || r->n_detectors > PURPOSE_LIST_MAX ||
		(r->mode != PURPOSE_COUNTERS && r->mode != PURPOSE_EVIDENCE))
		return false;
	for (unsigned i = 0; i < r->n_rules; i++) {
		if (!ended(r->rules[i]) || !purpose_rule_ok(r->rules[i]))
			return false;
	}
	for (unsigned i = 0; i < r->n_detectors; i++) {
		if (!ended(r->detectors[i]) || !purpose_name_ok(r->detectors[i]))
			return false;
	}
	return true;
}

bool purpose_table_ok(const struct purpose_table *t)
{
	if (t->n > PURPOSES_MAX)
		return false;
	for (uint32_t i = 0; i < t->n; i++) {
		if (!row_ok(&t->rows[i]))
			return false;
	}
	return true;
}

void purpose_table_laboratory(struct purpose_table *t)
{
	struct purpose_row *r = &t->rows[0];

	memset(t, 0, sizeof(*t));
	t->n = 1;
	strcpy(r->id, PURPOSE_LABORATORY);
	strcpy(r->segment, PURPOSE_ALL);
	strcpy(r->rules[0], PURPOSE_ALL);
	strcpy(r->detectors[0], PURPOSE_ALL);
	r->n_rules = r->n_detectors = 1;
	r->mode = PURPOSE_COUNTERS;
}

bool purpose_covers_rule(const struct purpose_row *row, uint32_t gid, uint32_t sid, const char *set)
{
	char id[24];

	snprintf(id, sizeof(id), "%u:%u", gid, sid);
	for (unsigned i = 0; i < row->n_rules; i++) {
		const char *name = row->rules[i];
		if (strcmp(name, PURPOSE_ALL) == 0 || strcmp(name, id) == 0 ||
			(set != NULL && strcmp(name, set) == 0))
			return true;
	}
	return false;
}

bool purpose_covers_detector(
	const struct purpose_row *row, const char *detector, const char *class_name)
{
	for (unsigned i = 0; i < row->n_detectors; i++) {
		const char *name = row->detectors[i];
		if (strcmp(name, PURPOSE_ALL) == 0 || strcmp(name, detector) == 0 ||
			(class_name != NULL && strcmp(name, class_name) == 0))
			return true;
	}
	return false;
}
