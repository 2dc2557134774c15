// The file of the operator's secret (geo_key_file): the same on all machines that count persons together.

#pragma once

#include "control/config.h"

// NULL, or what is wrong with the file.
const char *geo_key_read(const char *path, uint8_t secret[BORDER_SECRET_LEN]);
// The configured file, when there is one. 0, or -EINVAL with a text.
int geo_key_take(struct control_config *c, char error[512]);
