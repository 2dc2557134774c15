// Countries, as the daemon has them: the map that the dataplane looks up, what crossed borders, and how near
// that is to what is allowed. The map is made by a child and kept, so that a dataplane that comes back gets
// it again, and before its first packet.

#pragma once

#include "control/compile_job.h"
#include "control/config.h"
#include "control/ledger.h"
#include "control/link.h"
#include "control/stats.h"

#include <event2/event.h>

#include <stdio.h>

struct geo;

// `config` and `base` are borrowed for the life of it. NULL: short of memory.
struct geo *geo_new(struct event_base *base, const struct control_config *config);
// Kills the child; who still waits is told -ECANCELED. NULL is allowed.
void geo_free(struct geo *g);
void geo_bind(struct geo *g, struct link *link, const struct stats *stats); // borrowed

struct geo_outcome {
	int status; // 0 or -errno, and a text
	const char *error;
	const struct link_geo_receipt
		*receipt; // NULL: there is no dataplane; it gets the map when it comes
	uint64_t compile_ns;
};

// Called once for a load.
typedef void (*geo_done_fn)(void *ctx, const struct geo_outcome *outcome);

// The databases of countries and of AS numbers, or, NULL, the configured ones. 0 and one later call of done; -EBUSY: another one is
// being loaded; or -errno.
int geo_load(struct geo *g, const char *path, const char *as_path, geo_done_fn done, void *ctx);
// Nobody asks any more.
void geo_forget(struct geo *g, void *ctx);

// What the link has to tell. up: before anything else is sent.
void geo_link_up(struct geo *g, uint64_t run_ns); // which run of the dataplane it is
void geo_receipt(struct geo *g, int status, const struct link_geo_receipt *receipt);
void geo_keys(struct geo *g, const struct link_border_keys *keys);
// Another run of the dataplane was met; the pages of the last one are still there.
void geo_run_ends(struct geo *g);

const struct link_geo_receipt *geo_map_live(const struct geo *g); // NULL: none
// As of now.
const struct ledger *geo_ledger(struct geo *g);

// Keeps what is to be kept: before the end. NULL is allowed.
void geo_end(struct geo *g);
// The latest window of a kind, as ledger_file.h has it. 0, -ENOKEY: there is no geo_key_file; -ENODATA: nothing
// was counted; -ENOMEM, -EFBIG.
int geo_export(struct geo *g, enum border_kind kind, FILE *out);

struct geo_level {
	struct geo_threshold threshold;
	uint64_t persons; // this year
	unsigned percent; // the last mark that was reached: 0, 50, 80, 100
};

// As of the last look, some seconds ago. n: config's n_geo_thresholds.
const struct geo_level *geo_levels(const struct geo *g, uint32_t *n);
