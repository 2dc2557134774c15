// Ranges of a database of countries -> the map that workers look up (dataplane/api/geo_map.h).

#pragma once

#include "patterns/geo.h"

// t, and its `as` when it has one: sorted (geo_sort). digest: of the files it is from. *out is the caller's to free. 0, -ENOMEM, or
// -E2BIG: more ranges than a map holds.
int geo_map_make(const struct geo_table *t, const uint8_t digest[32], void **out, size_t *len);
