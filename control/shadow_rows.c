#include "control/shadow_rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// Fewer confirm steps that were timed tell nothing about all the others.
enum { TIMED_MIN = 100 };

static int compare(const struct pattern_entry *a, const struct pattern_entry *b)
{
	if (a == NULL || b == NULL)
		return (a == NULL) - (b == NULL);
	if (a->gid != b->gid)
		return a->gid < b->gid ? -1 : 1;
	return (a->sid > b->sid) - (a->sid < b->sid);
}

int64_t shadow_row_hits(const struct shadow_row *row)
{
	return (int64_t)(row->n[SHADOW_BESIDE].hits - row->n[SHADOW_LIVE].hits);
}

int64_t shadow_row_cost_ns(const struct shadow_row *row)
{
	return (int64_t)(row->n[SHADOW_BESIDE].cost_ns - row->n[SHADOW_LIVE].cost_ns);
}

static bool is_in_both(const struct shadow_row *row)
{
	return row->rules[SHADOW_LIVE] != NULL && row->rules[SHADOW_BESIDE] != NULL;
}

static const struct pattern_entry *name_of(const struct shadow_row *row)
{
	return row->rules[SHADOW_LIVE] != NULL ? row->rules[SHADOW_LIVE]
					       : row->rules[SHADOW_BESIDE];
}

static uint64_t distance(int64_t difference)
{
	return difference < 0 ? -(uint64_t)difference : (uint64_t)difference;
}

static int by_difference(const void *a, const void *b)
{
	const struct shadow_row *x = a, *y = b;
	const uint64_t more[][2] = {
		{distance(shadow_row_hits(x)), distance(shadow_row_hits(y))},
		{distance(shadow_row_cost_ns(x)), distance(shadow_row_cost_ns(y))},
		{!is_in_both(x), !is_in_both(y)},
	};

	for (unsigned i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
		if (more[i][0] != more[i][1])
			return more[i][0] < more[i][1] ? 1 : -1;
	}
	return compare(name_of(x), name_of(y));
}

static struct rule_numbers numbers_of(
	const struct pattern_entry *e, const struct rule_tallies *tallies)
{
	const struct rule_tally *t = e != NULL ? tally_find(tallies, e->gid, e->sid, e->rev) : NULL;

	return t != NULL ? t->n : (struct rule_numbers){0};
}

static const struct pattern_entry *entry(const struct pattern_index *x, uint32_t i)
{
	return x != NULL && i < x->n ? &x->entries[i] : NULL;
}

// Both are sorted: one walk.
static void pair(const struct pattern_index *const indexes[SHADOW_SIDES], struct shadow_rows *t)
{
	uint32_t at[SHADOW_SIDES] = {0};

	for (;;) {
		struct shadow_row row = {.rules = {entry(indexes[SHADOW_LIVE], at[SHADOW_LIVE]),
						 entry(indexes[SHADOW_BESIDE], at[SHADOW_BESIDE])}};
		int order = compare(row.rules[SHADOW_LIVE], row.rules[SHADOW_BESIDE]);
		if (name_of(&row) == NULL)
			return;
		if (order < 0)
			row.rules[SHADOW_BESIDE] = NULL;
		if (order > 0)
			row.rules[SHADOW_LIVE] = NULL;
		at[SHADOW_LIVE] += order <= 0;
		at[SHADOW_BESIDE] += order >= 0;
		*(order < 0 ? &t->live_only : order > 0 ? &t->shadow_only : &t->both) += 1;
		t->rows[t->n++] = row;
	}
}

static bool is_same(const struct shadow_row *row)
{
	return is_in_both(row) &&
		memcmp(&row->rules[SHADOW_LIVE]->digest, &row->rules[SHADOW_BESIDE]->digest,
			RULE_PARTS_MATCH * sizeof(uint64_t)) == 0;
}

static double factor_of(const struct shadow_rows *t)
{
	struct rule_numbers same[SHADOW_SIDES] = {0};

	for (uint32_t i = 0; i < t->n; i++) {
		for (unsigned s = 0; s < SHADOW_SIDES && is_same(&t->rows[i]); s++)
			rule_numbers_add(&same[s], &t->rows[i].n[s]);
	}
	const struct rule_numbers *live = &same[SHADOW_LIVE], *beside = &same[SHADOW_BESIDE];
	if (live->timed < TIMED_MIN || beside->timed < TIMED_MIN || live->cost_ns == 0 ||
		beside->cost_ns == 0)
		return 1;
	return (double)live->cost_ns / (double)beside->cost_ns;
}

static void make_fair(struct shadow_rows *t)
{
	struct rule_numbers *total = &t->total[SHADOW_BESIDE];

	t->factor = factor_of(t);
	total->cost_ns = (uint64_t)((double)total->cost_ns * t->factor);
	for (uint32_t i = 0; i < t->n; i++) {
		struct rule_numbers *n = &t->rows[i].n[SHADOW_BESIDE];
		n->cost_ns = (uint64_t)((double)n->cost_ns * t->factor);
	}
}

int shadow_rows_make(const struct pattern_index *const indexes[SHADOW_SIDES],
	const struct shadow_counts *counts, struct shadow_rows *out)
{
	size_t room = 1;
	struct shadow_rows t = {0};

	for (unsigned i = 0; i < SHADOW_SIDES; i++)
		room += indexes[i] != NULL ? indexes[i]->n : 0;
	t.rows = calloc(room, sizeof(*t.rows));
	if (t.rows == NULL)
		return -ENOMEM;
	pair(indexes, &t);
	for (unsigned s = 0; s < SHADOW_SIDES; s++) {
		t.total[s] = tally_total(&counts->sides[s]);
		for (uint32_t i = 0; i < t.n; i++)
			t.rows[i].n[s] = numbers_of(t.rows[i].rules[s], &counts->sides[s]);
	}
	make_fair(&t);
	qsort(t.rows, t.n, sizeof(*t.rows), by_difference);
	*out = t;
	return 0;
}

void shadow_rows_free(struct shadow_rows *t)
{
	free(t->rows);
	*t = (struct shadow_rows){0};
}
