// Rule files -> a loaded pattern set, for tools without a daemon.

#pragma once

#include "dataplane/runtime/engine.h"
#include "patterns/parse.h"

struct tool_rules {
	const char *const *paths;
	unsigned n_paths;
	const struct rule_var *vars; // may be NULL
	bool lab;
};

// Parses, compiles and loads; complaints go to standard error. 0, or the status to exit with
// (1, 4). *list is the caller's to free in any case.
int tool_rules_load(const struct tool_rules *r, struct engine *e, struct rule_list *list);
