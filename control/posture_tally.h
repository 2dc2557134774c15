// Postures of flows by service and segment, added up over workers and over runs of the dataplane: sums go
// by name, because numbers mean another service or segment in each run.

#pragma once

#include "dataplane/api/link_client.h"

#include <stdint.h>

struct posture_tally {
	char service[SERVICE_NAME_LEN]; // "": flows of none
	char segment[SEGMENT_NAME_LEN];
	bool rest; // flows for which a worker's table had no place: of neither
	uint64_t flows, bytes;
	uint64_t grades[GRADES];
	uint64_t checks[POSTURE_CHECK_COUNT];
	uint64_t facts[POSTURE_FACT_COUNT];
};

struct posture_tallies {
	uint32_t n;
	struct posture_tally *items; // by service, segment; the rest first
};

// What stands in `base` and what the region counts now; an unmapped region counts nothing.
// 0 and *out (to be freed), or -ENOMEM. `out` may not be `base`.
int tally_postures(const struct posture_tallies *base, const struct link_region *live,
	struct posture_tallies *out);
void posture_tallies_free(struct posture_tallies *t); // a zeroed one is allowed

// -1, 0, 1: by service, segment.
int posture_compare(const void *a, const void *b);
void posture_add(struct posture_tally *to, const struct posture_tally *more);

// Client stacks by a hash of their JA4, likewise: base[] and the region's. May be `base`.
void tally_stacks(const uint32_t base[POSTURE_STACKS], const struct link_region *live,
	uint32_t out[POSTURE_STACKS]);

struct posture_stacks {
	uint32_t stacks; // different ones, at least
	uint32_t rare; // of them seen fewer than POSTURE_RARE times
	uint64_t hellos; // with a JA4
	uint64_t rare_hellos; // of rare stacks
};
enum { POSTURE_RARE = 10 };
struct posture_stacks posture_stacks_of(const uint32_t counts[POSTURE_STACKS]);
