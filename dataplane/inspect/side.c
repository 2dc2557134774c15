#include "dataplane/inspect/side.h"

#include "dataplane/inspect/parse_costs.h"
#include "dataplane/inspect/recognise.h"
#include "dataplane/inspect/texts.h"

#include <netinet/in.h>

enum { TCP_SYN = 0x02 };

// The kind of sender that side (0: a, 1: b) is.
enum dir side_dir(const struct flow *f, unsigned side)
{
	bool a_is_client = (f->flags & FLOW_A_IS_CLIENT) != 0;
	return (side == 0) == a_is_client ? DIR_C2S : DIR_S2C;
}

void side_ports(const struct flow *f, unsigned side, uint16_t *sport, uint16_t *dport)
{
	*sport = side == 0 ? f->key.aport : f->key.bport;
	*dport = side == 0 ? f->key.bport : f->key.aport;
}

// What the parser is told about the bytes it gets next: who sends them.
const struct proto_io *side_io(struct conversations *c, unsigned side)
{
	const struct flow_key *key = &c->flow->key;

	side_ports(c->flow, side, &c->io.sport, &c->io.dport);
	c->io.src = side == 0 ? key->a : key->b;
	c->io.dst = side == 0 ? key->b : key->a;
	c->io.ip_version = key->ip_version;
	c->io.ts_ns = c->packet != NULL ? c->packet->ts_ns : c->flow->last_ns;
	return &c->io;
}

// Settled: from here on the flow is only counted. The session stays until the burst was
// matched, because finds point to it.
static void side_settle(struct conversations *c)
{
	struct session *s = c->session;

	if (s->settled)
		return;
	s->settled = 1;
	c->flow->flags |= FLOW_SETTLED;
	if (s->proto != NULL && s->proto->end != NULL)
		s->proto->end(s->proto_state, side_io(c, c->side));
	s->proto = NULL;
}

void side_abandon(struct conversations *c)
{
	struct session *s = c->session;

	if (s->proto != NULL && s->proto->end != NULL)
		s->proto->end(s->proto_state, side_io(c, c->side));
	s->proto = NULL;
	s->side[0].state = SIDE_DONE;
	s->side[1].state = SIDE_DONE;
	side_settle_if_done(c);
}

bool side_wants_stream(const struct conversations *c, unsigned side)
{
	uint64_t offset = c->session->offset[side];
	return offset < c->wants.stream_depth && offset < c->stream_depth;
}

// Nothing more to learn from either side?
void side_settle_if_done(struct conversations *c)
{
	struct session *s = c->session;

	if (s->side[0].state != SIDE_DONE || s->side[1].state != SIDE_DONE)
		return;
	// After its handshake TLS has nothing to match on.
	if (c->flow->app_proto == APP_TLS ||
		(!side_wants_stream(c, 0) && !side_wants_stream(c, 1) && !texts_wanted(c, 0) &&
			!texts_wanted(c, 1)))
		side_settle(c);
}

void side_client_is(struct flow *f, unsigned side, enum dir sender)
{
	bool a_is_client = (side == 0) == (sender == DIR_C2S);

	if (f->flags & FLOW_CLIENT_KNOWN)
		return;
	f->flags = (uint16_t)(f->flags & ~FLOW_A_IS_CLIENT);
	f->flags |= (uint16_t)(FLOW_CLIENT_KNOWN | (a_is_client ? FLOW_A_IS_CLIENT : 0));
}

static void protocol_is(struct flow *f, uint8_t app_proto)
{
	if (f->app_proto == app_proto)
		return;
	if (f->app_first == APP_UNKNOWN && f->app_proto != APP_FAILED)
		f->app_first = f->app_proto & 63;
	f->app_proto = app_proto;
	f->flags &= (uint16_t) ~(FLOW_KNOWN_A | FLOW_KNOWN_B);
}

// CONNECT, Upgrade, STARTTLS: what follows on both sides is another protocol.
static void side_switch(struct conversations *c, unsigned side, struct bytes in)
{
	struct session *s = c->session;
	struct proto_next next = c->next;
	struct bytes rest = {in.p + in.len - c->unread, c->unread, false};

	if (s->proto->end != NULL)
		s->proto->end(s->proto_state, side_io(c, side));
	memset(s->proto_state, 0, sizeof(s->proto_state));
	s->tx_base = c->flow->tx_count;
	s->proto = recognise_parser(next.app_proto, IPPROTO_TCP);
	if (s->proto != NULL) {
		protocol_is(c->flow, s->proto->app_proto);
		if (s->proto->setup != NULL)
			s->proto->setup(s->proto_state, next.setup);
	}
	for (unsigned i = 0; i < 2; i++)
		s->side[i] = (struct side){
			.state = s->proto != NULL ? SIDE_PARSING : SIDE_PROBING, .switched = 1};
	if (rest.len > 0 && rest.len <= in.len)
		side_bytes(c, side, rest);
}

static void side_verdict(
	struct conversations *c, unsigned side, enum parse verdict, struct bytes in)
{
	struct session *s = c->session;

