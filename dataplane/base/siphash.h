// SipHash-2-4 (Aumasson, Bernstein, 2012): a keyed function of short inputs whose values tell neither
// the key nor each other. For what leaves the process; hash.h is faster and only scatters.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { SIPHASH_KEY_LEN = 16 };

static inline uint64_t siphash_load(const uint8_t *p, size_t len)
{
	uint64_t v = 0;

	for (size_t i = 0; i < len; i++)
		v |= (uint64_t)p[i] << 8 * i;
	return v;
}

static inline uint64_t siphash_turn(uint64_t v, unsigned bits)
{
	return v << bits | v >> (64 - bits);
}

static inline void siphash_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = siphash_turn(v[1], 13) ^ v[0];
	v[3] = siphash_turn(v[3], 16) ^ v[2];
	v[0] = siphash_turn(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = siphash_turn(v[1], 17) ^ v[2];
	v[3] = siphash_turn(v[3], 21) ^ v[0];
	v[2] = siphash_turn(v[2], 32);
}

static inline uint64_t siphash(const uint8_t key[SIPHASH_KEY_LEN], const void *in, size_t len)
{
	const uint8_t *p = in;
	uint64_t k0 = siphash_load(key, 8), k1 = siphash_load(key + 8, 8);
	uint64_t v[4] = {k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d, k0 ^ 0x6c7967656e657261,
		k1 ^ 0x7465646279746573};

	for (size_t left = len;; left -= 8, p += 8) {
		bool last = left < 8;
		uint64_t word = siphash_load(p, last ? left : 8);
		if (last)
			word |= (uint64_t)(len & 0xff) << 56;
		v[3] ^= word;
		siphash_round(v);
		siphash_round(v);
		v[0] ^= word;
		if (last)
			break;
	}
	v[2] ^= 0xff;
	for (unsigned i = 0; i < 4; i++)
		siphash_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
