// A worker: sources -> intake -> inspection -> judge -> events and counters. Shares nothing but
// what rules remember of addresses (rule_state.h).
// Runs on a DPDK lcore, on a plain thread, or turn by turn inside another loop.

#pragma once

#include "dataplane/runtime/borders.h"
#include "dataplane/runtime/intake.h"
#include "dataplane/runtime/judge.h"
#include "dataplane/runtime/posture_stage.h"
#include "dataplane/runtime/shared.h"

enum { WORKER_SOURCES_MAX = 32 };

struct worker_source {
	struct source *source;
	enum deal deal;
};

struct worker_options {
	unsigned id;
	struct decoder_options decoder;
	struct inspect_options inspect;
	struct emit_options emit;
	bool events; // records are wanted
	const struct seal_keys *seal_keys; // copied; NULL: none
	bool capture; // packets come from files
	struct rule_state_options rule_state;
	struct rule_shares *rule_shares; // of all workers, borrowed
	struct posture_history *servers; // of all workers, borrowed
	const struct leak_switch *leaks; // which detectors are active, borrowed
	uint8_t leak_secret[TOKEN_SECRET_LEN]; // of their tokens, the same for all workers
	uint64_t leak_from_ns; // as struct leak_options
	struct border_keys *border_keys; // of all workers, borrowed
	struct order *order; // of the capture that is dealt to them, borrowed; NULL: there is none
	uint32_t stages_every; // turns of which one is timed
};

struct worker {
	_Alignas(64) unsigned id;
	_Atomic bool stop; // control: wo, worker: ro
	struct worker_source sources[WORKER_SOURCES_MAX];
	unsigned n_sources;
	struct intake intake;
	struct inspector *inspector;
	struct judge judge;
	struct judge shadow;
	struct posture_stage posture;
	struct leaks *leaks;
	struct rulesets *rulesets;
	const struct geo_map *countries; // borrowed for a turn
	struct borders *borders;
	struct counter_page *page;
	unsigned idle_turns; // one after the other
	unsigned busy_turns;
	struct stage_clock clock;
	struct clock_pair since; // of busy_cycles
	uint64_t busy_cycles; // not yet in CTR_BUSY_NS
	bool live; // one of the sources is
	uint64_t counters[CTR_COUNT];
};

// shared: page and ring number `options->id`. The worker is zeroed, and stays where it is: it is pointed to.
// 0 or -ENOMEM.
int worker_open(struct worker *w, const struct worker_options *options, struct rulesets *rulesets,
	const struct shared *shared);
void worker_close(struct worker *w);
void worker_add_source(struct worker *w, struct source *s, enum deal deal);

// One burst of each source; returns the packets inspected. The caller brackets a series of
// turns with ruleset_online() and worker_end().
unsigned worker_turn(struct worker *w);
bool worker_ended(const struct worker *w); // all sources are at their end
// Deliver what is held, end all flows, publish, go offline.
void worker_end(struct worker *w);

// Turns until stop is set or all sources ended. `worker` is a struct worker; returns 0.
int worker_run(void *worker);
