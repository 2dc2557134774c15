// Text from rules and paths, made fit for lines and for JSON: control bytes and what is no
// UTF-8 become \xNN.

#pragma once

#include <jansson.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

void escape_write(const char *text, FILE *out); // control bytes only

// Decimal, whole, at most 32 bits: what fprintf("%u") wrote.
bool escape_number(const char *text, uint32_t *out);

// Exactly len bytes in lower-case hex.
bool escape_hex(const char *text, uint8_t *out, size_t len);

// A JSON string of any bytes; NULL when memory is short.
json_t *escape_json(const char *text);
