// One line of the control socket: {"cmd": "patterns.load", "paths": ["/etc/x.rules"]}. Whoever
// sends it is not trusted to send that.

#pragma once

#include "control/disabled.h"
#include "control/tally.h"
#include "dataplane/api/borders.h"

#include <jansson.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	REQUEST_LINE_MAX = 64 << 10,
	REQUEST_PATHS_MAX = 64,
	REQUEST_PATH_LEN_MAX = 4095,
	REQUEST_DEADLINE_MAX = 86400, // seconds
	REQUEST_DIGEST_MIN = 8, // hex digits
	REQUEST_NAME_LEN_MAX = 64,
	REQUEST_COUNT = 20, // rules, when none is given
	REQUEST_COUNT_MAX = 10000,
};

enum command {
	COMMAND_STATUS,
	COMMAND_PATTERNS_LOAD,
	COMMAND_PATTERNS_LINT,
	COMMAND_PATTERNS_TEST,
	COMMAND_PATTERNS_DIFF,
	COMMAND_PATTERNS_ROLLBACK,
	COMMAND_PATTERNS_CANCEL,
	COMMAND_PATTERNS_DISABLE,
	COMMAND_PATTERNS_ENABLE,
	COMMAND_PATTERNS_LIST,
	COMMAND_PATTERNS_SHOW,
	COMMAND_SHADOW_LOAD,
	COMMAND_SHADOW_SHOW,
	COMMAND_SHADOW_PROMOTE,
	COMMAND_SHADOW_DROP,
	COMMAND_COUNTERS,
	COMMAND_SERVICES,
	COMMAND_LEAKS,
	COMMAND_PURPOSE_ADD,
	COMMAND_PURPOSE_LIST,
	COMMAND_PURPOSE_SHOW,
	COMMAND_PURPOSE_RETIRE,
	COMMAND_POSTURE,
	COMMAND_POSTURE_TREND,
	COMMAND_EVIDENCE_LIST,
	COMMAND_EVIDENCE_EXPORT,
	COMMAND_EVIDENCE_VERIFY,
	COMMAND_EVIDENCE_ERASE,
	COMMAND_DOCTOR_PLACES,
	COMMAND_TOP,
	COMMAND_TOP_RULES,
	COMMAND_GEO_LOAD,
	COMMAND_GEO_MATRIX,
	COMMAND_GEO_EXPORT,
	COMMAND_COUNT,
};

struct request {
	enum command command;
	uint32_t n_paths; // loads, lint: at least one, all absolute
	const char *paths[REQUEST_PATHS_MAX];
	// diff: a path, a generation, the begin of a digest, or "live"; from is live when absent
	const char *from, *to;
	const char *service, *segment; // posture; NULL: all
	bool watch; // load, rollback and the like: lines before the answer are wanted
	bool rules; // show: each of them
	enum tally_key by; // top
	uint32_t count; // top, shadow show
	uint32_t share; // shadow load: of the flows, in thousandths; 0: none was given
	uint32_t deadline_s; // load, rollback; 0: none was given
	uint64_t load; // cancel: which; 0: the one that is under way
	uint64_t generation; // rollback; 0: none was given
	uint64_t max_ns, max_bytes; // lint: what exceeds it is an error; 0: as configured
	const char *digest; // rollback: its begin, in lower-case hex; NULL: none was given
	const json_t *entry; // purpose add: an object
	const char *record; // evidence: the begin of its id, in lower-case hex
	const char *id; // purpose show, retire: a name
	const char *file; // geo load: absolute; NULL: the configured one
	const char *as_file; // geo load: likewise
	enum border_kind window; // geo matrix, export
	struct disabled_change change; // disable, enable: at least one rule
	json_t *root; // what the texts point into
};

// 0 and *out (request_free), or -EINVAL and what is wrong with it.
int request_parse(const char *line, size_t len, struct request *out, char error[256]);
void request_free(struct request *r);
