#include "dataplane/inspect/flow.h"

#include "dataplane/base/pages.h"
#include "dataplane/inspect/flow_places.h"
#include "dataplane/inspect/wheel.h"

#include <stdlib.h>
#include <string.h>

enum {
	FLOWS_MAX = 1 << 30,
	MANY_FLOWS = 32768, // more than a cache holds the records of
	SHED_CANDIDATES = 16,
	TCP_FIN = 0x01,
	TCP_SYN = 0x02,
	TCP_RST = 0x04,
	TCP_ACK = 0x10,
	PORT_SYSTEM = 1024,
};

struct flow_table {
	struct flow_options options;
	uint64_t *counters;
	flow_end_fn end;
	void *ctx;
	struct flow_places places;
	struct flow *flows;
	struct flow_note *notes; // by record number
	uint32_t *free; // stack of record numbers
	uint32_t n_free;
	uint32_t n_flows;
	uint32_t n_syn_only;
	struct event_tunnel *tunnels;
	uint32_t *free_tunnels;
	uint32_t n_free_tunnels;
	uint32_t burst;
	struct wheel wheel;
};

struct flow_options flow_defaults(void)
{
	const uint64_t second = 1000000000;

	return (struct flow_options){
		.max_flows = 262144,
		.max_tunnels = 65536,
		.max_syn_only = 65536,
		.tcp_new_ns = 60 * second,
		.tcp_established_ns = 600 * second,
		.tcp_closed_ns = 10 * second,
		.udp_ns = 60 * second,
		.other_ns = 30 * second,
	};
}

static uint32_t *stack_new(uint32_t n)
{
	uint32_t *stack = malloc((n ? (size_t)n : 1) * sizeof(*stack));

	for (uint32_t i = 0; stack != NULL && i < n; i++)
		stack[i] = n - 1 - i;
	return stack;
}

struct flow_table *flow_table_new(
	const struct flow_options *options, uint64_t *counters, flow_end_fn end, void *ctx)
{
	if (options->max_flows == 0 || options->max_flows > FLOWS_MAX)
		return NULL;
	struct flow_table *t = calloc(1, sizeof(*t));
	if (t == NULL)
		return NULL;
	t->options = *options;
	t->counters = counters;
	t->end = end;
	t->ctx = ctx;
	t->n_free = options->max_flows;
	t->n_free_tunnels = options->max_tunnels;
	t->flows = pages_alloc(options->max_flows * sizeof(struct flow));
	t->notes = pages_alloc(options->max_flows * sizeof(struct flow_note));
	t->free = stack_new(options->max_flows);
	t->tunnels = malloc(((size_t)options->max_tunnels + 1) * sizeof(*t->tunnels));
	t->free_tunnels = stack_new(options->max_tunnels);
	int err = flow_places_open(&t->places, options->max_flows, t->flows);
	if (err < 0 || t->flows == NULL || t->notes == NULL || t->free == NULL ||
		t->tunnels == NULL || t->free_tunnels == NULL) {
		flow_table_free(t);
		return NULL;
	}
	wheel_init(&t->wheel, t->flows);
	return t;
}

void flow_table_free(struct flow_table *t)
{
	if (t == NULL)
		return;
	flow_places_close(&t->places);
	pages_free(t->flows, t->options.max_flows * sizeof(struct flow));
	pages_free(t->notes, t->options.max_flows * sizeof(struct flow_note));
	free(t->free);
	free(t->tunnels);
	free(t->free_tunnels);
	free(t);
}

void flow_prefetch(struct flow_table *t, uint32_t hash)
{
	flow_places_prefetch(&t->places, hash, t->n_flows >= MANY_FLOWS);
}

static uint64_t timeout_of(const struct flow_table *t, const struct flow *f)
{
	const struct flow_options *o = &t->options;

	if (f->key.l4 == IPPROTO_UDP)
		return o->udp_ns;
	if (f->key.l4 != IPPROTO_TCP)
		return o->other_ns;
	switch (f->state) {
	case FLOW_STATE_NEW:
		return o->tcp_new_ns;
	case FLOW_STATE_CLOSED:
		return o->tcp_closed_ns;
	}
	return o->tcp_established_ns;
}

