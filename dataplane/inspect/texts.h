// Text that stands in no field: bytes of flows whose parsers tell none, or that have no parser.

#pragma once

#include "dataplane/inspect/conversation.h"

// May there be text in the next bytes of this side that somebody wants?
bool texts_wanted(const struct conversations *c, unsigned side);
// Bytes of a stream that were parsed, the first of them at this offset.
void texts_stream(struct conversations *c, uint64_t offset, struct bytes bytes);
// A datagram that was parsed.
void texts_datagram(struct conversations *c, struct bytes in);
