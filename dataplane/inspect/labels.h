// Names that DNS told for the servers of flows: looked up once, at a flow's first packet, because
// later answers say nothing of what the client had asked for before it began.

#pragma once

#include "dataplane/inspect/inspect.h"

struct labels {
	struct name_table *names; // borrowed
	uint32_t *refs; // by flow number; valid when FLOW_LABELLED is set
};

// -ENOMEM.
int labels_open(struct labels *l, struct name_table *names, uint32_t max_flows);
void labels_close(struct labels *l);

// f begins in this burst: bring what labels_begin() will read into the cache.
void labels_prefetch(const struct labels *l, const struct flow *f);
// f begins at `now_ns`; `number` is its record's (flow_number).
void labels_begin(struct labels *l, struct flow *f, uint32_t number, uint64_t now_ns);
// The flow's name, or nothing: it has one of its own, or what was taken for its server is not.
struct known_name labels_name(const struct labels *l, const struct flow *f, uint32_t number);
void labels_end(struct labels *l, struct flow *f, uint32_t number);

// Is it time to look which service the label names? When the flow can hardly tell a name of its
// own any more: what it carries is settled or unknown, or so many datagrams went by.
static inline bool labels_due(
	const struct flow *f, const struct flow_counts *counts, uint32_t probe_packets)
{
	if ((f->flags & (FLOW_LABELLED | FLOW_LABEL_USED | FLOW_NAMED)) != FLOW_LABELLED)
		return false;
	return (f->flags & FLOW_SETTLED) || f->app_proto == APP_FAILED ||
		(f->key.l4 == IPPROTO_UDP &&
			counts->packets[0] + counts->packets[1] >= probe_packets);
}
