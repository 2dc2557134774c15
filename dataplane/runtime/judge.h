// The match and judge stages: what inspection found -> rule hits, service names, events.

#pragma once

#include "dataplane/inspect/stage_clock.h"
#include "dataplane/runtime/emit.h"
#include "dataplane/runtime/naming.h"
#include "dataplane/runtime/order.h"
#include "dataplane/runtime/ruleset.h"
#include "dataplane/runtime/verdict.h"

enum { JUDGE_GROUP_MAX = 1024 }; // hits of one packet

struct judge_hit {
	const struct find *find;
	uint32_t rule;
	uint16_t field;
	uint8_t rank;
	uint8_t verdict;
};

// One of a set. A shadow's tells nothing: it has no emitter, counts into tables of its own, and leaves
// no mark on the flow.
struct judge {
	unsigned worker;
	unsigned set; // which stream of a session is its own
	uint32_t share; // of a shadow: flows that it looks at
	struct judge *shadow; // judges the same finds; NULL: none
	bool shadow_first; // next time
	uint8_t wanted[FIELD_COUNT]; // by either of them
	const struct ruleset *rules; // borrowed for the burst; NULL: none loaded
	struct emitter *emitter; // NULL: nothing is told
	struct evidence *evidence; // NULL: none is kept
	struct counter_page *page;
	struct naming naming; // of flows, by the live set only
	uint64_t *counters;
	struct stage_clock *clock;
	struct rule_state *state;
	struct order *order; // of a capture that is dealt to several workers; NULL: there is none
	const _Atomic bool *stop; // ends a wait for it
	struct match_counts counts; // into the page
	struct match_hits hits;
	uint32_t n_group;
	struct judge_hit group[JUDGE_GROUP_MAX];
};

struct inspect_wants judge_wants(struct judge *j); // its views: until the next call
void judge_finds(struct judge *j, const struct find *finds, unsigned n);
void judge_flow_end(struct judge *j, uint32_t flow_number, const struct flow *flow,
	const struct flow_note *note);
void judge_close_streams(struct session *s);
