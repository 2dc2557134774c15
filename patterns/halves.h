// A rule about a request and its answer ("=>") is two rules: the first remembers in the flow that it
// matched, the second matches when it did.

#pragma once

#include "patterns/parser.h"

struct half {
	struct rule rule; // its arrays are those below
	struct condition conditions[CONDITIONS_MAX];
	struct rule_fact facts[FACTS_MAX];
	struct rule_memory memories[MEMORIES_MAX + 1];
};

struct halves {
	struct half request, answer;
};

// False: one of the two would have no condition.
bool rule_halve(const struct rule *r, struct halves *out);
