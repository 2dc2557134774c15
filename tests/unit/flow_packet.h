// A packet of a flow between 10.0.0.1, the client, and 10.0.0.2, one for each `port`, as decode would leave it, and a
// session's end as nobody cares for it.

#pragma once

#include "dataplane/inspect/inspect.h"

#include <netinet/in.h>

static inline void free_nothing(struct pktbuf *buf)
{
	(void)buf;
}

static struct pktbuf no_buf = {.free = free_nothing};

static inline struct packet packet_of(
	uint8_t l4, uint16_t port, enum dir dir, struct bytes payload, uint64_t ts_ns)
{
	struct packet p = {.data = payload.p,
		.buf = &no_buf,
		.ts_ns = ts_ns,
		.len = (uint32_t)payload.len,
		.wire_len = (uint32_t)payload.len,
		.frames = 1,
		.flags = dir == DIR_S2C ? PACKET_SWAPPED : 0,
		.payload = payload.p,
		.payload_len = (uint32_t)payload.len,
		.frame_bytes = (uint32_t)payload.len,
		.flow_hash = 77 + port};

	p.key = (struct flow_key){.a = {10, 0, 0, 1},
		.b = {10, 0, 0, 2},
		.aport = (uint16_t)(40000 + port),
		.bport = 5000,
		.l4 = l4,
		.ip_version = 4};
	return p;
}

static inline void on_close(void *ctx, struct session *s)
{
	(void)ctx;
	(void)s;
}
