#include "tools/bench/hello_source.h"

#include "tools/bench/craft_source.h"
#include "tools/bench/quic_hello.h"
#include "tools/craft/tls.h"

#include <errno.h>
#include <stdio.h>

static void put_hosts(struct session *s, unsigned number)
{
	s->host[CLIENT] = host_of("10.1.0.0", (uint16_t)(20000 + number));
	s->host[CLIENT].ip[2] = (uint8_t)(number >> 8);
	s->host[CLIENT].ip[3] = (uint8_t)number;
	s->host[SERVER] = host_of("192.0.2.1", 443);
}

static void put_hello(struct wire *w, unsigned number, struct rng *rng)
{
	static const char *const alpn[] = {"h2", "http/1.1", NULL};
	char name[48];
	struct tls_profile profile = {.sni = name,
		.alpn = alpn,
		.version = number % 5 != 0 ? TLS_13 : TLS_12,
		.grease = number % 2 == 0,
		.session = number};

	snprintf(name, sizeof(name), "host%u.chat.example.net", number);
	tls_client_hello(w, &profile, rng);
}

static int put_tls(struct session *s, unsigned number)
{
	uint8_t hello[2048];
	struct wire w = wire_over(hello, sizeof(hello));

	put_hosts(s, number);
	session_open(s);
	put_hello(&w, number, s->rng);
	session_send(s, CLIENT, hello, w.len);
	session_segment(s, CLIENT, s->seq[CLIENT], TCP_RST, NULL, 0);
	return s->err;
}

bool hello_datagram(unsigned number, uint8_t *out)
{
	enum { RECORD_HEAD = 5 };
	struct rng rng = {.state = number + 1};
	uint8_t hello[2048], dcid[QUIC_HELLO_DCID];
	struct wire w = wire_over(hello, sizeof(hello));

	for (unsigned i = 0; i < QUIC_HELLO_DCID; i++)
		dcid[i] = (uint8_t)(number * 167 >> i);
	put_hello(&w, number, &rng);
	return quic_hello(
		out, (struct bytes){.p = hello + RECORD_HEAD, .len = w.len - RECORD_HEAD}, dcid);
}

static int put_quic(struct session *s, unsigned number)
{
	uint8_t datagram[QUIC_HELLO_LEN];

	put_hosts(s, number);
	if (!hello_datagram(number, datagram))
		return -ENOMEM;
	session_datagram(s, CLIENT, datagram, sizeof(datagram));
	return s->err;
}

struct loop_source *hello_source_tls(unsigned flows)
{
	return craft_source_new(flows, 10000, put_tls);
}

struct loop_source *hello_source_quic(unsigned flows)
{
	// Nothing ends them but time: those of one loop are over in the next.
	return craft_source_new(flows, 20000000, put_quic);
}
