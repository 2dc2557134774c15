#include "dataplane/inspect/flow.h"

#include <stdlib.h>
#include <string.h>

enum {
	WAYS = 8,
	WHEEL_SLOTS = 1024,
	TICK_SHIFT = 29, // a slot is 0.54 s wide; the wheel turns in nine minutes
	WHEEL_NONE = 0xffff,
	SHED_SCAN_SLOTS = WHEEL_SLOTS,
	TCP_FIN = 0x01,
	TCP_SYN = 0x02,
	TCP_RST = 0x04,
	TCP_ACK = 0x10,
	PORT_SYSTEM = 1024,
};

// One cache line. index is a record number + 1; 0: empty.
struct bucket {
	uint32_t signature[WAYS];
	uint32_t index[WAYS];
};
static_assert(sizeof(struct bucket) == 64, "a bucket is a cache line");

struct flow_table {
	struct flow_options options;
	uint64_t *counters;
	flow_end_fn end;
	void *ctx;
	struct bucket *buckets; // in bucket_memory, at a cache line
	void *bucket_memory;
	uint32_t bucket_mask;
	struct flow *flows;
	uint32_t *free; // stack of record numbers
	uint32_t n_free;
	uint32_t n_flows;
	uint32_t n_syn_only;
	struct event_tunnel *tunnels;
	uint32_t *free_tunnels;
	uint32_t n_free_tunnels;
	uint32_t burst;
	uint64_t tick; // the last one that was expired
	uint32_t wheel[WHEEL_SLOTS]; // first record of each slot, or FLOW_NONE
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
	uint32_t *stack = malloc((n ? n : 1) * sizeof(*stack));

	for (uint32_t i = 0; stack != NULL && i < n; i++)
		stack[i] = n - 1 - i;
	return stack;
}

struct flow_table *flow_table_new(
	const struct flow_options *options, uint64_t *counters, flow_end_fn end, void *ctx)
{
	struct flow_table *t = calloc(1, sizeof(*t));
	uint32_t n_buckets = 16;

	if (t == NULL)
		return NULL;
	// Half full when all records are taken: two choices then hardly ever meet a full bucket.
	while (n_buckets * WAYS / 2 < options->max_flows)
		n_buckets *= 2;
	t->options = *options;
	t->counters = counters;
	t->end = end;
	t->ctx = ctx;
	t->bucket_mask = n_buckets - 1;
	t->n_free = options->max_flows;
	t->n_free_tunnels = options->max_tunnels;
	memset(t->wheel, 0xff, sizeof(t->wheel));
	// Zeroed by the system, page by page, when first used.
	t->bucket_memory = calloc(n_buckets + 1, sizeof(struct bucket));
	t->buckets = (struct bucket *)(((uintptr_t)t->bucket_memory + 63) & ~(uintptr_t)63);
	t->flows = aligned_alloc(64, (size_t)options->max_flows * sizeof(struct flow));
	t->free = stack_new(options->max_flows);
	t->tunnels = malloc((size_t)(options->max_tunnels + 1) * sizeof(*t->tunnels));
	t->free_tunnels = stack_new(options->max_tunnels);
	if (t->bucket_memory == NULL || t->flows == NULL || t->free == NULL || t->tunnels == NULL ||
		t->free_tunnels == NULL) {
		flow_table_free(t);
		return NULL;
	}
	return t;
}

void flow_table_free(struct flow_table *t)
{
	if (t == NULL)
		return;
	free(t->bucket_memory);
	free(t->flows);
	free(t->free);
	free(t->tunnels);
	free(t->free_tunnels);
	free(t);
}

static struct bucket *first_bucket(const struct flow_table *t, uint32_t hash)
{
	return &t->buckets[hash & t->bucket_mask];
}

static struct bucket *second_bucket(const struct flow_table *t, uint32_t hash)
{
	return &t->buckets[(hash >> 15 ^ hash * 0x9e3779b1u) & t->bucket_mask];
}

