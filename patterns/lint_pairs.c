// Rules beside each other: the same ones, and ones that lie within another.
// What a rule may cost here is bounded; where very many rules share their bytes, not every pair is
// found.
//
// Duplicates are found by sorting digests. A rule lies within another only when the other's longest
// content is part of one of its own. So the longest contents ("keys") stand in a hash table, and of
// each content every part that is as long as some key is looked up: a rolling hash, no pair of rules
// is ever compared that does not share bytes.

#include "patterns/compile_hs.h"
#include "patterns/lint_impl.h"
#include "patterns/parser.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	LENGTHS_MAX = 64, // different lengths of the keys of one buffer
	BUFFERS_MAX = 256, // that are looked into
	PROBES_MAX = 64, // slots of the table, for one part of a content
	COMPARED_MAX = 16, // rules that one rule is held against
	PARTS_MAX = 4096, // of the contents of one rule, looked up
	BARE_MAX = 64, // pass rules without contents
	FACTOR = 1000003,
};

struct key {
	uint64_t hash; // of buffer and bytes, folded; 0: an empty slot
	uint32_t shape;
};

// The lengths that the keys of a buffer have.
struct lengths {
	uint64_t buffer;
	uint32_t n;
	uint16_t len[LENGTHS_MAX];
};

struct pairs {
	struct lint *lint;
	struct lint_shape *shapes;
	struct rule_run *runs; // of all shapes
	uint32_t *order;
	struct key *keys;
	uint32_t mask; // slots - 1
	uint32_t n_buffers;
	struct lengths buffers[BUFFERS_MAX];
	uint32_t n_bare;
	uint32_t bare[BARE_MAX];
	uint32_t parts, compared; // for the rule at hand
};

static bool make_shapes(struct pairs *p)
{
	const struct rule_list *rules = p->lint->rules;
	size_t n_conditions = 0, at = 0;

	for (uint32_t i = 0; i < rules->n; i++)
		n_conditions += rules->rules[i]->n_conditions;
	p->shapes = calloc(rules->n, sizeof(*p->shapes));
	p->runs = calloc(n_conditions + 1, sizeof(*p->runs));
	p->order = calloc(rules->n, sizeof(*p->order));
	if (p->shapes == NULL || p->runs == NULL || p->order == NULL)
		return false;
	for (uint32_t i = 0; i < rules->n; i++) {
		struct lint_shape *s = &p->shapes[i];
		s->rule = rules->rules[i];
		s->runs = p->runs + at;
		int n = rule_runs(s->rule, p->runs + at, &s->entangled);
		if (n < 0 || rule_digest(s->rule, &s->digest) < 0)
			return false;
		s->n_runs = (uint32_t)n;
		at += (size_t)n;
		p->order[i] = i;
	}
	return true;
}

static int by_digest(const void *a, const void *b, void *ctx)
{
	const struct lint_shape *shapes = ctx;
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	int order = memcmp(&shapes[x].digest, &shapes[y].digest,
		RULE_PARTS_MATCH * sizeof(shapes[x].digest.parts[0]));

	return order != 0 ? order : (x > y) - (x < y);
}

static bool same(const struct lint_shape *a, const struct lint_shape *b)
{
	return memcmp(&a->digest, &b->digest, RULE_PARTS_MATCH * sizeof(a->digest.parts[0])) == 0;
}

static void tell_duplicates(struct pairs *p)
{
	const uint32_t n = p->lint->rules->n;

	qsort_r(p->order, n, sizeof(*p->order), by_digest, p->shapes);
	for (uint32_t i = 1, first = 0; i < n; i++) {
		const struct rule *a = p->shapes[p->order[first]].rule;
		const struct rule *b = p->shapes[p->order[i]].rule;
		if (!same(&p->shapes[p->order[first]], &p->shapes[p->order[i]]))
			first = i;
		else if (!b->half)
			lint_tell(p->lint, DIAG_WARNING, LINT_DUPLICATE, b, b->where,
				"sid %u at %s:%u has the same conditions; take one of them out",
				a->sid, a->where.file, a->where.line);
	}
}

