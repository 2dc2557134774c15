// What was wrong with text: `file:line:column: error: message`. Collected, not printed.

#pragma once

#include "patterns/rule.h"

#include <stdio.h>

enum diag_level { DIAG_NOTE, DIAG_WARNING, DIAG_ERROR };

struct diag {
	enum diag_level level;
	struct rule_where where; // file points into the diags' own copy
	const char *kind; // what lint calls it (static); "": the language's own
	uint32_t sid; // of the rule; 0: not known
	char *text;
};

enum { DIAGS_MAX = 1000 }; // what comes after is only counted

struct diags {
	uint32_t n;
	uint32_t n_errors; // counts beyond DIAGS_MAX too
	uint32_t n_warnings;
	uint32_t n_notes;
	struct diag *items;
};

// Behind its place in a line: "error", "warning", "note".
const char *diag_level_name(enum diag_level level);

void diag_add(struct diags *d, enum diag_level level, struct rule_where where, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
// The same, of a rule, with a kind; the text of *like is not looked at.
void diag_add_like(struct diags *d, const struct diag *like, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
// One line each: "file:line:column: error: text". Control bytes in the text come out as \xNN.
void diags_print(const struct diags *d, FILE *out);
void diags_free(struct diags *d);
