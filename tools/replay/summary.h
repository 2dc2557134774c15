// What a replay prints at its end.

#pragma once

#include "dataplane/runtime/engine.h"
#include "patterns/rule.h"

#include <jansson.h>

struct summary {
	const struct engine *engine;
	const struct rule_list *rules; // for the messages; may be empty
	uint64_t totals[CTR_COUNT];
	double seconds;
	uint64_t eve_lines;
	json_t *crossed; // the matrix of what crossed borders; NULL: nobody asked for countries
};

void summary_print(const struct summary *s);
void summary_print_json(const struct summary *s);
