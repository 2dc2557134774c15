// OpenMetrics text (the exposition format that Prometheus reads), from what the daemon knows.

#pragma once

#include "control/metrics_borders.h"
#include "control/posture_tally.h"
#include "control/shadow.h"
#include "control/tally.h"
#include "dataplane/api/counters.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

// The busiest rules, half of them by hits, the others by cost; up to six series each. What is left
// is summed under sid "other": a sum that falls, as if it began anew, when one of them comes up
// among the busiest.
enum { METRICS_RULES_MAX = 2000 };

struct metrics_thread {
	const char *label; // "0", "1", ..., "reader"
	const uint64_t *values; // CTR_COUNT
};

struct metrics_input {
	const struct metrics_thread *threads;
	unsigned n_threads;
	const struct rule_tallies *rules; // those never looked at are left out
	const struct leak_numbers
		*leaks; // DETECTOR_COUNT; NULL: none; those never found are left out
	const struct posture_tallies *postures; // NULL: none
	struct posture_stacks stacks;
	struct metrics_borders borders;
	const struct service_tallies *services; // likewise; the nameless one reads "other"
	bool dataplane_up;
	uint64_t generation; // 0: none
	uint32_t n_rules; // of the live set
	uint32_t shadow_rules; // 0: there is no shadow
	uint32_t shadow_share; // of the flows, in thousandths
	struct rule_numbers beside[SHADOW_SIDES]; // sums, over all shadows there were
	uint64_t uptime_s; // of the daemon
	uint64_t eve_written;
	uint64_t eve_failed;
};

// The whole text, "# EOF" at its end. 0, or -errno of the stream.
int metrics_write(FILE *out, const struct metrics_input *in);
