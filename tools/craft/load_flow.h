// One conversation of a load capture: a small state machine that gives a packet at a time, so
// that hundreds can be interleaved without holding their packets.

#pragma once

#include "tools/craft/packet.h"
#include "tools/craft/rng.h"
#include "tools/craft/tls.h"

enum load_kind { LOAD_TLS, LOAD_HTTP, LOAD_DNS, LOAD_QUIC };
enum { LOAD_HEAD_MAX = 2048, LOAD_TEXT_LEN = 1 << 16, LOAD_PACKET_MAX = 2048 };

// What all conversations draw from.
struct load_source {
	struct rng rng;
	uint8_t text[LOAD_TEXT_LEN]; // of HTTP bodies
};

struct load_flow {
	uint64_t next_ns;
	uint64_t left; // bytes of application data it is still to carry
	struct host host[2]; // client, server
	uint32_t seq[2];
	uint16_t ip_id[2];
	enum load_kind kind;
	unsigned phase; // of TCP: before, while and after messages are sent
	unsigned message; // number of the next one
	// the message that is being sent: the head, then bytes of the kind's usual sort
	unsigned from; // 0: client, 1: server
	uint32_t head_at;
	uint32_t head_len;
	uint32_t bulk;
	unsigned unacked; // segments
	struct tls_profile tls;
	char name[64];
	uint8_t head[LOAD_HEAD_MAX];
};

void load_source_init(struct load_source *s, uint64_t seed);

// Conversation `number` of this capture: 70 % are TLS, 15 % HTTP, 5 % DNS, 10 % QUIC-like.
// `bytes` is what it carries at least, in application data; DNS carries what it does.
void load_flow_start(struct load_flow *f, struct load_source *s, uint32_t number, uint64_t bytes);

// Append its next packet to `w`, which has room for LOAD_PACKET_MAX. False: the conversation
// is over, and nothing was written.
bool load_flow_next(struct load_flow *f, struct load_source *s, struct wire *w);
