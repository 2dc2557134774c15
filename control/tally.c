#include "control/tally.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

// A dataplane restarted for ever, with other rules each time, does not fill our memory: what comes
// after so many is added to the nameless rest.
enum { RULES_MAX = 4 * RULE_SLOTS };

static uint32_t at_most(uint32_t n, uint32_t max)
{
	return n < max ? n : max;
}

static int compare_rules(const void *a, const void *b)
{
	const struct rule_tally *x = a, *y = b;

	if (x->gid != y->gid)
		return x->gid < y->gid ? -1 : 1;
	if (x->sid != y->sid)
		return x->sid < y->sid ? -1 : 1;
	return x->rev == y->rev ? 0 : x->rev < y->rev ? -1 : 1;
}

static const struct rule_counts *table_of(const struct counter_page *page, enum tally_table which)
{
	switch (which) {
	case TALLY_SHADOW:
		return &page->shadow;
	case TALLY_BESIDE:
		return &page->beside;
	default:
		return &page->rules;
	}
}

static struct rule_tally live_rule(
	const struct link_region *r, enum tally_table which, uint32_t slot)
{
	const struct rule_slot *rule = &link_region_directory(r)->rules[slot];
	struct rule_tally t = {.gid = rule->gid, .sid = rule->sid, .rev = rule->rev};

	for (unsigned i = 0; i < r->hello.n_pages; i++) {
		struct rule_numbers n =
			rule_counts_read(table_of(link_region_page(r, i), which), slot);
		rule_numbers_add(&t.n, &n);
	}
	return t;
}

static void merge_rules(struct rule_tallies *t)
{
	uint32_t n = 0;

	qsort(t->items, t->n, sizeof(*t->items), compare_rules);
	for (uint32_t i = 0; i < t->n; i++) {
		if (n > 0 && compare_rules(&t->items[n - 1], &t->items[i]) == 0)
			rule_numbers_add(&t->items[n - 1].n, &t->items[i].n);
		else
			t->items[n++] = t->items[i];
	}
	for (; n > RULES_MAX; n--)
		rule_numbers_add(&t->items[0].n, &t->items[n - 1].n);
	t->n = n;
}

// The base, and room for what is live. The rest comes first, and is always there to be added to.
static int begin_rules(const struct rule_tallies *base, uint32_t n_live, struct rule_tallies *out)
{
	struct rule_tally *items = calloc((size_t)base->n + n_live + 1, sizeof(*items));

	if (items == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < base->n; i++)
		items[1 + i] = base->items[i];
	*out = (struct rule_tallies){.n = base->n + 1, .items = items};
	return 0;
}

static uint32_t count_live(const struct link_region *live)
{
	if (live->base == NULL)
		return 0;
	return at_most(atomic_load(&link_region_directory(live)->n_rules), RULE_SLOTS);
}

int tally_rules(const struct rule_tallies *base, const struct link_region *live,
	enum tally_table which, struct rule_tallies *out)
{
	const uint32_t n_live = count_live(live);

	int err = begin_rules(base, n_live, out);
	if (err < 0)
		return err;
	for (uint32_t i = 0; i < n_live; i++)
		out->items[out->n++] = live_rule(live, which, i);
	merge_rules(out);
	return 0;
}

int tally_beside(const struct rule_tallies bases[TALLY_TABLES], const struct link_region *live,
	struct rule_tallies *beside, struct rule_tallies *shadow)
{
	const uint32_t n_live = count_live(live);

	int err = begin_rules(&bases[TALLY_BESIDE], n_live, beside);
	if (err < 0)
		return err;
	err = begin_rules(&bases[TALLY_SHADOW], n_live, shadow);
	if (err < 0) {
		rule_tallies_free(beside);
		return err;
	}
	for (uint32_t i = 0; i < n_live; i++) {
		beside->items[beside->n++] = live_rule(live, TALLY_BESIDE, i);
		shadow->items[shadow->n++] = live_rule(live, TALLY_SHADOW, i);
	}
	merge_rules(beside);
	merge_rules(shadow);
	return 0;
}

const struct rule_tally *tally_find(
	const struct rule_tallies *t, uint32_t gid, uint32_t sid, uint32_t rev)
{
	const struct rule_tally key = {.gid = gid, .sid = sid, .rev = rev};

	return t->n > 0 ? bsearch(&key, t->items, t->n, sizeof(key), compare_rules) : NULL;
}

void tally_since(struct rule_tallies *now, const struct rule_tallies *was)
{
	uint32_t at = 0;

	for (uint32_t i = 0; i < now->n; i++) {
		struct rule_tally *t = &now->items[i];
		while (at < was->n && compare_rules(&was->items[at], t) < 0)
			at++;
		if (at < was->n && compare_rules(&was->items[at], t) == 0)
			t->n = rule_numbers_since(&t->n, &was->items[at].n);
		if (t->n.hits == 0)
			t->n.last_hit_ns = 0;
	}
}

struct rule_numbers tally_total(const struct rule_tallies *t)
{
	struct rule_numbers total = {0};

	for (uint32_t i = 0; i < t->n; i++)
		rule_numbers_add(&total, &t->items[i].n);
	return total;
}

static uint64_t number_of(const struct rule_tally *t, enum tally_key key)
{
	switch (key) {
	case TALLY_HITS:
		return t->n.hits;
	case TALLY_CHECKS:
		return t->n.checks;
	case TALLY_PREFILTER:
		return t->n.prefilter;
	default:
		return t->n.cost_ns;
	}
}

static int by_key(const void *a, const void *b, void *key)
{
	const enum tally_key keys[] = {*(const enum tally_key *)key, TALLY_COST, TALLY_CHECKS};

	for (unsigned i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		uint64_t x = number_of(a, keys[i]), y = number_of(b, keys[i]);
		if (x != y)
			return x < y ? 1 : -1;
	}
	return compare_rules(a, b);
}

void tally_sort(struct rule_tallies *t, enum tally_key key)
{
	if (t->n > 0)
		qsort_r(t->items, t->n, sizeof(*t->items), by_key, &key);
}

static bool is_rest(const struct rule_tally *t)
{
	return t->gid == 0 && t->sid == 0 && t->rev == 0;
}

void tally_condense(struct rule_tallies *t, struct rule_numbers *total, struct rule_numbers *other)
{
	uint32_t n = 0;

	*total = (struct rule_numbers){0};
	*other = (struct rule_numbers){0};
	for (uint32_t i = 0; i < t->n; i++) {
		const struct rule_tally *r = &t->items[i];
		rule_numbers_add(total, &r->n);
		if (is_rest(r))
			rule_numbers_add(other, &r->n);
		else if (r->n.checks > 0)
			t->items[n++] = *r;
	}
	t->n = n;
}

void rule_tallies_free(struct rule_tallies *t)
{
	free(t->items);
	*t = (struct rule_tallies){0};
}