static uint64_t deadline_of(const void *table, const struct flow *f)
{
	const struct flow_table *t = table;
	uint64_t deadline = f->last_ns + timeout_of(t, f);
	return deadline < f->last_ns ? UINT64_MAX : deadline;
}

static enum flow_reason end_reason(const struct flow *f)
{
	return f->state == FLOW_STATE_CLOSED ? FLOW_CLOSED : FLOW_TIMEOUT;
}

// f is out of the wheel already.
static void flow_end(struct flow_table *t, struct flow *f, enum flow_reason reason)
{
	uint32_t n = (uint32_t)(f - t->flows);

	t->end(t->ctx, f, reason);
	flow_places_give(&t->places, f->hash, n);
	if (f->tunnel != FLOW_NONE)
		t->free_tunnels[t->n_free_tunnels++] = f->tunnel;
	if (f->flags & FLOW_SYN_ONLY)
		t->n_syn_only--;
	t->free[t->n_free++] = n;
	t->n_flows--;
	t->counters[CTR_FLOWS_ENDED]++;
	t->counters[CTR_FLOWS_ACTIVE] = t->n_flows;
	if (reason == FLOW_SHED)
		t->counters[CTR_FLOWS_SHED]++;
}

// The bare SYN touched longest ago, not of this burst.
static struct flow *syn_only_oldest(const struct flow_table *t)
{
	uint32_t n = t->wheel.lists[WHEEL_SYN_ONLY].first;

	if (n == FLOW_NONE || t->flows[n].burst == t->burst)
		return NULL;
	return &t->flows[n];
}

// Who goes first of those that are due soonest, not of this burst. What was busy since it
// got its place in the wheel gets its new one, so that the next search does not meet it again.
static struct flow *wheel_oldest(struct flow_table *t)
{
	struct wheel *w = &t->wheel;
	struct flow *best = syn_only_oldest(t);
	unsigned seen = 0;

	for (unsigned i = 1; i < WHEEL_SLOTS && seen < SHED_CANDIDATES; i++) {
		uint32_t n = w->lists[(w->tick + i) & (WHEEL_SLOTS - 1)].first;
		while (n != FLOW_NONE && seen < SHED_CANDIDATES) {
			struct flow *f = &t->flows[n];
			n = f->wheel_next;
			if (f->burst == t->burst)
				continue;
			seen++;
			if (best == NULL || flow_goes_before(f, best))
				best = f;
			if (wheel_slot(w, deadline_of(t, f)) == f->wheel_slot)
				continue;
			wheel_move(w, f, deadline_of(t, f));
		}
	}
	return best;
}

