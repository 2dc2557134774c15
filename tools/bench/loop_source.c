#include "tools/bench/loop_source.h"

#include "dataplane/base/log.h"
#include "dataplane/inspect/decode.h"
#include "dataplane/inspect/inspect.h"
#include "dataplane/runtime/capture_file.h"
#include "dataplane/runtime/mbuf.h"

#include <rte_errno.h>
#include <rte_lcore.h>

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

enum { FRAMES_FIRST = 65536, PAUSE_NS = 1000000000 };

// What of a frame is made anew in each loop: the addresses of its innermost packet.
struct frame {
	union {
		size_t offset; // of its bytes, before it has an mbuf
		struct rte_mbuf *mbuf;
	};
	uint8_t *data; // in the mbuf
	uint64_t ts_ns; // since the first one
	uint32_t len;
	uint32_t wire_len;
	uint16_t addresses; // where they stand; 0: it stays as it is
	uint16_t head_sum, l4_sum; // where their checksums stand; 0: there is none
	uint8_t address_len;
	uint8_t link;
	uint32_t mask; // of the hosts, in its last loop
};

struct loop_source {
	struct source source; // first: a source is its loop
	struct frame *frames;
	size_t n, room;
	uint8_t *bytes;
	size_t n_bytes, bytes_room;
	uint32_t longest;
	struct rte_mempool *mbufs;
	size_t at;
	uint64_t base_ns, first_ns, length_ns;
	uint32_t loop, mask;
	uint64_t left_out;
};

bool loop_source_add(struct loop_source *l, const struct capture_frame *c)
{
	if (l->n == l->room) {
		size_t room = l->room != 0 ? 2 * l->room : FRAMES_FIRST;
		struct frame *more = realloc(l->frames, room * sizeof(*more));
		if (more == NULL)
			return false;
		l->frames = more;
		l->room = room;
	}
	if (l->bytes_room - l->n_bytes < c->len) {
		size_t room = 2 * l->bytes_room + c->len + (1 << 20);
		uint8_t *more = realloc(l->bytes, room);
		if (more == NULL)
			return false;
		l->bytes = more;
		l->bytes_room = room;
	}
	if (l->n == 0)
		l->first_ns = c->ts_ns;
	uint64_t since = c->ts_ns > l->first_ns ? c->ts_ns - l->first_ns : 0;
	l->frames[l->n++] = (struct frame){.offset = l->n_bytes,
		.ts_ns = since,
		.len = c->len,
		.wire_len = c->wire_len,
		.link = c->link};
	memcpy(l->bytes + l->n_bytes, c->data, c->len);
	l->n_bytes += c->len;
	l->longest = c->len > l->longest ? c->len : l->longest;
	l->length_ns = since > l->length_ns ? since : l->length_ns;
	return true;
}

struct loop_source *loop_source_new(void)
{
	return calloc(1, sizeof(struct loop_source));
}

int loop_source_read(const char *path, struct loop_source **out)
{
	struct capture_file *c;
	struct capture_frame frame;
	char error[256];
	struct loop_source *l = loop_source_new();
	bool room = l != NULL;

	if (room && capture_file_open(path, NULL, NULL, &c, error) < 0) {
		log_error("%s: %s", path, error);
		free(l);
		return 3;
	}
	while (room && capture_file_next(c, &frame) == CAPTURE_FRAME)
		room = loop_source_add(l, &frame);
	if (l != NULL)
		capture_file_close(c);
	if (!room || l->n == 0) {
		log_error("%s: %s", path, room ? "it has no packet" : "memory is short");
		loop_source_free(l);
		return room ? 3 : 1;
	}
	*out = l;
	return 0;
}

enum { FRAME_MAX = UINT16_MAX - RTE_PKTMBUF_HEADROOM };

static uint16_t room_of(const struct loop_source *l)
{
	uint32_t frame = l->longest < FRAME_MAX ? l->longest : FRAME_MAX;

	return (uint16_t)(frame + RTE_PKTMBUF_HEADROOM);
}

unsigned loop_source_mb(const struct loop_source *l)
{
	size_t each = sizeof(struct rte_mbuf) + sizeof(struct mbuf_private) + room_of(l) + 192;

	return (unsigned)(l->n * each >> 20) + 64;
}

// Finds what is to be changed. A fragment, or what is none of ours, stays as it is.
static void find_addresses(struct decoder *d, struct frame *f, const uint8_t *data)
{
	struct packet p = {.data = data,
		.ts_ns = f->ts_ns,
		.len = f->len,
		.wire_len = f->len,
		.link = f->link};

	if (decode_packet(d, &p) != CTR_DELIVERED || p.frames != 1 || p.ip == NULL) {
		packet_free(&p);
		return;
	}
	size_t ip = (size_t)(p.ip - data), l4 = p.l4 != NULL ? (size_t)(p.l4 - data) : 0;
	bool four = p.key.ip_version == 4;
	f->addresses = (uint16_t)(ip + (four ? 12 : 8));
	f->address_len = four ? 4 : 16;
	f->head_sum = four ? (uint16_t)(ip + 10) : 0;
	if (l4 != 0 && p.key.l4 == IPPROTO_TCP)
		f->l4_sum = (uint16_t)(l4 + 16);
	else if (l4 != 0 && p.key.l4 == IPPROTO_UDP && (data[l4 + 6] | data[l4 + 7]) != 0)
		f->l4_sum = (uint16_t)(l4 + 6);
	else if (l4 != 0 && p.key.l4 == IPPROTO_ICMPV6)
		f->l4_sum = (uint16_t)(l4 + 2);
	packet_free(&p);
}

