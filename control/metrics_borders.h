// What crossed borders as metrics: gauges, because what is of too few persons is taken out of its series and
// put into "other". Bounded.

#pragma once

#include "control/geo.h"
#include "control/matrix.h"

#include <stdio.h>

enum {
	METRICS_BORDERS_MAX = 300
}; // rows of a window, five series each; the rest is summed as "other"

struct metrics_borders {
	const struct ledger *ledger; // NULL: nothing is known
	uint32_t min_persons;
	const struct geo_level *levels;
	uint32_t n_levels;
};

// 0 or -ENOMEM: a window is missing.
int metrics_borders(FILE *out, const struct metrics_borders *b);
