#include "dataplane/inspect/tcp_order.h"

#include <stdbool.h>
#include <stdlib.h>

enum {
	TCP_FIN = 0x01,
	TCP_SYN = 0x02,
	TCP_RST = 0x04,
	// Segments held before an acknowledgement counts: in a capture of two directions it may come
	// before the data. Counted, not timed: the same for any number of workers.
	ACKED_PATIENCE = 3,
	// Further ahead than any window (RFC 7323, 2.3): not of this stream, never reported.
	WINDOW_MAX = 1 << 30,
	// A wider hole is skipped only when the stream goes on behind it, for so many segments in a
	// row. Else what stands there is a stray: it is given back, and the stream stays where it is.
	HOLE_MAX = 16 << 20,
	RESUME_SEGMENTS = 3,
	HELD_FLOW_MAX = 16384, // a segment of 64 KiB has at most twice as many pieces
};

struct held {
	struct packet packet;
	const uint8_t *bytes; // what of its payload nobody else holds
	uint32_t seq;
	uint32_t len;
	uint32_t next; // entry number + 1, 0: last
	bool last; // of the entries that share the packet: gives it back
};

struct tcp_orderer {
	struct tcp_order_options options;
	struct tcp_order_events events;
	uint64_t *counters;
	struct held *pool;
	uint32_t free; // entry number + 1
};

struct tcp_order_options tcp_order_defaults(void)
{
	return (struct tcp_order_options){
		.max_held = 4096,
		.max_held_flow = 256,
		.max_held_bytes_flow = 1 << 20,
		.max_wait_ns = 10000000000ull,
	};
}

struct tcp_orderer *tcp_orderer_new(const struct tcp_order_options *options,
	const struct tcp_order_events *events, uint64_t *counters)
{
	struct tcp_orderer *o = calloc(1, sizeof(*o));

	if (o == NULL)
		return NULL;
	o->options = *options;
	if (o->options.max_held_flow > HELD_FLOW_MAX)
		o->options.max_held_flow = HELD_FLOW_MAX;
	o->events = *events;
	o->counters = counters;
	o->pool = calloc((size_t)options->max_held + 1, sizeof(*o->pool));
	if (o->pool == NULL) {
		free(o);
		return NULL;
	}
	for (uint32_t i = options->max_held; i > 0; i--) {
		o->pool[i - 1].next = o->free;
		o->free = i;
	}
	return o;
}

void tcp_orderer_free(struct tcp_orderer *o)
{
	if (o == NULL)
		return;
	free(o->pool);
	free(o);
}

// a is before b, on the circle of sequence numbers.
static bool before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

static struct held *entry(struct tcp_orderer *o, uint32_t ref)
{
	return &o->pool[ref - 1];
}

// The stream got as far as next_seq: was its FIN there?
static void pass_fin(struct tcp_half *half)
{
	if (half->fin_seen && !before(half->next_seq, half->fin_seq)) {
		half->fin_seen = 0;
		half->fin = 1;
	}
}

static void see_fin(struct tcp_half *half, uint32_t fin_seq)
{
	if (half->begun && fin_seq - half->next_seq <= WINDOW_MAX) {
		half->fin_seen = 1;
		half->fin_seq = fin_seq;
		pass_fin(half);
	}
}

static void advance(struct tcp_half *half, uint32_t len)
{
	half->next_seq += len;
	half->next_offset += len;
	pass_fin(half);
}

static void deliver(struct tcp_orderer *o, struct tcp_half *half, struct packet *p,
	const uint8_t *bytes, uint32_t len, void *ctx)
{
	advance(half, len);
	o->events.data(ctx, p, bytes, len);
}

// The first entry leaves the list; with the last one of a packet goes the packet.
static void drop_first(struct tcp_orderer *o, struct tcp_half *half, void *ctx)
{
	uint32_t ref = half->held_head;
	struct held *h = entry(o, ref);

	half->held_head = h->next;
	half->held_count--;
	half->held_bytes -= h->len;
	if (h->last) {
		o->counters[CTR_HELD_OUT_OF_ORDER] -= h->packet.frames;
		o->events.release(ctx, &h->packet);
	}
	h->next = o->free;
	o->free = ref;
}