static unsigned rx(struct source *s, struct packet *packets, unsigned n);

int loop_source_fill(struct loop_source *l)
{
	uint64_t counters[CTR_COUNT] = {0};
	struct decoder_options options = decoder_defaults();
	struct decoder *d = decoder_new(&options, counters);

	l->source.rx = rx;
	l->base_ns = 1700000000000000000ull;
	l->mbufs = rte_pktmbuf_pool_create("loop source", (unsigned)l->n + 1, 0,
		sizeof(struct mbuf_private), room_of(l), (int)rte_socket_id());
	for (size_t i = 0; l->mbufs != NULL && d != NULL && i < l->n; i++) {
		struct frame *f = &l->frames[i];
		const uint8_t *bytes = l->bytes + f->offset;
		struct rte_mbuf *m = rte_pktmbuf_alloc(l->mbufs);
		f->len = f->len < FRAME_MAX ? f->len : FRAME_MAX;
		find_addresses(d, f, bytes); // within what is kept
		f->data = rte_pktmbuf_mtod(m, uint8_t *);
		memcpy(f->data, bytes, f->len);
		m->data_len = (uint16_t)f->len;
		m->pkt_len = f->len;
		f->mbuf = m;
	}
	bool room = l->mbufs != NULL && d != NULL;
	if (!room)
		log_error("no mbufs for %zu packets: %s", l->n, rte_strerror(rte_errno));
	decoder_free(d);
	free(l->bytes);
	l->bytes = NULL;
	return room ? 0 : 1;
}

void loop_source_free(struct loop_source *l)
{
	if (l == NULL)
		return;
	rte_mempool_free(l->mbufs);
	free(l->bytes);
	free(l->frames);
	free(l);
}

// RFC 1624: what a 16-bit word's change does to the sum.
static uint32_t word_change(uint8_t *p, uint32_t mask)
{
	uint32_t old = (uint32_t)p[0] << 8 | p[1], new = old ^ mask;

	p[0] = (uint8_t)(new >> 8);
	p[1] = (uint8_t) new;
	return (~old & 0xffff) + new;
}

static void sum_change(uint8_t *p, uint32_t change)
{
	uint32_t sum = (~((uint32_t)p[0] << 8 | p[1]) & 0xffff) + change;

	sum = (sum & 0xffff) + (sum >> 16);
	sum = ~((sum & 0xffff) + (sum >> 16));
	p[0] = (uint8_t)(sum >> 8);
	p[1] = (uint8_t)sum;
}

// The last three bytes of both addresses.
static void new_hosts(struct frame *f, uint32_t mask)
{
	uint8_t *data = f->data;
	uint32_t flip = f->mask ^ mask, change = 0;

	f->mask = mask;
	if (f->addresses == 0 || flip == 0)
		return;
	for (unsigned i = 1; i <= 2; i++) {
		uint8_t *end = data + f->addresses + i * f->address_len;
		change += word_change(end - 4, flip >> 16) + word_change(end - 2, flip & 0xffff);
	}
	if (f->head_sum != 0)
		sum_change(data + f->head_sum, change);
	if (f->l4_sum != 0)
		sum_change(data + f->l4_sum, change);
}

static void next_loop(struct loop_source *l)
{
	l->at = 0;
	l->loop++;
	l->base_ns += l->length_ns + PAUSE_NS;
	l->mask = l->loop * 0x9e3779b1u & 0xffffff;
}

// A NIC leaves the frames it brings in the last level cache. These come from further away: those of the
// next burst are brought nearer, as far as their headers go.
static void fetch(const struct loop_source *l)
{
	for (size_t i = l->at + BURST_MAX; i < l->at + 2 * BURST_MAX && i < l->n; i++) {
		const struct frame *f = &l->frames[i];
		__builtin_prefetch(f->mbuf, 1);
		__builtin_prefetch(f->data, 1);
	}
}

static unsigned rx(struct source *s, struct packet *packets, unsigned n)
{
	struct loop_source *l = (struct loop_source *)s;
	unsigned given = 0;

	fetch(l);

	n = n < BURST_MAX ? n : BURST_MAX;
	for (unsigned seen = 0; seen < n; seen++) {
		struct frame *f = &l->frames[l->at];
		struct packet *p = &packets[given];
		if (rte_mbuf_refcnt_read(f->mbuf) == 1) {
			new_hosts(f, l->mask);
			rte_mbuf_refcnt_set(f->mbuf, 2); // it stays ours
			mbuf_packet(f->mbuf, p);
			p->ts_ns = l->base_ns + f->ts_ns;
			p->wire_len = f->wire_len;
			p->port = 0;
			p->link = f->link;
			given++;
		} else {
			l->left_out++;
		}
		if (++l->at == l->n)
			next_loop(l);
	}
	return given;
}

void loop_source_tell_sums(struct loop_source *l, bool told)
{
	for (size_t i = 0; i < l->n; i++)
		l->frames[i].mbuf->ol_flags = told ? RTE_MBUF_F_RX_L4_CKSUM_GOOD : 0;
}

struct source *loop_source(struct loop_source *l)
{
	return &l->source;
}

uint64_t loop_source_packets(const struct loop_source *l)
{
	return l->n;
}

uint64_t loop_source_bytes(const struct loop_source *l)
{
	return l->n_bytes;
}

uint64_t loop_source_left_out(const struct loop_source *l)
{
	return l->left_out;
}
