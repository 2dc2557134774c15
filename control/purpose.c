#include "control/purpose.h"

#include "control/answer.h"
#include "control/escape.h"
#include "dataplane/api/detectors.h"
#include "patterns/identifier.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct purpose purpose_defaults = {.row = {.segment = PURPOSE_ALL, .mode = PURPOSE_COUNTERS},
	.retention_days = PURPOSE_RETENTION};

__attribute__((format(printf, 2, 3))) static int refuse(char *error, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(error, PURPOSE_ERROR_LEN, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

static int take_name(char to[PURPOSE_NAME_LEN], const char *key, const char *value, char *error)
{
	if (!purpose_name_ok(value))
		return refuse(
			error, "%s: takes 1 to %d of a-z 0-9 . _ -", key, PURPOSE_NAME_LEN - 1);
	strcpy(to, value);
	return 0;
}

static int refuse_kind(const char *key, const char *kind, char *error)
{
	return refuse(error, "%s: holds %s; name a role, an office or a document", key, kind);
}

// Numbers written in groups, wherever they stand in the text.
static const char *number_kind(const char *text)
{
	static const char in_number[] = "0123456789+-.() ";

	while (text[0] != '\0') {
		text += strcspn(text, "0123456789+");
		size_t n = strspn(text, in_number), end = n;
		while (end > 0 && strchr("-.( ", text[end - 1]) != NULL)
			end--;
		const char *kind = identifier_kind((const uint8_t *)text, end);
		if (kind != NULL)
			return kind;
		text += n;
	}
	return NULL;
}

// The register is no place for people's identifiers either: an owner is a role. What people write before
// and behind them ("tel:", a name in Chinese) makes no difference.
static int no_identifier(const char *key, const char *text, char *error)
{
	char copy[PURPOSE_TEXT_LEN];
	char *rest = copy;
	const char *word, *kind = number_kind(text);

	if (kind != NULL)
		return refuse_kind(key, kind, error);
	snprintf(copy, sizeof(copy), "%s", text);
	for (char *c = copy; *c != '\0'; c++)
		*c = (unsigned char)*c < 0x80 ? *c : ' ';
	while ((word = strsep(&rest, " ,;:=/()<>[]{}|\"'")) != NULL) {
		kind = identifier_kind((const uint8_t *)word, strlen(word));
		if (kind != NULL)
			return refuse_kind(key, kind, error);
	}
	return 0;
}

static int take_text(char to[PURPOSE_TEXT_LEN], const char *key, const char *value, char *error)
{
	size_t len = strlen(value);

	if (len == 0 || len >= PURPOSE_TEXT_LEN)
		return refuse(error, "%s: takes 1 to %d bytes", key, PURPOSE_TEXT_LEN - 1);
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)value[i] < 0x20 || value[i] == 0x7f)
			return refuse(error, "%s: takes one line of text", key);
	}
	int err = no_identifier(key, value, error);
	if (err == 0)
		strcpy(to, value);
	return err;
}

static int take_mode(struct purpose *p, const char *key, const char *value, char *error)
{
	if (strcmp(value, "counters") == 0)
		p->row.mode = PURPOSE_COUNTERS;
	else if (strcmp(value, "evidence") == 0)
		p->row.mode = PURPOSE_EVIDENCE;
	else
		return refuse(error, "%s: takes counters or evidence", key);
	return 0;
}

static int take_days(struct purpose *p, const char *key, const char *value, char *error)
{
	char *end;
	unsigned long v = strtoul(value, &end, 10);

	if (value[0] < '0' || value[0] > '9' || *end != '\0' || v < 1 || v > PURPOSE_RETENTION_MAX)
		return refuse(error, "%s: takes 1 to %d days", key, PURPOSE_RETENTION_MAX);
	p->retention_days = (uint32_t)v;
	return 0;
}

static int take_list(char to[][PURPOSE_NAME_LEN], uint8_t *count, bool (*ok)(const char *),
	const char *key, const char *const *values, unsigned n, char *error)
{
	if (n > PURPOSE_LIST_MAX)
		return refuse(error, "%s: at most %d", key, PURPOSE_LIST_MAX);
	for (unsigned i = 0; i < n; i++) {
		if (!ok(values[i]))
			return refuse(error,
				"%s: \"%.40s\" is none; docs/purposes.md says what it takes", key,
				values[i]);
		strcpy(to[i], values[i]);
	}
	*count = (uint8_t)n;
	return 0;
}

static bool detector_ok(const char *name)
{
	if (strcmp(name, PURPOSE_ALL) == 0)
		return true;
	for (unsigned i = 0; i < DETECTOR_COUNT; i++) {
		if (strcmp(name, detector_table[i].name) == 0 ||
			strcmp(name, detector_table[i].class) == 0)
			return true;
	}
	return false;
}

enum kind { KIND_ID, KIND_TEXT, KIND_SEGMENT, KIND_MODE, KIND_DAYS, KIND_RULES, KIND_DETECTORS };