// What is held and in sequence now. Entries never overlap each other, nor what was told.
static void deliver_held(struct tcp_orderer *o, struct tcp_half *half, void *ctx)
{
	while (half->held_head != 0) {
		struct held *h = entry(o, half->held_head);
		if (h->seq != half->next_seq)
			break;
		deliver(o, half, &h->packet, h->bytes, h->len, ctx);
		drop_first(o, half, ctx);
	}
	half->oldest_ns = half->held_head != 0 ? entry(o, half->held_head)->packet.ts_ns : 0;
}

static void pass_hole(struct tcp_orderer *o, struct tcp_half *half, void *ctx)
{
	uint32_t missing = entry(o, half->held_head)->seq - half->next_seq;

	advance(half, missing);
	o->counters[CTR_TCP_GAPS]++;
	o->counters[CTR_TCP_GAP_BYTES] += missing;
	o->events.gap(ctx, missing);
	deliver_held(o, half, ctx);
}

// Does the stream go on at the first segment held?
static bool resumes(struct tcp_orderer *o, const struct tcp_half *half)
{
	const struct held *h = entry(o, half->held_head);

	for (unsigned row = 1; row < RESUME_SEGMENTS; row++) {
		uint32_t end = h->seq + h->len;
		if (h->next == 0)
			return false;
		h = entry(o, h->next);
		if (h->seq != end)
			return false;
	}
	return true;
}

// The hole will not be filled; or what is behind it is no part of the stream.
static void skip_hole(struct tcp_orderer *o, struct tcp_half *half, void *ctx)
{
	uint32_t missing = entry(o, half->held_head)->seq - half->next_seq;

	if (missing <= HOLE_MAX || resumes(o, half)) {
		pass_hole(o, half, ctx);
		return;
	}
	drop_first(o, half, ctx);
	half->oldest_ns = half->held_head != 0 ? entry(o, half->held_head)->packet.ts_ns : 0;
}

// Put bytes [at, at + len) of p in front of the entry that *link names. False: no entry left.
static bool insert(struct tcp_orderer *o, struct tcp_half *half, uint32_t *link,
	const struct packet *p, uint32_t seq, uint32_t at, uint32_t len)
{
	uint32_t ref = o->free;

	if (ref == 0)
		return false;
	struct held *h = entry(o, ref);
	o->free = h->next;
	h->packet = *p;
	h->bytes = p->payload + at;
	h->seq = seq;
	h->len = len;
	h->last = false;
	h->next = *link;
	*link = ref;
	half->held_count++;
	half->held_bytes += len;
	return true;
}

// Keep what nobody holds yet: bytes that came first win. Returns the entry with the highest
// sequence number, or NULL when nothing was kept.
static struct held *hold_pieces(
	struct tcp_orderer *o, struct tcp_half *half, const struct packet *p, uint32_t seq)
{
	uint32_t end = seq + p->payload_len;
	uint32_t at = seq;
	uint32_t *link = &half->held_head;
	struct held *newest = NULL;

	while (before(at, end)) {
		struct held *h = *link != 0 ? entry(o, *link) : NULL;
		uint32_t stop = h != NULL && before(h->seq, end) ? h->seq : end;
		if (before(at, stop)) {
			if (!insert(o, half, link, p, at, at - seq, stop - at))
				break;
			newest = entry(o, *link);
			link = &newest->next;
			at = stop;
			continue;
		}
		// stop <= at < end: h begins at or before here, step over it.
		if (before(at, h->seq + h->len))
			at = h->seq + h->len;
		link = &h->next;
	}
	return newest;
}

static enum counter hold(
	struct tcp_orderer *o, struct tcp_half *half, struct packet *p, uint32_t seq)
{
	bool none_left = o->free == 0;
	bool first = half->held_head == 0;
	struct held *newest = hold_pieces(o, half, p, seq);