void flow_prefetch(const struct flow_table *t, uint32_t hash)
{
	__builtin_prefetch(first_bucket(t, hash));
	__builtin_prefetch(second_bucket(t, hash));
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

static void wheel_insert(struct flow_table *t, struct flow *f)
{
	uint32_t n = (uint32_t)(f - t->flows);
	uint64_t due = (f->last_ns + timeout_of(t, f)) >> TICK_SHIFT;

	// At least the next tick; at most one turn ahead, to be looked at again then.
	if (due <= t->tick)
		due = t->tick + 1;
	else if (due - t->tick >= WHEEL_SLOTS)
		due = t->tick + WHEEL_SLOTS - 1;
	uint32_t slot = due & (WHEEL_SLOTS - 1);
	f->wheel_slot = (uint16_t)slot;
	f->wheel_prev = FLOW_NONE;
	f->wheel_next = t->wheel[slot];
	if (f->wheel_next != FLOW_NONE)
		t->flows[f->wheel_next].wheel_prev = n;
	t->wheel[slot] = n;
}

static void wheel_remove(struct flow_table *t, struct flow *f)
{
	if (f->wheel_next != FLOW_NONE)
		t->flows[f->wheel_next].wheel_prev = f->wheel_prev;
	if (f->wheel_prev != FLOW_NONE)
		t->flows[f->wheel_prev].wheel_next = f->wheel_next;
	else
		t->wheel[f->wheel_slot] = f->wheel_next;
}

static bool bucket_remove(struct bucket *b, uint32_t index)
{
	for (unsigned i = 0; i < WAYS; i++) {
		if (b->index[i] == index) {
			b->index[i] = 0;
			b->signature[i] = 0;
			return true;
		}
	}
	return false;
}

static void flow_end(struct flow_table *t, struct flow *f, enum flow_reason reason)
{
	uint32_t n = (uint32_t)(f - t->flows);

	t->end(t->ctx, f, reason);
	wheel_remove(t, f);
	if (!bucket_remove(first_bucket(t, f->hash), n + 1))
		bucket_remove(second_bucket(t, f->hash), n + 1);
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

static struct flow *bucket_find(const struct flow_table *t, const struct bucket *b, uint32_t hash,
	const struct flow_key *key)
{
	for (unsigned i = 0; i < WAYS; i++) {
		if (b->signature[i] != hash || b->index[i] == 0)
			continue;
		struct flow *f = &t->flows[b->index[i] - 1];
		if (memcmp(&f->key, key, sizeof(*key)) == 0)
			return f;
	}
	return NULL;
}

static uint32_t *empty_way(struct bucket *b, uint32_t hash)
{
	for (unsigned i = 0; i < WAYS; i++) {
		if (b->index[i] == 0) {
			b->signature[i] = hash;
			return &b->index[i];
		}
	}
	return NULL;
}

static unsigned load_of(const struct bucket *b)
{
	unsigned n = 0;
	for (unsigned i = 0; i < WAYS; i++)
		n += b->index[i] != 0;
	return n;
}

// The flow idle longest of a bucket, not of this burst.
static struct flow *bucket_oldest(
	const struct flow_table *t, const struct bucket *b, struct flow *best)
{
	for (unsigned i = 0; i < WAYS; i++) {
		if (b->index[i] == 0)
			continue;
		struct flow *f = &t->flows[b->index[i] - 1];
		if (f->burst != t->burst && (best == NULL || f->last_ns < best->last_ns))
			best = f;
	}
	return best;
}

// A flow that is due soonest: of the first slot of the wheel that has one we may take.
static struct flow *wheel_oldest(const struct flow_table *t, bool syn_only)
{
	for (unsigned i = 1; i <= SHED_SCAN_SLOTS; i++) {
		uint32_t n = t->wheel[(t->tick + i) & (WHEEL_SLOTS - 1)];
		struct flow *best = NULL;
		for (unsigned seen = 0; n != FLOW_NONE && seen < 64;
			seen++, n = t->flows[n].wheel_next) {
			struct flow *f = &t->flows[n];
			bool fits = f->burst != t->burst && (!syn_only || f->flags & FLOW_SYN_ONLY);
			if (fits && (best == NULL || f->last_ns < best->last_ns))
				best = f;
		}
		if (best != NULL)
			return best;
	}
	return NULL;
}

static bool bare_syn(const struct packet *p)
{
	return p->key.l4 == IPPROTO_TCP &&
		(p->tcp_flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN && p->payload_len == 0;
}

// Make sure that there is a record and a place for it.
static bool make_room(struct flow_table *t, const struct packet *p, enum counter *cause)
{
	if (bare_syn(p) && t->n_syn_only >= t->options.max_syn_only) {
		struct flow *oldest = wheel_oldest(t, true);
		*cause = CTR_SYN_BUDGET;
		if (oldest == NULL)
			return false;
		flow_end(t, oldest, FLOW_SHED);
	}
	*cause = CTR_FLOW_TABLE_FULL;
	struct bucket *one = first_bucket(t, p->flow_hash);
	struct bucket *two = second_bucket(t, p->flow_hash);
	if (load_of(one) == WAYS && load_of(two) == WAYS) {
		struct flow *oldest = bucket_oldest(t, two, bucket_oldest(t, one, NULL));
		if (oldest == NULL)
			return false;
		flow_end(t, oldest, FLOW_SHED);
	}
	if (t->n_free == 0) {
		struct flow *oldest = wheel_oldest(t, false);
		if (oldest == NULL)
			return false;
		flow_end(t, oldest, FLOW_SHED);
	}
	return true;
}

static uint32_t tunnel_take(struct flow_table *t, const struct packet *p)
{
	const struct event_tunnel *ids = &p->tunnel;
	bool any = (p->flags & PACKET_TUNNELLED) || ids->vlan[0] != TUNNEL_NONE ||
		ids->mpls != TUNNEL_NONE || ids->pppoe_session != TUNNEL_NONE;

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
	struct bucket *one = first_bucket(t, p->flow_hash);
	struct bucket *two = second_bucket(t, p->flow_hash);
	uint32_t *place = empty_way(load_of(one) <= load_of(two) ? one : two, p->flow_hash);
	uint32_t n = t->free[--t->n_free];
	struct flow *f = &t->flows[n];

	memset(f, 0, sizeof(*f));
	f->key = p->key;
	f->hash = p->flow_hash;
	f->first_ns = p->ts_ns;
	f->last_ns = p->ts_ns;
	f->session = FLOW_NONE;
	f->tunnel = tunnel_take(t, p);
	f->flags = client_flags(p);
	if (bare_syn(p)) {
		f->flags |= FLOW_SYN_ONLY;
		t->n_syn_only++;
	}
	*place = n + 1;
	t->n_flows++;
	if (t->n_flows == 1 && t->tick == 0)
		t->tick = p->ts_ns >> TICK_SHIFT;
	wheel_insert(t, f);
	t->counters[CTR_FLOWS_NEW]++;
	t->counters[CTR_FLOWS_ACTIVE] = t->n_flows;
	return f;
}

static void tcp_state(struct flow_table *t, struct flow *f, const struct packet *p, unsigned side)
{
	uint8_t flags = p->tcp_flags;

	f->tcp_flags[side] |= flags;
	if ((f->flags & FLOW_SYN_ONLY) && !bare_syn(p)) {
		f->flags = (uint16_t)(f->flags & ~FLOW_SYN_ONLY);
		t->n_syn_only--;
	}
	bool closed = flags & TCP_RST || (f->tcp_flags[0] & f->tcp_flags[1] & TCP_FIN);
	if (closed && f->state != FLOW_STATE_CLOSED) {
		// Due sooner than it was: the wheel would find it late.
		f->state = FLOW_STATE_CLOSED;
		wheel_remove(t, f);
		wheel_insert(t, f);
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
	if (p->ts_ns > f->last_ns && p->ts_ns - f->last_ns > timeout_of(t, f)) {
		flow_end(t, f, f->state == FLOW_STATE_CLOSED ? FLOW_CLOSED : FLOW_TIMEOUT);
		return true;
	}
	// The same ports anew.
	if (f->state == FLOW_STATE_CLOSED && bare_syn(p)) {
		flow_end(t, f, FLOW_CLOSED);
		return true;
	}
	return false;
}

struct flow *flow_lookup(
	struct flow_table *t, const struct packet *p, uint32_t burst, enum counter *cause)
{
	t->burst = burst;
	struct flow *f = bucket_find(t, first_bucket(t, p->flow_hash), p->flow_hash, &p->key);
	if (f == NULL)
		f = bucket_find(t, second_bucket(t, p->flow_hash), p->flow_hash, &p->key);
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

const struct event_tunnel *flow_tunnel(const struct flow_table *t, const struct flow *f)
{
	return f->tunnel == FLOW_NONE ? NULL : &t->tunnels[f->tunnel];
}

static void expire_slot(struct flow_table *t, uint32_t slot, uint64_t now_ns)
{
	uint32_t n = t->wheel[slot];

	t->wheel[slot] = FLOW_NONE;
	while (n != FLOW_NONE) {
		struct flow *f = &t->flows[n];
		n = f->wheel_next;
		// Out of the list that is being walked, whatever comes.
		f->wheel_prev = FLOW_NONE;
		f->wheel_next = FLOW_NONE;
		wheel_insert(t, f);
		if (f->last_ns + timeout_of(t, f) < now_ns)
			flow_end(t, f, f->state == FLOW_STATE_CLOSED ? FLOW_CLOSED : FLOW_TIMEOUT);
	}
}

void flow_table_expire(struct flow_table *t, uint64_t now_ns)
{
	uint64_t now = now_ns >> TICK_SHIFT;
	unsigned turned = 0;

	if (t->n_flows == 0) {
		t->tick = now > t->tick ? now : t->tick;
		return;
	}
	// The first burst after a long pause turns the wheel once, not once a tick.
	if (now > t->tick + WHEEL_SLOTS)
		t->tick = now - WHEEL_SLOTS;
	while (t->tick < now && turned++ < WHEEL_SLOTS) {
		t->tick++;
		expire_slot(t, t->tick & (WHEEL_SLOTS - 1), now_ns);
	}
}

static int by_first(const void *a, const void *b, void *ctx)
{
	const struct flow_table *t = ctx;
	const struct flow *x = &t->flows[*(const uint32_t *)a];
	const struct flow *y = &t->flows[*(const uint32_t *)b];

	if (x->first_ns != y->first_ns)
		return x->first_ns < y->first_ns ? -1 : 1;
	return memcmp(&x->key, &y->key, sizeof(x->key));
}

void flow_table_flush(struct flow_table *t)
{
	uint32_t *order = malloc((t->n_flows ? t->n_flows : 1) * sizeof(*order));
	uint32_t n = 0;

	for (uint32_t i = 0; order != NULL && i <= t->bucket_mask; i++) {
		for (unsigned way = 0; way < WAYS; way++) {
			if (t->buckets[i].index[way] != 0)
				order[n++] = t->buckets[i].index[way] - 1;
		}
	}
	if (n > 0)
		qsort_r(order, n, sizeof(*order), by_first, t);
	for (uint32_t i = 0; i < n; i++)
		flow_end(t, &t->flows[order[i]], FLOW_END_OF_INPUT);
	free(order);
}

uint32_t flow_table_count(const struct flow_table *t)
{
	return t->n_flows;
}
