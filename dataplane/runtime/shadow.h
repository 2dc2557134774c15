// A pattern set that runs beside the live one, on a share of the flows: it is counted what it would
// hit and what that costs, and nothing else comes of it. What its rules remember is its own.

#pragma once

#include "dataplane/runtime/rule_state.h"
#include "dataplane/runtime/ruleset.h"

struct shadow_worker {
	_Alignas(64) struct rule_state *state;
	uint64_t counters
		[CTR_COUNT]; // what the live set counts of itself, and nobody reads of this one
};

struct shadow {
	struct ruleset *rules; // owned; its generation is the shadow's own
	struct rule_shares *shares;
	uint32_t share; // of the flows, in thousandths
	unsigned n_workers;
	struct shadow_worker workers[];
};

// Takes `rules`, unless it returns NULL: memory is short. max_flows: of a worker.
struct shadow *shadow_new(struct ruleset *rules, unsigned n_workers, uint32_t max_flows,
	const struct rule_state_options *state, uint32_t share);
void shadow_free(struct shadow *s); // NULL is allowed

// Is it one of the flows? Both directions are, or none; the same ones for each set and worker.
static inline bool shadow_looks_at(uint32_t share, uint32_t flow_hash)
{
	return (uint64_t)flow_hash * SHADOW_SHARE_MAX >> 32 < share;
}
