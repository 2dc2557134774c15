#include "dataplane/inspect/datagram_pool.h"

#include "dataplane/base/private.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { GRANULE = 2048 };

// Stands at the front of its run.
struct datagram {
	struct pktbuf buf; // first: a buffer is its datagram
	atomic_bool *in_use; // of its first granule
	size_t n_granules;
	_Alignas(16) uint8_t data[];
};

struct datagram_pool {
	size_t n_granules;
	size_t next; // where the search goes on
	uint8_t *arena;
	atomic_bool in_use[]; // set by the taker, cleared by whoever frees
};

struct datagram_pool *datagram_pool_new(size_t bytes)
{
	size_t n = (bytes + GRANULE - 1) / GRANULE;
	struct datagram_pool *pool = calloc(1, sizeof(*pool) + n * sizeof(pool->in_use[0]));

	if (pool == NULL)
		return NULL;
	pool->n_granules = n;
	pool->arena = aligned_alloc(64, n * GRANULE);
	if (pool->arena == NULL) {
		free(pool);
		return NULL;
	}
	private_mark(pool->arena, n * GRANULE);
	return pool;
}

void datagram_pool_free(struct datagram_pool *pool)
{
	if (pool == NULL)
		return;
	free(pool->arena);
	free(pool);
}

static void datagram_free(struct pktbuf *buf)
{
	struct datagram *g = (struct datagram *)buf;
	atomic_bool *in_use = g->in_use;

	// Backwards: once the first is clear, the run's head may be overwritten.
	for (size_t i = g->n_granules; i > 0; i--)
		atomic_store_explicit(&in_use[i - 1], false, memory_order_release);
}

// Next fit: what was given out last is likely to be still in use. Runs do not wrap.
static bool find_run(struct datagram_pool *pool, size_t n, size_t *first)
{
	size_t run = 0;

	for (size_t seen = 0, at = pool->next; seen < pool->n_granules + n; seen++, at++) {
		if (at >= pool->n_granules) {
			at = 0;
			run = 0;
		}
		if (atomic_load_explicit(&pool->in_use[at], memory_order_acquire))
			run = 0;
		else if (++run == n) {
			*first = at + 1 - n;
			return true;
		}
	}
	return false;
}

struct pktbuf *datagram_pool_take(struct datagram_pool *pool, size_t len, uint8_t **data)
{
	size_t n = (sizeof(struct datagram) + len + GRANULE - 1) / GRANULE;
	size_t first;

	if (n > pool->n_granules || !find_run(pool, n, &first))
		return NULL;
	for (size_t i = 0; i < n; i++)
		atomic_store_explicit(&pool->in_use[first + i], true, memory_order_relaxed);
	pool->next = first + n;

	struct datagram *g = (struct datagram *)(pool->arena + first * GRANULE);
	*g = (struct datagram){
		.buf = {.free = datagram_free},
		.in_use = &pool->in_use[first],
		.n_granules = n,
	};
	*data = g->data;
	return &g->buf;
}
