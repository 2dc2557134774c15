#include "control/pattern_diff.h"

#include <string.h>

static int compare(const struct pattern_entry *a, const struct pattern_entry *b)
{
	if (a == NULL || b == NULL)
		return a == NULL ? 1 : -1;
	if (a->gid != b->gid)
		return a->gid < b->gid ? -1 : 1;
	return (a->sid > b->sid) - (a->sid < b->sid);
}

static uint32_t other_parts(const struct pattern_entry *a, const struct pattern_entry *b)
{
	uint32_t parts = 0;

	for (unsigned i = 0; i < RULE_PARTS; i++) {
		if (a->digest.parts[i] != b->digest.parts[i])
			parts |= 1u << i;
	}
	return parts;
}

static const struct pattern_entry *entry(const struct pattern_index *x, uint32_t i)
{
	return i < x->n ? &x->entries[i] : NULL;
}

// Both are sorted: one walk.
void pattern_diff(const struct pattern_index *from, const struct pattern_index *to,
	pattern_diff_fn fn, void *ctx, uint32_t counts[PATTERN_SAME + 1])
{
	uint32_t a = 0, b = 0;

	memset(counts, 0, (PATTERN_SAME + 1) * sizeof(*counts));
	while (a < from->n || b < to->n) {
		struct pattern_difference d = {.from = entry(from, a), .to = entry(to, b)};
		int order = compare(d.from, d.to);
		d.change = order < 0 ? PATTERN_REMOVED
			: order > 0  ? PATTERN_ADDED
				     : PATTERN_CHANGED;
		if (order < 0)
			d.to = NULL;
		if (order > 0)
			d.from = NULL;
		a += order <= 0;
		b += order >= 0;
		if (order == 0)
			d.parts = other_parts(d.from, d.to);
		if (order == 0 && d.parts == 0 && d.from->rev == d.to->rev)
			d.change = PATTERN_SAME;
		counts[d.change]++;
		if (d.change != PATTERN_SAME)
			fn(ctx, &d);
	}
}
