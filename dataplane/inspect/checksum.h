// The Internet checksum (RFC 1071).

#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

// Add `len` bytes to an unfolded sum, in the machine's byte order. Only the last part of
// what is summed may have an odd length.
uint64_t checksum_add(uint64_t sum, const void *data, size_t len);

// The same of 8 and of 4 bytes, where they come singly. The sum has room for it: it may be added to so
// often as there are bytes in a packet.
static inline uint64_t checksum_add8(uint64_t sum, const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return sum + (v & 0xffffffff) + (v >> 32);
}

static inline uint64_t checksum_add4(uint64_t sum, const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return sum + v;
}

// 16 bits of it; 0xffff over data that holds its own right checksum.
static inline uint16_t checksum_fold(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)((sum & 0xffff) + (sum >> 16));
}
