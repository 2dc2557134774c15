// The matrix as sealctl and sealwatch-replay tell it.

#pragma once

#include "control/matrix.h"

#include <jansson.h>

// A new object; NULL: short of memory.
json_t *matrix_json(const struct matrix *m);