static uint64_t step(uint64_t hash, uint8_t byte)
{
	return hash * FACTOR + ascii_lower(byte) + 1;
}

// Never 0.
static uint64_t finish(uint64_t hash, uint64_t buffer, uint32_t len)
{
	hash = (hash ^ buffer ^ len) * 0x9e3779b97f4a7c15ull;
	return hash ^ hash >> 29 ? hash ^ hash >> 29 : 1;
}

static bool is_text(const struct lint_shape *s, const struct rule_run *run)
{
	const struct condition *c = &s->rule->conditions[run->first];

	return run->alone && c->kind == COND_CONTENT && c->len <= LINT_CONTENT_MAX &&
		!(c->flags & CONTENT_NEGATED);
}

static const struct rule_run *key_of(const struct lint_shape *s)
{
	const struct rule_run *best = NULL;

	for (uint32_t i = 0; i < s->n_runs; i++) {
		const struct rule_run *run = &s->runs[i];
		if (is_text(s, run) &&
			(best == NULL ||
				s->rule->conditions[run->first].len >
					s->rule->conditions[best->first].len))
			best = run;
	}
	return best;
}

static struct lengths *lengths_of(struct pairs *p, uint64_t buffer, bool make)
{
	for (uint32_t i = 0; i < p->n_buffers; i++) {
		if (p->buffers[i].buffer == buffer)
			return &p->buffers[i];
	}
	if (!make || p->n_buffers == BUFFERS_MAX)
		return NULL;
	p->buffers[p->n_buffers] = (struct lengths){.buffer = buffer};
	return &p->buffers[p->n_buffers++];
}

static bool add_length(struct lengths *l, uint32_t len)
{
	for (uint32_t i = 0; i < l->n; i++) {
		if (l->len[i] == len)
			return true;
	}
	if (l->n == LENGTHS_MAX)
		return false;
	l->len[l->n++] = (uint16_t)len;
	return true;
}

static void add_key(struct pairs *p, uint32_t shape)
{
	const struct lint_shape *s = &p->shapes[shape];
	const struct rule_run *run = key_of(s);
	uint64_t hash = 0;

	if (run == NULL) {
		if (s->n_runs == 0 && s->rule->action == RULE_PASS && p->n_bare < BARE_MAX)
			p->bare[p->n_bare++] = shape;
		return;
	}
	const struct condition *c = &s->rule->conditions[run->first];
	struct lengths *lengths = lengths_of(p, run->buffer, true);
	if (lengths == NULL || !add_length(lengths, c->len))
		return;
	for (uint32_t i = 0; i < c->len; i++)
		hash = step(hash, c->bytes[i]);
	hash = finish(hash, run->buffer, c->len);
	for (uint32_t at = (uint32_t)hash, tries = 0; tries < PROBES_MAX; at++, tries++) {
		struct key *slot = &p->keys[at & p->mask];
		if (slot->hash == 0) {
			*slot = (struct key){hash, shape};
			return;
		}
	}
}

// Does one rule make the other needless? Halves and helpers are no findings.
static bool is_pair(const struct lint_shape *narrow, const struct lint_shape *wide)
{
	const struct rule *a = narrow->rule, *b = wide->rule;

	if (a == b || a->half || b->half || a->action == RULE_PASS)
		return false;
	if (b->action == RULE_PASS)
		return true;
	return !a->noalert && !b->noalert && !same(narrow, wide);
}

static bool tell_pair(
	struct pairs *p, const struct lint_shape *narrow, const struct lint_shape *wide)
{
	const struct rule *a = narrow->rule, *b = wide->rule;

