// The body of a message, decoded, as far as a buffer goes.

#pragma once

#include "dataplane/inspect/proto/inflate.h"
#include "dataplane/inspect/proto/proto.h"

struct http_body {
	struct gather *out; // NULL: nothing is taken
	struct inflater *inflater;
	// All bodies of this side, as they are sent and as they were decoded: bodies that grow too
	// much are bombs.
	uint64_t sent;
	uint64_t decoded;
	uint8_t coding; // enum coding
	bool begun;
	bool ended; // the compressed stream is over, or broken: what follows is left out
};

// False: no body can be taken. Otherwise http_body_drop() must follow.
bool http_body_begin(struct http_body *b, const struct proto_io *io, enum coding coding);
// False: no more fits.
bool http_body_bytes(struct http_body *b, const struct proto_io *io, struct bytes in);
struct bytes http_body_view(const struct http_body *b);
void http_body_drop(struct http_body *b, const struct proto_io *io);
