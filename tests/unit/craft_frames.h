// What the tests of sealwatch-craft share: frames taken apart by simple means, a conversation
// with known bytes, and an operation run over it.

#pragma once

#include "tests/unit/check.h"
#include "tools/craft/op.h"
#include "tools/craft/packet.h"
#include "tools/craft/session.h"
#include "tools/craft/trace.h"

#include <netinet/in.h>
#include <stdlib.h>

enum { STREAM_LEN = 5003 };

static inline uint32_t be16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static inline uint32_t be32(const uint8_t *p)
{
	return be16(p) << 16 | be16(p + 2);
}

// RFC 1071, a 16-bit word at a time.
static inline uint32_t naive_sum(uint32_t sum, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i += 2) {
		sum += (uint32_t)p[i] << 8 | (i + 1 < n ? p[i + 1] : 0);
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return sum;
}

// Header lengths and checksums of the IP packet at `ip`, which has `n` bytes to the end of
// the frame.
static inline void check_packet(const char *row, const uint8_t *ip, size_t n)
{
	bool v6 = ip[0] >> 4 == 6;
	size_t header = v6 ? 40 : 20;
	uint8_t protocol = v6 ? ip[6] : ip[9];
	const uint8_t *l4 = ip + header;
	size_t l4_len = n - header;

	if (v6) {
		CHECK(be16(ip + 4) == l4_len, "%s: %u", row, be16(ip + 4));
	} else {
		CHECK(ip[0] == 0x45, "%s", row);
		CHECK(be16(ip + 2) == n, "%s: %u, not %zu", row, be16(ip + 2), n);
		CHECK(naive_sum(0, ip, 20) == 0xffff, "%s", row);
	}
	uint32_t sum = naive_sum(0, v6 ? ip + 8 : ip + 12, v6 ? 32 : 8) + protocol;
	CHECK(naive_sum(sum + (uint32_t)l4_len, l4, l4_len) == 0xffff, "%s: l4 sum", row);
	if (protocol == IPPROTO_UDP)
		CHECK(be16(l4 + 4) == l4_len && be16(l4 + 6) != 0, "%s", row);
	else
		CHECK((l4[12] >> 4) >= 5 && (l4[12] >> 4) * 4u <= l4_len, "%s", row);
}

static const struct {
	const char *name;
	const char *from;
	const char *to;
} paths[] = {
	{"IPv4", "10.0.0.1", "203.0.113.9"},
	{"IPv6", "2001:db8::1", "2001:db8:9::2"},
};

static inline bool has(const uint8_t *p, size_t n, const char *what, size_t len)
{
	return memmem(p, n, what, len) != NULL;
}

// A conversation over Ethernet with known bytes in both directions.
struct stream {
	struct trace trace;
	uint8_t data[2][STREAM_LEN];
};

static inline struct stream *stream_new(size_t path)
{
	struct stream *s = calloc(1, sizeof(*s));
	struct rng r = {.state = 11 + path};
	struct session c = {.host = {host_of(paths[path].from, 40000), host_of(paths[path].to, 80)},
		.put = trace_put,
		.put_ctx = &s->trace,
		.rng = &r,
		.now_ns = 1000000000000ull,
		.step_ns = 1000,
		.mss = 1000};

	rng_fill(&r, s->data, sizeof(s->data));
	session_open(&c);
	session_send(&c, CLIENT, s->data[0], STREAM_LEN);
	session_send(&c, SERVER, s->data[1], STREAM_LEN);
	session_close(&c);
	CHECK(c.err == 0, "%d", c.err);
	return s;
}

static inline void stream_free(struct stream *s)
{
	trace_free(&s->trace);
	free(s);
}

static inline struct trace transform(
	const struct trace *in, int link, const char *name, uint64_t arg, uint64_t seed)
{
	const struct op *op = op_find(name);
	struct trace out = {0};
	static struct op_run state; // half a megabyte of scratch, that needs no clearing
	struct op_run *run = &state;

	memset(run, 0, offsetof(struct op_run, scratch));
	run->link = link;
	run->arg = arg;
	run->seed = seed;
	run->put = trace_put;
	run->put_ctx = &out;
	for (size_t i = 0; i < in->n; i++) {
		// Exactly as long as the frame: ASan sees a read past the end.
		uint8_t *exact = malloc(in->frames[i].len != 0 ? in->frames[i].len : 1);
		struct frame f = in->frames[i];
		memcpy(exact, f.data, f.len);
		f.data = exact;
		CHECK(op->frame(run, &f) == 0, "%s", name);
		free(exact);
	}
	if (op->end != NULL)
		CHECK(op->end(run) == 0, "%s", name);
	return out;
}
