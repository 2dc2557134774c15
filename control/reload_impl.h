// The two halves of reload: reload.c takes one load from its begin to its end and knows the link,
// reload_ask.c lets loads in and gives them up.

#pragma once

#include "control/reload.h"

#include <stdbool.h>

enum { RELOAD_ERROR_MAX = 512 };

struct reload {
	struct event_base *base;
	const struct control_config *config;
	struct cache *cache;
	struct disabled_store *disabled;
	struct disabled_rules wanted; // when the current load changes what is disabled
	struct link *link;
	const struct stats *stats;
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
	struct shadow shadow;
	bool shadow_owed; // the dataplane is without it
	bool shadow_sent; // what is being sent is to be the shadow
	bool shadow_met; // one was running when it was sent
	// The dataplane takes one thing at a time: a set that it does not want any more waits for one that
	// is being sent, and the other way round.
	bool shadow_dropping; // LINK_SHADOW_DROP is on its way
	bool shadow_drop_due; // it waits
	bool send_due; // r->next waits; LOAD_SENDING
	char last_error[256];
};

// What waits for the dataplane makes room for one that needs none, when that is the next. False: it
// does not.
bool reload_park(struct reload *r);
// And goes on. False: nothing was parked.
bool reload_unpark(struct reload *r);
// A load is over: it is told, and freed.
void reload_tell_done(struct reload *r, struct load *l, struct load_outcome *outcome);
// r->next is compiled, for the current load. Its examples are run, when there are any (beside:
// in files of their own); then it goes on, or ends.
void reload_test(struct reload *r, bool beside);
// r->next goes to the dataplane.
void reload_send(struct reload *r);
// What stands beside the rules of the current load, with the rules that are disabled for it. Returns the
// text of these, to be freed when a child has it; NULL: short of memory.
char *reload_beside(const struct reload *r, struct companions *out);
// The live set again, with other rules of it disabled: l gets its paths. 0; 1: nothing is live, and
// the change is made; or -errno, with a text of it where there is one.
int reload_change(struct reload *r, struct load *l, char error[RELOAD_ERROR_MAX]);
// What was asked to be disabled is so from here on, and when we are started again.
void reload_change_done(struct reload *r);
// The next path of the current load is read, to be compared; then it ends.
void reload_diff(struct reload *r);
// r->next goes to the dataplane as the shadow that the current load asks for, or as the one that the
// dataplane came back without. 0 and a receipt, or -errno.
int reload_shadow_send(struct reload *r);
// The shadow is owed, nothing else is under way, and the dataplane is there.
void reload_shadow_again(struct reload *r);
// A drop that waited is sent.
void reload_shadow_drop_due(struct reload *r);
// Of what reload_shadow_send() sent.
void reload_shadow_receipt(struct reload *r, int status, const struct link_receipt *receipt);
// Another set is live: what was counted beside the last one is no comparison, and a shadow that was
// promoted is one no more.
void reload_shadow_live(struct reload *r);
// It was sent: from here on the dataplane decides, and neither a deadline nor a cancel is of use.
void reload_sending(struct reload *r);
// The current one is over, well or not; the next may begin.
void reload_finish(struct reload *r, int status, const char *error,
	const struct compile_report *report, const struct link_receipt *receipt);
// The current one goes wrong, and what was compiled for it goes.
void reload_finish_without(struct reload *r, int status, const char *error);
