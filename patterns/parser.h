// The parser's inside: one rule in the making. Used by parse*.c only.

#pragma once

#include "patterns/arena.h"
#include "patterns/lexer.h"
#include "patterns/parse.h"

enum {
	CONDITIONS_MAX = 128,
	PAIRS_MAX = 128,
	CONTENT_MAX = 4096, // bytes of one content
	RANGES_MAX = 8192,
	VARIABLE_DEPTH_MAX = 16,
	SERVICE_MAX = 31, // what the counters have room for
};

struct parser {
	const char *file;
	const struct rule_var *vars;
	struct rule_arena *arena;
	struct diags *diags;
	const char *set;
	struct slice variable; // the rule's own word, while its value is read
	bool lab;
	bool failed; // this rule has an error
	bool no_memory;
	// the rule
	struct rule rule;
	struct condition conditions[CONDITIONS_MAX];
	struct rule_pair metadata[PAIRS_MAX];
	struct rule_pair references[PAIRS_MAX];
	uint16_t field; // of the sticky buffer in force
	bool dotprefix; // and its transformation
	struct slice unused_buffer; // its keyword, while nothing looks at it
	bool has_sid;
	bool has_priority;
	int last_content; // index of the content that modifiers belong to, -1: none
};

void parser_error(struct parser *p, struct rule_where where, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void parser_warning(struct parser *p, struct rule_where where, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

// parse_header.c: action, protocol, addresses, ports, direction. False after an error.
bool parse_header(struct parser *p, struct lexer *l);

// parse_options.c: one "name: value;".
void parse_option(struct parser *p, struct slice name, struct slice value);
// A number within bounds; complains and returns false when it is none.
bool parse_number(struct parser *p, struct slice s, int64_t min, int64_t max, int64_t *out);
// Complains of a sticky buffer that nothing looks at.
void parse_buffer_left(struct parser *p);

// parse_content.c.
void parse_content(struct parser *p, struct slice name, struct slice value);
void parse_pcre(struct parser *p, struct slice name, struct slice value);
// At the end of a rule: what contents promise together.
void parse_contents_check(struct parser *p);
