// How well services are sealed, of a run's summary.

#pragma once

#include "dataplane/runtime/engine.h"

#include <jansson.h>

void summary_posture_print(const struct engine *e); // nothing when no flow has a grade
// Rows as those of the daemon's answers.
json_t *summary_posture_json(const struct engine *e);
