// Fragments of one datagram, sent through a decoder.

#pragma once

#include "tests/unit/decoding.h"

enum { BODY_MAX = 65515, ID = 7 };

static uint8_t body[BODY_MAX]; // UDP header and payload of the datagram under test

static inline struct decoder *decoder_open(uint32_t max_datagrams, uint32_t max_bytes)
{
	struct decoder_options o = decoder_defaults();

	o.seed = 0x5eed;
	o.max_datagrams = max_datagrams;
	o.max_fragment_bytes = max_bytes;
	o.fragment_timeout_ns = 1000;
	return decoding_open(&o);
}

// A frame that is freed like a source's, so that a leak or a second free shows.
struct memory {
	struct pktbuf buf;
	uint8_t data[];
};

static inline void memory_free(struct pktbuf *buf)
{
	free(buf);
}

static inline enum counter run(
	struct decoder *d, struct packet *p, uint64_t ts_ns, const uint8_t *data, size_t len)
{
	struct memory *m = malloc(sizeof(*m) + len);

	memset(p, 0xa5, sizeof(*p));
	m->buf.free = memory_free;
	memcpy(m->data, data, len);
	p->data = m->data;
	p->buf = &m->buf;
	p->ts_ns = ts_ns;
	p->len = p->wire_len = (uint32_t)len;
	p->link = LINK_ETHERNET;
	p->l4_sound = true; // which says nothing of a datagram in pieces
	enum counter verdict = decoding_count(d, p);
	if (verdict != CTR_DELIVERED)
		packet_free(p);
	return verdict;
}

// The datagram: ports 0x1111 and 53, then bytes that tell where they are from.
static inline void make_body(size_t len, uint8_t salt)
{
	static const uint8_t head[8] = {0x11, 0x11, 0, 53};

	memcpy(body, head, sizeof(head));
	frame_put(body + 4, len, 2);
	for (size_t i = sizeof(head); i < len; i++)
		body[i] = (uint8_t)(i * 31 + (i >> 8) + salt);
}

static inline size_t make_fragment(
	uint8_t *out, int version, uint32_t id, size_t offset, size_t len, bool more)
{
	static struct frame f;

	frame_build(&f, version == 4 ? "eth4 ip4=17" : "eth6 ip6=44 byte=17 byte word long");
	uint8_t *ip = f.data + 14;
	if (version == 4) {
		frame_put(ip + 2, 20 + len, 2);
		frame_put(ip + 4, id, 2);
		frame_put(ip + 6, offset / 8 | (more ? 0x2000 : 0), 2);
	} else {
		frame_put(ip + 4, 8 + len, 2);
		frame_put(ip + 42, offset | more, 2);
		frame_put(ip + 44, id, 4);
	}
	memcpy(out, f.data, f.len);
	memcpy(out + f.len, body + offset, len);
	return f.len + len;
}

static inline enum counter send_at(struct decoder *d, struct packet *p, uint64_t ts_ns, int version,
	uint32_t id, size_t offset, size_t len, bool more)
{
	static uint8_t data[FRAME_MAX];

	return run(d, p, ts_ns, data, make_fragment(data, version, id, offset, len, more));
}

static inline enum counter send_one(struct decoder *d, struct packet *p, int version, uint32_t id,
	size_t offset, size_t len, bool more)
{
	return send_at(d, p, 1, version, id, offset, len, more);
}

static inline bool is_whole(const struct packet *p, size_t len)
{
	return p->key.l4 == IPPROTO_UDP && p->key.aport == 0x1111 && p->key.bport == 53 &&
		(p->flags & PACKET_FRAGMENTED) && p->payload_len == len - 8 &&
		memcmp(p->payload, body + 8, len - 8) == 0;
}
