#include "tools/bench/flow_source.h"

#include "dataplane/inspect/inspect.h"
#include "dataplane/runtime/mbuf.h"

#include <rte_byteorder.h>
#include <rte_lcore.h>

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	MBUFS = 4095,
	MBUF_CACHE = 256,
	ETHER_LEN = 14,
	IP_LEN = 20,
	TCP_LEN = 20,
	LOAD_LEN = 60 - ETHER_LEN - IP_LEN - TCP_LEN,
	FRAME_MAX = 72,
	SERVER_PORT = 22,
	SYN = 0x02,
	PSH_ACK = 0x18,
	GAP_NS = 100, // 10 million packets a second
	CHURN_GAP_NS = 120000, // of 60 s that a datagram's flow is remembered, the 500,000th part
};

static const uint32_t CLIENTS = 0x0a000000, SERVERS = 0xc6120000, STRANGERS = 0x20000000;

// An SSH 1 banner: both have said theirs, and there is nothing more to learn.
static const uint8_t banner[] = "SSH-1.5-bench\n";

struct template
{
	uint8_t frame[FRAME_MAX];
	uint16_t len;
	uint32_t ip_sum, sum;
	uint32_t sum_at; // of the transport
};

struct flow_source {
	struct source source; // first: a source is its generator
	struct template first, packet, syn, datagram;
	enum flow_load load;
	uint32_t next; // flow of a roll call, or of the churn
	struct rte_mempool *mbufs;
	uint32_t flows;
	uint64_t sent;
	uint64_t random;
	uint64_t ts_ns;
};

static uint32_t next_random(struct flow_source *f)
{
	f->random = f->random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(f->random >> 32);
}

