// Small frames of many flows, over mbufs: what a NIC under the hardest load gives. Each flow is settled
// by its first two frames, one of each side; the others have 60 bytes (64 with the checksum of
// Ethernet).

#pragma once

#include "dataplane/runtime/source.h"

struct flow_source;

// flows: up to 2^24. NULL: memory is short. The EAL is up.
struct flow_source *flow_source_new(uint32_t flows, uint64_t seed);
void flow_source_free(struct flow_source *f);
struct source *flow_source(struct flow_source *f);
enum flow_load {
	LOAD_AT_RANDOM, // of these flows
	LOAD_ROLL_CALL, // of each of them, one after the other
	LOAD_SYN_FLOOD, // bare SYNs from anywhere
	LOAD_UDP_FLOOD, // datagrams from anywhere
	LOAD_CHURN, // datagrams, each a flow of its own, so far apart that half a million are alive
};
// What comes after the prelude, from now on.
void flow_source_load(struct flow_source *f, enum flow_load load);
// So many packets begin and settle all flows; what comes after them is the load.
uint64_t flow_source_prelude(const struct flow_source *f);