	switch (verdict) {
	case PARSE_MORE:
		return;
	case PARSE_BAD:
		c->counters[CTR_PARSE_BAD]++;
		s->side[0].state = SIDE_DONE;
		s->side[1].state = SIDE_DONE;
		break;
	case PARSE_DONE:
		s->side[side].state = SIDE_DONE;
		break;
	case PARSE_SWITCH:
		side_switch(c, side, in);
		break;
	case PARSE_OTHER: // for datagrams only
		s->side[side].state = SIDE_DONE;
		break;
	}
	side_settle_if_done(c);
}

static void parse_bytes(struct conversations *c, unsigned side, struct bytes in)
{
	struct session *s = c->session;

	c->unread = 0;
	c->next = (struct proto_next){0};
	if (in.len == 0)
		return;
	const struct proto *proto = s->proto;
	uint64_t began = parse_costs_begin(c->costs);
	enum parse verdict =
		proto->data(s->proto_state, side_io(c, side), side_dir(c->flow, side), in);
	parse_costs_end(c->costs, proto, began);
	side_verdict(c, side, verdict, in);
}

// The peer told the protocol. What was kept of this side is its begin, too; or, when it was not
// kept, the parser comes in later. But before a TLS hello may come anything.
static void join_other(struct conversations *c, unsigned side)
{
	struct session *s = c->session;
	struct side *here = &s->side[side];
	bool tls = s->proto->app_proto == APP_TLS;
	uint8_t first[PROBE_BYTES];
	struct bytes kept = {first, here->probe_len, false};
	uint16_t sport, dport;
	enum dir sender;

	if (here->searching) {
		if (!tls)
			here->state = SIDE_PARSING;
		return;
	}
	memcpy(first, here->probe, kept.len);
	here->probe_len = 0;
	side_ports(c->flow, side, &sport, &dport);
	if (tls && kept.len > 0 && s->proto->probe(kept, sport, dport, &sender) == PROBE_NO) {
		here->searching = 1;
		side_bytes(c, side, kept);
		return;
	}
	here->state = SIDE_PARSING;
	parse_bytes(c, side, kept);
}

// The protocol is known now: both sides are parsed, beginning with what was kept of them. A TLS
// parser is there already when the peer's hello was found first.
static void begin_parsing(struct conversations *c, unsigned side, const struct recognition *found)
{
	struct session *s = c->session;
	struct side *other = &s->side[!side];

	if (s->proto == NULL)
		memset(&s->shape, 0, sizeof(s->shape)); // the parser's state from here on
	s->proto = found->proto;
	protocol_is(c->flow, found->proto->app_proto);
	if (found->sender_known)
		side_client_is(c->flow, side, found->sender);
	s->side[side].state = SIDE_PARSING;
	if (other->state == SIDE_PROBING && !other->switched)
		join_other(c, !side);
}

static void give_up(struct conversations *c, unsigned side)
{
	c->session->side[side].state = SIDE_DONE;
	if (c->flow->app_proto == APP_UNKNOWN)
		c->flow->app_proto = APP_FAILED;
	side_settle_if_done(c);
}

// Do the lengths of what both sides say tell who speaks? Then that was all there is to learn.
static bool shape_tells(struct conversations *c, unsigned side, struct bytes in)
{
	struct session *s = c->session;
	struct flow *f = c->flow;
	uint32_t first_seq[2];
	uint16_t sport, dport;
	enum dir dir = side_dir(f, side);

	if (s->proto != NULL || s->side[side].switched || c->packet == NULL)
		return false;
	shape_bytes(&s->shape, dir, in, c->packet->tcp_ack);
	if (!(f->tcp_flags[0] & f->tcp_flags[1] & TCP_SYN))
		return false; // begins in the middle
	for (unsigned i = 0; i < 2; i++)
		first_seq[side_dir(f, i)] = s->half[i].next_seq - (uint32_t)s->half[i].next_offset;
	side_ports(f, side, &sport, &dport);
	enum shape_kind kind = shape_judge(&s->shape, first_seq, dir == DIR_C2S ? dport : sport);
	if (kind == SHAPE_UNKNOWN)
		return false;
	f->app_proto = (uint8_t)shape_report(kind, side_io(c, side));
	s->side[0].state = SIDE_DONE;
	s->side[1].state = SIDE_DONE;
	side_settle_if_done(c);
	return true;
}

// No protocol begins this stream; but a TLS hello, of either side, may come later in it.
static void search_bytes(struct conversations *c, unsigned side, struct bytes in)
{
	struct session *s = c->session;
	struct side *here = &s->side[side];
	size_t at = 0;

	if (shape_tells(c, side, in))
		return;
	here->searched += (uint32_t)in.len;
	if (!recognise_hello(here, in, &at)) {
		if (here->searched > c->search_bytes)
			give_up(c, side);
		return;
	}

	uint8_t kept[PROBE_BYTES];
	size_t len = here->probe_len;
	bool client = (len > HELLO_TYPE_AT ? here->probe[HELLO_TYPE_AT]
					   : in.p[at + HELLO_TYPE_AT - len]) == HELLO_OF_CLIENT;
	struct recognition found = {.proto = recognise_parser(APP_TLS, IPPROTO_TCP),
		.sender = client ? DIR_C2S : DIR_S2C,
		.sender_known = true};
	memcpy(kept, here->probe, len);
	begin_parsing(c, side, &found);
	if (s->side[side].state == SIDE_PARSING)
		parse_bytes(c, side, (struct bytes){kept, len, false});
	if (s->side[side].state == SIDE_PARSING)
		parse_bytes(c, side, (struct bytes){in.p + at, in.len - at, false});
}

