// The life of a pattern set in the daemon: compiled by a child, sent to the dataplane, live when the
// receipt says so; kept, so that a dataplane that comes back empty gets it again. One at a
// time; a set that fails changes nothing.

#pragma once

#include "control/compile_job.h"
#include "control/config.h"
#include "control/link.h"

#include <event2/event.h>

#include <sys/types.h>

struct reload;

struct pattern_set {
	int blob_fd;
	uint64_t blob_len;
	uint8_t digest[32]; // of its sources, as in the artefact
	struct pattern_index *index;
	uint64_t generation; // in the dataplane; 0: was never live
	uint64_t loaded_ns; // since 1970
	uid_t uid; // who asked for it
};

struct load_outcome {
	int status; // 0, or -errno and a text
	const char *error;
	uid_t uid;
	const struct compile_report *report; // NULL: never compiled
	const struct link_receipt *receipt; // NULL: never sent
	uint64_t compile_ns;
};

// The pointers in *outcome live for the call.
typedef void (*load_done_fn)(void *ctx, const struct load_outcome *outcome);

enum load_state {
	LOAD_IDLE,
	LOAD_COMPILING,
	LOAD_WAITING, // compiled; for a dataplane
	LOAD_SENDING,
};

// `config`, `base` and `cache` (NULL: none) are borrowed for the life of it.
struct reload *reload_new(
	struct event_base *base, const struct control_config *config, struct cache *cache);
void reload_free(struct reload *r); // kills the child; NULL is allowed
void reload_bind(struct reload *r, struct link *link);

// The configuration's own set; it waits for a dataplane when there is none. 0 or -errno.
int reload_start_configured(struct reload *r);
// Somebody's set. 0 and one later call of `done`, or -errno: -EBUSY, -ENOTCONN.
int reload_start(struct reload *r, const char *const *paths, uint32_t n_paths, uid_t uid,
	load_done_fn done, void *ctx);

// What the link has to tell.
void reload_link_up(struct reload *r, const struct link_hello *hello);
void reload_receipt(struct reload *r, int status, const struct link_receipt *receipt);

enum load_state reload_state(const struct reload *r);
const struct pattern_set *reload_live(const struct reload *r); // NULL: none of ours
const char *reload_last_error(const struct reload *r); // "": the last load went well
