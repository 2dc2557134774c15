// Numbers of rules and traffic of services, added up over threads and over runs of the dataplane. A
// slot of the shared region means another rule in each run: sums go by gid:sid:rev and by name.

#pragma once

#include "control/service_tally.h"
#include "dataplane/api/link_client.h"

#include <stdint.h>

struct rule_tally {
	uint32_t gid, sid, rev; // 0:0:0: all rules for which the dataplane's table had no room
	struct rule_numbers n;
};

struct rule_tallies {
	uint32_t n;
	struct rule_tally *items; // by gid, sid, rev
};

// X(id, name)
#define TALLY_KEYS(X)                                                                              \
	X(TALLY_COST, "cost")                                                                      \
	X(TALLY_HITS, "hits")                                                                      \
	X(TALLY_CHECKS, "checks")                                                                  \
	X(TALLY_PREFILTER, "prefilter")

#define X(id, name) id,
enum tally_key { TALLY_KEYS(X) TALLY_KEY_COUNT };
#undef X

// What is counted of rules: of all traffic, and of the flows that a shadow set looks at, by the
// shadow and by the live set.
enum tally_table { TALLY_RULES, TALLY_SHADOW, TALLY_BESIDE, TALLY_TABLES };

// What stands in `base` and what the region counts now; an unmapped region counts nothing.
// 0 and *out (to be freed), or -ENOMEM. `out` may not be `base`.
int tally_rules(const struct rule_tallies *base, const struct link_region *live,
	enum tally_table which, struct rule_tallies *out);
// The two tables of a shadow, a rule after the other in both: traffic goes on meanwhile, and what
// differs is not to be what came between two readings. bases: by enum tally_table.
int tally_beside(const struct rule_tallies bases[TALLY_TABLES], const struct link_region *live,
	struct rule_tallies *beside, struct rule_tallies *shadow);
void rule_tallies_free(struct rule_tallies *t);

// NULL: nothing is known of it. In tallies that are by gid, sid, rev.
const struct rule_tally *tally_find(
	const struct rule_tallies *t, uint32_t gid, uint32_t sid, uint32_t rev);
// Leaves in `now` what came after `was`; of a rule without a hit since, no time of one. Both are by
// gid, sid, rev.
void tally_since(struct rule_tallies *now, const struct rule_tallies *was);
struct rule_numbers tally_total(const struct rule_tallies *t);

// The largest first; those alike by cost, by checks, by gid, sid, rev.
void tally_sort(struct rule_tallies *t, enum tally_key key);
// Drops what was never looked at, and adds up the rest: *total is that of all rules, *other that of
// those for which the dataplane's table had no room.
void tally_condense(struct rule_tallies *t, struct rule_numbers *total, struct rule_numbers *other);
