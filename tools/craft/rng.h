// Numbers that look random and come again with the same seed. Not for secrets.

#pragma once

#include "dataplane/base/hash.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct rng {
	uint64_t state;
};

static inline uint64_t rng_next(struct rng *r)
{
	r->state += 0x9e3779b97f4a7c15ull;
	return hash_mix(r->state, 0x2545f4914f6cdd1dull);
}

// 0..n-1
static inline uint32_t rng_below(struct rng *r, uint32_t n)
{
	return (uint32_t)(((rng_next(r) >> 32) * n) >> 32);
}

// low..high
static inline uint32_t rng_between(struct rng *r, uint32_t low, uint32_t high)
{
	return low + rng_below(r, high - low + 1);
}

static inline void rng_fill(struct rng *r, void *out, size_t n)
{
	uint8_t *p = out;

	for (; n >= 8; n -= 8, p += 8) {
		uint64_t v = rng_next(r);
		memcpy(p, &v, 8);
	}
	uint64_t v = rng_next(r);
	memcpy(p, &v, n);
}
