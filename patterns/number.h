// Numbers that stand in a buffer, and how rules compare and compute with them.

#pragma once

#include "dataplane/base/bytes.h"
#include "patterns/rule.h"

enum { NUMBER_DIGITS_MAX = 23 };

// The number that `b` holds, binary or in digits; masked and multiplied as n says. False: there are
// no such digits, or a binary number of more than eight bytes.
bool number_read(const struct condition_number *n, struct bytes b, uint64_t *out);

// op: enum compare.
bool number_compares(uint8_t op, uint64_t v, uint64_t a, uint64_t b);

// op: + - * / and < > for shifts. False: division by zero.
bool number_operate(uint8_t op, uint64_t *v, uint64_t by);

// Decodes as much as there is (RFC 4648 4; RFC 2045 6.8: other characters are skipped). Returns how
// many bytes came out, at most `size`.
size_t number_base64(struct bytes in, uint8_t *out, size_t size);
