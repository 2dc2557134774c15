#include "dataplane/runtime/handover.h"

#include <rte_ring.h>
#include <rte_ring_elem.h>

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct handover {
	struct source source; // first: a source is its handover
	struct rte_ring *ring;
	_Atomic bool ended; // producer: wo, consumer: ro
};

static_assert(sizeof(struct packet) % 4 == 0, "a ring element is made of words");

static unsigned rx(struct source *s, struct packet *packets, unsigned n)
{
	struct handover *h = (struct handover *)s;
	return rte_ring_dequeue_burst_elem(h->ring, packets, sizeof(*packets), n, NULL);
}

static bool has_ended(struct source *s)
{
	struct handover *h = (struct handover *)s;
	// In this order: what was put before the end is seen.
	return atomic_load_explicit(&h->ended, memory_order_acquire) && rte_ring_empty(h->ring);
}

struct handover *handover_new(unsigned n_packets, bool single_producer)
{
	ssize_t size = rte_ring_get_memsize_elem(sizeof(struct packet), n_packets);
	struct handover *h = calloc(1, sizeof(*h));

	if (h == NULL || size < 0)
		goto fail;
	h->source = (struct source){.rx = rx, .ended = has_ended, .decoded = true};
	h->ring = aligned_alloc(RTE_CACHE_LINE_SIZE, ((size_t)size + 63) & ~(size_t)63);
	if (h->ring == NULL)
		goto fail;
	unsigned flags = RING_F_SC_DEQ | (single_producer ? RING_F_SP_ENQ : 0);
	if (rte_ring_init(h->ring, "handover", n_packets, flags) != 0)
		goto fail;
	return h;
fail:
	if (h != NULL)
		free(h->ring);
	free(h);
	return NULL;
}

void handover_free(struct handover *h)
{
	struct packet p;

	if (h == NULL)
		return;
	while (rx(&h->source, &p, 1) == 1)
		packet_free(&p);
	free(h->ring);
	free(h);
}

unsigned handover_put(struct handover *h, const struct packet *packets, unsigned n)
{
	return rte_ring_enqueue_burst_elem(h->ring, packets, sizeof(*packets), n, NULL);
}

void handover_end(struct handover *h, uint64_t end_ns)
{
	h->source.end_ns = end_ns; // seen by who sees `ended`
	atomic_store_explicit(&h->ended, true, memory_order_release);
}

struct source *handover_source(struct handover *h)
{
	return &h->source;
}
