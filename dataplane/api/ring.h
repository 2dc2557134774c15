// A ring of event records in shared memory: one worker writes, one drain reads.
// Never blocks: what does not fit is refused, and the writer counts it.
//
// The reader's side is not trusted by the writer: a tail that makes no sense reads
// as "full". The writer's records are not trusted by the reader either: see
// event_ring_peek().

#pragma once

#include "dataplane/api/event.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct event_ring {
	uint32_t size; // bytes of data[], a power of two; never changes
	uint32_t reserved[15];
	_Atomic uint64_t head; // bytes ever written; worker: rw, drain: ro
	uint64_t pad1[7];
	_Atomic uint64_t tail; // bytes ever read; drain: rw, worker: ro
	uint64_t pad2[7];
	uint8_t data[];
};
static_assert(sizeof(struct event_ring) == 192, "layout is shared");

// `mem` holds sizeof(struct event_ring) + size bytes.
void event_ring_init(struct event_ring *ring, uint32_t size);

// Worker. `size` is what the ring was made with: what the page says may have been written over by
// the reader's process. `len` is a multiple of 8. 0, or -ENOBUFS when it does not fit now.
int event_ring_put(struct event_ring *ring, uint32_t size, const void *record, uint32_t len);

// Drain. Copies the oldest record to `buf` (EVENT_RECORD_MAX bytes) and consumes it.
// Returns its length, 0 when there is none, -EBADMSG when the ring holds nonsense (it
// is emptied then). `size` is what the reader mapped, not what the page says.
int event_ring_get(struct event_ring *ring, uint32_t size, void *buf);
