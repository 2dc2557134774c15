#include "tools/bench/hello_source.h"

#include "tools/craft/session.h"
#include "tools/craft/tls.h"

#include <errno.h>
#include <stdio.h>

enum { MSS = 1400 };

static int put(void *ctx, const struct frame *f)
{
	struct loop_source *l = ctx;
	struct capture_frame frame = {.data = f->data,
		.ts_ns = f->ts_ns,
		.len = f->len,
		.wire_len = f->wire_len,
		.link = LINK_ETHERNET};

	return loop_source_add(l, &frame) ? 0 : -ENOMEM;
}

static int put_flow(struct session *s, unsigned number)
{
	static const char *const alpn[] = {"h2", "http/1.1", NULL};
	char name[48];
	uint8_t hello[2048];
	struct wire w = wire_over(hello, sizeof(hello));
	struct tls_profile profile = {.sni = name,
		.alpn = alpn,
		.version = number % 5 != 0 ? TLS_13 : TLS_12,
		.grease = number % 2 == 0,
		.session = number};

	snprintf(name, sizeof(name), "host%u.chat.example.net", number);
	s->host[CLIENT] = host_of("10.1.0.0", (uint16_t)(20000 + number));
	s->host[CLIENT].ip[2] = (uint8_t)(number >> 8);
	s->host[CLIENT].ip[3] = (uint8_t)number;
	s->host[SERVER] = host_of("192.0.2.1", 443);
	session_open(s);
	tls_client_hello(&w, &profile, s->rng);
	session_send(s, CLIENT, hello, w.len);
	session_segment(s, CLIENT, s->seq[CLIENT], TCP_RST, NULL, 0);
	return s->err;
}

struct loop_source *hello_source_new(unsigned flows)
{
	struct rng rng = {.state = 1};
	struct loop_source *l = loop_source_new();
	struct session s = {.put = put,
		.put_ctx = l,
		.rng = &rng,
		.now_ns = 1700000000000000000ull,
		.step_ns = 10000,
		.mss = MSS};
	int err = l != NULL ? 0 : -ENOMEM;

	for (unsigned i = 0; i < flows && err == 0; i++)
		err = put_flow(&s, i);
	if (err == 0)
		return l;
	loop_source_free(l);
	return NULL;
}
