// Loads that wait for their turn, and what one load is.

#pragma once

#include "control/disabled.h"
#include "control/pattern_set.h"

#include <event2/event.h>

#include <stdbool.h>
#include <sys/queue.h>

enum { LOADS_WAITING_MAX = 8 };

enum load_state {
	LOAD_IDLE,
	LOAD_QUEUED,
	LOAD_COMPILING,
	LOAD_TESTING, // its examples are run
	LOAD_WAITING, // compiled; for a dataplane
	LOAD_SENDING,
};

// What it is for: all but the first two end before the dataplane hears of it, and change nothing.
enum load_purpose {
	LOAD_TO_RUN,
	LOAD_TO_SHADOW, // beside what is live, on a share of the flows
	LOAD_TO_LINT,
	LOAD_TO_TEST,
	LOAD_TO_DIFF,
};

struct link_receipt;
struct reload;

struct load_outcome {
	uint64_t id;
	int status; // 0, or -errno and a text: -ECANCELED, -ETIME past its deadline, ...
	const char *error;
	enum load_purpose purpose;
	uid_t uid;
	bool rollback;
	bool promoted;
	uint32_t share; // LOAD_TO_SHADOW: of the flows, in thousandths
	bool cached; // nothing had to be compiled
	const struct compile_report *report; // NULL: not compiled, nor found in the cache
	const struct link_receipt *receipt; // NULL: never sent
	uint32_t n_examples; // that were run
	const struct pattern_index *sides[2]; // LOAD_TO_DIFF, when it went well
	uint64_t queued_ns, compile_ns;
};

struct load_progress {
	uint64_t id;
	enum load_state state;
	unsigned place; // LOAD_QUEUED: 1 is the next
};

// Called on the event loop; the pointers in *outcome live for the call. done: once.
struct load_caller {
	void (*done)(void *ctx, const struct load_outcome *outcome);
	void (*progress)(void *ctx, const struct load_progress *progress); // NULL: not wanted
	void *ctx;
};

// Either paths, or a set that was compiled before, or a change of what is disabled: then it is the live
// set again.
struct load_request {
	enum load_purpose purpose;
	struct lint_budget budget; // LOAD_TO_LINT
	const char *const *paths;
	uint32_t n_paths;
	struct pattern_set *set;
	bool promotes; // the set is the shadow: once it is live, there is no shadow any more
	uint32_t share; // LOAD_TO_SHADOW: of the flows, in thousandths
	struct pattern_set *sides[2]; // LOAD_TO_DIFF: what is compared; NULL: the next path
	const struct disabled_change *change; // NULL: none
	uint32_t deadline_s; // until the dataplane gets it; 0: none
	uid_t uid;
};

struct load {
	uint64_t id;
	enum load_purpose purpose;
	struct lint_budget budget;
	char **paths;
	uint32_t n_paths;
	struct pattern_set *set; // held; NULL: to be compiled
	bool promotes;
	uint32_t share;
	struct pattern_set *sides[2]; // held, or NULL
	struct pattern_index *read[2]; // of paths, in their order
	unsigned n_read;
	struct disabled_change change;
	uint32_t deadline_s;
	uid_t uid;
	struct load_caller caller; // done NULL: nobody waits, the log is told
	struct reload *reload; // whose it is, for
	struct event *on_deadline; // NULL: none
	uint64_t asked_ns, begun_ns; // monotonic
	TAILQ_ENTRY(load) link;
};

struct load_queue {
	unsigned n;
	TAILQ_HEAD(, load) waiting;
};

// Copies the paths and the change, holds the set. NULL when memory is short.
struct load *load_new(const struct load_request *request, const struct load_caller *caller);
// These instead of what it had. False: short of memory.
bool load_set_paths(struct load *l, const char *const *paths, uint32_t n);
void load_free(struct load *l); // NULL is allowed
bool load_wants_dataplane(enum load_purpose purpose);
// Tells the caller, if it wants to know.
void load_tell(const struct load *l, enum load_state state, unsigned place);

void load_queue_init(struct load_queue *q);
void load_queue_push(struct load_queue *q, struct load *l);
struct load *load_queue_pop(struct load_queue *q); // NULL: empty
void load_queue_remove(struct load_queue *q, struct load *l);
struct load *load_queue_find(const struct load_queue *q, uint64_t id); // NULL: not in it
void load_queue_tell(const struct load_queue *q); // each one its place
