// The posture of a service in a segment as it is told: by the daemon, by the replay.

#pragma once

#include "control/posture_tally.h"

#include <jansson.h>

// "(other)" for the rest, "(none)" for flows of no service.
const char *posture_row_name(const char *name, bool is_rest);
// A new reference, NULL when memory is short: grade, flows, checks that hold, facts.
json_t *posture_row(const struct posture_tally *t);
// Most flows first.
void posture_rows_sort(struct posture_tallies *t);
