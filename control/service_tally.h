// Services: what is counted of them, added up over threads and over runs of the dataplane.

#pragma once

#include "dataplane/api/link_client.h"

struct service_tally {
	char name[SERVICE_NAME_LEN]; // "": all services for which the table had no room
	uint64_t flows, packets, bytes;
	uint64_t ended_flows, ended_packets, ended_bytes;
	uint64_t by[SERVICE_BYS], confidence[CONFIDENCES], function[FUNCTIONS]; // flows that ended
};

// Flows of a service in a segment that ended.
struct segment_tally {
	char service[SERVICE_NAME_LEN], segment[SEGMENT_NAME_LEN];
	uint64_t flows;
};

struct service_tallies {
	uint32_t n;
	struct service_tally *items; // by name
	uint32_t n_segments;
	struct segment_tally *segments; // by service and segment, those with flows
};

// What stands in `base` and what the region counts now; an unmapped region counts nothing.
// 0 and *out (to be freed), or -ENOMEM. `out` may not be `base`.
int tally_services(const struct service_tallies *base, const struct link_region *live,
	struct service_tallies *out);
void service_tallies_free(struct service_tallies *t);

// Numbers by word, where several may have one: the sum of those that have the word of values[i], told at
// the first of them; 0 at the others.
uint64_t service_word_sum(const uint64_t *values, const char *const *words, unsigned n, unsigned i);

// The segments of a service: *n of them, one after the other.
const struct segment_tally *service_segments(
	const struct service_tallies *t, const char *service, uint32_t *n);
