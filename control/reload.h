// Which pattern set is live, and how another one becomes it: compiled by a child or brought back
// from the history, sent to the dataplane, live when the receipt says so. One load at a time, the
// others wait in a queue; a load that fails, is cancelled or late changes nothing. What is live is
// kept, so that a dataplane that comes back empty gets it again.

#pragma once

#include "control/cache.h"
#include "control/config.h"
#include "control/history.h"
#include "control/link.h"
#include "control/load_queue.h"
#include "control/shadow.h"

#include <event2/event.h>

struct reload;

// `config`, `base`, `cache` (NULL: none) and `disabled` are borrowed for the life of it.
struct reload *reload_new(struct event_base *base, const struct control_config *config,
	struct cache *cache, struct disabled_store *disabled);
// Kills the child; who still waits is told -ECANCELED. NULL is allowed.
void reload_free(struct reload *r);
void reload_bind(struct reload *r, struct link *link, const struct stats *stats); // borrowed

// The configuration's own set; it waits for a dataplane when there is none. 0 or -errno.
int reload_start_configured(struct reload *r);
// Somebody's load; it begins on the event loop, not here. 0 with its number in *id, and one later
// call of done; or -errno: -EBUSY when LOADS_WAITING_MAX wait already, -ENOTCONN, -ENOMEM.
int reload_start(struct reload *r, const struct load_request *request,
	const struct load_caller *caller, uint64_t *id);
// Its caller is told -ECANCELED before this returns. `why` goes into the text. -ENOENT: there is no
// such load (any more); -EALREADY: the dataplane is taking it, and cannot be stopped.
int reload_cancel(struct reload *r, uint64_t id, const char *why);

// No shadow any more. 0, -ENOENT when there is none, or -EBUSY while one is on its way.
int reload_drop_shadow(struct reload *r);
// The register of purposes is another one: the shadow is sent again, so that it comes under it.
void reload_purposes_changed(struct reload *r);

// What the link has to tell.
void reload_link_up(struct reload *r, const struct link_hello *hello);
void reload_receipt(struct reload *r, int status, const struct link_receipt *receipt);
void reload_shadow_dropped(struct reload *r, int status);
void reload_status(struct reload *r, const struct link_status *status);

enum load_state reload_state(const struct reload *r);
const struct load *reload_current(const struct reload *r); // NULL: none is under way
const struct load_queue *reload_queue(const struct reload *r);
const struct history *reload_history(const struct reload *r);
const struct pattern_set *reload_live(const struct reload *r); // NULL: none of ours
const struct shadow *reload_shadow(const struct reload *r);
const char *reload_last_error(const struct reload *r); // "": the last load went well
