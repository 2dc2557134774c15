// HPACK (RFC 7541), by nghttp2's inflater: one a direction of a connection, because each has a table
// of its own. How many there are is bounded, and so is the memory of each.

#pragma once

#include "dataplane/base/bytes.h"

struct hpack_pool;
struct hpack;

enum { HPACK_SLOTS = 64, HPACK_BYTES_MAX = 65536, HPACK_HEADERS_MAX = 128 };

struct hpack_pool *hpack_pool_new(void); // NULL: short of memory
void hpack_pool_free(struct hpack_pool *pool);

// NULL: all are taken, or memory is short.
struct hpack *hpack_take(struct hpack_pool *pool);
void hpack_give(struct hpack_pool *pool, struct hpack *h); // NULL is allowed

struct hpack_header {
	struct bytes name;
	struct bytes value;
};

// Decode a whole header block. Names and values are copied into text[cap]; what does not fit is left
// out, but decoded, so that the table stays right. Gives how many, or -1: the block is broken, and
// so is the table from here on.
int hpack_decode(struct hpack *h, struct bytes block, uint8_t *text, size_t cap,
	struct hpack_header out[HPACK_HEADERS_MAX]);
