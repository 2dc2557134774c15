// What is different between two sets, by gid:sid.

#pragma once

#include "control/pattern_index.h"

enum pattern_change { PATTERN_ADDED, PATTERN_REMOVED, PATTERN_CHANGED, PATTERN_SAME };

struct pattern_difference {
	enum pattern_change change; // never PATTERN_SAME
	const struct pattern_entry *from, *to; // NULL: not there
	uint32_t parts; // PATTERN_CHANGED: 1 << enum rule_part of each that is another; 0: rev only
};

typedef void (*pattern_diff_fn)(void *ctx, const struct pattern_difference *d);

// In order of gid:sid. counts: by enum pattern_change.
void pattern_diff(const struct pattern_index *from, const struct pattern_index *to,
	pattern_diff_fn fn, void *ctx, uint32_t counts[PATTERN_SAME + 1]);
