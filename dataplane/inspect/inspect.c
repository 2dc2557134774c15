// The stages flow -> order -> parse over a burst. Matching is called through finds.h.

#include "dataplane/inspect/inspect.h"

#include "dataplane/inspect/answers.h"
#include "dataplane/inspect/conversation.h"
#include "dataplane/inspect/decode.h"
#include "dataplane/inspect/finds.h"
#include "dataplane/inspect/labels.h"
#include "dataplane/inspect/proto/inflate.h"
#include "dataplane/inspect/proto/kit.h"
#include "dataplane/inspect/segment.h"

#include <stdlib.h>

struct inspector {
	struct conversations talk; // sessions, TCP order, parsers
	struct inspect_hooks hooks;
	uint64_t *counters;
	struct service_count *services;
	const struct segments *segments;
	struct flow_table *flows;
	struct labels labels;
	uint32_t burst;
	// The burst in flight.
	struct packet *packets;
	struct flow *burst_flows[BURST_MAX];
	struct flow_counts burst_counts[BURST_MAX];
	unsigned parsed; // packets[0..parsed) have passed the parse stage
	unsigned looked_up;
};

struct inspect_options inspect_defaults(void)
{
	return (struct inspect_options){
		.flow = flow_defaults(),
		.order = tcp_order_defaults(),
		.max_sessions = 65536,
		.max_gathers = 1024,
		.probe_packets = 8,
		.search_bytes = 8192,
		.stream_depth = 1 << 20,
	};
}

static void use_label(struct inspector *in, struct flow *f)
{
	struct known_name name = labels_name(&in->labels, f, flow_number(in->flows, f));

	f->flags |= FLOW_LABEL_USED;
	if (name.text.len > 0)
		conversation_label(&in->talk, f, &name);
}

static bool begins(const struct flow_counts *counts, const struct packet *p)
{
	return counts->packets[0] + counts->packets[1] == p->frames;
}

// p is the first packet of f.
static void flow_begins(struct inspector *in, struct flow *f, const struct packet *p)
{
	if (in->segments != NULL)
		segments_label(in->segments, p, flow_note(in->flows, f));
	labels_begin(&in->labels, f, flow_number(in->flows, f), p->ts_ns);
}

static void flow_packet(
	struct inspector *in, struct flow *f, struct packet *p, const struct flow_counts *counts)
{
	if (begins(counts, p))
		flow_begins(in, f, p);
	conversation_packet(&in->talk, f, p, counts);
	if (labels_due(f, counts, in->talk.probe_packets))
		use_label(in, f);
}

// The sum is not told at once: what is only counted is not summed up, and the payload of the others is on
// its way into the cache while the rest of the burst is looked up.
static void check_sum(struct inspector *in, struct packet *p)
{
	p->flags &= (uint8_t)~PACKET_SUM_DUE;
	if (decode_is_sound(p))
		return;
	p->flags |= PACKET_BAD_CHECKSUM;
	in->counters[CTR_BAD_CHECKSUM]++;
}

static void fetch_payload(const struct packet *p)
{
	enum { LINE = 64, LINES = 24 };
	uint32_t end = p->payload_len < LINES * LINE ? p->payload_len : LINES * LINE;

	for (uint32_t at = 0; at < end; at += LINE)
		__builtin_prefetch(p->payload + at);
}

static void parse_pending(struct inspector *in)
{
	enum stage before = stage_enter(in->talk.clock, STAGE_PARSE);

	for (; in->parsed < in->looked_up; in->parsed++) {
		struct flow *f = in->burst_flows[in->parsed];
		struct packet *p = &in->packets[in->parsed];
		if (f != NULL && p->flags & PACKET_SUM_DUE)
			check_sum(in, p);
		if (packet_may_answer(p))
			answers_learn(in->talk.kit->names, p);
		if (f != NULL)
			flow_packet(in, f, p, &in->burst_counts[in->parsed]);
	}
	stage_enter(in->talk.clock, before);
}

// The table ends a flow: in the middle of the flow stage too, to make room or because a port
// pair is used anew. What is known of it must be told before its record is gone.
static void on_flow_end(void *ctx, struct flow *f, enum flow_reason reason)
{
	struct inspector *in = ctx;

	parse_pending(in);
	if (reason == FLOW_END_OF_INPUT)
		in->talk.serial = SERIAL_END + f->first_ns;
	conversation_end(&in->talk, f);
	if ((f->flags & (FLOW_LABELLED | FLOW_LABEL_USED)) == FLOW_LABELLED) {
		use_label(in, f);
		conversations_settle(&in->talk);
	}
	in->counters[CTR_FLOWS + f->app_proto]++;
	in->counters[CTR_BYTES + f->app_proto] += f->bytes[0] + f->bytes[1];
	in->hooks.flow_end(in->hooks.ctx, f, reason);
	labels_end(&in->labels, f, flow_number(in->flows, f));
}

void inspect_set_up(void)
{
	kit_free(kit_new(0));
}

