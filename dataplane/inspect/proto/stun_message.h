// One STUN or TURN message (RFC 8489 5, RFC 8656), of RFC 3489 too: from its bytes to its fields.

#pragma once

#include "dataplane/inspect/proto/proto.h"

enum { STUN_HEAD_LEN = 20, STUN_ATTRIBUTES_MAX = 64, STUN_COOKIE = 0x2112a442 };

struct stun_message {
	uint16_t type;
	bool classic; // RFC 3489: without the cookie
	unsigned n;
	uint8_t attributes[2 * STUN_ATTRIBUTES_MAX]; // types in network order
	struct bytes software, realm, username;
	char mapped[64]; // "192.0.2.1:40000", ended by NUL
};

// `in` is the whole message. Without the cookie it is held to more: a known type, a length and
// attributes that add up. False: it is none.
bool stun_parse(struct bytes in, struct stun_message *out);
void stun_report(const struct proto_io *io, enum dir dir, const struct stun_message *m);

// Does a client send such a message (RFC 8489 5: the class in the type)? Requests and indications
// may come from either side.
bool stun_is_response(uint16_t type);
