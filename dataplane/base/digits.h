// Numbers as text, for the packet path: without a format to interpret.

#pragma once

#include <stddef.h>
#include <stdint.h>

enum { DECIMAL_MAX = 10, IPV4_TEXT_MAX = 15 };

// Writes v, up to DECIMAL_MAX characters, no end of text; returns how many.
static inline size_t decimal_text(char *out, uint32_t v)
{
	size_t n = 1;

	for (uint64_t over = 10; v >= over; over *= 10)
		n++;
	for (size_t i = n; i > 0; v /= 10)
		out[--i] = (char)('0' + v % 10);
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
