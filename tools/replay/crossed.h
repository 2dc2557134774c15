// What crossed borders in the captures, for the end of a replay.

#pragma once

#include "dataplane/runtime/engine.h"

#include <jansson.h>

// The latest year's matrix; NULL: short of memory. k: what is of fewer persons is not told.
json_t *crossed(const struct engine *e, uint32_t k);
