// Decoders of compressed bodies (RFC 1950, 1951, 1952, 7932): a bounded pool that the parsers of
// one worker share. A decoder is borrowed for a body, or for the life of a connection that keeps
// its window, and given back.
//
// Each works in a piece of memory of its own of INFLATE_ARENA bytes that is reserved when the pool
// is made: nothing is allocated later. Deflate touches 48 KiB of it; brotli 16 KiB, its tables
// (some 100 KiB for text), and as much of its window as was decoded. A brotli stream that asks for
// more than there is cannot be decoded.

#pragma once

#include "dataplane/base/bytes.h"

#include <stdbool.h>
#include <stdint.h>

// Of INFLATERS decoders at most INFLATERS_LASTING are lent for longer than a message.
enum { INFLATERS = 16, INFLATERS_LASTING = 8, INFLATE_ARENA = 1 << 20 };

enum coding {
	CODING_NONE,
	CODING_GZIP,
	CODING_ZLIB,
	CODING_DEFLATE, // no header, no trailer
	CODING_BROTLI,
};

enum inflated {
	INFLATED_MORE, // goes on with the next bytes
	INFLATED_FULL, // no room is left in `out`; it may be called again with more
	INFLATED_END, // of the compressed stream
	INFLATED_BAD, // what came out before it is good
};

struct inflaters;
struct inflater;

struct inflaters *inflaters_new(void); // NULL: short of memory
void inflaters_free(struct inflaters *pool);
// How often none was left to lend.
uint64_t inflaters_denied(const struct inflaters *pool);

// NULL when none is left.
struct inflater *inflater_take(struct inflaters *pool, enum coding coding, bool lasting);
void inflater_give(struct inflaters *pool, struct inflater *d); // NULL is allowed

// Decode the bytes of *in, which is cut by what was read, to out[*len..cap).
enum inflated inflater_feed(
	struct inflater *d, struct bytes *in, uint8_t *out, uint32_t *len, uint32_t cap);
// Forget all that was decoded: a new stream of the same coding begins.
bool inflater_restart(struct inflater *d);
