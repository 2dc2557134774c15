// The rows of `sealctl top rules`: of what the daemon answered, or of two answers their difference.

#pragma once

#include "dataplane/api/rule_counts.h"

#include <jansson.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TOP_AGO_MAX = 24 }; // with its NUL

struct top_row {
	uint32_t gid, sid, rev;
	struct rule_numbers n;
	const char *set, *msg; // of the answer
};

struct top_rows {
	size_t n;
	struct top_row *rows;
	struct rule_numbers total; // of all rules there are
	bool complete; // no rule was left out
};

// 0 and *out (top_rows_free), or -ENOMEM. The answer is pointed to.
int top_rows_read(const json_t *answer, struct top_rows *out);
void top_rows_free(struct top_rows *t); // a zeroed one is allowed

// What came after `before`, last hits apart; rows where nothing did are dropped, and so are those of
// which nothing is known before. Sorts both by rule.
void top_rows_since(struct top_rows *now, struct top_rows *before);

// What can be sorted by: "cost", "hits", "checks", "prefilter".
bool top_is_key(const char *by);
void top_rows_sort(struct top_rows *t, const char *by); // the largest first

// a of b in hundredths of a percent, at most 10000.
unsigned top_share(uint64_t a, uint64_t b);
// How long before now_ns: "12s", "3m", "5h", "20d"; "-" for never.
void top_ago(uint64_t then_ns, uint64_t now_ns, char out[TOP_AGO_MAX]);
