// A threshold.config, line by line. Inside of patterns/: threshold_lines.c reads, thresholds.c does to
// the rules what the lines say.

#pragma once

#include "patterns/parse.h"

enum threshold_what { THRESHOLD_SUPPRESS, THRESHOLD_LIMIT, THRESHOLD_RATE, THRESHOLD_KINDS };

struct threshold_line {
	uint8_t what; // enum threshold_what
	uint8_t track; // enum suppress_track
	bool met; // there is a rule that it names
	uint32_t gid, sid; // 0: each
	struct rule_where where;
	struct addr_set addrs; // of THRESHOLD_SUPPRESS; in the list's arena
	struct rule_limit limit; // of the others
};

struct threshold_lines {
	uint32_t n;
	struct threshold_line *items;
};

enum { THRESHOLD_LINES_MAX = 100000 };

// Appends. A line that can not be read, or means nothing here, is a warning. 0, -EINVAL with a diag for
// more than THRESHOLD_LINES_MAX, -ENOMEM; *out is the caller's to free in any case.
int threshold_lines_read(const char *file, const char *text, size_t len,
	const struct rule_var *vars, struct rule_list *list, struct threshold_lines *out,
	struct diags *diags);
