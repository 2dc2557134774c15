#include "dataplane/inspect/conversation.h"

#include "dataplane/inspect/datagram.h"
#include "dataplane/inspect/finds.h"
#include "dataplane/inspect/parse_costs.h"
#include "dataplane/inspect/proto/kit.h"
#include "dataplane/inspect/recognise.h"
#include "dataplane/inspect/side.h"
#include "dataplane/inspect/texts.h"

#include <errno.h>
#include <netinet/in.h>

enum { TCP_SYN = 0x02, TCP_ACK = 0x10 };

static uint64_t stream_bytes(const struct conversations *c, unsigned side)
{
	if (c->flow->key.l4 != IPPROTO_TCP)
		return 0;
	if (c->flow->flags & FLOW_SETTLED)
		return STREAM_BYTES_UNKNOWN;
	return c->session != NULL ? c->session->offset[side] : 0;
}

static void take_facts(struct conversations *c)
{
	const struct packet *p = c->packet;
	const struct flow *f = c->flow;
	enum dir of_a = side_dir(f, 0);

	c->facts = (struct packet_facts){
		.headers = {.ip = p->ip,
			.l4 = p->l4,
			.ip_len = p->ip_len,
			.l4_len = p->l4_len,
			.l4_proto = p->key.l4,
			.payload_len = p->payload_len},
		.payload = p->payload,
		.ether = packet_ether(p),
		.bad_checksum = (p->flags & PACKET_BAD_CHECKSUM) != 0,
		.fragmented = (p->flags & PACKET_FRAGMENTED) != 0,
		.vlans = p->vlans,
		.flow_age_ns = p->ts_ns > f->first_ns ? p->ts_ns - f->first_ns : 0,
	};
	c->facts.ether_len = c->facts.ether != NULL ? ETHER_HEAD : 0;
	c->facts.stream_bytes[of_a] = stream_bytes(c, 0);
	c->facts.stream_bytes[!of_a] = stream_bytes(c, 1);
	c->facts_of = p;
	finds_new_facts(c->finds);
}

// Of the packet in hand, taken when they are first asked for.
static const struct packet_facts *facts_here(struct conversations *c)
{
	if (!c->wants.facts || c->packet == NULL)
		return NULL;
	if (c->facts_of != c->packet)
		take_facts(c);
	return &c->facts;
}

struct find conversation_find(struct conversations *c, enum find_kind kind)
{
	const struct packet *p = c->packet;
	struct find find = {
		.kind = (uint8_t)kind,
		.dir = (uint8_t)side_dir(c->flow, c->side),
		.flow = c->flow,
		.note = flow_note(c->flows, c->flow),
		.flow_number = flow_number(c->flows, c->flow),
		.counts = c->counts,
		.session = c->session,
		.app_proto = c->flow->app_proto,
		.app_after = c->flow->app_proto,
		.tx_id = c->flow->tx_count,
		.serial = c->serial,
		.ts_ns = c->flow->last_ns,
	};

	if (p != NULL) {
		find.ts_ns = p->ts_ns;
		find.pcap_cnt = p->pcap_cnt;
		find.payload_len = p->payload_len;
		find.icmp_type = p->icmp_type;
		find.icmp_code = p->icmp_code;
		find.facts = facts_here(c);
	}
	return find;
}

// Does the message tell its server's name?
static bool tells_name(const struct tx *tx)
{
	if (tx->dir != DIR_C2S ||
		(tx->app_proto != APP_TLS && tx->app_proto != APP_QUIC &&
			tx->app_proto != APP_HTTP && tx->app_proto != APP_HTTP2))
		return false;
	for (unsigned i = 0; i < tx->n_fields; i++) {
		uint16_t field = tx->fields[i].field;
		if ((field == FIELD_TLS_SNI || field == FIELD_QUIC_SNI ||
			    field == FIELD_HTTP_HOST) &&
			tx->fields[i].value.len > 0)
			return true;
	}
	return false;
}

