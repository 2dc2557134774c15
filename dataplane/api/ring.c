#include "dataplane/api/ring.h"

#include <errno.h>
#include <string.h>

void event_ring_init(struct event_ring *ring, uint32_t size)
{
	memset(ring, 0, sizeof(*ring));
	ring->size = size;
}

static void copy_in(
	struct event_ring *ring, uint32_t size, uint64_t at, const void *p, uint32_t len)
{
	uint32_t start = (uint32_t)at & (size - 1);
	uint32_t first = len < size - start ? len : size - start;

	memcpy(ring->data + start, p, first);
	memcpy(ring->data, (const uint8_t *)p + first, len - first);
}

static void copy_out(
	const struct event_ring *ring, uint32_t size, uint64_t at, void *p, uint32_t len)
{
	uint32_t start = (uint32_t)at & (size - 1);
	uint32_t first = len < size - start ? len : size - start;

	memcpy(p, ring->data + start, first);
	memcpy((uint8_t *)p + first, ring->data, len - first);
}

int event_ring_put(struct event_ring *ring, uint32_t size, const void *record, uint32_t len)
{
	uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
	uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_acquire);
	uint64_t used = head - tail;

	// A tail ahead of the head makes `used` huge: full.
	if (used > size || len > size - used)
		return -ENOBUFS;
	copy_in(ring, size, head, record, len);
	atomic_store_explicit(&ring->head, head + len, memory_order_release);
	return 0;
}

int event_ring_get(struct event_ring *ring, uint32_t size, void *buf)
{
	uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
	uint64_t head = atomic_load_explicit(&ring->head, memory_order_acquire);
	uint32_t len = 0;

	if (head == tail)
		return 0;
	if (head - tail <= size && head - tail >= sizeof(struct event_head))
		copy_out(ring, size, tail, &len, sizeof(len));
	if (len < sizeof(struct event_head) || len > EVENT_RECORD_MAX || len % 8 != 0 ||
		len > head - tail) {
		atomic_store_explicit(&ring->tail, head, memory_order_release);
		return -EBADMSG;
	}
	copy_out(ring, size, tail, buf, len);
	atomic_store_explicit(&ring->tail, tail + len, memory_order_release);
	// The record may have changed between the two copies: what was checked is what counts.
	memcpy(buf, &len, sizeof(len));
	return (int)len;
}
