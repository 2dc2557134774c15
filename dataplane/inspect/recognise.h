// Which protocol does a stream or a datagram speak? Asked of its bytes, never of its port
// alone: each row of proto_table in turn.

#pragma once

#include "dataplane/inspect/session.h"

enum recognised {
	RECOGNISED_NO, // nobody knows these bytes
	RECOGNISED_LATER, // more bytes are needed
	RECOGNISED_YES,
};

struct recognition {
	const struct proto *proto;
	enum dir sender; // what the sender of the bytes is
	bool sender_known;
	bool sure; // false: PROBE_MAYBE
};

// l4: IPPROTO_TCP (in: a prefix of the stream, of which PROBE_BYTES are looked at) or IPPROTO_UDP
// (in: a datagram). `but` is not asked; it may be NULL; nor are, when the flow's protocol is
// known, those that tell it by its first datagrams.
enum recognised recognise(struct bytes in, uint8_t l4, uint16_t sport, uint16_t dport,
	const struct proto *but, bool known, struct recognition *out);

// The parser of an app_proto over l4, or NULL.
const struct proto *recognise_parser(uint8_t app_proto, uint8_t l4);

// A TLS hello may begin later in a stream of something else (STARTTLS, SOCKS, a proxy). Which
// one it is tells the byte at HELLO_TYPE_AT.
enum { HELLO_TYPE_AT = 5, HELLO_OF_CLIENT = 1, HELLO_OF_SERVER = 2 };

// Feed the bytes of the stream; side->probe carries what a hello may have begun with, so that
// the answer does not depend on how the stream was cut. True: a hello begins at the last
// `carried` bytes of side->probe followed by in[at..].
bool recognise_hello(struct side *side, struct bytes in, size_t *at);
