// Postures as metrics, bounded: the services and segments with most flows by grade; checks over all flows.

#pragma once

#include "control/posture_tally.h"

#include <stdio.h>

enum { METRICS_POSTURES_MAX = 200 }; // six series each; the rest is summed as "other"

// postures: NULL: nothing is known.
void metrics_postures(
	FILE *out, const struct posture_tallies *postures, const struct posture_stacks *stacks);
