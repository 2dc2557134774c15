// Operations on TCP: segment, reorder, duplicate.

#include "tools/craft/locate.h"
#include "tools/craft/op.h"
#include "tools/craft/packet.h"
#include "tools/craft/rng.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

enum { TCP_LEN = 20, IP_MAX = 65535 };

static void store16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void store32(uint8_t *p, uint32_t v)
{
	store16(p, v >> 16);
	store16(p + 2, v);
}

// Headers as they were, but for what the new payload changes.
static int put_segment(struct op_run *run, const struct frame *f, const struct located_tcp *t,
	uint32_t from, uint32_t len)
{
	uint8_t *ip = run->scratch + t->ip.ip;
	uint8_t *tcp = run->scratch + t->ip.l4;
	bool first = from == 0, last = from + len == t->payload_len;
	uint32_t header = t->payload - t->ip.l4;

	memcpy(run->scratch, f->data, t->payload);
	// What is behind a SYN has no use for its options.
	if (!first && t->flags & TCP_SYN)
		header = TCP_LEN;
	memcpy(tcp + header, f->data + t->payload + from, len);

	uint32_t l4_len = header + len;
	uint32_t ip_len = t->ip.l4 - t->ip.ip + l4_len;
	store32(tcp + 4, t->seq + from + (!first && t->flags & TCP_SYN ? 1 : 0));
	tcp[12] = (uint8_t)(header / 4 << 4 | (tcp[12] & 0x0f));
	tcp[13] = t->flags;
	if (!first)
		tcp[13] &= (uint8_t)~TCP_SYN;
	if (!last)
		tcp[13] &= (uint8_t) ~(TCP_FIN | TCP_PSH);
	if (t->ip.version == 4) {
		store16(ip + 2, ip_len);
		packet_sum_ipv4(ip);
	} else {
		store16(ip + 4, ip_len - 40);
	}
	packet_sum_l4(ip, t->ip.version, IPPROTO_TCP, tcp, l4_len);
	return op_put(run, f, t->ip.ip + ip_len);
}

int op_segment(struct op_run *run, const struct frame *f)
{
	struct located_tcp t;
	int err = 0;

	if (!locate_tcp(run->link, f, &t) || t.payload_len <= run->arg)
		return op_pass(run, f);
	// Of a reset the bytes mean nothing; the urgent pointer counts from the segment.
	if (t.flags & (TCP_RST | TCP_URG))
		return op_pass(run, f);
	if (t.payload - t.ip.ip + run->arg > IP_MAX)
		return op_pass(run, f);
	for (uint32_t at = 0; at < t.payload_len && err == 0; at += (uint32_t)run->arg) {
		uint32_t left = t.payload_len - at;
		err = put_segment(run, f, &t, at, left < run->arg ? left : (uint32_t)run->arg);
	}
	return err;
}

// Two thirds, then the last two thirds: the middle comes twice.
int op_overlap(struct op_run *run, const struct frame *f)
{
	struct located_tcp t;

	if (!locate_tcp(run->link, f, &t) || t.payload_len < 3 ||
		(t.flags & (TCP_RST | TCP_URG | TCP_SYN)))
		return op_pass(run, f);
	uint32_t third = t.payload_len / 3;
	int err = put_segment(run, f, &t, 0, t.payload_len - third);
	return err < 0 ? err : put_segment(run, f, &t, third, t.payload_len - third);
}

int op_duplicate(struct op_run *run, const struct frame *f)
{
	struct located at;

	bool counts =
		!run->tcp_only || (locate_ip(run->link, f, &at) && at.protocol == IPPROTO_TCP);
	int err = run->put(run->put_ctx, f);
	if (err < 0 || !counts || ++run->count % run->arg != 0)
		return err;
	return run->put(run->put_ctx, f);
}

struct seen {
	struct located_tcp t;
	const uint8_t *from; // address
	const uint8_t *to;
	const uint8_t *ports;
	uint64_t direction; // hash of all three
	unsigned address_len;
	bool tcp;
};

static uint64_t hash_direction(const struct seen *s)
{
	uint64_t words[5] = {s->address_len};

	memcpy(words + 1, s->from, s->address_len);
	memcpy(words + 3, s->to, s->address_len);
	words[0] |= (uint64_t)s->ports[0] << 56 | (uint64_t)s->ports[1] << 48 |
		(uint64_t)s->ports[2] << 40 | (uint64_t)s->ports[3] << 32;
	return hash_words(words, sizeof(words), 0);
}

static struct seen look(const struct op_run *run, const struct frame *f)
{
	struct seen s = {0};

	s.tcp = locate_tcp(run->link, f, &s.t);
	if (!s.tcp)
		return s;
	bool v6 = s.t.ip.version == 6;
	s.address_len = v6 ? 16 : 4;
	s.from = f->data + s.t.ip.ip + (v6 ? 8 : 12);
	s.to = s.from + s.address_len;
	s.ports = f->data + s.t.ip.l4;
	s.direction = hash_direction(&s);
	return s;
}

