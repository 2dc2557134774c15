// A message of a stream that comes in pieces, in a borrowed buffer: nothing is borrowed while
// messages come whole.

#pragma once

#include "dataplane/inspect/proto/proto.h"

static inline size_t collected(const struct gather *g)
{
	return g != NULL ? g->len : 0;
}

static inline struct bytes collect_view(const struct gather *g)
{
	return (struct bytes){g->data, g->len, false};
}

// Move the first n bytes of `in` behind what is there: n <= in->len, n <= GATHER_MAX - collected().
// False: there is no buffer.
static inline bool collect(struct gather **g, const struct proto_io *io, struct bytes *in, size_t n)
{
	if (*g == NULL)
		*g = io->gather_take(io->ctx);
	if (*g == NULL)
		return false;

	struct bytes part = bytes_take(in, n);
	if (n > 0)
		memcpy((*g)->data + (*g)->len, part.p, n);
	(*g)->len += (uint32_t)n;
	return true;
}

static inline void collect_give(struct gather **g, const struct proto_io *io)
{
	if (*g != NULL)
		io->gather_give(io->ctx, *g);
	*g = NULL;
}