static uint32_t sum16(const uint8_t *p, unsigned len)
{
	uint32_t sum = 0;

	for (unsigned i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	return len % 2 != 0 ? sum + ((uint32_t)p[len - 1] << 8) : sum;
}

static void put16(uint8_t *p, uint32_t v)
{
	uint16_t big = rte_cpu_to_be_16((uint16_t)v);
	memcpy(p, &big, sizeof(big));
}

static void put32(uint8_t *p, uint32_t v)
{
	v = rte_cpu_to_be_32(v);
	memcpy(p, &v, sizeof(v));
}

static void put_checksum(uint8_t *at, uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	put16(at, ~((sum & 0xffff) + (sum >> 16)));
}

static void put_ip(struct template *t, uint8_t protocol, unsigned len)
{
	uint8_t *p = t->frame, *ip = p + ETHER_LEN;

	memset(p, 2, 12);
	put16(p + 12, 0x0800);
	put32(ip, 0x45000000 | (IP_LEN + len));
	put32(ip + 4, 0x00004000); // may not be fragmented
	put32(ip + 8, 0x40000000 | (uint32_t)protocol << 16); // 64 hops
	t->ip_sum = sum16(ip, IP_LEN);
	t->len = (uint16_t)(ETHER_LEN + IP_LEN + len);
	t->sum = sum16(ip + IP_LEN, len) + protocol + len;
}

// A frame without addresses, ports and checksums, and what it adds to these.
static void tcp_init(
	struct template *t, const void *payload, unsigned len, uint32_t seq, uint8_t flags)
{
	uint8_t *tcp = t->frame + ETHER_LEN + IP_LEN;

	put32(tcp + 4, seq);
	put32(tcp + 8, 1);
	put32(tcp + 12, 0x50002000 | (uint32_t)flags << 16);
	memcpy(tcp + TCP_LEN, payload, len);
	put_ip(t, 6, TCP_LEN + len);
	t->sum_at = ETHER_LEN + IP_LEN + 16;
}

static void udp_init(struct template *t)
{
	enum { LEN = 60 - ETHER_LEN - IP_LEN };

	put16(t->frame + ETHER_LEN + IP_LEN + 4, LEN);
	put_ip(t, 17, LEN);
	t->sum_at = ETHER_LEN + IP_LEN + 6;
}

// side: 0 the client's frame, 1 the server's.
static void put_frame(uint8_t *p, const struct template *t, uint32_t client, uint32_t server,
	uint32_t client_port, unsigned side)
{
	const uint32_t addr[2] = {client, server};
	const uint32_t port[2] = {client_port, SERVER_PORT};
	uint8_t *ip = p + ETHER_LEN, *tcp = ip + IP_LEN;
	uint32_t sum = (addr[0] >> 16) + (addr[0] & 0xffff) + (addr[1] >> 16) + (addr[1] & 0xffff);

	memcpy(p, t->frame, sizeof(t->frame));
	put32(ip + 12, addr[side]);
	put32(ip + 16, addr[!side]);
	put16(tcp, port[side]);
	put16(tcp + 2, port[!side]);
	put_checksum(ip + 10, t->ip_sum + sum);
	put_checksum(p + t->sum_at, t->sum + sum + port[0] + port[1]);
}

static void put_flow(uint8_t *p, const struct template *t, uint32_t flow, unsigned side)
{
	put_frame(p, t, CLIENTS + flow, SERVERS + (flow & 0xffff), 32768 + (flow & 0x3fff), side);
}

// From anywhere: neither its client nor its port is that of a flow.
static void put_stranger(uint8_t *p, const struct template *t, uint32_t number)
{
	put_frame(p, t, STRANGERS ^ (number & 0x1fffffff), SERVERS + (number >> 29),
		1024 + (number & 0x3fff), 0);
}

static const struct template *load_frame(struct flow_source *f, uint8_t *p)
{
	uint32_t random;

	switch (f->load) {
	case LOAD_ROLL_CALL:
		put_flow(p, &f->packet, f->next++ % f->flows, 0);
		return &f->packet;
	case LOAD_SYN_FLOOD:
		put_stranger(p, &f->syn, next_random(f));
		return &f->syn;
	case LOAD_UDP_FLOOD:
		put_stranger(p, &f->datagram, next_random(f));
		return &f->datagram;
	case LOAD_CHURN:
		put_stranger(p, &f->datagram, f->next++);
		return &f->datagram;
	case LOAD_AT_RANDOM:
		break;
	}
	random = next_random(f);
	put_flow(p, &f->packet, (uint32_t)((uint64_t)random * f->flows >> 32), random & 1);
	return &f->packet;
}

static uint16_t make(struct flow_source *f, uint8_t *p)
{
	uint64_t n = f->sent++;

	if (n >= flow_source_prelude(f))
		return load_frame(f, p)->len;
	put_flow(p, &f->first, (uint32_t)(n / 2), n % 2);
	return f->first.len;
}

static unsigned rx(struct source *s, struct packet *packets, unsigned n)
{
	struct flow_source *f = (struct flow_source *)s;
	struct rte_mbuf *mbufs[BURST_MAX];

	n = n < BURST_MAX ? n : BURST_MAX;
	if (rte_pktmbuf_alloc_bulk(f->mbufs, mbufs, n) < 0)
		return 0;
	for (unsigned i = 0; i < n; i++) {
		mbufs[i]->data_len = make(f, rte_pktmbuf_mtod(mbufs[i], uint8_t *));
		mbufs[i]->pkt_len = mbufs[i]->data_len;
		mbuf_packet(mbufs[i], &packets[i]);
		packets[i].ts_ns = f->ts_ns;
		packets[i].port = 0;
	}
	f->ts_ns += n * (f->load == LOAD_CHURN ? CHURN_GAP_NS : GAP_NS);
	return n;
}

struct flow_source *flow_source_new(uint32_t flows, uint64_t seed)
{
	static unsigned number;
	struct flow_source *f = calloc(1, sizeof(*f));
	char name[32];

	static_assert(sizeof(f->first.frame) >= 14 + 20 + 20 + sizeof(banner) - 1, "fits");
	if (f == NULL)
		return NULL;
	f->source = (struct source){.rx = rx};
	f->flows = flows;
	f->random = seed;
	tcp_init(&f->first, banner, sizeof(banner) - 1, 1, PSH_ACK);
	tcp_init(&f->packet, "\0\0\0\0\0", LOAD_LEN, sizeof(banner), PSH_ACK);
	tcp_init(&f->syn, "\0\0\0\0\0", 0, 1, SYN);
	udp_init(&f->datagram);
	f->ts_ns = 1700000000000000000ull;
	snprintf(name, sizeof(name), "flow source %u", number++);
	f->mbufs = rte_pktmbuf_pool_create(name, MBUFS, MBUF_CACHE, sizeof(struct mbuf_private),
		RTE_MBUF_DEFAULT_BUF_SIZE, (int)rte_socket_id());
	if (f->mbufs == NULL) {
		free(f);
		return NULL;
	}
	return f;
}

void flow_source_free(struct flow_source *f)
{
	if (f == NULL)
		return;
	rte_mempool_free(f->mbufs);
	free(f);
}

void flow_source_load(struct flow_source *f, enum flow_load load)
{
	f->load = load;
	f->next = 0;
}

struct source *flow_source(struct flow_source *f)
{
	return &f->source;
}

uint64_t flow_source_prelude(const struct flow_source *f)
{
	return 2ull * f->flows;
}
