// Hits of rules and traffic of services, added up over threads and over runs of the dataplane. A
// slot of the shared region means another rule in each run: sums go by gid:sid:rev and by name.

#pragma once

#include "dataplane/api/link_client.h"

#include <stdint.h>

struct rule_tally {
	uint32_t gid, sid, rev; // 0:0:0: all rules for which the dataplane's table had no room
	uint64_t hits;
};

struct rule_tallies {
	uint32_t n;
	struct rule_tally *items; // by gid, sid, rev
};

struct service_tally {
	char name[SERVICE_NAME_LEN]; // "": all services for which the table had no room
	uint64_t flows, packets, bytes;
};

struct service_tallies {
	uint32_t n;
	struct service_tally *items; // by name
};

// What stands in `base` and what the region counts now; an unmapped region counts nothing.
// 0 and *out (to be freed), or -ENOMEM. `out` may not be `base`.
int tally_rules(
	const struct rule_tallies *base, const struct link_region *live, struct rule_tallies *out);
int tally_services(const struct service_tallies *base, const struct link_region *live,
	struct service_tallies *out);
void rule_tallies_free(struct rule_tallies *t);
void service_tallies_free(struct service_tallies *t);
