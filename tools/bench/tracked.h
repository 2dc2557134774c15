// A worker that tracks so many settled flows.

#pragma once

#include "tools/bench/flow_source.h"
#include "tools/bench/rig.h"

struct tracked {
	struct rig rig;
	struct flow_source *source;
	uint32_t flows;
	uint64_t before; // resident bytes, before there was anything of it
};

// max_flows: 0: the default. 0 or an exit status; says why. tracked_close() in both cases.
int tracked_open(struct tracked *t, uint32_t flows, uint32_t max_flows);
void tracked_close(struct tracked *t);
