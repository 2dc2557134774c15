// One side of a conversation: its bytes, in order, to the protocol that they turn out to be.
//
//     probing -> parsing -> done
//        |                   ^
//        +--- searching -----+      nobody knows the first bytes; a TLS hello may come later
//
// A side is known by its place in the flow's key (0: a, 1: b), because which one is the client may
// be learnt late. A conversation whose sides are done is settled: from there on it is only counted.

#pragma once

#include "dataplane/inspect/conversation.h"

// What the sender of this side's bytes is.
enum dir side_dir(const struct flow *f, unsigned side);
// Ports of who sends and who receives them.
void side_ports(const struct flow *f, unsigned side, uint16_t *sport, uint16_t *dport);
// For a call into a parser about this side.
const struct proto_io *side_io(struct conversations *c, unsigned side);

// The bytes told who the client is: believed, unless a handshake said so before.
void side_client_is(struct flow *f, unsigned side, enum dir sender);

// The next bytes of the side; or `missing` of them that will never come.
void side_bytes(struct conversations *c, unsigned side, struct bytes in);
void side_gap(struct conversations *c, unsigned side, uint32_t missing);

// May the side's next bytes still be matched as stream?
bool side_wants_stream(const struct conversations *c, unsigned side);
// Settle the conversation when there is nothing more to learn from either side.
void side_settle_if_done(struct conversations *c);

// The parser of the session at hand is needed no more: it tells what is whole and gives back its
// buffers; both sides are done.
void side_abandon(struct conversations *c);
