#include "dataplane/inspect/leak/aggregate.h"

#include "dataplane/base/hash.h"

#include <assert.h>
#include <stdlib.h>

enum { WAYS = 4, KEY_MAX = 64 };

struct entry {
	uint64_t key; // 0: free
	uint64_t begun_ns, touched_ns;
	uint64_t told; // bit n: detector n
	struct detect_sums sums;
};

struct aggregates {
	uint64_t seed;
	uint64_t shed;
	uint64_t active;
	uint32_t mask; // of buckets
	struct entry *entries;
};

struct aggregates *aggregates_new(uint32_t entries, uint64_t seed)
{
	struct aggregates *a = calloc(1, sizeof(*a));

	assert(entries >= WAYS && (entries & (entries - 1)) == 0);
	if (a == NULL)
		return NULL;
	a->entries = calloc(entries, sizeof(*a->entries));
	if (a->entries == NULL) {
		free(a);
		return NULL;
	}
	a->seed = seed;
	a->active = UINT64_MAX;
	a->mask = entries / WAYS - 1;
	return a;
}

void aggregates_free(struct aggregates *a)
{
	if (a == NULL)
		return;
	free(a->entries);
	free(a);
}

static uint64_t hash_of(
	const struct aggregates *a, enum aggregate_span span, const void *key, size_t len)
{
	uint8_t words[KEY_MAX] = {0};

	assert(len <= KEY_MAX);
	memcpy(words, key, len);
	return hash_words(words, (len + 7) & ~(size_t)7, a->seed ^ span) | 1;
}

static struct entry *entry_of(struct aggregates *a, uint64_t key)
{
	struct entry *bucket = a->entries + (size_t)WAYS * (key >> 32 & a->mask);
	struct entry *oldest = bucket;

	for (unsigned i = 0; i < WAYS; i++) {
		if (bucket[i].key == key)
			return &bucket[i];
		if (oldest->key != 0 &&
			(bucket[i].key == 0 || bucket[i].touched_ns < oldest->touched_ns))
			oldest = &bucket[i];
	}
	a->shed += oldest->key != 0;
	*oldest = (struct entry){.key = key};
	return oldest;
}

void aggregates_active(struct aggregates *a, uint64_t kinds)
{
	a->active = kinds;
}

uint64_t aggregates_add(struct aggregates *a, enum aggregate_span span, const void *key, size_t len,
	const struct detect_sums *sums, uint64_t told, uint64_t now_ns)
{
	struct entry *e = entry_of(a, hash_of(a, span, key, len));

	if (e->begun_ns == 0 || (span == SPAN_TIME && now_ns > e->begun_ns + AGGREGATE_NS))
		*e = (struct entry){.key = e->key, .begun_ns = now_ns};
	e->touched_ns = now_ns;
	detect_sums_add(&e->sums, sums);
	uint64_t fresh = detect_sums_reach(&e->sums) & a->active & ~(e->told | told);
	e->told |= fresh | told;
	return fresh;
}

uint64_t aggregates_shed(const struct aggregates *a)
{
	return a->shed;
}
