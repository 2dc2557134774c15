// The matrix of what crossed borders (control/matrix_json.h), as tables: also sealwatch-replay's.

#pragma once

#include <jansson.h>

void geo_print(const json_t *matrix);
