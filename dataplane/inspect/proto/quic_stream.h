// The handshake's bytes of one direction, out of CRYPTO frames in any order (RFC 9000 19.6): put
// together in a borrowed buffer, bounded.

#pragma once

#include "dataplane/inspect/proto/proto.h"

#include <assert.h>

enum { CRYPTO_RANGES = 64, CRYPTO_BYTES_MAX = 32768 };

// Lies in a gather buffer.
struct crypto_stream {
	uint16_t n; // ranges: what has come, apart from one another, in order
	struct {
		uint16_t from, to;
	} ranges[CRYPTO_RANGES];
	uint8_t data[CRYPTO_BYTES_MAX];
};
static_assert(sizeof(struct crypto_stream) <= GATHER_MAX, "fits a buffer");

void crypto_stream_init(struct crypto_stream *s);
// What is beyond the bounds is left out.
void crypto_stream_add(struct crypto_stream *s, uint64_t offset, struct bytes in);
// What is there from the begin on without a hole.
struct bytes crypto_stream_begin(const struct crypto_stream *s);