#define AT(member) offsetof(struct purpose, member)
static const struct {
	const char *key;
	enum kind kind;
	size_t at; // of a text
} keys[] = {
	{"id", KIND_ID, 0},
	{"purpose", KIND_TEXT, AT(purpose)},
	{"legal_basis", KIND_TEXT, AT(basis)},
	{"owner", KIND_TEXT, AT(owner)},
	{"segment", KIND_SEGMENT, 0},
	{"mode", KIND_MODE, 0},
	{"retention_days", KIND_DAYS, 0},
	{"rules", KIND_RULES, 0},
	{"detectors", KIND_DETECTORS, 0},
};
#undef AT

static int set_one(struct purpose *p, size_t i, const char *value, char *error)
{
	const char *key = keys[i].key;

	switch (keys[i].kind) {
	case KIND_ID:
		return take_name(p->row.id, key, value, error);
	case KIND_SEGMENT:
		return take_name(p->row.segment, key, value, error);
	case KIND_MODE:
		return take_mode(p, key, value, error);
	case KIND_DAYS:
		return take_days(p, key, value, error);
	default:
		return take_text((char *)p + keys[i].at, key, value, error);
	}
}

int purpose_set(struct purpose *p, const char *key, const char *const *values, unsigned n,
	bool list, char error[PURPOSE_ERROR_LEN])
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strcmp(key, keys[i].key) != 0)
			continue;
		if (keys[i].kind == KIND_RULES)
			return take_list(p->row.rules, &p->row.n_rules, purpose_rule_ok, key,
				values, n, error);
		if (keys[i].kind == KIND_DETECTORS)
			return take_list(p->row.detectors, &p->row.n_detectors, detector_ok, key,
				values, n, error);
		if (list || n != 1)
			return refuse(error, "%s: takes one value", key);
		return set_one(p, i, values[0], error);
	}
	refuse(error, "there is no key \"%.64s\"", key);
	return -ENOENT;
}

int purpose_check(const struct purpose *p, char error[PURPOSE_ERROR_LEN])
{
	if (p->row.id[0] == '\0')
		return refuse(error, "id: missing");
	if (strcmp(p->row.id, PURPOSE_LABORATORY) == 0)
		return refuse(error, "id: \"%s\" is what --lab implies", PURPOSE_LABORATORY);
	if (p->purpose[0] == '\0')
		return refuse(error, "purpose: missing: what is it for");
	if (p->basis[0] == '\0')
		return refuse(
			error, "legal_basis: missing: which law, order or agreement allows it");
	if (p->owner[0] == '\0')
		return refuse(error, "owner: missing: which office answers for it");
	if (p->row.n_rules == 0 && p->row.n_detectors == 0)
		return refuse(error, "rules, detectors: name at least one, or \"all\"");
	return 0;
}

enum { VALUE_MAX = 32 };

static int take_json(struct purpose *p, const char *key, const json_t *value, char *error)
{
	const char *values[VALUE_MAX];
	char number[24];
	unsigned n = 0;

	if (json_is_array(value)) {
		const json_t *item;
		size_t i;
		json_array_foreach(value, i, item)
		{
			if (!json_is_string(item) || n == VALUE_MAX)
				return refuse(error, "%.64s: takes at most %d texts", key,
					PURPOSE_LIST_MAX);
			values[n++] = json_string_value(item);
		}
		return purpose_set(p, key, values, n, true, error);
	}
	snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(value));
	values[0] = json_is_integer(value) ? number : json_string_value(value);
	if (values[0] == NULL)
		return refuse(error, "%.64s: takes a text", key);
	return purpose_set(p, key, values, 1, false, error);
}

int purpose_from_json(const json_t *object, struct purpose *out, char error[PURPOSE_ERROR_LEN])
{
	struct purpose p = purpose_defaults;
	const char *key;
	json_t *value;

	if (!json_is_object(object))
		return refuse(error, "a purpose is an object");
	json_object_foreach((json_t *)(uintptr_t)object, key, value)
	{
		if (take_json(&p, key, value, error) < 0)
			return -EINVAL;
	}
	int err = purpose_check(&p, error);
	if (err == 0)
		*out = p;
	return err;
}

static json_t *names(const char list[][PURPOSE_NAME_LEN], unsigned n)
{
	json_t *out = json_array();

	for (unsigned i = 0; i < n; i++)
		json_array_append_new(out, json_string(list[i]));
	return out;
}

json_t *purpose_to_json(const struct purpose *p)
{
	const bool retired = p->retired_ns != 0;

	return json_pack("{s:s, s:o, s:o, s:o, s:s, s:s, s:I, s:o, s:o, s:o, s:I, s:b, s:o, s:o}",
		"id", p->row.id, "purpose", escape_json(p->purpose), "legal_basis",
		escape_json(p->basis), "owner", escape_json(p->owner), "segment", p->row.segment,
		"mode", p->row.mode == PURPOSE_EVIDENCE ? "evidence" : "counters", "retention_days",
		(json_int_t)p->retention_days, "rules", names(p->row.rules, p->row.n_rules),
		"detectors", names(p->row.detectors, p->row.n_detectors), "created_at",
		answer_utc(p->created_ns), "created_by", (json_int_t)p->created_by, "active",
		!retired, "retired_at", retired ? answer_utc(p->retired_ns) : json_null(),
		"retired_by", retired ? json_integer((json_int_t)p->retired_by) : json_null());
}
