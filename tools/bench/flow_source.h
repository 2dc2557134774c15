// Small frames of many flows, over mbufs: what a NIC under the hardest load gives. Each flow is settled
// by its first two frames, one of each side; the others have 60 bytes (64 with the checksum of
// Ethernet), of flows at random.

#pragma once

#include "dataplane/runtime/source.h"

struct flow_source;

// flows: up to 2^24. NULL: memory is short. The EAL is up.
struct flow_source *flow_source_new(uint32_t flows, uint64_t seed);
void flow_source_free(struct flow_source *f);
struct source *flow_source(struct flow_source *f);
// So many packets begin and settle all flows; what comes after them is the load.
uint64_t flow_source_prelude(const struct flow_source *f);
