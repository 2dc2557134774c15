// Numbers as text, for the packet path: without a format to interpret.

#pragma once

#include <stddef.h>
#include <stdint.h>

enum { DECIMAL_MAX = 10, IPV4_TEXT_MAX = 15 };

// Writes v, up to DECIMAL_MAX characters, no end of text; returns how many.
static inline size_t decimal_text(char *out, uint32_t v)
{
	char reversed[DECIMAL_MAX];
	size_t n = 0;

	do
		reversed[n++] = (char)('0' + v % 10);
	while ((v /= 10) > 0);
	for (size_t i = 0; i < n; i++)
		out[i] = reversed[n - 1 - i];
	return n;
}

// "192.0.2.1", up to IPV4_TEXT_MAX characters, no end of text; returns how many.
static inline size_t ipv4_text(char *out, const uint8_t address[4])
{
	size_t n = 0;

	for (unsigned i = 0; i < 4; i++) {
		if (i > 0)
			out[n++] = '.';
		n += decimal_text(out + n, address[i]);
	}
	return n;
}
