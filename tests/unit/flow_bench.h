// A flow table to be tested, what it told, and packets for it.

#pragma once

#include "dataplane/base/hash.h"
#include "dataplane/inspect/flow.h"
#include "tests/unit/check.h"

#include <stdlib.h>
#include <string.h>

enum { SYN = 2, ACK = 16, FIN = 1, RST = 4 };
static const uint64_t second = 1000000000;
static const uint64_t start = 1700000000ull * 1000000000;

struct bench {
	struct flow_table *t;
	uint64_t counters[CTR_COUNT];
	uint32_t burst;
	unsigned ended[5]; // by reason
	uint64_t last_first_ns;
	unsigned disorder;
	uint64_t last_idle_ns;
	unsigned idle_disorder; // ended before one that was idle longer
	uint32_t first_ended; // number of the client
};

static inline void on_end(void *ctx, struct flow *f, enum flow_reason reason)
{
	struct bench *b = ctx;
	unsigned all = b->ended[1] + b->ended[2] + b->ended[3] + b->ended[4];

	if (all == 0)
		memcpy(&b->first_ended, f->key.a + 1, 3);
	b->idle_disorder += f->last_ns < b->last_idle_ns;
	b->last_idle_ns = f->last_ns;
	b->ended[reason]++;
	b->disorder += f->first_ns < b->last_first_ns;
	b->last_first_ns = f->first_ns;
}

static inline struct bench *bench_new(const struct flow_options *o)
{
	struct bench *b = calloc(1, sizeof(*b));
	b->t = flow_table_new(o, b->counters, on_end, b);
	return b;
}

static inline void bench_free(struct bench *b)
{
	flow_table_flush(b->t);
	CHECK(flow_table_count(b->t) == 0, "empty after the flush");
	CHECK(b->counters[CTR_FLOWS_NEW] == b->counters[CTR_FLOWS_ENDED], "each flow ends once");
	flow_table_free(b->t);
	free(b);
}

// client number c to the server: from 10.c port 40000 to 192.0.2.1 port 443; back when `back`.
static inline struct packet packet(uint32_t c, bool back, uint8_t l4, uint8_t flags, uint64_t ts_ns)
{
	struct packet p = {.ts_ns = ts_ns, .frames = 1, .frame_bytes = 100, .tcp_flags = flags};

	memset(&p.tunnel, 0xff, sizeof(p.tunnel));
	p.key.a[0] = 10;
	memcpy(p.key.a + 1, &c, 3);
	p.key.aport = (uint16_t)(40000 + (c >> 24));
	p.key.b[0] = 192;
	p.key.b[2] = 2;
	p.key.bport = l4 == IPPROTO_ICMP ? 0 : 443;
	p.key.l4 = l4;
	p.key.ip_version = 4;
	p.flags = back ? PACKET_SWAPPED : 0;
	p.flow_hash = (uint32_t)(hash_words(&p.key, sizeof(p.key), 1) >> 32);
	return p;
}

static inline struct flow *look(struct bench *b, const struct packet *p, enum counter *cause)
{
	return flow_lookup(b->t, p, ++b->burst, cause);
}

static inline void look_udp(struct bench *b, uint32_t c, uint64_t ts_ns)
{
	struct packet p = packet(c, false, IPPROTO_UDP, 0, ts_ns);
	enum counter cause;

	look(b, &p, &cause);
}
