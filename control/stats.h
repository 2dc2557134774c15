// The dataplane's counters as the daemon tells them: they never go back. When another run of the
// dataplane is seen, what the last one had counted is added to a base.
//
//     received = delivered + held + between threads + causes + lost with a dataplane
//
// Frames that a dataplane held when it ended are gone with it: that has a number of its own.

#pragma once

#include "control/posture_tally.h"
#include "control/tally.h"
#include "dataplane/api/link_client.h"

#include <stdbool.h>
#include <stdint.h>

enum { STATS_READER = LINK_WORKERS_MAX, STATS_THREADS }; // a thread: worker number, or the reader

struct stats;

struct stats *stats_new(void); // NULL when memory is short
void stats_free(struct stats *s); // unmaps; NULL is allowed

// The region is ours from now on. The same run again (start_ns) replaces the mapping only.
// 0, or -ENOMEM: then the sums by rule and service of the last run are lost.
int stats_attach(struct stats *s, const struct link_region *region);
// The last one that was attached, unmapped before the first. A dead dataplane's stays.
const struct link_region *stats_region(const struct stats *s);
// Take a consistent copy of each page. Often, so that little is lost when a dataplane is killed in
// the middle of writing one.
void stats_refresh(struct stats *s);

// As of the last refresh.
void stats_totals(const struct stats *s, uint64_t values[CTR_COUNT]);
bool stats_thread(const struct stats *s, unsigned thread, uint64_t values[CTR_COUNT]); // seen?

struct stats_accounting {
	uint64_t received;
	uint64_t delivered;
	uint64_t held;
	int64_t between; // handed out and not yet in; pages are read one by one: may be below zero
	uint64_t causes;
	uint64_t lost; // with a dataplane that ended
	int64_t unaccounted;
};

struct stats_accounting stats_account(const struct stats *s);

// As of now. 0 or -ENOMEM; to be freed by the caller.
int stats_rules(const struct stats *s, enum tally_table which, struct rule_tallies *out);
// Those of the live set and of the shadow on the flows that both look at, of one moment.
int stats_beside(const struct stats *s, struct rule_tallies *beside, struct rule_tallies *shadow);
int stats_services(const struct stats *s, struct service_tallies *out);
// What was found of each kind of personal data.
void stats_leaks(const struct stats *s, struct leak_numbers out[DETECTOR_COUNT]);
int stats_postures(const struct stats *s, struct posture_tallies *out);
// Of this run of the dataplane alone.
int stats_postures_of_run(const struct stats *s, struct posture_tallies *out);
struct posture_stacks stats_stacks(const struct stats *s);