	if (newest == NULL) {
		if (none_left)
			return CTR_OOO_SHED;
		o->counters[CTR_TCP_RETRANSMITTED]++;
		return CTR_DELIVERED;
	}
	newest->last = true;
	o->counters[CTR_TCP_OUT_OF_ORDER]++;
	o->counters[CTR_HELD_OUT_OF_ORDER] += p->frames;
	if (first)
		half->oldest_ns = p->ts_ns;
	return CTR_HELD_OUT_OF_ORDER;
}

// A segment that begins at or before next_seq: its news, with what is held in between.
static enum counter in_order(
	struct tcp_orderer *o, struct tcp_half *half, struct packet *p, uint32_t seq, void *ctx)
{
	uint32_t at = half->next_seq - seq;

	if (at >= p->payload_len) {
		o->counters[CTR_TCP_RETRANSMITTED]++;
		return CTR_DELIVERED;
	}
	if (half->held_head == 0) {
		deliver(o, half, p, p->payload + at, p->payload_len - at, ctx);
		return CTR_DELIVERED;
	}
	while (at < p->payload_len) {
		uint32_t len = p->payload_len - at;
		if (half->held_head != 0) {
			uint32_t room = entry(o, half->held_head)->seq - half->next_seq;
			len = room < len ? room : len;
		}
		deliver(o, half, p, p->payload + at, len, ctx);
		deliver_held(o, half, ctx);
		at = half->next_seq - seq;
	}
	// A stream that goes on in order has no hole yet; what is held may be a stray.
	if (half->held_head != 0 && half->oldest_ns < p->ts_ns)
		half->oldest_ns = p->ts_ns;
	return CTR_DELIVERED;
}

static bool over_budget(const struct tcp_orderer *o, const struct tcp_half *half, uint32_t len)
{
	return half->held_head != 0 &&
		(half->held_count >= o->options.max_held_flow || o->free == 0 ||
			half->held_bytes + len > o->options.max_held_bytes_flow);
}

static void begin(struct tcp_half *half, uint32_t seq)
{
	half->begun = 1;
	half->next_seq = seq;
	half->fin = 0;
	half->fin_seen = 0;
}

enum counter tcp_order(struct tcp_orderer *o, struct tcp_half *half, struct packet *p, void *ctx)
{
	bool syn = (p->tcp_flags & TCP_SYN) != 0;
	bool data = p->payload_len > 0 && !(p->tcp_flags & TCP_RST);
	uint32_t seq = p->tcp_seq + (syn ? 1 : 0);

	// A SYN counts until there is data that speaks for another one.
	if ((syn && half->next_offset == 0 && half->held_head == 0) || (data && !half->begun))
		begin(half, seq);
	if (p->tcp_flags & TCP_FIN)
		see_fin(half, seq + p->payload_len);
	if (!data)
		return CTR_DELIVERED;
	if (!before(half->next_seq, seq))
		return in_order(o, half, p, seq, ctx);

	if (seq - half->next_seq > WINDOW_MAX) {
		o->counters[CTR_TCP_OUT_OF_ORDER]++;
		return CTR_DELIVERED;
	}
	while (before(half->next_seq, seq) && over_budget(o, half, p->payload_len))
		skip_hole(o, half, ctx);
	if (!before(half->next_seq, seq))
		return in_order(o, half, p, seq, ctx);
	return hold(o, half, p, seq);
}

void tcp_order_acked(struct tcp_orderer *o, struct tcp_half *half, uint32_t ack, void *ctx)
{
	while (half->held_count >= ACKED_PATIENCE && !before(ack, entry(o, half->held_head)->seq))
		pass_hole(o, half, ctx);
}

void tcp_order_expire(struct tcp_orderer *o, struct tcp_half *half, uint64_t now_ns, void *ctx)
{
	while (half->held_head != 0 && now_ns > half->oldest_ns &&
		now_ns - half->oldest_ns > o->options.max_wait_ns)
		skip_hole(o, half, ctx);
}

void tcp_order_finish(struct tcp_orderer *o, struct tcp_half *half, void *ctx)
{
	while (half->held_head != 0)
		skip_hole(o, half, ctx);
}

void tcp_order_drop(struct tcp_orderer *o, struct tcp_half *half, void *ctx)
{
	while (half->held_head != 0)
		drop_first(o, half, ctx);
}