	if (!is_pair(narrow, wide) || !lint_within(narrow, wide))
		return false;
	if (b->action == RULE_PASS)
		lint_tell(p->lint, DIAG_WARNING, LINT_UNREACHABLE, a, a->where,
			"whatever it matches, the pass rule sid %u at %s:%u excludes", b->sid,
			b->where.file, b->where.line);
	else
		lint_tell(p->lint, DIAG_NOTE, LINT_OVERLAP, a, a->where,
			"whatever it matches, sid %u at %s:%u matches too: there are two alerts; "
			"take "
			"one of them out if they say the same",
			b->sid, b->where.file, b->where.line);
	return true;
}

static bool try_key(struct pairs *p, const struct lint_shape *s, uint64_t hash)
{
	for (uint32_t at = (uint32_t)hash, tries = 0; tries < PROBES_MAX; at++, tries++) {
		const struct key *slot = &p->keys[at & p->mask];
		if (slot->hash == 0 || p->compared == COMPARED_MAX)
			return false;
		if (slot->hash != hash || p->shapes[slot->shape].rule == s->rule)
			continue;
		p->compared++;
		if (tell_pair(p, s, &p->shapes[slot->shape]))
			return true;
	}
	return false;
}

// Each part of the content that is as long as some key.
static bool look_into(struct pairs *p, const struct lint_shape *s, const struct rule_run *run)
{
	const struct condition *c = &s->rule->conditions[run->first];
	const struct lengths *lengths = lengths_of(p, run->buffer, false);
	uint64_t sums[LINT_CONTENT_MAX + 1] = {0}, powers[LINT_CONTENT_MAX + 1] = {1};

	for (uint32_t i = 0; i < c->len; i++) {
		sums[i + 1] = step(sums[i], c->bytes[i]);
		powers[i + 1] = powers[i] * FACTOR;
	}
	for (uint32_t k = 0; lengths != NULL && k < lengths->n; k++) {
		const uint32_t len = lengths->len[k];
		for (uint32_t at = 0; at + len <= c->len && p->parts < PARTS_MAX; at++) {
			uint64_t hash = sums[at + len] - sums[at] * powers[len];
			p->parts++;
			if (try_key(p, s, finish(hash, run->buffer, len)))
				return true;
		}
	}
	return false;
}

static void look_for_wider(struct pairs *p, const struct lint_shape *s)
{
	if (s->rule->action == RULE_PASS || s->rule->half)
		return;
	p->parts = p->compared = 0;
	for (uint32_t i = 0; i < p->n_bare; i++) {
		if (tell_pair(p, s, &p->shapes[p->bare[i]]))
			return;
	}
	for (uint32_t i = 0; i < s->n_runs; i++) {
		if (is_text(s, &s->runs[i]) && look_into(p, s, &s->runs[i]))
			return;
	}
}

static bool has_pass(const struct rule_list *rules)
{
	for (uint32_t i = 0; i < rules->n; i++) {
		if (rules->rules[i]->action == RULE_PASS)
			return true;
	}
	return false;
}

static bool tell_overlaps(struct pairs *p)
{
	const uint32_t n = p->lint->rules->n;
	uint32_t slots = 1024;

	while (slots < 2 * n)
		slots *= 2;
	p->mask = slots - 1;
	p->keys = calloc(slots, sizeof(*p->keys));
	if (p->keys == NULL)
		return false;
	for (uint32_t i = 0; i < n; i++)
		add_key(p, i);
	// Where notes are not wanted, only what a pass rule excludes is.
	bool wanted = p->lint->options->notes || has_pass(p->lint->rules);
	for (uint32_t i = 0; i < n && wanted; i++)
		look_for_wider(p, &p->shapes[i]);
	return true;
}

int lint_pairs(struct lint *l)
{
	struct pairs *p = calloc(1, sizeof(*p));
	bool done = false;

	if (p == NULL)
		return -ENOMEM;
	p->lint = l;
	if (make_shapes(p)) {
		tell_duplicates(p);
		done = tell_overlaps(p);
	}
	free(p->shapes);
	free(p->runs);
	free(p->order);
	free(p->keys);
	free(p);
	return done ? 0 : -ENOMEM;
}
