#include "dataplane/inspect/tcp_order.h"

#include <stdbool.h>
#include <stdlib.h>

enum {
	TCP_FIN = 0x01,
	TCP_SYN = 0x02,
	TCP_RST = 0x04,
	ACKED_PATIENCE = 3, // segments held beyond a hole before an acknowledgement fills it
	// Further ahead than any window: not of this stream, or the capture lost too much of it.
	WINDOW_MAX = 64 << 20,
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
	o->events = *events;
	o->counters = counters;
	o->pool = calloc(options->max_held + 1, sizeof(*o->pool));
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

static void deliver(struct tcp_orderer *o, struct tcp_half *half, struct packet *p,
	const uint8_t *bytes, uint32_t len, void *ctx)
{
	half->next_seq += len;
	half->next_offset += len;
	if (len > 0)
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

// What is held and in sequence now.
static void deliver_held(struct tcp_orderer *o, struct tcp_half *half, void *ctx)
{
	while (half->held_head != 0) {
		struct held *h = entry(o, half->held_head);
		uint32_t skip = 0;
		if (before(half->next_seq, h->seq))
			break;
		if (before(h->seq, half->next_seq))
			skip = half->next_seq - h->seq;
		if (skip < h->len)
			deliver(o, half, &h->packet, h->bytes + skip, h->len - skip, ctx);
		drop_first(o, half, ctx);
	}
	half->oldest_ns = half->held_head != 0 ? entry(o, half->held_head)->packet.ts_ns : 0;
}

static void skip_hole(struct tcp_orderer *o, struct tcp_half *half, void *ctx)
{
	uint32_t missing = entry(o, half->held_head)->seq - half->next_seq;

	half->next_seq += missing;
	half->next_offset += missing;
	o->counters[CTR_TCP_GAPS]++;
	o->counters[CTR_TCP_GAP_BYTES] += missing;
	o->events.gap(ctx, missing);
	deliver_held(o, half, ctx);
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
	half->oldest_ns = entry(o, half->held_head)->packet.ts_ns;
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
	while (at < p->payload_len) {
		uint32_t len = p->payload_len - at;
		if (half->held_head != 0) {
			uint32_t room = entry(o, half->held_head)->seq - half->next_seq;
			len = room < len ? room : len;
		}
		deliver(o, half, p, p->payload + at, len, ctx);
		if (half->held_head != 0)
			deliver_held(o, half, ctx);
		at = half->next_seq - seq;
	}
	return CTR_DELIVERED;
}

static bool over_budget(const struct tcp_orderer *o, const struct tcp_half *half, uint32_t len)
{
	return half->held_head != 0 &&
		(half->held_count >= o->options.max_held_flow || o->free == 0 ||
			half->held_bytes + len > o->options.max_held_bytes_flow);
}

enum counter tcp_order(struct tcp_orderer *o, struct tcp_half *half, struct packet *p, void *ctx)
{
	bool syn = (p->tcp_flags & TCP_SYN) != 0;
	uint32_t seq = p->tcp_seq + (syn ? 1 : 0);

	if (syn && half->next_offset == 0 && half->held_head == 0) {
		half->begun = 1;
		half->next_seq = seq;
	}
	if (p->tcp_flags & TCP_FIN)
		half->fin = 1;
	if (p->payload_len == 0 || (p->tcp_flags & TCP_RST))
		return CTR_DELIVERED;
	if (!half->begun) {
		half->begun = 1;
		half->next_seq = seq;
	}
	while (before(half->next_seq, seq) && over_budget(o, half, p->payload_len))
		skip_hole(o, half, ctx);
	if (!before(half->next_seq, seq))
		return in_order(o, half, p, seq, ctx);
	if (seq - half->next_seq > WINDOW_MAX) {
		o->counters[CTR_TCP_OUT_OF_ORDER]++;
		return CTR_DELIVERED;
	}
	return hold(o, half, p, seq);
}

void tcp_order_acked(struct tcp_orderer *o, struct tcp_half *half, uint32_t ack, void *ctx)
{
	while (half->held_count >= ACKED_PATIENCE && !before(ack, entry(o, half->held_head)->seq))
		skip_hole(o, half, ctx);
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
