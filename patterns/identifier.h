// Is a text one person's identifier? Rules must not hold any: a pattern set is no watch list.

#pragma once

#include <stddef.h>
#include <stdint.h>

// What it is ("an e-mail address"), or NULL. Reserved domains and published test values are
// nobody's.
const char *identifier_kind(const uint8_t *p, size_t len);
