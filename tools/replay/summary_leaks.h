// Which kinds of personal data were found, of a run's summary.

#pragma once

#include "dataplane/runtime/engine.h"

#include <jansson.h>

void summary_leaks_print(const struct engine *e); // nothing when none was found
// Names as those of the daemon's answers.
json_t *summary_leaks_json(const struct engine *e);
