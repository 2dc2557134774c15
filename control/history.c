#include "control/history.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void take_out(struct history *h, unsigned i)
{
	pattern_set_drop(h->sets[i]);
	h->n--;
	memmove(&h->sets[i], &h->sets[i + 1], (h->n - i) * sizeof(h->sets[0]));
}

void history_put(struct history *h, struct pattern_set *set)
{
	pattern_set_hold(set);
	for (unsigned i = h->n; i-- > 0;) {
		if (memcmp(h->sets[i]->digest, set->digest, sizeof(set->digest)) == 0)
			take_out(h, i);
	}
	while (h->n >= h->max)
		take_out(h, h->n - 1);
	memmove(&h->sets[1], &h->sets[0], h->n * sizeof(h->sets[0]));
	h->sets[0] = set;
	h->n++;
}

void history_drop_all(struct history *h)
{
	while (h->n > 0)
		take_out(h, h->n - 1);
}

void history_new_run(struct history *h)
{
	for (unsigned i = 0; i < h->n; i++)
		h->sets[i]->generation = 0;
}

struct pattern_set *history_before(const struct history *h, const struct pattern_set *live)
{
	for (unsigned i = 0; i < h->n; i++) {
		if (h->sets[i] != live)
			return h->sets[i];
	}
	return NULL;
}

struct pattern_set *history_generation(const struct history *h, uint64_t generation)
{
	for (unsigned i = 0; i < h->n; i++) {
		if (generation != 0 && h->sets[i]->generation == generation)
			return h->sets[i];
	}
	return NULL;
}

struct pattern_set *history_named(const struct history *h, const uint8_t name[32])
{
	for (unsigned i = 0; i < h->n; i++) {
		const struct compile_report *report = &h->sets[i]->report;
		if (report->has_digest && memcmp(report->digest, name, 32) == 0)
			return h->sets[i];
	}
	return NULL;
}

unsigned history_names(const struct history *h, uint8_t names[HISTORY_MAX][32])
{
	unsigned n = 0;

	for (unsigned i = 0; i < h->n; i++) {
		if (h->sets[i]->report.has_digest)
			memcpy(names[n++], h->sets[i]->report.digest, 32);
	}
	return n;
}

static bool begins(const struct pattern_set *set, const char *hex)
{
	char text[65];

	for (unsigned i = 0; i < 32; i++)
		snprintf(text + 2 * i, 3, "%02x", set->digest[i]);
	return strncmp(text, hex, strlen(hex)) == 0;
}

int history_digest(const struct history *h, const char *hex, struct pattern_set **out)
{
	struct pattern_set *found = NULL;

	for (unsigned i = 0; i < h->n; i++) {
		if (!begins(h->sets[i], hex))
			continue;
		if (found != NULL)
			return -EEXIST;
		found = h->sets[i];
	}
	if (found == NULL)
		return -ENOENT;
	*out = found;
	return 0;
}
