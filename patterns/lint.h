// What is wrong with a set that can be compiled: rules that cost too much, match everything or
// nothing, stand twice, or lie within each other.
//
// All of it is linear in the set, but for sorting: 100,000 rules take seconds. Findings become
// diags with a kind ("lint:duplicate") and the sid of their rule.

#pragma once

#include "patterns/compile.h"
#include "patterns/diag.h"

enum lint_kind {
	LINT_EVERYTHING,
	LINT_SHORT,
	LINT_NO_PREFILTER,
	LINT_APPROXIMATE,
	LINT_UNREACHABLE,
	LINT_NEVER_SET,
	LINT_NEVER_ASKED,
	LINT_DUPLICATE,
	LINT_OVERLAP,
	LINT_WINDOW,
	LINT_HYGIENE,
	LINT_COST,
	LINT_KINDS,
};

struct lint_kind_info {
	const char *word; // "lint:everything"
	const char *about;
};

extern const struct lint_kind_info lint_kinds[LINT_KINDS];

struct lint_options {
	bool notes; // also what is only worth a look
	uint32_t
		per_kind; // findings of one kind that are told; the rest is one line with their number
};

// Looks at the rules; none of them needs to be compiled. Files and lines are those of the list.
// 0 or -ENOMEM.
int lint_rules(
	const struct rule_list *rules, const struct lint_options *options, struct diags *diags);

// What a field costs: the databases of it and of its transformed buffers.
struct lint_cost {
	uint16_t field; // enum field
	uint32_t n_patterns;
	uint32_t n_expressions; // of them
	uint32_t n_always; // rules without a prefilter, looked at with each value
	uint64_t compile_ns;
	uint64_t bytes;
	uint64_t stream_bytes; // of each open stream
	uint64_t value_ns; // to match one value that no rule is about, see lint_costs()
};

struct lint_budget { // 0: no bound
	uint64_t value_ns; // of any field
	uint64_t bytes; // of all of the loaded set
};

struct lint_costs {
	uint32_t n;
	struct lint_cost rows[FIELD_COUNT]; // FIELD_NONE: packets, for rules without contents
	uint64_t compile_ns; // Hyperscan's, of all
	uint64_t bytes; // of the set as one worker has it loaded
};

// Loads the set and measures it: each field is shown eight values of its kind (its own example
// and texts such as host names and paths; payload: 1,400 bytes of text and of noise), a thousand
// times or for two milliseconds. The time is of this machine as it is now: a measure, no promise.
// What exceeds the budget is an error. 0, -ENOMEM, or what pattern_db_load() gives.
int lint_costs(const struct rule_list *rules, const struct swdb *set,
	const struct lint_budget *budget, struct lint_costs *out, struct diags *diags);
