// What the lengths of a sealed talk tell.
//
// Some messengers seal from the first byte on: nothing that they send says who they are. But how
// much each side says before the other answers is known, and that stands in the headers: the
// acknowledgement that an answer carries tells how much of the question had come by then. Taken
// from there it does not depend on how the capture ordered or cut the segments.
//
//     client  48        191            ...     bytes in a row: its flights
//     server       80        54
//
// Asked only of streams that no parser knows, while they are searched; and believed with the
// confidence that docs/messengers.md states.

#pragma once

#include "dataplane/inspect/proto/proto.h"

enum { SHAPE_STEPS = 8, SHAPE_BEGIN = 64 };

// Where in a direction its packets began to acknowledge more.
struct shape_step {
	uint32_t offset; // of the first byte that came with it
	uint32_t ack; // TCP's number
};

// By direction, DIR_C2S and DIR_S2C. Zero is the initial state.
struct shape {
	uint8_t begin[SHAPE_BEGIN]; // what the client said first
	struct shape_step steps[2][SHAPE_STEPS];
	uint32_t seen[2]; // bytes
	uint32_t known_to[2]; // offset from where on steps were not kept; 0: all are there
	uint8_t n_steps[2];
	uint8_t spoiled; // a hole, or no handshake was seen: lengths tell nothing
};

// The next bytes of a direction, which came in a packet that acknowledged `ack`.
void shape_bytes(struct shape *s, enum dir dir, struct bytes in, uint32_t ack);

enum shape_kind {
	SHAPE_UNKNOWN,
	SHAPE_THREEMA,
	SHAPE_MTPROTO_NEW_KEY, // obfuscated transport, a key is being agreed on
	SHAPE_MTPROTO, // obfuscated transport, messages
};

// first_seq: TCP's numbers of the first bytes, by direction. The same answer whenever it is asked
// once it is another than SHAPE_UNKNOWN.
enum shape_kind shape_judge(
	const struct shape *s, const uint32_t first_seq[2], uint16_t server_port);

// Tell it as a message; the protocol that was told.
enum app_proto shape_report(enum shape_kind kind, const struct proto_io *io);