static void on_tx(void *ctx, const struct tx *tx)
{
	struct conversations *c = ctx;
	struct find find = conversation_find(c, FIND_TX);

	uint16_t told = tx->dir == DIR_C2S ? FLOW_TOLD_C2S : FLOW_TOLD_S2C;

	find.dir = tx->dir;
	find.app_proto = tx->app_proto;
	find.quiet = tx->quiet;
	find.first = (c->flow->flags & told) == 0;
	c->flow->flags |= told;
	if (tx->id != TX_NEW)
		find.tx_id = tx->id + (c->session != NULL ? c->session->tx_base : 0);
	if (c->flow->app_proto == APP_UNKNOWN)
		c->flow->app_proto = tx->app_proto;
	if (!(c->flow->flags & FLOW_NAMED) && tells_name(tx))
		c->flow->flags |= FLOW_NAMED;
	finds_add_tx(c->finds, &find, tx);
	parse_costs_tx(c->costs, tx);
	if (tx->quiet)
		return;
	if (find.tx_id >= c->flow->tx_count)
		c->flow->tx_count = find.tx_id + 1;
	c->counters[CTR_TX + tx->app_proto]++;
}

static struct gather *on_gather_take(void *ctx)
{
	struct conversations *c = ctx;
	struct gather *g = gather_pool_take(c->gathers, c->session);

	if (g == NULL)
		c->counters[CTR_GATHER_DENIED]++;
	return g;
}

static void on_gather_give(void *ctx, struct gather *g)
{
	struct conversations *c = ctx;
	gather_pool_give(c->gathers, g);
}

static void on_data(void *ctx, struct packet *p, const uint8_t *bytes, uint32_t len)
{
	struct conversations *c = ctx;
	struct session *s = c->session;

	if (s->settled)
		return;
	enum stage before = stage_enter(c->clock, STAGE_PARSE);
	c->packet = p;
	facts_here(c); // before its bytes are counted
	if (side_wants_stream(c, c->side)) {
		struct find find = conversation_find(c, FIND_STREAM);
		find.offset = s->offset[c->side];
		find.bytes = (struct bytes){bytes, len, false};
		finds_add(c->finds, &find);
	}
	s->offset[c->side] += len;
	side_bytes(c, c->side, (struct bytes){bytes, len, false});
	texts_stream(c, s->offset[c->side] - len, (struct bytes){bytes, len, false});
	if (!s->settled)
		side_settle_if_done(c);
	stage_enter(c->clock, before);
}

static void on_gap(void *ctx, uint32_t missing)
{
	struct conversations *c = ctx;

	c->session->offset[c->side] += missing;
	if (!c->session->settled)
		side_gap(c, c->side, missing);
}

static void on_release(void *ctx, struct packet *p)
{
	struct conversations *c = ctx;

	c->counters[CTR_DELIVERED] += p->frames;
	finds_release(c->finds, p->buf);
}

int conversations_open(struct conversations *c, const struct inspect_options *options,
	const struct inspect_hooks *hooks, uint64_t *counters)
{
	static const struct tcp_order_events events = {
		.data = on_data, .gap = on_gap, .release = on_release};

	c->hooks = hooks;
	c->counters = counters;
	c->clock = options->clock != NULL ? options->clock : stage_clock_none();
	c->costs = options->costs;
	c->probe_packets = options->probe_packets;
	c->search_bytes = options->search_bytes;
	c->stream_depth = options->stream_depth;
	c->io = (struct proto_io){
		.ctx = c,
		.tx = on_tx,
		.gather_take = on_gather_take,
		.gather_give = on_gather_give,
		.unread = &c->unread,
		.next = &c->next,
	};
	for (unsigned i = 0; i < APP_COUNT; i++)
		c->datagrams[i] = recognise_parser((uint8_t)i, IPPROTO_UDP);
	c->kit = kit_new(options->seed);
	c->io.kit = c->kit;
	c->finds = finds_new(hooks, c->clock);
	c->sessions = session_pool_new(options->max_sessions);
	c->gathers = gather_pool_new(options->max_gathers);
	c->order = tcp_orderer_new(&options->order, &events, counters);
	if (c->kit == NULL || c->finds == NULL || c->sessions == NULL || c->gathers == NULL ||
		c->order == NULL)
		return -ENOMEM;
	return 0;
}

void conversations_close(struct conversations *c)
{
	tcp_orderer_free(c->order);
	gather_pool_free(c->gathers);
	session_pool_free(c->sessions);
	finds_free(c->finds);
	kit_free(c->kit);
}

void conversations_wants(struct conversations *c)
{
	static const uint8_t none[FIELD_COUNT];

	c->wants = c->hooks->wants(c->hooks->ctx);
	c->io.wanted = c->wants.fields != NULL ? c->wants.fields : none;
}

