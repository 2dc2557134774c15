// Does whatever matches one rule match another?

#include "patterns/compile_hs.h"
#include "patterns/lint_impl.h"

#include <string.h>

enum {
	RANGES_COMPARED_MAX = 4096
}; // pairs of ranges; longer lists are within each other when equal

static bool range_within(const struct addr_range *a, const struct addr_range *b)
{
	return a->ip_version == b->ip_version && memcmp(a->lo, b->lo, sizeof(a->lo)) >= 0 &&
		memcmp(a->hi, b->hi, sizeof(a->hi)) <= 0;
}

static bool addrs_within(const struct addr_set *a, const struct addr_set *b)
{
	if (b->any || a->any)
		return b->any;
	if ((uint64_t)a->n * b->n > RANGES_COMPARED_MAX)
		return a->n == b->n &&
			memcmp(a->ranges, b->ranges, a->n * sizeof(a->ranges[0])) == 0;
	for (uint32_t i = 0; i < a->n; i++) {
		uint32_t k = 0;
		while (k < b->n && !range_within(&a->ranges[i], &b->ranges[k]))
			k++;
		if (k == b->n)
			return false;
	}
	return true;
}

static bool ports_within(const struct port_set *a, const struct port_set *b)
{
	if (b->any || a->any)
		return b->any;
	// Both are sorted and merged: one walk.
	for (uint32_t i = 0, k = 0; i < a->n; i++) {
		while (k < b->n && b->ranges[k].hi < a->ranges[i].lo)
			k++;
		if (k == b->n || b->ranges[k].lo > a->ranges[i].lo ||
			b->ranges[k].hi < a->ranges[i].hi)
			return false;
	}
	return true;
}

static bool header_within(const struct rule *a, const struct rule *b)
{
	return a->proto == b->proto && a->app_proto == b->app_proto && a->apps == b->apps &&
		a->bidirectional == b->bidirectional && addrs_within(&a->src, &b->src) &&
		addrs_within(&a->dst, &b->dst) && ports_within(&a->sport, &b->sport) &&
		ports_within(&a->dport, &b->dport);
}

static bool facts_within(const struct rule *a, const struct rule *b)
{
	for (uint32_t i = 0; i < b->n_facts; i++) {
		uint32_t k = 0;
		while (k < a->n_facts && memcmp(&a->facts[k], &b->facts[i], sizeof(*b->facts)) != 0)
			k++;
		if (k == a->n_facts)
			return false;
	}
	return true;
}

static bool flow_within(const struct rule *a, const struct rule *b)
{
	if ((b->flow & ~a->flow) != 0)
		return false;
	return !b->has_dsize ||
		(a->has_dsize && a->dsize_lo >= b->dsize_lo && a->dsize_hi <= b->dsize_hi);
}

// What the wide one remembers or waits for may not be so when the narrow one matches.
static bool memory_within(const struct lint_shape *a, const struct lint_shape *b)
{
	const struct rule *wide = b->rule;

	return (wide->n_memories == 0 && wide->filter.kind == LIMIT_NONE &&
		       wide->limit.kind == LIMIT_NONE) ||
		a->digest.parts[RULE_PART_MEMORY] == b->digest.parts[RULE_PART_MEMORY];
}

static bool bytes_at(
	const struct condition *in, uint32_t at, const struct condition *what, bool nocase)
{
	for (uint32_t i = 0; i < what->len; i++) {
		uint8_t x = in->bytes[at + i], y = what->bytes[i];
		if (nocase ? ascii_lower(x) != ascii_lower(y) : x != y)
			return false;
	}
	return true;
}

// A buffer that has content a has content b.
static bool content_within(const struct condition *a, const struct condition *b)
{
	const uint32_t placed = CONTENT_NEGATED | CONTENT_OFFSET | CONTENT_DEPTH;
	const bool nocase = (b->flags & CONTENT_NOCASE) != 0;

	if (a->len > LINT_CONTENT_MAX || a->kind != COND_CONTENT || b->kind != COND_CONTENT ||
		(a->flags & CONTENT_NEGATED) || (b->flags & placed) || b->len > a->len ||
		((a->flags & CONTENT_NOCASE) && !nocase))
		return false;
	if ((b->flags & ~a->flags) & (CONTENT_STARTSWITH | CONTENT_ENDSWITH))
		return false;
	uint32_t first = b->flags & CONTENT_ENDSWITH ? a->len - b->len : 0;
	uint32_t last = b->flags & CONTENT_STARTSWITH ? 0 : a->len - b->len;
	for (uint32_t at = first; at <= last; at++) {
		if (bytes_at(a, at, b, nocase))
			return true;
	}
	return false;
}

static bool run_within(const struct lint_shape *a, const struct lint_shape *b, uint32_t of_b)
{
	const struct rule_run *wide = &b->runs[of_b];

	for (uint32_t i = 0; i < a->n_runs; i++) {
		const struct rule_run *run = &a->runs[i];
		if (run->digest == wide->digest)
			return true;
		if (run->buffer == wide->buffer && run->alone && wide->alone &&
			content_within(&a->rule->conditions[run->first],
				&b->rule->conditions[wide->first]))
			return true;
	}
	return false;
}

bool lint_within(const struct lint_shape *narrow, const struct lint_shape *wide)
{
	if (narrow->entangled || wide->entangled || !memory_within(narrow, wide) ||
		!header_within(narrow->rule, wide->rule) ||
		!flow_within(narrow->rule, wide->rule) || !facts_within(narrow->rule, wide->rule))
		return false;
	for (uint32_t i = 0; i < wide->n_runs; i++) {
		if (!run_within(narrow, wide, i))
			return false;
	}
	return true;
}
