// A datagram of a flow, to the protocol that it turns out to be. Several may share a flow (STUN,
// DTLS and RTP: RFC 7983): what the flow's parser disowns is recognised anew.

#pragma once

#include "dataplane/inspect/conversation.h"

// `in`: the payload of the packet at hand.
void datagram(struct conversations *c, struct bytes in);

// The parser of the session at hand gives back its buffers; the next datagram is recognised anew.
void datagram_abandon(struct conversations *c);
