// Memory for reassembled datagrams: one arena, sized at start, given out in runs of
// granules. One thread takes; any thread frees.

#pragma once

#include "dataplane/inspect/packet.h"

struct datagram_pool;

// NULL when memory is short.
struct datagram_pool *datagram_pool_new(size_t bytes);
// Every buffer must be back.
void datagram_pool_free(struct datagram_pool *pool);

// A buffer with room for `len` bytes at *data, or NULL.
struct pktbuf *datagram_pool_take(struct datagram_pool *pool, size_t len, uint8_t **data);
