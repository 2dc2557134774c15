// The register of purposes as the dataplane gets it: who may look at content, where, and how. A table comes
// as a sealed memfd over the link (LINK_PURPOSES), or from a file (sealwatch-replay --purpose).
//
// Without a row that covers it, a rule about content is inactive. Names are NUL-terminated.

#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PURPOSES_MAX = 64, PURPOSE_NAME_LEN = 32, PURPOSE_LIST_MAX = 16 };

#define PURPOSE_ALL "all" // each segment, rule, detector
#define PURPOSE_LABORATORY "laboratory" // what --lab implies

enum purpose_mode {
	PURPOSE_COUNTERS = 1, // M1: classes, counts, masked excerpts
	PURPOSE_EVIDENCE, // M2: and sealed windows of what was found
};

struct purpose_row {
	char id[PURPOSE_NAME_LEN];
	char segment[PURPOSE_NAME_LEN];
	char rules[PURPOSE_LIST_MAX][PURPOSE_NAME_LEN]; // names of sets, "gid:sid", or all
	char detectors[PURPOSE_LIST_MAX][PURPOSE_NAME_LEN]; // ids, classes, or all
	uint8_t mode; // enum purpose_mode
	uint8_t n_rules;
	uint8_t n_detectors;
	uint8_t reserved[5];
};
static_assert(sizeof(struct purpose_row) == 1096, "layout is shared");

struct purpose_table {
	uint32_t n;
	uint32_t reserved;
	struct purpose_row rows[PURPOSES_MAX];
};
static_assert(sizeof(struct purpose_table) == 8 + 1096 * PURPOSES_MAX, "layout is shared");

// Names of 1 to 31 of a-z 0-9 . _ -
bool purpose_name_ok(const char *name);
// Also upper case, as files of rules are named, and "gid:sid".
bool purpose_rule_ok(const char *name);
// A table from outside: are all its counts and names such?
bool purpose_table_ok(const struct purpose_table *t);

// One row: "laboratory", all of everything. Counters; evidence is asked for by name.
void purpose_table_laboratory(struct purpose_table *t);

// Does the row cover a rule of this set, in whatever segment?
bool purpose_covers_rule(
	const struct purpose_row *row, uint32_t gid, uint32_t sid, const char *set);
bool purpose_covers_detector(
	const struct purpose_row *row, const char *detector, const char *class_name);
