// What a rule says, in numbers: equal ones say the same, however they are written. Two sets are
// compared by them, and rules of one set that say the same are found.

#pragma once

#include "patterns/rule.h"

enum rule_part {
	RULE_PART_HEADER, // action, protocol, addresses, ports, direction, noalert
	RULE_PART_BUFFERS, // which ones are looked at, transformed how
	RULE_PART_CONTENTS, // what is looked for in them
	RULE_PART_FLOW, // flow, dsize, numbers of headers and messages
	RULE_PART_MEMORY, // flowbits and the like, thresholds
	RULE_PART_MSG, // msg, classtype, priority
	RULE_PART_METADATA, // metadata, reference
	RULE_PARTS,
	RULE_PARTS_MATCH = RULE_PART_MSG, // parts before this one decide what the rule matches
};

extern const char *const rule_part_names[RULE_PARTS]; // "header", ...

// A canonical form of each part, SHA-256, its first 8 bytes. The order of conditions counts only
// where it has a meaning: among those that are relative to each other, or share a variable.
struct rule_digest {
	uint64_t parts[RULE_PARTS];
};

// 0 or -ENOMEM.
int rule_digest(const struct rule *r, struct rule_digest *out);

// The conditions of a rule by buffer, each run (a condition and those that are relative to it) by
// itself. What rule_digest() is made of, and what lint compares.
struct rule_run {
	uint64_t buffer; // equal: the same buffer, transformed alike
	uint64_t digest; // of all of the run, buffer included
	uint32_t first; // its first condition
	bool alone; // it has no other, no variable, nothing nested
};

// runs: room for n_conditions. How many there are, or -ENOMEM. entangled: their order has a meaning.
int rule_runs(const struct rule *r, struct rule_run *runs, bool *entangled);
