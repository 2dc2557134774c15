// The process that reads and compiles rules: whatever a rule file does to it stays inside.

#pragma once

#include "control/cache.h"
#include "control/config.h"

#include <stdnoreturn.h>

enum compile_work {
	COMPILE_SET, // all of it, for the dataplane
	COMPILE_LINT, // the same, to be judged: no set comes of it, but all findings and what it costs
	COMPILE_EXAMPLES, // of a set that is compiled: sealwatch-replay runs them
	COMPILE_INDEX, // who the rules are, only: nothing is compiled
	COMPILE_GEO, // no rules: the map of countries of geoip_database (geo_child.h)
};

struct compile_request {
	enum compile_work work;
	const char *const *paths;
	uint32_t n_paths;
	const struct rule_var *variables; // ended by a NULL name
	const struct companions *companions; // NULL: none
	bool lab;
	const char *geoip_database; // NULL: the default one; "": none
	const char *asn_database; // COMPILE_GEO: NULL: as the first has them
	struct compile_limits limits;
	struct lint_budget budget; // what the set may cost
	struct cache *cache; // NULL: none
	const uint8_t (*held)[32]; // names of results that the daemon has in memory
	unsigned n_held;
	const char *replay; // COMPILE_EXAMPLES: the program,
	int set_fd; // and the set
};

// What no child exceeds, whatever it reads.
void compile_child_limit(const struct compile_limits *l);
// Runs in a fork of the daemon. blob_fd and index_fd: empty memfds; report_fd: a pipe.
noreturn void compile_child_run(
	const struct compile_request *req, int blob_fd, int index_fd, int report_fd);
