// Bodies of HTTP/2, one at a time a side: that of the request or answer that began last. Other streams' go by.

#pragma once

#include "dataplane/inspect/proto/hpack.h"
#include "dataplane/inspect/proto/http_body.h"

struct http2_body {
	struct http_body body; // body.out NULL: none is taken
	uint32_t stream;
	uint8_t type; // of the content, as far as it matters
};

// A request or answer with headers of its own, whose body may follow. What is at hand is told first.
void http2_body_begin(struct http2_body *b, const struct proto_io *io, enum dir dir,
	uint32_t stream, const struct hpack_header *list, int n);
void http2_body_bytes(struct http2_body *b, const struct proto_io *io, enum dir dir,
	uint32_t stream, struct bytes in);
// The stream ended, or, with 0, whatever is at hand: it is told, quietly, under its stream's number.
void http2_body_end(struct http2_body *b, const struct proto_io *io, enum dir dir, uint32_t stream);