static bool same_direction(const struct seen *a, const struct seen *b)
{
	return a->address_len == b->address_len && memcmp(a->from, b->from, a->address_len) == 0 &&
		memcmp(a->to, b->to, a->address_len) == 0 && memcmp(a->ports, b->ports, 4) == 0;
}

static bool opposite(const struct seen *a, const struct seen *b)
{
	return a->address_len == b->address_len && memcmp(a->from, b->to, a->address_len) == 0 &&
		memcmp(a->to, b->from, a->address_len) == 0 &&
		memcmp(a->ports, b->ports + 2, 2) == 0 && memcmp(a->ports + 2, b->ports, 2) == 0;
}

// Data after data of one direction, in order and without overlap: what a network with two
// paths may exchange without changing what the receiver reads. The second may end the stream.
static bool may_swap(const struct seen *a, const struct seen *b)
{
	if (!a->tcp || !b->tcp || a->t.payload_len == 0 || b->t.payload_len == 0)
		return false;
	if ((a->t.flags | b->t.flags) & (TCP_SYN | TCP_RST) || a->t.flags & TCP_FIN)
		return false;
	return same_direction(a, b) && (int32_t)(b->t.seq - a->t.seq) >= (int32_t)a->t.payload_len;
}

// Whether two packets may move across the one between them: an answer in between depends on
// the first of them.
static bool may_cross(const struct seen *a, const struct seen *middle)
{
	if (!middle->tcp || (!same_direction(a, middle) && !opposite(a, middle)))
		return true;
	return middle->t.payload_len == 0 && !(middle->t.flags & (TCP_SYN | TCP_RST | TCP_FIN));
}

// The first bytes of a conversation whose SYN was not captured are where a reader takes it
// up: they must come first. Of two directions that share a slot the older is forgotten, and
// stays in order until its next data.
static bool has_begun(const struct op_run *run, const struct seen *s)
{
	return run->begun[s->direction % OP_BEGUN] == s->direction;
}

static void note_begun(struct op_run *run, const struct seen *s)
{
	if (s->tcp && (s->t.payload_len > 0 || s->t.flags & TCP_SYN))
		run->begun[s->direction % OP_BEGUN] = s->direction;
}

static bool wants_swap(struct op_run *run)
{
	struct rng r = {.state = run->seed + run->count++};
	return (rng_next(&r) >> 40) & 1;
}

// Write the first `n` of the window with the contents of the first and last exchanged, the
// times as they were.
static int put_window(struct op_run *run, unsigned n)
{
	unsigned other = n - 1;
	int err = 0;

	for (unsigned i = 0; i < n && err == 0; i++) {
		unsigned take = i == 0 ? other : i == other ? 0 : i;
		struct frame f = run->window[take];
		f.ts_ns = run->window[i].ts_ns;
		err = run->put(run->put_ctx, &f);
	}
	for (unsigned i = 0; i < n; i++)
		free(run->window_data[i]);
	run->n_window -= n;
	memmove(run->window, run->window + n, run->n_window * sizeof(run->window[0]));
	memmove(run->window_data, run->window_data + n,
		run->n_window * sizeof(run->window_data[0]));
	return err;
}

// How many frames of the window go out, with the first and last exchanged.
static unsigned choose(struct op_run *run, const struct seen *s)
{
	if (!wants_swap(run) || !s[0].tcp || !has_begun(run, &s[0]))
		return 1;
	if (run->n_window > 1 && may_swap(&s[0], &s[1]))
		return 2;
	if (run->n_window > 2 && may_swap(&s[0], &s[2]) && may_cross(&s[0], &s[1]))
		return 3;
	return 1;
}

// Decide on the first frame of the window.
static int settle(struct op_run *run)
{
	struct seen s[OP_WINDOW];

	for (unsigned i = 0; i < run->n_window; i++)
		s[i] = look(run, &run->window[i]);
	unsigned n = choose(run, s);
	for (unsigned i = 0; i < n; i++)
		note_begun(run, &s[i]);
	return put_window(run, n);
}

int op_reorder(struct op_run *run, const struct frame *f)
{
	uint8_t *copy = malloc(f->len != 0 ? f->len : 1);
	unsigned n = run->n_window;

	if (copy == NULL)
		return -ENOMEM;
	memcpy(copy, f->data, f->len);
	run->window[n] = *f;
	run->window[n].data = copy;
	run->window_data[n] = copy;
	run->n_window++;
	return run->n_window == OP_WINDOW ? settle(run) : 0;
}

int op_reorder_end(struct op_run *run)
{
	int err = 0;

	while (run->n_window > 0) {
		int status = settle(run);
		if (err == 0)
			err = status;
	}
	return err;
}