static bool first_syn(const struct packet *p)
{
	return p->key.l4 == IPPROTO_TCP &&
		(p->tcp_flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN;
}

static bool bare_syn(const struct packet *p)
{
	return first_syn(p) && p->payload_len == 0;
}

static bool is_idle(const struct flow_table *t, const struct flow *f, uint64_t now_ns)
{
	return now_ns > f->last_ns && now_ns - f->last_ns > timeout_of(t, f);
}

// After a pause the flow may have been over all the same: then it is not shed.
static bool shed(struct flow_table *t, struct flow *f, uint64_t now_ns)
{
	if (f == NULL)
		return false;
	wheel_remove(&t->wheel, f);
	flow_end(t, f, is_idle(t, f, now_ns) ? end_reason(f) : FLOW_SHED);
	return true;
}

// Make sure that there is a record and a place for it.
static bool make_room(struct flow_table *t, const struct packet *p, enum counter *cause)
{
	*cause = CTR_SYN_BUDGET;
	if (bare_syn(p) && t->n_syn_only >= t->options.max_syn_only &&
		!shed(t, syn_only_oldest(t), p->ts_ns))
		return false;

	*cause = CTR_FLOW_TABLE_FULL;
	if (flow_places_full(&t->places, p->flow_hash) &&
		!shed(t, flow_places_oldest(&t->places, p->flow_hash, t->burst), p->ts_ns))
		return false;
	return t->n_free > 0 || shed(t, wheel_oldest(t), p->ts_ns);
}

static uint32_t tunnel_take(struct flow_table *t, const struct packet *p)
{
	const struct event_tunnel *ids = &p->tunnel;
	// TUNNEL_NONE is all ones: so is their conjunction when none is set.
	uint32_t all = ids->vlan[0] & ids->vlan[1] & ids->mpls & ids->gtp_teid & ids->vxlan_vni &
		ids->gre_key & ids->pppoe_session;
	bool any = (p->flags & PACKET_TUNNELLED) || all != TUNNEL_NONE;

	if (!any || t->n_free_tunnels == 0)
		return FLOW_NONE;
	uint32_t n = t->free_tunnels[--t->n_free_tunnels];
	t->tunnels[n] = *ids;
	return n;
}

// Who is the client, as far as one packet tells.
static uint16_t client_flags(const struct packet *p)
{
	bool sender_is_a = (p->flags & PACKET_SWAPPED) == 0;
	uint16_t sport = sender_is_a ? p->key.aport : p->key.bport;
	uint16_t dport = sender_is_a ? p->key.bport : p->key.aport;
	bool sender_is_client = true;
	uint16_t known = 0;

	if (p->key.l4 == IPPROTO_TCP && p->tcp_flags & TCP_SYN) {
		sender_is_client = (p->tcp_flags & TCP_ACK) == 0;
		known = FLOW_CLIENT_KNOWN;
	} else if (sport < PORT_SYSTEM && dport >= PORT_SYSTEM) {
		sender_is_client = false;
	}
	return (uint16_t)(known | (sender_is_client == sender_is_a ? FLOW_A_IS_CLIENT : 0));
}

static struct flow *flow_begin(struct flow_table *t, const struct packet *p, enum counter *cause)
{
	if (!make_room(t, p, cause))
		return NULL;
	uint32_t n = t->free[--t->n_free];
	struct flow *f = &t->flows[n];

	memset(f, 0, sizeof(*f));
	t->notes[n] = (struct flow_note){0};
	f->key = p->key;
	f->hash = p->flow_hash;
	f->first_ns = p->ts_ns;
	f->last_ns = p->ts_ns;
	f->session = FLOW_NONE;
	f->tunnel = tunnel_take(t, p);
	f->flags = client_flags(p);
	flow_places_take(&t->places, p->flow_hash, n);
	t->n_flows++;
	if (bare_syn(p)) {
		f->flags |= FLOW_SYN_ONLY;
		t->n_syn_only++;
		wheel_append(&t->wheel, f, WHEEL_SYN_ONLY);
	} else {
		wheel_insert(&t->wheel, f, deadline_of(t, f));
	}
	t->counters[CTR_FLOWS_NEW]++;
	t->counters[CTR_FLOWS_ACTIVE] = t->n_flows;
	return f;
}

// Another packet of a flow that was a bare SYN.
static void syn_only_packet(struct flow_table *t, struct flow *f, const struct packet *p)
{
	bool still = bare_syn(p) && (f->packets[0] == 0 || f->packets[1] == 0);

	if (still) {
		wheel_remove(&t->wheel, f);
		wheel_append(&t->wheel, f, WHEEL_SYN_ONLY);
		return;
	}
	f->flags = (uint16_t)(f->flags & ~FLOW_SYN_ONLY);
	t->n_syn_only--;
	wheel_move(&t->wheel, f, deadline_of(t, f));
}

static void tcp_state(struct flow_table *t, struct flow *f, const struct packet *p, unsigned side)
{
	uint8_t flags = p->tcp_flags;

	f->tcp_flags[side] |= flags;
	if (f->flags & FLOW_SYN_ONLY)
		syn_only_packet(t, f, p);
	// A SYN that was overtaken knows better than the port numbers.
	if ((flags & TCP_SYN) && !(f->flags & FLOW_CLIENT_KNOWN))
		f->flags = (uint16_t)((f->flags & ~FLOW_A_IS_CLIENT) | client_flags(p));

	bool closed = flags & TCP_RST || (f->tcp_flags[0] & f->tcp_flags[1] & TCP_FIN);
	if (closed && f->state != FLOW_STATE_CLOSED) {
		// Due sooner than it was: the wheel would find it late.
		f->state = FLOW_STATE_CLOSED;
		wheel_move(&t->wheel, f, deadline_of(t, f));
	}
	if (closed)
		return;
	if (f->state == FLOW_STATE_NEW && f->packets[0] > 0 && f->packets[1] > 0 &&
		(flags & TCP_SYN) == 0)
		f->state = FLOW_STATE_ESTABLISHED;
}

static void count(struct flow_table *t, struct flow *f, const struct packet *p)
{
	unsigned side = p->flags & PACKET_SWAPPED ? 1 : 0;

	f->burst = t->burst;
	f->packets[side] += p->frames;
	f->bytes[side] += p->frame_bytes;
	if (p->ts_ns > f->last_ns)
		f->last_ns = p->ts_ns;
	if (f->key.l4 == IPPROTO_TCP)
		tcp_state(t, f, p, side);
	else if (f->packets[0] > 0 && f->packets[1] > 0)
		f->state = FLOW_STATE_ESTABLISHED;
}

// Over, though the wheel has not come to it: so that the answer depends on the packets' times
// only, never on when the wheel was turned.
static bool is_over(struct flow_table *t, struct flow *f, const struct packet *p)
{
	// Or: the same ports anew.
	if (!is_idle(t, f, p->ts_ns) && !(f->state == FLOW_STATE_CLOSED && first_syn(p)))
		return false;
	wheel_remove(&t->wheel, f);
	flow_end(t, f, end_reason(f));
	return true;
}

struct flow *flow_lookup(
	struct flow_table *t, const struct packet *p, uint32_t burst, enum counter *cause)
{
	t->burst = burst;
	if (t->places.ahead.n > 0)
		flow_places_prefetched(&t->places);
	struct flow *f = flow_places_find(&t->places, p->flow_hash, &p->key);
	if (f == NULL || is_over(t, f, p))
		f = flow_begin(t, p, cause);
	if (f != NULL)
		count(t, f, p);
	return f;
}

enum dir flow_dir(const struct flow *f, const struct packet *p)
{
	bool from_a = (p->flags & PACKET_SWAPPED) == 0;
	return from_a == ((f->flags & FLOW_A_IS_CLIENT) != 0) ? DIR_C2S : DIR_S2C;
}

uint32_t flow_number(const struct flow_table *t, const struct flow *f)
{
	return (uint32_t)(f - t->flows);
}

struct flow_note *flow_note(const struct flow_table *t, const struct flow *f)
{
	return &t->notes[f - t->flows];
}

const struct event_tunnel *flow_tunnel(const struct flow_table *t, const struct flow *f)
{
	return f->tunnel == FLOW_NONE ? NULL : &t->tunnels[f->tunnel];
}

static bool deadline_before(const void *ctx, const struct flow *x, const struct flow *y)
{
	uint64_t x_ns = deadline_of(ctx, x);
	uint64_t y_ns = deadline_of(ctx, y);
	return x_ns != y_ns ? x_ns < y_ns : wheel_first_before(ctx, x, y);
}

// Ends the flows of a list that is out of the wheel. Their buckets were not looked at for long: those of
// the next ones are fetched meanwhile.
static void end_list(
	struct flow_table *t, uint32_t n, enum flow_reason (*reason)(const struct flow *f))
{
	enum { AHEAD = 8 };
	uint32_t ahead = n;

	for (unsigned i = 0; n != FLOW_NONE; i++) {
		if (ahead != FLOW_NONE) {
			flow_places_fetch(&t->places, t->flows[ahead].hash);
			ahead = t->flows[ahead].wheel_next;
		}
		if (i < AHEAD)
			continue;
		struct flow *f = &t->flows[n];
		n = f->wheel_next;
		flow_end(t, f, reason(f));
	}
}

static enum flow_reason input_ended(const struct flow *f)
{
	(void)f;
	return FLOW_END_OF_INPUT;
}

// A jump of time costs no more than a look at each flow, and a sort.
void flow_table_expire(struct flow_table *t, uint64_t now_ns)
{
	uint64_t now = now_ns >> WHEEL_SHIFT;

	if (now <= t->wheel.tick + 1)
		return;
	uint32_t n = wheel_due(&t->wheel, now, deadline_of, t);
	n = wheel_sort(&t->wheel, n, deadline_before, t);
	end_list(t, n, end_reason);
}

void flow_table_flush(struct flow_table *t)
{
	uint32_t all = wheel_sort(&t->wheel, wheel_all(&t->wheel), wheel_first_before, NULL);

	end_list(t, all, input_ended);
}

uint32_t flow_table_count(const struct flow_table *t)
{
	return t->n_flows;
}
