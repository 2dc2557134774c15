#include "dataplane/inspect/posture/history.h"

#include "dataplane/base/hash.h"
#include "dataplane/base/pages.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { WAYS = 4, BUCKETS = POSTURE_HISTORY_SERVERS / WAYS };

struct bucket {
	_Atomic uint64_t servers[WAYS]; // hashes, the latest first; 0: free
};

struct posture_history {
	uint64_t seed;
	struct bucket *buckets;
};

struct posture_history *posture_history_new(uint64_t seed)
{
	struct posture_history *h = calloc(1, sizeof(*h));

	if (h == NULL)
		return NULL;
	h->seed = seed;
	h->buckets = pages_alloc(BUCKETS * sizeof(struct bucket));
	if (h->buckets == NULL) {
		free(h);
		return NULL;
	}
	return h;
}

void posture_history_free(struct posture_history *h)
{
	if (h == NULL)
		return;
	pages_free(h->buckets, BUCKETS * sizeof(struct bucket));
	free(h);
}

static uint64_t hash_of(const struct posture_history *h, const struct flow *f, uint8_t app_proto)
{
	bool b_serves = (f->flags & FLOW_A_IS_CLIENT) != 0;
	uint64_t words[3];

	memcpy(words, b_serves ? f->key.b : f->key.a, 16);
	words[2] = (uint64_t)(b_serves ? f->key.bport : f->key.aport) << 8 | app_proto;
	uint64_t hash = hash_words(words, sizeof(words), h->seed);
	return hash != 0 ? hash : 1;
}

static struct bucket *bucket_of(const struct posture_history *h, uint64_t hash)
{
	return &h->buckets[hash % BUCKETS];
}

static int find(struct bucket *b, uint64_t hash)
{
	for (int i = 0; i < WAYS; i++) {
		if (atomic_load_explicit(&b->servers[i], memory_order_relaxed) == hash)
			return i;
	}
	return -1;
}

// Two workers at once in one bucket may lose an entry or have one twice: then a server is learnt anew.
bool posture_history_offered(struct posture_history *h, const struct flow *flow, uint8_t app_proto)
{
	uint64_t hash = hash_of(h, flow, app_proto), before = hash;
	struct bucket *b = bucket_of(h, hash);
	int last = find(b, hash);

	if (last < 0)
		last = WAYS - 1;
	for (int i = 0; i <= last; i++) {
		uint64_t next = atomic_load_explicit(&b->servers[i], memory_order_relaxed);
		atomic_store_explicit(&b->servers[i], before, memory_order_relaxed);
		before = next;
	}
	return before != 0 && before != hash;
}

bool posture_history_has(
	const struct posture_history *h, const struct flow *flow, uint8_t app_proto)
{
	uint64_t hash = hash_of(h, flow, app_proto);

	return find(bucket_of(h, hash), hash) >= 0;
}
