#include "dataplane/runtime/packet_pool.h"

#include "dataplane/base/private.h"

#include <rte_ring.h>

#include <stdlib.h>

struct slot {
	struct pktbuf buf; // first: a buffer is its slot
	struct packet_pool *pool;
	uint8_t *large; // memory of its own, or NULL
	_Alignas(64) uint8_t data[PACKET_SLOT_BYTES];
};

// Free slots: a stack where one thread takes and frees, because the slot used last is the one
// that is still in the cache (a ring would walk through all of them); a ring between threads.
struct packet_pool {
	struct slot **stack;
	unsigned n_stack;
	struct rte_ring *ring;
	struct packet_windows *windows;
	struct slot *slots;
	unsigned n;
	unsigned fresh; // slots from here on were never used: their memory is not touched yet
};

static void put(struct packet_pool *pool, struct slot *slot)
{
	if (pool->stack != NULL)
		pool->stack[pool->n_stack++] = slot;
	else
		rte_ring_enqueue(pool->ring, slot);
}

static void slot_free(struct pktbuf *buf)
{
	struct slot *slot = (struct slot *)buf;

	if (slot->large != NULL) {
		free(slot->large);
		slot->large = NULL;
	}
	put(slot->pool, slot);
}

static struct slot *get(struct packet_pool *pool)
{
	void *used = NULL;

	if (pool->stack != NULL && pool->n_stack > 0)
		return pool->stack[--pool->n_stack];
	if (pool->ring != NULL && rte_ring_dequeue(pool->ring, &used) == 0)
		return used;
	if (pool->fresh == pool->n)
		return NULL;
	struct slot *slot = &pool->slots[pool->fresh++];
	slot->buf.free = slot_free;
	slot->pool = pool;
	slot->large = NULL;
	return slot;
}

static struct rte_ring *ring_new(unsigned n)
{
	ssize_t size = rte_ring_get_memsize(n * 2); // a ring holds one less than its size
	struct rte_ring *ring = NULL;

	if (size > 0)
		ring = aligned_alloc(RTE_CACHE_LINE_SIZE, ((size_t)size + 63) & ~(size_t)63);
	if (ring != NULL && rte_ring_init(ring, "packets", n * 2, RING_F_SC_DEQ) != 0) {
		free(ring);
		ring = NULL;
	}
	return ring;
}

struct packet_pool *packet_pool_new(unsigned n, bool one_thread)
{
	struct packet_pool *pool = calloc(1, sizeof(*pool));

	if (pool == NULL)
		return NULL;
	pool->slots = aligned_alloc(64, n * sizeof(*pool->slots));
	if (one_thread)
		pool->stack = malloc(n * sizeof(struct slot *));
	else
		pool->ring = ring_new(n);
	pool->windows = packet_windows_new(one_thread);
	if (pool->windows == NULL || pool->slots == NULL ||
		(pool->stack == NULL && pool->ring == NULL)) {
		packet_pool_free(pool);
		return NULL;
	}
	private_mark(pool->slots, n * sizeof(*pool->slots));
	pool->n = n;
	return pool;
}

void packet_pool_free(struct packet_pool *pool)
{
	if (pool == NULL)
		return;
	free(pool->stack);
	free(pool->ring);
	free(pool->slots);
	packet_windows_free(pool->windows);
	free(pool);
}

struct pktbuf *packet_pool_take(struct packet_pool *pool, uint32_t len, uint8_t **data)
{
	struct slot *slot = get(pool);

	if (slot == NULL)
		return NULL;
	*data = slot->data;
	if (len > PACKET_SLOT_BYTES) {
		slot->large = malloc(len);
		if (slot->large == NULL) {
			slot_free(&slot->buf);
			return NULL;
		}
		*data = slot->large;
	}
	return &slot->buf;
}

struct packet_windows *packet_pool_windows(struct packet_pool *pool)
{
	return pool->windows;
}
