// Where the records of flows stand: by hash, in one of two buckets. Private to flow.c.
//
// A flow is in its first bucket as long as that is not crowded: a lookup then reads one line. By
// bucket it is counted how many are in their second one, so that nobody looks there in vain.

#pragma once

#include "dataplane/inspect/flow_bucket.h"

enum { PLACES_AHEAD = 32 };

// Packets whose buckets are being fetched. The records they name follow when the buckets should be there.
struct places_ahead {
	uint32_t hash[PLACES_AHEAD];
	uint32_t n; // hashes
	uint32_t fetched; // of them, whose records are on their way, too
};

struct flow_places {
	struct bucket *buckets;
	uint8_t *spilled; // by first bucket
	uint32_t mask; // of bucket numbers
	struct flow *flows; // borrowed
	struct places_ahead ahead;
};

// 0 or -ENOMEM; close() takes what is half open.
int flow_places_open(struct flow_places *p, uint32_t max_flows, struct flow *flows);
void flow_places_close(struct flow_places *p);

// Brings the bucket of a hash into the cache, and a few calls later the record. records: there are so
// many flows that these are not in it anyway.
void flow_places_prefetch(struct flow_places *p, uint32_t hash, bool records);
// The rest of the records.
void flow_places_prefetched(struct flow_places *p);

static inline struct bucket *first_bucket(const struct flow_places *p, uint32_t hash)
{
	return &p->buckets[hash & p->mask];
}

static inline struct bucket *second_bucket(const struct flow_places *p, uint32_t hash)
{
	return &p->buckets[(hash >> 15 ^ hash * 0x9e3779b1u) & p->mask];
}

// For a record that is known.
static inline void flow_places_fetch(const struct flow_places *p, uint32_t hash)
{
	__builtin_prefetch(first_bucket(p, hash), 1);
}

static inline struct flow *flow_places_find(
	const struct flow_places *p, uint32_t hash, const struct flow_key *key)
{
	struct flow *f = bucket_find(first_bucket(p, hash), p->flows, hash, key);

	if (f == NULL && p->spilled[hash & p->mask] != 0)
		f = bucket_find(second_bucket(p, hash), p->flows, hash, key);
	return f;
}

// Is there no place for a hash?
bool flow_places_full(const struct flow_places *p, uint32_t hash);
// Who goes first of those that could make room for it, not of this burst; NULL: all are.
struct flow *flow_places_oldest(const struct flow_places *p, uint32_t hash, uint32_t burst);
// There is one: it gets the record.
void flow_places_take(struct flow_places *p, uint32_t hash, uint32_t record);
void flow_places_give(struct flow_places *p, uint32_t hash, uint32_t record);
