// Memory for frames that do not come from a NIC: slots of one size, sized at start, given back
// by any thread. A frame larger than a slot (offloaded TCP, jumbo) gets memory of its own; how
// many there are is bounded by the slots, because each takes one too.

#pragma once

#include "dataplane/runtime/packet_window.h"

enum { PACKET_SLOT_BYTES = 2048, PACKET_BYTES_MAX = 262144 };

struct packet_pool;

// n: a power of two. one_thread: the same thread takes and frees.
struct packet_pool *packet_pool_new(unsigned n, bool one_thread);
// Every buffer must be back.
void packet_pool_free(struct packet_pool *pool);

// A buffer with room for len <= PACKET_BYTES_MAX bytes at *data, or NULL.
struct pktbuf *packet_pool_take(struct packet_pool *pool, uint32_t len, uint8_t **data);

// Where frames lie that need no slot.
struct packet_windows *packet_pool_windows(struct packet_pool *pool);
