// sealwatchd's configuration: YAML (docs/configuration.md has all keys). All keys are optional.

#pragma once

#include "dataplane/api/borders.h"
#include "patterns/lint.h"
#include "patterns/parse.h"

#include <stdbool.h>
#include <stdint.h>

enum { KEEP_GENERATIONS_MAX = 64, GEO_THRESHOLDS_MAX = 64 };

struct geo_threshold {
	uint16_t country; // geo_map.h; 0: all that are not geo_home
	uint64_t persons; // different ones a year
};

struct compile_limits { // of the child that compiles a pattern set
	uint32_t cpu_s;
	uint32_t memory_mb;
	uint32_t wall_s;
};

struct companions { // files that stand beside the rules; NULL: none
	const char *classification_file;
	const char *reference_file;
	const char *threshold_file;
	const char *disable_file;
	const char *const *disable; // "sid", "gid:sid"
	uint32_t n_disable;
	const char *disabled; // by sealctl: lines as of a disable file
};

struct control_config {
	const char *link_socket;
	const char *control_socket;
	const char *control_group; // NULL: none; its members may use the control socket
	const char *user; // NULL: stay who we are
	const char *eve_file; // NULL: none
	const char *metrics_address; // loopback
	uint16_t metrics_port; // 0: no HTTP
	uint32_t stats_interval_s; // 0: no stats records
	bool lab;
	const char *replay; // path of sealwatch-replay; NULL: where it is looked for
	const char *geoip_database; // NULL: what the package tor-geoipdb installs; "": none
	const char *asn_database; // NULL: none but what geoip_database has
	uint16_t geo_home; // the operator's own country; 0: none is
	uint32_t geo_min_persons; // what is of fewer is not shown
	const char *geo_key_file; // NULL: none
	bool has_geo_secret; // it was read (geo_key.h): only the daemon does, for only it may
	uint8_t geo_secret[BORDER_SECRET_LEN]; // keys of windows are derived from it
	struct geo_threshold geo_thresholds[GEO_THRESHOLDS_MAX];
	uint32_t n_geo_thresholds;
	const char *cache; // directory of compiled sets; NULL: none
	const char *state; // directory of what outlives the daemon; NULL: none
	struct compile_limits compile;
	struct lint_budget budget;
	uint32_t load_deadline_s; // of a load that brings none; 0: none
	uint32_t keep_generations; // sets that a rollback can bring back, the live one included
	const char *const *patterns; // paths, loaded at start
	uint32_t n_patterns;
	const struct rule_var *variables; // ended by a NULL name
	struct companions companions;
	void *owned; // what the strings point into
};

// Reads and checks. 0 and *out (config_free), or -errno with "file:line:column: message" in error.
int config_load(const char *path, struct control_config *out, char error[512]);
void config_free(struct control_config *c);
