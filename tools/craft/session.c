#include "tools/craft/session.h"

#include <errno.h>

enum { PACKET_MAX = 65536 + 64, MSS_OFFERED = 1460 };

static void put(struct session *s, const struct wire *w)
{
	struct frame f = {.data = w->p,
		.ts_ns = s->now_ns,
		.len = (uint32_t)w->len,
		.wire_len = (uint32_t)w->len};

	if (s->err == 0)
		s->err = w->full ? -EMSGSIZE : s->put(s->put_ctx, &f);
	s->now_ns += s->step_ns;
}

void session_segment(struct session *s, enum side from, uint32_t seq, uint8_t flags,
	const void *data, size_t len)
{
	enum side to = from == CLIENT ? SERVER : CLIENT;
	uint8_t buf[PACKET_MAX];
	struct wire w = wire_over(buf, sizeof(buf));
	struct tcp_header tcp = {.seq = seq,
		.ack = flags & TCP_ACK ? s->seq[to] : 0,
		.flags = flags,
		.mss = flags & TCP_SYN ? MSS_OFFERED : 0};

	packet_tcp(&w, &s->host[from], &s->host[to], ++s->ip_id[from], &tcp, data, len);
	put(s, &w);
}

static void send_flags(struct session *s, enum side from, uint8_t flags)
{
	session_segment(s, from, s->seq[from], flags, NULL, 0);
	s->seq[from] += (flags & (TCP_SYN | TCP_FIN)) != 0;
}

void session_open(struct session *s)
{
	s->seq[CLIENT] = (uint32_t)rng_next(s->rng);
	s->seq[SERVER] = (uint32_t)rng_next(s->rng);
	send_flags(s, CLIENT, TCP_SYN);
	send_flags(s, SERVER, TCP_SYN | TCP_ACK);
	send_flags(s, CLIENT, TCP_ACK);
}

void session_send(struct session *s, enum side from, const void *data, size_t len)
{
	enum side to = from == CLIENT ? SERVER : CLIENT;
	const uint8_t *p = data;

	for (unsigned n = 1; len > 0; n++) {
		size_t part = len < s->mss ? len : s->mss;
		uint8_t push = part == len ? TCP_PSH : 0;
		session_segment(s, from, s->seq[from], TCP_ACK | push, p, part);
		s->seq[from] += (uint32_t)part;
		p += part;
		len -= part;
		if (len == 0 || n % 2 == 0)
			send_flags(s, to, TCP_ACK);
	}
}

void session_close(struct session *s)
{
	send_flags(s, CLIENT, TCP_FIN | TCP_ACK);
	send_flags(s, SERVER, TCP_FIN | TCP_ACK);
	send_flags(s, CLIENT, TCP_ACK);
}

void session_datagram(struct session *s, enum side from, const void *data, size_t len)
{
	enum side to = from == CLIENT ? SERVER : CLIENT;
	uint8_t buf[PACKET_MAX];
	struct wire w = wire_over(buf, sizeof(buf));

	packet_udp(&w, &s->host[from], &s->host[to], ++s->ip_id[from], data, len);
	put(s, &w);
}
