// One frame that is in one piece.

#pragma once

#include "tests/unit/decoding.h"

#define UDP4 "ip4=17 udp=0x2222 hello"
#define UDP6 "ip6=17 udp=0x2222 hello"
#define OUT_UDP "eth4 out4=17 udp="

static struct frame frame;

static inline struct decoder *decoder_open(void)
{
	struct decoder_options o = decoder_defaults();

	o.seed = 0x5eed;
	return decoding_open(&o);
}

// What decode has to set begins as garbage.
static inline enum counter run_told(struct decoder *d, struct packet *p, uint8_t link,
	const uint8_t *data, size_t len, size_t wire_len, bool l4_sound)
{
	memset(p, 0xa5, sizeof(*p));
	p->data = data;
	p->buf = NULL;
	p->ts_ns = 1;
	p->len = (uint32_t)len;
	p->wire_len = (uint32_t)wire_len;
	p->link = link;
	p->l4_sound = l4_sound;
	return decoding_count(d, p);
}

static inline enum counter run(struct decoder *d, struct packet *p, uint8_t link,
	const uint8_t *data, size_t len, size_t wire_len)
{
	return run_told(d, p, link, data, len, wire_len, false);
}

static inline enum counter run_spec(struct decoder *d, struct packet *p, const char *spec)
{
	frame_build(&frame, spec);
	return run(d, p, LINK_ETHERNET, frame.data, frame.len, frame.len);
}

static inline bool is_hello(const struct packet *p)
{
	return p->payload_len == 5 && memcmp(p->payload, "hello", 5) == 0;
}