// After a switch the peer knew the protocol first. What of the protocol before still comes here
// stands in front of a TLS hello; any other protocol begins at once.
static void await_bytes(struct conversations *c, unsigned side, struct bytes in)
{
	struct session *s = c->session;
	struct side *here = &s->side[side];
	uint8_t first[PROBE_BYTES];
	struct bytes view = in, kept = {first, here->probe_len, false};
	enum dir sender;
	uint16_t sport, dport;

	if (s->proto->app_proto == APP_TLS) {
		memcpy(first, here->probe, kept.len);
		here->probe_len = 0;
		here->searching = 1;
		side_bytes(c, side, kept);
		side_bytes(c, side, in);
		return;
	}
	if (kept.len > 0) {
		size_t more = in.len < PROBE_BYTES - kept.len ? in.len : PROBE_BYTES - kept.len;
		memcpy(here->probe + kept.len, in.p, more);
		view = (struct bytes){here->probe, kept.len + more, false};
	}
	if (view.len > PROBE_BYTES)
		view.len = PROBE_BYTES; // as recognise() does
	side_ports(c->flow, side, &sport, &dport);
	enum probe answer = s->proto->probe(view, sport, dport, &sender);
	if (answer == PROBE_MORE && view.len < PROBE_BYTES) {
		memcpy(here->probe, view.p, kept.len > 0 ? 0 : view.len);
		here->probe_len = (uint8_t)view.len;
		return;
	}
	memcpy(first, here->probe, kept.len);
	here->probe_len = 0;
	if (answer != PROBE_YES) {
		give_up(c, side);
		return;
	}
	here->state = SIDE_PARSING;
	parse_bytes(c, side, kept);
	if (here->state == SIDE_PARSING)
		parse_bytes(c, side, in);
}

static void probe_bytes(struct conversations *c, unsigned side, struct bytes in)
{
	struct session *s = c->session;
	struct side *here = &s->side[side];
	struct recognition found;
	uint8_t first[PROBE_BYTES];
	struct bytes view = in;
	size_t old = here->probe_len;
	uint16_t sport, dport;

	if (old > 0) {
		size_t more = in.len < PROBE_BYTES - old ? in.len : PROBE_BYTES - old;
		memcpy(here->probe + old, in.p, more);
		view = (struct bytes){here->probe, old + more, false};
	}
	side_ports(c->flow, side, &sport, &dport);

	enum recognised answer = recognise(view, IPPROTO_TCP, sport, dport, NULL, false, &found);
	if (answer == RECOGNISED_LATER && view.len < PROBE_BYTES) {
		memcpy(here->probe, view.p, old > 0 ? 0 : view.len);
		here->probe_len = (uint8_t)view.len;
		return;
	}
	memcpy(first, here->probe, old);
	here->probe_len = 0;
	struct bytes kept = {first, old, false};

	if (answer == RECOGNISED_YES)
		begin_parsing(c, side, &found);
	else
		here->searching = 1;
	// What the peer had said may have ended the protocol already: then these are probed anew.
	side_bytes(c, side, kept);
	side_bytes(c, side, in);
}

void side_bytes(struct conversations *c, unsigned side, struct bytes in)
{
	struct side *here = &c->session->side[side];

	if (in.len == 0 || c->session->settled)
		return;
	if (here->state == SIDE_PARSING)
		parse_bytes(c, side, in);
	else if (here->state == SIDE_PROBING && here->searching)
		search_bytes(c, side, in);
	else if (here->state == SIDE_PROBING && here->switched && c->session->proto != NULL &&
		c->session->proto->probe != NULL)
		await_bytes(c, side, in);
	else if (here->state == SIDE_PROBING)
		probe_bytes(c, side, in);
}

void side_gap(struct conversations *c, unsigned side, uint32_t missing)
{
	struct session *s = c->session;
	struct side *here = &s->side[side];
	enum parse verdict = PARSE_DONE;

	if (here->state == SIDE_DONE)
		return;
	if (here->state == SIDE_PROBING) {
		here->probe_len = 0; // what was kept does not join what follows
		if (s->proto == NULL)
			s->shape.spoiled = 1;
		return;
	}
	c->unread = 0;
	c->next = (struct proto_next){0};
	if (s->proto->gap != NULL)
		verdict = s->proto->gap(
			s->proto_state, side_io(c, side), side_dir(c->flow, side), missing);
	side_verdict(c, side, verdict, (struct bytes){0});
}
