// Dates in the metadata of rules: until when what a rule rests on is thought to hold.

#pragma once

#include <stdbool.h>
#include <stdint.h>

// "2027-11-30", or with underscores: days since 1970. False: no date.
bool expiry_read(const char *text, int32_t *days);
