#include "patterns/header_index.h"

#include "patterns/rule.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

__extension__ typedef unsigned __int128 key; // an address as a number, or a port

enum map_kind { MAP_SRC4, MAP_DST4, MAP_SRC6, MAP_DST6, MAP_SPORT, MAP_DPORT, MAPS };

// Ranges of one rule that are put into an index; a rule with more is looked at always.
enum { RANGES_MAX = 64 };

// Where all ranges begin and end cuts the keys into intervals. Over these stands a tree; a range is
// noted at the few nodes that together are its intervals, so that n ranges take n log n notes, however
// they overlap. A key's rules are noted at its leaf and above it.
struct map {
	uint32_t n; // intervals; 0: no rule is here
	uint32_t leaves; // a power of two
	key *starts; // of the intervals, in order; the first is 0
	uint32_t *first; // by node from 1: its notes in `rules`; one more behind the last
	uint32_t *rules;
};

struct header_index {
	struct map maps[MAPS];
	uint32_t n_open;
	uint32_t *open; // rules that are looked at always
	size_t memory;
};

struct item {
	key lo, hi; // inclusive
	uint32_t rule;
};

struct items {
	uint32_t n, cap;
	struct item *items;
};

static key key_of(const uint8_t address[16])
{
	uint64_t half[2];

	memcpy(half, address, sizeof(half));
	return (key)be64toh(half[0]) << 64 | be64toh(half[1]);
}

