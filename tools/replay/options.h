// The command line of sealwatch-replay.

#pragma once

#include "control/config.h"

#include <stdbool.h>
#include <stdint.h>

enum { PATHS_MAX = 4096, CONFIGS_MAX = 2 };

struct replay_options {
	const char *rules[PATHS_MAX];
	unsigned n_rules;
	const char *captures[PATHS_MAX];
	unsigned n_captures;
	const char *configs[CONFIGS_MAX]; // -c: the daemon's, the dataplane's
	unsigned n_configs;
	struct companions companions; // what is given here; the rest is the configuration's
	const char *purpose; // NULL: none
	const char *log_dir; // -l
	const char *eve; // --eve
	const char *filter;
	const char *geo; // database of countries; NULL: the configuration's, or none
	unsigned workers;
	unsigned loops;
	uint64_t rate_pps;
	bool lab;
	bool json;
	bool examples; // of the rules are run, and no capture
	bool report; // their outcome as the daemon reads it
	const char *compiled; // the rules' set, compiled before; NULL: to be compiled
	bool quiet;
	bool drop_bad_checksum;
	bool verify_checksum;
};

// Returns -1 to go on, or the status to exit with (0 after --help, 2 for bad usage, which was
// explained on standard error).
int replay_options_parse(struct replay_options *o, int argc, char **argv);
