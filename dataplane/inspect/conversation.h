// The order and parse stages: a packet of a known flow -> messages and stream bytes.

#pragma once

#include "dataplane/inspect/inspect.h"

struct finds;

// All that one worker needs for them. Embedded in the inspector.
struct conversations {
	const struct inspect_hooks *hooks;
	uint64_t *counters;
	struct stage_clock *clock;
	const struct flow_table *flows; // borrowed
	struct finds *finds;
	struct session_pool *sessions;
	struct gather_pool *gathers;
	struct tcp_orderer *order;
	struct proto_io io;
	struct kit *kit;
	const struct proto *datagrams[APP_COUNT]; // the parser over UDP, or NULL
	struct parse_costs *costs; // NULL: nobody asks
	uint32_t probe_packets;
	uint32_t search_bytes;
	uint64_t stream_depth;
	struct inspect_wants wants;
	unsigned n_settled;
	struct session *settled[BURST_MAX]; // to be given back after the match
	// What is being parsed now.
	struct flow *flow;
	struct session *session;
	unsigned side; // of the bytes: 0 a, 1 b
	const struct packet *packet; // whose bytes; NULL at the end of a flow
	struct flow_counts counts; // of the flow, at the packet in hand
	uint64_t serial; // of the packet that came last
	struct packet_facts facts; // of the packet in hand,
	const struct packet *facts_of; // once they were asked for
	uint32_t unread;
	struct proto_next next;
};

// -ENOMEM; close() takes what is half open.
int conversations_open(struct conversations *c, const struct inspect_options *options,
	const struct inspect_hooks *hooks, uint64_t *counters);
void conversations_close(struct conversations *c);

// At the begin of a burst: what may be found is asked for.
void conversations_wants(struct conversations *c);

// One packet of f. Counts it as delivered, held or dropped; p->buf is NULL when it was kept.
void conversation_packet(struct conversations *c, struct flow *f, struct packet *p,
	const struct flow_counts *counts);

// DNS told this name for the server of f: which service is it?
void conversation_label(struct conversations *c, struct flow *f, const struct known_name *name);

struct flow_counts flow_counts(const struct flow *f);

// f ends: tell what was held back, close its session.
void conversation_end(struct conversations *c, struct flow *f);

// s is settled: it goes back to the pool when the burst was matched, because finds point to it.
void conversation_settled(struct conversations *c, struct session *s);

// At the end of a burst: match, and give back the sessions of settled flows.
void conversations_settle(struct conversations *c);

uint32_t conversations_active(const struct conversations *c);

// One about the packet in hand.
struct find conversation_find(struct conversations *c, enum find_kind kind);
