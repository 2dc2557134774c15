// Principle 4: a pattern set is no watch list. What one condition says by itself is judged where it is read;
// here is what only the whole rule tells: an expression that is a literal, and a content in pieces.

#pragma once

#include "patterns/parser.h"

// The rule at hand is parsed. Each identifier is an error, in the laboratory a warning.
void watch_list_check(struct parser *p);
// `what` ("this content") is one person's; kind as of identifier_kind().
void watch_list_refuse(
	struct parser *p, struct rule_where where, const char *what, const char *kind);
