#include "dataplane/inspect/datagram.h"

#include "dataplane/inspect/parse_costs.h"
#include "dataplane/inspect/recognise.h"
#include "dataplane/inspect/side.h"

#include <netinet/in.h>

// The parser that has the flow, or NULL. One without state needs no session.
static const struct proto *holder(const struct conversations *c)
{
	if (c->session != NULL)
		return c->session->proto;
	return c->datagrams[c->flow->app_proto];
}

static void let_go(struct conversations *c)
{
	struct session *s = c->session;

	if (s->proto != NULL && s->proto->end != NULL)
		s->proto->end(s->proto_state, side_io(c, c->side));
	s->proto = NULL;
	memset(s->proto_state, 0, sizeof(s->proto_state));
}

void datagram_abandon(struct conversations *c)
{
	let_go(c);
}

// Make `proto` the holder. False: there is no session left for its state.
static bool take(struct conversations *c, const struct proto *proto)
{
	if (proto->state_size == 0)
		return true;
	if (c->session == NULL)
		c->session = session_take(c->sessions, c->flow);
	if (c->session == NULL) {
		c->counters[CTR_SESSIONS_DENIED]++;
		return false;
	}
	if (c->session->proto != proto)
		let_go(c);
	c->session->proto = proto;
	return true;
}

static void settle(struct conversations *c)
{
	c->flow->flags |= FLOW_SETTLED;
	if (c->session == NULL)
		return;
	let_go(c);
	c->session->settled = 1;
	conversation_settled(c, c->session);
}

static enum parse parse(struct conversations *c, const struct proto *proto, struct bytes in)
{
	if (!take(c, proto))
		return PARSE_DONE;
	void *state = proto->state_size > 0 ? c->session->proto_state : NULL;
	uint64_t began = parse_costs_begin(c->costs);
	enum parse verdict =
		proto->data(state, side_io(c, c->side), side_dir(c->flow, c->side), in);
	parse_costs_end(c->costs, proto, began);
	return verdict;
}

// STUN only opens the way for something else.
static bool may_be_named(const struct flow *f)
{
	return f->app_proto == APP_UNKNOWN || f->app_proto == APP_FAILED ||
		f->app_proto == APP_STUN;
}

static enum parse find_parser(struct conversations *c, const struct proto *but, struct bytes in)
{
	struct flow *f = c->flow;
	struct recognition found;
	uint16_t sport, dport;

	bool known = f->app_proto != APP_UNKNOWN && f->app_proto != APP_FAILED;
	side_ports(f, c->side, &sport, &dport);
	if (recognise(in, IPPROTO_UDP, sport, dport, but, known, &found) != RECOGNISED_YES) {
		if (but == NULL && f->packets[0] + f->packets[1] >= c->probe_packets)
			f->app_proto = APP_FAILED;
		return PARSE_MORE;
	}
	if (found.sure && may_be_named(f))
		f->app_proto = found.proto->app_proto;
	if (found.sure)
		side_client_is(f, c->side, found.sender);

	enum parse verdict = parse(c, found.proto, in);
	if (verdict != PARSE_OTHER)
		return verdict;
	if (c->session != NULL && c->session->proto == found.proto)
		let_go(c); // it only looked like it
	return PARSE_MORE;
}

void datagram(struct conversations *c, struct bytes in)
{
	const struct proto *proto = holder(c);
	enum parse verdict = PARSE_OTHER;

	if (in.len == 0 || (c->flow->flags & FLOW_SETTLED) ||
		(proto == NULL && c->flow->app_proto == APP_FAILED))
		return;
	if (proto != NULL)
		verdict = parse(c, proto, in);
	if (verdict == PARSE_OTHER)
		verdict = find_parser(c, proto, in);
	if (verdict == PARSE_BAD)
		c->counters[CTR_PARSE_BAD]++;
	if (verdict == PARSE_DONE)
		settle(c);
}
