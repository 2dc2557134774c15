// The alphabet of base64, RFC 4648 section 4.

#pragma once

#include <stdint.h>

// What a character stands for, -1: none.
static inline int base64_sextet(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}
