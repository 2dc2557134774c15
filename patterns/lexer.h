// The text of a rule file, with positions. A backslash at the end of a line goes on with the
// next one.

#pragma once

#include "patterns/rule.h"

struct lexer {
	const char *file;
	const char *p;
	const char *end;
	uint32_t line;
	uint32_t column;
};

struct slice {
	const char *p;
	size_t len;
	struct rule_where where;
};

struct lexer lexer_open(const char *file, const char *text, size_t len);

// The next rule: comments and empty lines are skipped. False at the end. out: all of its text,
// continuation included; the lexer stands behind it.
bool lexer_rule(struct lexer *l, struct slice *out);

// A lexer over a part of the text, that knows where it stands.
struct lexer lexer_over(struct slice s);

bool lexer_ended(const struct lexer *l);
char lexer_peek(const struct lexer *l); // '\0' at the end
char lexer_next(struct lexer *l);
void lexer_spaces(struct lexer *l); // and continuations
struct rule_where lexer_where(const struct lexer *l);

// Up to the next space or one of `stop`; what stands in [] counts as one word.
struct slice lexer_word(struct lexer *l, const char *stop);

// One option: "name;" or "name: value;". value.p is NULL when there is none; it is trimmed and
// keeps its quotes. Returns 1, 0 at the end, -1 when the ';' is missing (out says where).
int lexer_option(struct lexer *l, struct slice *name, struct slice *value);

bool slice_is(struct slice s, const char *text);
bool slice_is_nocase(struct slice s, const char *text);
struct slice slice_trim(struct slice s);
// Without its first `n` bytes, of one line, trimmed. n <= s.len.
struct slice slice_cut(struct slice s, size_t n);
