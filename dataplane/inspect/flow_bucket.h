// The buckets of the flow table; private to flow.c.
//
// A bucket is one cache line: eight hashes, and the records they stand for.

#pragma once

#include "dataplane/inspect/flow.h"

#include <string.h>

enum { BUCKET_WAYS = 8 };

struct bucket {
	uint32_t signature[BUCKET_WAYS];
	uint32_t index[BUCKET_WAYS]; // record number + 1; 0: empty
};
static_assert(sizeof(struct bucket) == 64, "a bucket is a cache line");

static inline struct flow *bucket_find(
	const struct bucket *b, struct flow *flows, uint32_t hash, const struct flow_key *key)
{
	for (unsigned i = 0; i < BUCKET_WAYS; i++) {
		if (b->signature[i] != hash || b->index[i] == 0)
			continue;
		struct flow *f = &flows[b->index[i] - 1];
		if (memcmp(&f->key, key, sizeof(*key)) == 0)
			return f;
	}
	return NULL;
}

// The record of the first way with this hash, nearly always the one, unread; or NULL.
static inline const struct flow *bucket_guess(
	const struct bucket *b, const struct flow *flows, uint32_t hash)
{
	for (unsigned i = 0; i < BUCKET_WAYS; i++) {
		if (b->signature[i] == hash && b->index[i] != 0)
			return &flows[b->index[i] - 1];
	}
	return NULL;
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

// The flow idle longest of the bucket and `best` (may be NULL), not of this burst.
static inline struct flow *bucket_oldest(
	const struct bucket *b, struct flow *flows, uint32_t burst, struct flow *best)
{
	for (unsigned i = 0; i < BUCKET_WAYS; i++) {
		if (b->index[i] == 0)
			continue;
		struct flow *f = &flows[b->index[i] - 1];
		if (f->burst != burst && (best == NULL || f->last_ns < best->last_ns))
			best = f;
	}
	return best;
}