static void begin(struct conversations *c, struct flow *f, const struct packet *p)
{
	c->flow = f;
	c->session = session_of(c->sessions, f);
	c->packet = p;
	c->facts_of = NULL;
	c->side = p != NULL && (p->flags & PACKET_SWAPPED) ? 1 : 0;
}

// Is there nothing to take from the bytes of this side any more?
static bool side_idle(const struct conversations *c, unsigned side)
{
	return c->session->side[side].state == SIDE_DONE && !side_wants_stream(c, side) &&
		!texts_wanted(c, side) && !c->wants.facts;
}

static enum counter tcp_segment(struct conversations *c, struct packet *p)
{
	struct session *s = c->session;
	unsigned side = c->side;
	unsigned peer = !side;

	if ((p->tcp_flags & TCP_ACK) && s->half[peer].held_count > 0) {
		c->side = peer;
		tcp_order_acked(c->order, &s->half[peer], p->tcp_ack, c);
		c->side = side;
		c->packet = p;
	}
	if (s->settled)
		return CTR_DELIVERED;
	if (s->half[side].held_count > 0)
		tcp_order_expire(c->order, &s->half[side], p->ts_ns, c);
	if (s->settled)
		return CTR_DELIVERED;
	if (side_idle(c, side)) {
		if (s->half[side].held_count > 0)
			tcp_order_drop(c->order, &s->half[side], c);
		return CTR_DELIVERED;
	}
	return tcp_order(c->order, &s->half[side], p, c);
}

void conversation_settled(struct conversations *c, struct session *s)
{
	if (c->n_settled == BURST_MAX)
		conversations_settle(c);
	c->settled[c->n_settled++] = s;
}

static void tcp_settled(struct conversations *c)
{
	for (unsigned side = 0; side < 2; side++) {
		c->side = side;
		tcp_order_drop(c->order, &c->session->half[side], c);
	}
	conversation_settled(c, c->session);
}

static enum counter tcp_packet(struct conversations *c, struct packet *p)
{
	if (c->flow->flags & FLOW_SETTLED)
		return CTR_DELIVERED;
	if (c->session == NULL) {
		if (p->payload_len == 0 && !(p->tcp_flags & TCP_SYN))
			return CTR_DELIVERED;
		c->session = session_take(c->sessions, c->flow);
		if (c->session == NULL) {
			c->counters[CTR_SESSIONS_DENIED]++;
			c->flow->flags |= FLOW_SETTLED;
			return CTR_DELIVERED;
		}
	}

	enum stage before = stage_enter(c->clock, STAGE_ORDER);
	enum counter verdict = tcp_segment(c, p);
	if (c->session->settled)
		tcp_settled(c);
	stage_enter(c->clock, before);
	return verdict;
}

// Before a packet: when buffers run short, who holds one for longest gives up its message, but not
// the flow whose packet it is.
static void make_room(struct conversations *c, const struct flow *but)
{
	const struct session *mine = session_of(c->sessions, but);

	for (unsigned i = 0; i < GATHER_RESERVE && gather_pool_short(c->gathers); i++) {
		struct session *s = gather_pool_oldest(c->gathers, mine);
		if (s == NULL)
			return;
		begin(c, s->flow, NULL);
		c->counts = flow_counts(s->flow);
		c->counters[CTR_GATHER_EVICTED]++;
		if (s->flow->key.l4 == IPPROTO_TCP)
			side_abandon(c);
		else
			datagram_abandon(c);
		if (s->flow->key.l4 == IPPROTO_TCP && s->settled)
			tcp_settled(c);
	}
}

// Does a packet of f need a session that it has not? Datagrams of some protocols do not.
static bool needs_session(const struct flow *f, const struct packet *p)
{
	return f->session == FLOW_NONE && !(f->flags & FLOW_SETTLED) &&
		(f->key.l4 == IPPROTO_UDP || f->key.l4 == IPPROTO_TCP) &&
		(p->payload_len > 0 || (f->key.l4 == IPPROTO_TCP && p->tcp_flags & TCP_SYN));
}

// Another flow tells what it has, and is only counted from here on.
static void shed_session(struct conversations *c)
{
	struct session *s = session_pool_victim(c->sessions);

	if (s == NULL)
		return;
	struct flow *f = s->flow;
	conversation_end(c, f);
	f->flags |= FLOW_SETTLED;
	c->counters[CTR_SESSIONS_SHED]++;
}

