// lint from the inside: lint.c tells and asks each part, lint_rule.c looks at a rule by itself,
// lint_buffer.c at what it wants of one buffer, lint_pairs.c at rules beside each other,
// lint_within.c says when one rule lies within another.

#pragma once

#include "patterns/lint.h"
#include "patterns/rule_digest.h"

enum {
	LINT_EXPRESSIONS_MAX = 10000, // that are asked about
	LINT_CONTENT_MAX = 256, // bytes; longer contents are not looked into
};

struct lint {
	const struct rule_list *rules;
	const struct lint_options *options;
	struct diags *diags;
	uint32_t found[LINT_KINDS][DIAG_ERROR + 1]; // told or not
	uint32_t n_expressions; // looked at
};

// A finding about a rule, or about a place in it.
void lint_tell(struct lint *l, enum diag_level level, enum lint_kind kind, const struct rule *r,
	struct rule_where where, const char *fmt, ...) __attribute__((format(printf, 6, 7)));

void lint_rule(struct lint *l, const struct rule *r);
void lint_prefilter(struct lint *l, const struct rule *r);
void lint_buffers(struct lint *l, const struct rule *r);
int lint_memories(struct lint *l);
int lint_pairs(struct lint *l);

// A rule with what comparing it needs, many times.
struct lint_shape {
	const struct rule *rule;
	const struct rule_run *runs;
	uint32_t n_runs;
	bool entangled;
	struct rule_digest digest;
};

// Does whatever matches `narrow` match `wide` too? False when it can not be told.
bool lint_within(const struct lint_shape *narrow, const struct lint_shape *wide);
