// The buckets of the flow table; private to flow_places.h.
//
// A bucket is one cache line: eight hashes, and the records they stand for.

#pragma once

#include "dataplane/inspect/flow.h"

#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

enum { BUCKET_WAYS = 8 };

struct bucket {
	uint32_t signature[BUCKET_WAYS];
	uint32_t index[BUCKET_WAYS]; // record number + 1; 0: empty
};
static_assert(sizeof(struct bucket) == 64, "a bucket is a cache line");

// Bits of the ways with this signature. An empty way may have it, too.
static inline unsigned bucket_ways(const struct bucket *b, uint32_t hash)
{
#if defined(__SSE2__)
	const __m128i wanted = _mm_set1_epi32((int)hash);
	const __m128i *all = (const __m128i *)b->signature;
	__m128i low = _mm_cmpeq_epi32(_mm_load_si128(all), wanted);
	__m128i high = _mm_cmpeq_epi32(_mm_load_si128(all + 1), wanted);
	return (unsigned)_mm_movemask_ps(_mm_castsi128_ps(low)) |
		(unsigned)_mm_movemask_ps(_mm_castsi128_ps(high)) << 4;
#else
	unsigned ways = 0;
	for (unsigned i = 0; i < BUCKET_WAYS; i++)
		ways |= (unsigned)(b->signature[i] == hash) << i;
	return ways;
#endif
}

static inline bool key_equal(const struct flow_key *a, const struct flow_key *b)
{
	uint64_t x[sizeof(*a) / 8], y[sizeof(*b) / 8], differ = 0;

	memcpy(x, a, sizeof(x));
	memcpy(y, b, sizeof(y));
	for (unsigned i = 0; i < sizeof(x) / sizeof(x[0]); i++)
		differ |= x[i] ^ y[i];
	return differ == 0;
}

static inline struct flow *bucket_find(
	const struct bucket *b, struct flow *flows, uint32_t hash, const struct flow_key *key)
{
	for (unsigned ways = bucket_ways(b, hash); ways != 0; ways &= ways - 1) {
		uint32_t index = b->index[__builtin_ctz(ways)];
		if (index != 0 && key_equal(&flows[index - 1].key, key))
			return &flows[index - 1];
	}
	return NULL;
}

// The record of the first way with this hash, nearly always the one, unread; or NULL.
static inline const struct flow *bucket_guess(
	const struct bucket *b, const struct flow *flows, uint32_t hash)
{
	unsigned ways = bucket_ways(b, hash);
	uint32_t index = ways != 0 ? b->index[__builtin_ctz(ways)] : 0;

	return index != 0 ? &flows[index - 1] : NULL;
}

static inline unsigned bucket_load(const struct bucket *b)
{
	unsigned n = 0;
	for (unsigned i = 0; i < BUCKET_WAYS; i++)
		n += b->index[i] != 0;
	return n;
}

// The index of an empty way, or NULL.
static inline uint32_t *bucket_take(struct bucket *b, uint32_t hash)
{
	for (unsigned i = 0; i < BUCKET_WAYS; i++) {
		if (b->index[i] == 0) {
			b->signature[i] = hash;
			return &b->index[i];
		}
	}
	return NULL;
}

static inline bool bucket_remove(struct bucket *b, uint32_t index)
{
	for (unsigned i = 0; i < BUCKET_WAYS; i++) {
		if (b->index[i] == index) {
			b->index[i] = 0;
			b->signature[i] = 0;
			return true;
		}
	}
	return false;
}

// Where there is no room: does x go rather than y? Who got no answer does, because a flood hardly ever gets
// one; else who was idle longest.
static inline bool flow_goes_before(const struct flow *x, const struct flow *y)
{
	bool x_new = x->state == FLOW_STATE_NEW, y_new = y->state == FLOW_STATE_NEW;

	return x_new != y_new ? x_new : x->last_ns < y->last_ns;
}

// Who goes first of the bucket and `best` (may be NULL), not of this burst.
static inline struct flow *bucket_oldest(
	const struct bucket *b, struct flow *flows, uint32_t burst, struct flow *best)
{
	for (unsigned i = 0; i < BUCKET_WAYS; i++) {
		if (b->index[i] == 0)
			continue;
		struct flow *f = &flows[b->index[i] - 1];
		if (f->burst != burst && (best == NULL || flow_goes_before(f, best)))
			best = f;
	}
	return best;
}
