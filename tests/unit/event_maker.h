// Event records for tests, as a worker makes them.

#pragma once

#include "dataplane/api/event.h"

#include <stddef.h>
#include <string.h>

struct maker {
	_Alignas(8) uint8_t data[EVENT_RECORD_MAX];
	uint32_t len;
};

static inline struct event_head *make(struct maker *m, enum event_type type, uint8_t l4)
{
	struct event_head *h = (struct event_head *)m->data;

	memset(m, 0, sizeof(*m));
	h->type = (uint8_t)type;
	h->l4 = l4;
	h->ip_version = 4;
	h->ts_ns = 1700000000123456789ull;
	h->flow_id = UINT64_MAX;
	h->src[0] = 10;
	h->dst[0] = 192;
	h->sport = 40000;
	h->dport = 443;
	m->len = sizeof(*h);
	return h;
}

static inline struct event_head *make_tx(struct maker *m, enum app_proto app, uint8_t l4)
{
	struct event_head *h = make(m, EVENT_TX, l4);

	h->app_proto = (uint8_t)app;
	return h;
}

static inline void put_value(struct maker *m, uint16_t tag, const void *p, size_t len)
{
	struct event_value v = {.tag = tag, .len = (uint16_t)len};

	memcpy(m->data + m->len, &v, sizeof(v));
	memcpy(m->data + m->len + sizeof(v), p, len);
	m->len += (uint32_t)((sizeof(v) + len + 3) & ~(size_t)3);
}

static inline void done(struct maker *m)
{
	m->len = (m->len + 7) & ~7u;
	((struct event_head *)m->data)->len = m->len;
}
