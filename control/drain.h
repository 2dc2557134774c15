// Event records out of the dataplane's rings into the EVE file. A turn is bounded, so that a
// full ring does not keep the daemon from its clients.

#pragma once

#include "control/lures.h"
#include "control/sinks/eve.h"
#include "dataplane/api/link_client.h"

#include <stdbool.h>

struct drain;

struct drain_counts {
	uint64_t written;
	uint64_t failed; // the file did not take them
	uint64_t bad; // records, or whole rings, that made no sense
	int last_errno; // of the file; 0: it takes records
};

// eve_file NULL: records are taken and thrown away. 0 or -errno of opening the file.
int drain_open(const char *eve_file, struct drain **out);
int drain_close(struct drain *d); // flushes: 0 or -errno; NULL is allowed
// Evidence goes to `put`, and into no log.
void drain_evidence(
	struct drain *d, void (*put)(void *ctx, const void *record, size_t len), void *ctx);
// Log rotation: on an error the old file stays in use.
int drain_reopen(struct drain *d);

// True when there is more. An unmapped region has nothing.
bool drain_turn(struct drain *d, const struct link_region *region);
void drain_stats_line(struct drain *d, uint64_t uptime_s, const uint64_t *counters);
// What moved since the last call. `now` is taken.
void drain_service_lines(struct drain *d, const struct service_tallies *now);

struct drain_counts drain_counts(const struct drain *d);
// Since the daemon began.
struct lures *drain_lures(struct drain *d);
