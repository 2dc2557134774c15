// The shadow: a set that runs beside the live one on a share of the flows, and says nothing. What the
// daemon holds of it, so that a dataplane that comes back gets it again, and where its counting began:
// the tables it is counted in go on through shadows.

#pragma once

#include "control/pattern_set.h"
#include "control/stats.h"

#include <stdint.h>
#include <sys/types.h>

enum { SHADOW_SHARE = 100 }; // of the flows, in thousandths, when none is given

// Both are counted on the same flows.
enum shadow_side { SHADOW_LIVE, SHADOW_BESIDE, SHADOW_SIDES };

struct shadow_counts {
	struct rule_tallies sides[SHADOW_SIDES];
	uint64_t finds; // packets, messages and pieces of streams that both were matched with
};

struct shadow {
	struct pattern_set *set; // held; NULL: there is none
	uint32_t share; // of the flows, in thousandths
	uid_t uid; // who asked for it
	uint64_t since_ns; // since 1970: when the dataplane took it
	uint64_t compared_ns; // since 1970: when counting began; later when another set became live
	struct shadow_counts base;
};

// It is the shadow now, in place of the one that was.
void shadow_put(struct shadow *s, struct pattern_set *set, uint32_t share, uid_t uid);
void shadow_drop(struct shadow *s); // also when there is none

// Counting begins here. 0, or -ENOMEM: then it goes on from where it began before.
int shadow_begin(struct shadow *s, const struct stats *stats);
// What came since. 0 and *out (shadow_counts_free), or -ENOMEM.
int shadow_counts(const struct shadow *s, const struct stats *stats, struct shadow_counts *out);
void shadow_counts_free(struct shadow_counts *c); // a zeroed one is allowed
