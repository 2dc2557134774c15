// The Internet checksum (RFC 1071).

#pragma once

#include <stddef.h>
#include <stdint.h>

// Add `len` bytes to an unfolded sum, in the machine's byte order. Only the last part of
// what is summed may have an odd length.
uint64_t checksum_add(uint64_t sum, const void *data, size_t len);

// 16 bits of it; 0xffff over data that holds its own right checksum.
static inline uint16_t checksum_fold(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)((sum & 0xffff) + (sum >> 16));
}
