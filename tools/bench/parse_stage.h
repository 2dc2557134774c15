// --stage parse: what the parse stage costs over captures, by protocol and by field.

#pragma once

#include <stdbool.h>

struct parse_stage_options {
	const char *const *captures;
	unsigned n_captures;
	const char *const *rules;
	unsigned n_rules;
	unsigned runs; // the one with the median cost counts
	bool json;
};

// Exit status of the program.
int parse_stage(const struct parse_stage_options *o);
