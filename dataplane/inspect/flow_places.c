#include "dataplane/inspect/flow_places.h"

#include "dataplane/base/pages.h"

#include <errno.h>

enum {
	AHEAD_LAG = 8, // packets between the fetch of a bucket and that of its record
	CROWDED = 6, // from here on the second bucket is looked at for a new flow
	SPILLED_MAX = 255, // so many are no longer counted
};

int flow_places_open(struct flow_places *p, uint32_t max_flows, struct flow *flows)
{
	uint32_t n = 16;

	// Half full when all records are taken: two choices then hardly ever meet a full bucket.
	while (n * BUCKET_WAYS / 2 < max_flows)
		n *= 2;
	p->mask = n - 1;
	p->flows = flows;
	p->buckets = pages_alloc(n * sizeof(struct bucket));
	p->spilled = pages_alloc(n);
	return p->buckets != NULL && p->spilled != NULL ? 0 : -ENOMEM;
}

void flow_places_close(struct flow_places *p)
{
	size_t n = (size_t)p->mask + 1;

	pages_free(p->buckets, n * sizeof(struct bucket));
	pages_free(p->spilled, n);
}

// The prefetches stand beside a store: of a function that does nothing else gcc 12 takes the call for
// one without effect, and drops it.
static void fetch_record(struct flow_places *p)
{
	struct places_ahead *a = &p->ahead;
	uint32_t hash = a->hash[a->fetched++];
	const struct flow *f = bucket_guess(first_bucket(p, hash), p->flows, hash);

	if (f == NULL)
		return;
	__builtin_prefetch(f);
	__builtin_prefetch((const uint8_t *)f + 64);
}

void flow_places_prefetch(struct flow_places *p, uint32_t hash, bool records)
{
	struct places_ahead *a = &p->ahead;

	__builtin_prefetch(first_bucket(p, hash));
	if (a->n == PLACES_AHEAD || !records)
		return;
	a->hash[a->n++] = hash;
	if (a->n > AHEAD_LAG)
		fetch_record(p);
}

void flow_places_prefetched(struct flow_places *p)
{
	struct places_ahead *a = &p->ahead;

	while (a->fetched < a->n)
		fetch_record(p);
	a->n = 0;
	a->fetched = 0;
}

bool flow_places_full(const struct flow_places *p, uint32_t hash)
{
	return bucket_load(first_bucket(p, hash)) == BUCKET_WAYS &&
		bucket_load(second_bucket(p, hash)) == BUCKET_WAYS;
}

struct flow *flow_places_oldest(const struct flow_places *p, uint32_t hash, uint32_t burst)
{
	struct flow *best = bucket_oldest(first_bucket(p, hash), p->flows, burst, NULL);

	return bucket_oldest(second_bucket(p, hash), p->flows, burst, best);
}

void flow_places_take(struct flow_places *p, uint32_t hash, uint32_t record)
{
	struct bucket *one = first_bucket(p, hash);
	unsigned load = bucket_load(one);
	uint8_t *spilled = &p->spilled[hash & p->mask];

	if (load >= CROWDED) {
		struct bucket *two = second_bucket(p, hash);
		if (load == BUCKET_WAYS || load > bucket_load(two)) {
			if (*spilled < SPILLED_MAX)
				++*spilled;
			one = two;
		}
	}
	*bucket_take(one, hash) = record + 1;
}

void flow_places_give(struct flow_places *p, uint32_t hash, uint32_t record)
{
	uint8_t *spilled = &p->spilled[hash & p->mask];

	if (bucket_remove(first_bucket(p, hash), record + 1))
		return;
	bucket_remove(second_bucket(p, hash), record + 1);
	if (*spilled < SPILLED_MAX)
		--*spilled;
}