// Is the packet in hand the first of its side since the flow's protocol is known?
static bool first_known(struct conversations *c)
{
	uint16_t known = c->side == 0 ? FLOW_KNOWN_A : FLOW_KNOWN_B;

	if (c->flow->app_proto == APP_UNKNOWN || (c->flow->flags & known))
		return false;
	c->flow->flags |= known;
	return true;
}

static void find_packet(struct conversations *c, const struct packet *p)
{
	uint16_t started = c->side == 0 ? FLOW_STARTED_A : FLOW_STARTED_B;
	bool first = (c->flow->flags & started) == 0;
	bool tcp = c->flow->key.l4 == IPPROTO_TCP;

	c->flow->flags |= started;
	if (!(tcp ? c->wants.packets_tcp : c->wants.packets_other) &&
		!(first && c->wants.flow_starts))
		return;
	struct find find = conversation_find(c, FIND_PACKET);
	find.first = first;
	find.first_known = tcp && first_known(c);
	find.bytes = (struct bytes){p->payload, p->payload_len, false};
	finds_add(c->finds, &find);
}

struct flow_counts flow_counts(const struct flow *f)
{
	return (struct flow_counts){.packets = {f->packets[0], f->packets[1]},
		.bytes = {f->bytes[0], f->bytes[1]},
		.state = f->state};
}

void conversation_packet(
	struct conversations *c, struct flow *f, struct packet *p, const struct flow_counts *counts)
{
	enum counter verdict = CTR_DELIVERED;

	if (gather_pool_short(c->gathers))
		make_room(c, f);
	c->serial = p->serial; // also of what was held until now
	if (session_pool_full(c->sessions) && needs_session(f, p))
		shed_session(c);
	begin(c, f, p);
	c->counts = *counts;
	c->counters[CTR_PAYLOAD_BYTES] += p->payload_len;
	find_packet(c, p);
	if (f->key.l4 == IPPROTO_TCP)
		verdict = tcp_packet(c, p);
	else if (f->key.l4 == IPPROTO_UDP)
		datagram(c, (struct bytes){p->payload, p->payload_len, false});
	// What a segment belongs to is known from the ones before it, a datagram by itself.
	if (f->key.l4 == IPPROTO_UDP) {
		finds_tell_app(c->finds, f->app_proto, first_known(c));
		texts_datagram(c, (struct bytes){p->payload, p->payload_len, false});
	}
	finds_packet_done(c->finds, f);

	if (verdict == CTR_HELD_OUT_OF_ORDER)
		p->buf = NULL;
	else
		c->counters[verdict] += p->frames;
}

void conversation_label(struct conversations *c, struct flow *f, const struct known_name *name)
{
	struct tx tx;

	begin(c, f, NULL);
	struct find find = conversation_find(c, FIND_NAME);
	find.app_proto = APP_DNS;
	find.dir = DIR_C2S;
	find.quiet = true;
	find.doubtful = name->ambiguous;
	find.counts = flow_counts(f);
	static const uint8_t asked[4]; // the header of a question

	tx_begin(&tx, APP_DNS, DIR_C2S);
	tx_put(&tx, FIELD_DNS_QUERY, name->text);
	tx_put(&tx, FIELD_DNS_HEADER, (struct bytes){asked, sizeof(asked), false});
	finds_add_tx(c->finds, &find, &tx);
}

static void session_close(struct conversations *c, struct session *s)
{
	c->hooks->streams_close(c->hooks->ctx, s);
	session_give(c->sessions, s);
}

void conversation_end(struct conversations *c, struct flow *f)
{
	struct session *s = session_of(c->sessions, f);

	if (s != NULL && !s->settled) {
		begin(c, f, NULL);
		c->counts = flow_counts(f);
		for (unsigned side = 0; side < 2; side++) {
			c->side = side;
			c->packet = NULL;
			tcp_order_finish(c->order, &s->half[side], c);
		}
		c->packet = NULL;
		if (s->proto != NULL && s->proto->end != NULL)
			s->proto->end(s->proto_state, side_io(c, c->side));
	}
	conversations_settle(c);
	s = session_of(c->sessions, f);
	if (s != NULL)
		session_close(c, s);
}

void conversations_settle(struct conversations *c)
{
	finds_flush(c->finds);
	for (unsigned i = 0; i < c->n_settled; i++)
		session_close(c, c->settled[i]);
	c->n_settled = 0;
}

uint32_t conversations_active(const struct conversations *c)
{
	return session_pool_used(c->sessions);
}
