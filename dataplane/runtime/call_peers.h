// Continuity of calls. A program that makes a call opens a socket and speaks from it with relays, with
// servers that tell it its address, and with the other side (ICE, RFC 8445). One of these talks may have a
// mark of the service; the others have nothing but STUN. They are given its name, with little confidence,
// when one end of them, address and port, was just seen as the client's end of one that has a name, or when
// the server is a relay that told the service's realm.
//
// A server's end is never learnt but from its own realm: anybody's calls begin at the same public servers.
// Shared by all workers, as other memories beyond a flow; in a capture that is dealt to several, the caller
// waits for its turn first.

#pragma once

#include "dataplane/inspect/inspect.h"
#include "dataplane/runtime/rule_state.h"

enum {
	CALL_END_S = 120, // after the last message from it
	CALL_RELAY_S = 300,
};

// Is it a message of a call? Others are not to be given to the two below.
bool call_message(const struct find *find);
// The flow of the message has a name: remember its client's end, and a relay that told its realm.
void call_learn(struct rule_state *s, const struct find *find);
// It has none: the slot of its service, 0: nobody knows.
uint16_t call_service(struct rule_state *s, const struct find *find);
