// One conversation: the packets that two hosts exchange, with the time running on.

#pragma once

#include "tools/craft/frame.h"
#include "tools/craft/packet.h"
#include "tools/craft/rng.h"

enum side { CLIENT, SERVER };

struct session {
	// set by the caller
	struct host host[2]; // by enum side
	frame_fn put;
	void *put_ctx;
	struct rng *rng;
	uint64_t now_ns;
	uint64_t step_ns; // between two packets
	uint16_t mss; // bytes of payload in a segment, at most
	uint16_t ip_id[2];
	// state
	uint32_t seq[2];
	int err; // the first failure; nothing is sent after it
};

// TCP: three-way handshake, data (the other side acknowledges each second segment and the
// last), and the close, begun by the client.
void session_open(struct session *s);
void session_send(struct session *s, enum side from, const void *data, size_t len);
void session_close(struct session *s);

// UDP.
void session_datagram(struct session *s, enum side from, const void *data, size_t len);

// The pieces, for who wants another order: one segment at `seq`, and nothing else changes.
void session_segment(struct session *s, enum side from, uint32_t seq, uint8_t flags,
	const void *data, size_t len);