struct inspector *inspector_new(const struct inspect_options *options,
	const struct inspect_hooks *hooks, uint64_t *counters)
{
	struct inspector *in = calloc(1, sizeof(*in));

	if (in == NULL)
		return NULL;
	in->hooks = *hooks;
	in->counters = counters;
	in->services = options->services;
	in->segments = options->segments;
	in->flows = flow_table_new(&options->flow, counters, on_flow_end, in);
	in->talk.flows = in->flows;
	if (in->flows == NULL || conversations_open(&in->talk, options, &in->hooks, counters) < 0 ||
		labels_open(&in->labels, in->talk.kit->names, options->flow.max_flows) < 0) {
		inspector_free(in);
		return NULL;
	}
	return in;
}

void inspector_free(struct inspector *in)
{
	if (in == NULL)
		return;
	labels_close(&in->labels);
	conversations_close(&in->talk);
	flow_table_free(in->flows);
	free(in);
}

static void count_service(struct inspector *in, const struct flow *f, const struct packet *p)
{
	struct service_count *count = &in->services[f->service];

	counter_add(&count->packets, p->frames);
	counter_add(&count->bytes, p->frame_bytes);
}

// Is there nothing to do for p but to count it? f is settled, nobody asks for its packets, and its label
// was looked at.
static bool only_counts(const struct inspector *in, const struct flow *f, const struct packet *p)
{
	uint16_t need =
		FLOW_SETTLED | (p->flags & PACKET_SWAPPED ? FLOW_STARTED_B : FLOW_STARTED_A);

	return (f->flags & need) == need && f->key.l4 == IPPROTO_TCP &&
		!in->talk.wants.packets_tcp &&
		(f->flags & (FLOW_LABELLED | FLOW_LABEL_USED | FLOW_NAMED)) != FLOW_LABELLED;
}

static void note_countries(struct inspector *in, const struct flow *f)
{
	const struct geo_map *countries = in->talk.wants.countries;
	struct flow_note *note = flow_note(in->flows, f);

	if (countries == NULL)
		return;
	note->country[0] = geo_map_find(countries, f->key.ip_version, f->key.a);
	note->country[1] = geo_map_find(countries, f->key.ip_version, f->key.b);
}

// p is of f: what the parse stage has to know of it.
static void looked_up(struct inspector *in, struct flow *f, struct packet *p, unsigned i)
{
	if (f->service != 0 && in->services != NULL)
		count_service(in, f, p);
	if (only_counts(in, f, p)) {
		in->burst_flows[i] = NULL;
		in->counters[CTR_DELIVERED] += p->frames;
		in->counters[CTR_PAYLOAD_BYTES] += p->payload_len;
		return;
	}
	if (p->flags & PACKET_SUM_DUE)
		fetch_payload(p);
	in->burst_counts[i] = flow_counts(f);
	if (begins(&in->burst_counts[i], p)) {
		labels_prefetch(&in->labels, f);
		note_countries(in, f);
	}
}

void inspect_ahead(struct inspector *in, const struct packet *p)
{
	flow_prefetch(in->flows, p->flow_hash);
}

static void flow_stage(struct inspector *in, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct packet *p = &in->packets[i];
		enum counter cause = CTR_DELIVERED;

		if (p->flags & PACKET_WITNESS) {
			in->burst_flows[i] = NULL;
			in->looked_up = i + 1;
			continue;
		}
		if (p->tick_ns != 0)
			flow_table_expire(in->flows, p->tick_ns);
		in->burst_flows[i] = flow_lookup(in->flows, p, in->burst, &cause);
		if (in->burst_flows[i] == NULL)
			in->counters[cause] += p->frames;
		else
			looked_up(in, in->burst_flows[i], p, i);
		in->looked_up = i + 1;
	}
}

void inspect_burst(struct inspector *in, struct packet *packets, unsigned n)
{
	if (n == 0)
		return;
	stage_enter(in->talk.clock, STAGE_FLOW);
	conversations_wants(&in->talk);
	in->burst++;
	in->packets = packets;
	in->parsed = 0;
	in->looked_up = 0;
	flow_stage(in, n);
	parse_pending(in);
	conversations_settle(&in->talk);
	stage_enter(in->talk.clock, STAGE_RECEIVE);
	for (unsigned i = 0; i < n; i++)
		packet_free(&packets[i]);
	in->counters[CTR_SESSIONS_ACTIVE] = conversations_active(&in->talk);
	in->counters[CTR_INFLATE_DENIED] = inflaters_denied(in->talk.kit->inflaters);
	in->counters[CTR_NAMES_SHED] = names_shed(in->talk.kit->names);
}

void inspect_idle(struct inspector *in, uint64_t now_ns)
{
	conversations_wants(&in->talk);
	flow_table_expire(in->flows, now_ns);
	in->counters[CTR_SESSIONS_ACTIVE] = conversations_active(&in->talk);
}

void inspect_finish(struct inspector *in)
{
	conversations_wants(&in->talk);
	flow_table_flush(in->flows);
	in->counters[CTR_SESSIONS_ACTIVE] = conversations_active(&in->talk);
}

const struct event_tunnel *inspect_tunnel(const struct inspector *in, const struct flow *flow)
{
	return flow_tunnel(in->flows, flow);
}

struct known_name inspect_server_name(const struct inspector *in, const struct flow *flow)
{
	return labels_name(&in->labels, flow, flow_number(in->flows, flow));
}

uint32_t inspect_flow_number(const struct inspector *in, const struct flow *flow)
{
	return flow_number(in->flows, flow);
}

struct flow_note *inspect_note(const struct inspector *in, const struct flow *flow)
{
	return flow_note(in->flows, flow);
}
