// The two halves of reload: reload.c takes one load from its begin to its end and knows the link,
// reload_ask.c lets loads in and gives them up.

#pragma once

#include "control/reload.h"

#include <stdbool.h>

struct reload {
	struct event_base *base;
	const struct control_config *config;
	struct cache *cache;
	struct disabled_store *disabled;
	struct disabled_rules wanted; // when the current load changes what is disabled
	struct link *link;
	enum load_state state;
	struct load_queue queue;
	struct load
		*parked; // the configured one, while something is looked at that needs no dataplane
	struct pattern_set *parked_set; // held: its set
	struct load *current; // NULL while idle, and while the live set is sent again
	struct compile_job *job;
	struct pattern_set *live; // held: what the dataplane has, or had
	struct pattern_set *next; // held: compiled, not yet live; never while idle
	struct history history;
	struct event *on_next; // the next load begins, or the live set is sent again
	enum cache_found found; // what the cache had for the current load
	const struct pattern_index *sides[2]; // of the current load, that are compared
	uint32_t n_examples; // of the current load, that were run
	uint64_t compile_ns;
	uint64_t last_id;
	bool owed; // the dataplane came back without the live set
	uint64_t met_generation; // what the dataplane had when it was met; 0: nothing
	uint8_t met_digest[32];
	uint64_t met_start_ns; // which run of it
	char last_error[256];
};

// What waits for the dataplane makes room for one that needs none, when that is the next.
void reload_park(struct reload *r);
// And goes on. False: nothing was parked.
bool reload_unpark(struct reload *r);
// A load is over: it is told, and freed.
void reload_tell_done(struct reload *r, struct load *l, struct load_outcome *outcome);
// r->next is compiled, for the current load. Its examples are run, when there are any (beside:
// in files of their own); then it goes on, or ends.
void reload_test(struct reload *r, bool beside);
// r->next goes to the dataplane.
void reload_send(struct reload *r);
// The next path of the current load is read, to be compared; then it ends.
void reload_diff(struct reload *r);
// The current one is over, well or not; the next may begin.
void reload_finish(struct reload *r, int status, const char *error,
	const struct compile_report *report, const struct link_receipt *receipt);
// The current one goes wrong, and what was compiled for it goes.
void reload_finish_without(struct reload *r, int status, const char *error);
