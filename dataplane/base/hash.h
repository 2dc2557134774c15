// Seeded hashing of short keys. The seed is random per process, so that an
// outsider can not choose addresses that fall into one bucket.

#pragma once

#include <stdint.h>
#include <string.h>

static inline uint64_t hash_mix(uint64_t a, uint64_t b)
{
	__extension__ typedef unsigned __int128 wide;
	wide m = (wide)(a ^ 0x9e3779b97f4a7c15ull) * (b ^ 0xd6e8feb86659fd93ull);
	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

static inline uint64_t hash_load64(const void *p)
{
	uint64_t v;
	memcpy(&v, p, sizeof(v));
	return v;
}

// `len` is a multiple of 8. Each word is keyed: else one of a known value, and an address has room
// for it, cancels all that came before it, whatever the seed.
static inline uint64_t hash_words(const void *key, size_t len, uint64_t seed)
{
	const uint8_t *p = key;
	uint64_t h = seed;

	for (size_t i = 0; i < len; i += 8)
		h = hash_mix(h, hash_load64(p + i) ^ seed);
	return h;
}
