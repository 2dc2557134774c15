// The file of the operator's secret (geo_key_file): the same on all machines that count persons together.

#pragma once

#include "dataplane/api/borders.h"

// NULL, or what is wrong with the file.
const char *geo_key_read(const char *path, uint8_t secret[BORDER_SECRET_LEN]);