static int compare_keys(const void *a, const void *b)
{
	const key *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

// The interval that a key is in.
static uint32_t interval_of(const struct map *m, key k)
{
	uint32_t lo = 0, hi = m->n;

	while (hi - lo > 1) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (m->starts[mid] <= k)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

static bool cut(struct map *m, const struct items *in)
{
	uint32_t n = 0, kept = 0;

	m->starts = malloc((2 * (size_t)in->n + 1) * sizeof(*m->starts));
	if (m->starts == NULL)
		return false;
	m->starts[n++] = 0;
	for (uint32_t i = 0; i < in->n; i++) {
		m->starts[n++] = in->items[i].lo;
		if (in->items[i].hi != ~(key)0)
			m->starts[n++] = in->items[i].hi + 1;
	}
	qsort(m->starts, n, sizeof(*m->starts), compare_keys);
	for (uint32_t i = 0; i < n; i++) {
		if (i == 0 || m->starts[i] != m->starts[kept - 1])
			m->starts[kept++] = m->starts[i];
	}
	m->n = kept;
	for (m->leaves = 1; m->leaves < kept; m->leaves *= 2)
		;
	return true;
}

// Notes the range at its nodes: counts them in at[node], or writes the rule at at[node].
static void note(const struct map *m, const struct item *item, uint32_t *at, uint32_t *rules)
{
	uint32_t lo = interval_of(m, item->lo) + m->leaves;
	uint32_t hi = interval_of(m, item->hi) + m->leaves + 1;

	for (; lo < hi; lo /= 2, hi /= 2) {
		uint32_t nodes[2], n = 0;
		if (lo & 1)
			nodes[n++] = lo++;
		if (hi & 1)
			nodes[n++] = --hi;
		for (uint32_t i = 0; i < n; i++) {
			if (rules != NULL)
				rules[at[nodes[i]]] = item->rule;
			at[nodes[i]]++;
		}
	}
}

static bool map_build(struct map *m, const struct items *in, size_t *memory)
{
	if (in->n == 0)
		return true;
	if (!cut(m, in))
		return false;
	size_t nodes = 2 * (size_t)m->leaves;
	uint32_t *at = calloc(nodes, sizeof(*at));
	m->first = calloc(nodes + 1, sizeof(*m->first));
	if (at == NULL || m->first == NULL) {
		free(at);
		return false;
	}
	for (uint32_t i = 0; i < in->n; i++)
		note(m, &in->items[i], at, NULL);
	for (size_t i = 0; i < nodes; i++) {
		m->first[i + 1] = m->first[i] + at[i];
		at[i] = m->first[i];
	}
	m->rules = malloc(((size_t)m->first[nodes] + 1) * sizeof(*m->rules));
	for (uint32_t i = 0; i < in->n && m->rules != NULL; i++)
		note(m, &in->items[i], at, m->rules);
	free(at);
	*memory += m->n * sizeof(*m->starts) + (nodes + 1 + m->first[nodes]) * sizeof(uint32_t);
	return m->rules != NULL;
}

static bool put(struct items *list, key lo, key hi, uint32_t rule)
{
	if (list->n == list->cap) {
		uint32_t cap = list->cap == 0 ? 64 : 2 * list->cap;
		struct item *items = realloc(list->items, cap * sizeof(*items));
		if (items == NULL)
			return false;
		list->items = items;
		list->cap = cap;
	}
	list->items[list->n++] = (struct item){lo, hi, rule};
	return true;
}

// Which part of all addresses these are, about; 1 and more: too many to tell them apart by.
static double addresses_part(const struct pattern_db *db, struct swdb_span span)
{
	double part = 0;

	if (span.n == 0 || span.n > RANGES_MAX)
		return 1;
	for (uint32_t i = 0; i < span.n; i++) {
		const struct swdb_addr *a = &db->addrs[span.first + i];
		key lo = key_of(a->lo), hi = key_of(a->hi);
		if (lo > hi || (a->ip_version != 4 && a->ip_version != 6))
			return 1;
		part += (double)((hi - lo) >> 64) / 18446744073709551616.0;
	}
	return part;
}

// A port is shared by much more traffic than an address: it counts as a network of 2^20.
static double ports_part(const struct pattern_db *db, struct swdb_span span)
{
	const double least = 1.0 / 4096;
	double part = 0;

	if (span.n == 0 || span.n > RANGES_MAX)
		return 1;
	for (uint32_t i = 0; i < span.n; i++) {
		const struct swdb_port *p = &db->ports[span.first + i];
		if (p->lo > p->hi)
			return 1;
		part += (p->hi - p->lo + 1) / 65536.0;
	}
	return part > least ? part : least;
}

static bool put_addresses(const struct pattern_db *db, struct items lists[MAPS],
	struct swdb_span span, enum map_kind v4, uint32_t rule)
{
	for (uint32_t i = 0; i < span.n; i++) {
		const struct swdb_addr *a = &db->addrs[span.first + i];
		enum map_kind kind = a->ip_version == 4 ? v4 : v4 + (MAP_SRC6 - MAP_SRC4);
		if (!put(&lists[kind], key_of(a->lo), key_of(a->hi), rule))
			return false;
	}
	return true;
}

static bool put_ports(
	const struct pattern_db *db, struct items *list, struct swdb_span span, uint32_t rule)
{
	for (uint32_t i = 0; i < span.n; i++) {
		if (!put(list, db->ports[span.first + i].lo, db->ports[span.first + i].hi, rule))
			return false;
	}
	return true;
}

// Under that one of its four conditions that least traffic meets; under both ends when the rule
// goes both ways.
static bool put_rule(const struct pattern_db *db, struct header_index *x, struct items lists[MAPS],
	uint32_t rule)
{
	const struct swdb_rule *r = &db->rules[rule];
	const double part[] = {addresses_part(db, r->src), addresses_part(db, r->dst),
		ports_part(db, r->sport), ports_part(db, r->dport)};
	bool both = (r->flags & SWDB_BIDIRECTIONAL) != 0;
	unsigned best = 0;
	bool ok = true;

	for (unsigned i = 1; i < 4; i++)
		best = part[i] < part[best] ? i : best;
	if (part[best] > 0.5) {
		x->open[x->n_open++] = rule;
		return true;
	}
	if (best == 0 || (best == 1 && both))
		ok &= put_addresses(db, lists, best == 0 ? r->src : r->dst, MAP_SRC4, rule);
	if (best == 1 || (best == 0 && both))
		ok &= put_addresses(db, lists, best == 0 ? r->src : r->dst, MAP_DST4, rule);
	if (best == 2 || (best == 3 && both))
		ok &= put_ports(db, &lists[MAP_SPORT], best == 2 ? r->sport : r->dport, rule);
	if (best == 3 || (best == 2 && both))
		ok &= put_ports(db, &lists[MAP_DPORT], best == 2 ? r->sport : r->dport, rule);
	return ok;
}

struct header_index *header_index_new(const struct pattern_db *db, struct swdb_span always)
{
	struct header_index *x = calloc(1, sizeof(*x));
	struct items lists[MAPS] = {{0}};
	bool ok = x != NULL;

	if (ok) {
		x->memory = sizeof(*x) + always.n * sizeof(*x->open);
		x->open = malloc((always.n + (size_t)1) * sizeof(*x->open));
		ok = x->open != NULL;
	}
	for (uint32_t i = 0; i < always.n && ok; i++)
		ok = put_rule(db, x, lists, db->always[always.first + i].rule);
	for (unsigned i = 0; i < MAPS && ok; i++)
		ok = map_build(&x->maps[i], &lists[i], &x->memory);
	for (unsigned i = 0; i < MAPS; i++)
		free(lists[i].items);
	if (ok)
		return x;
	header_index_free(x);
	return NULL;
}

void header_index_free(struct header_index *x)
{
	if (x == NULL)
		return;
	for (unsigned i = 0; i < MAPS; i++) {
		free(x->maps[i].starts);
		free(x->maps[i].first);
		free(x->maps[i].rules);
	}
	free(x->open);
	free(x);
}

size_t header_index_memory(const struct header_index *x)
{
	return x->memory;
}

static void map_add(const struct map *m, struct pattern_worker *w, key k, uint16_t field)
{
	if (m->n == 0)
		return;
	for (uint32_t node = interval_of(m, k) + m->leaves; node > 0; node /= 2) {
		for (uint32_t i = m->first[node]; i < m->first[node + 1]; i++)
			worker_add(w, m->rules[i], field, LED_OTHERWISE);
	}
}

void header_index_add(const struct header_index *x, struct pattern_worker *w,
	const struct match_env *env, uint16_t field)
{
	bool v4 = env->ip_version == 4;

	for (uint32_t i = 0; i < x->n_open; i++)
		worker_add(w, x->open[i], field, LED_OTHERWISE);
	map_add(&x->maps[v4 ? MAP_SRC4 : MAP_SRC6], w, key_of(env->src), field);
	map_add(&x->maps[v4 ? MAP_DST4 : MAP_DST6], w, key_of(env->dst), field);
	map_add(&x->maps[MAP_SPORT], w, env->sport, field);
	map_add(&x->maps[MAP_DPORT], w, env->dport, field);
}
