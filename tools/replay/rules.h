// Rule files -> a loaded pattern set, for tools without a daemon.

#pragma once

#include "dataplane/runtime/engine.h"
#include "patterns/compile.h"
#include "patterns/geo.h"
#include "patterns/parse.h"

struct companions; // control/config.h

struct tool_rules {
	const char *const *paths;
	unsigned n_paths;
	const struct rule_var *vars; // may be NULL
	const struct companions *companions; // may be NULL
	bool lab;
	const struct geo_source *geo; // NULL: rules with geoip are refused
};

// As sources_parse(), of its files and what stands beside them.
int tool_rules_parse(const struct tool_rules *r, struct rule_list *list, struct diags *diags);

// Parses and compiles; complaints go to standard error. 0, or the status to exit with (4). *list is
// the caller's to free in any case, *out when 0.
int tool_rules_compile(const struct tool_rules *r, struct rule_list *list, struct swdb *out);

// The same, and loads. 0, or the status to exit with (1, 4).
int tool_rules_load(const struct tool_rules *r, struct engine *e, struct rule_list *list);
