// The rules of the live set and of the shadow beside each other: the same by gid:sid, whatever their
// rev, with what each did on the same flows.

#pragma once

#include "control/pattern_index.h"
#include "control/shadow.h"

#include <stdint.h>

struct shadow_row {
	const struct pattern_entry *rules[SHADOW_SIDES]; // NULL: that set has none of this gid:sid
	struct rule_numbers n[SHADOW_SIDES];
};

struct shadow_rows {
	uint32_t n;
	// Those first whose hits differ most, then those whose cost does, then those of one set only.
	struct shadow_row *rows;
	uint32_t both, live_only, shadow_only; // n of them
	struct rule_numbers total[SHADOW_SIDES]; // also of rules that have no row
	// The shadow comes second, over bytes that are in the cache by then: by what rules that are the
	// same in both sets tell, its times are multiplied with this. 1: too few of them were timed.
	double factor;
};

// indexes: NULL for a set that is not known. They are pointed to. 0 and *out (shadow_rows_free), or
// -ENOMEM.
int shadow_rows_make(const struct pattern_index *const indexes[SHADOW_SIDES],
	const struct shadow_counts *counts, struct shadow_rows *out);
void shadow_rows_free(struct shadow_rows *t); // a zeroed one is allowed

// By how much the shadow's hits are more than those of the live set; the same of what they cost.
int64_t shadow_row_hits(const struct shadow_row *row);
int64_t shadow_row_cost_ns(const struct shadow_row *row);
