#include "patterns/lexer.h"

#include <string.h>
#include <strings.h>

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct lexer lexer_open(const char *file, const char *text, size_t len)
{
	struct lexer l = {.file = file, .p = text, .end = text + len, .line = 1, .column = 1};

	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) // a byte order mark
		l.p += 3;
	return l;
}

struct lexer lexer_over(struct slice s)
{
	return (struct lexer){.file = s.where.file,
		.p = s.p,
		.end = s.p + s.len,
		.line = s.where.line,
		.column = s.where.column};
}

bool lexer_ended(const struct lexer *l)
{
	return l->p == l->end;
}

char lexer_peek(const struct lexer *l)
{
	return l->p < l->end ? *l->p : '\0';
}

char lexer_next(struct lexer *l)
{
	if (l->p == l->end)
		return '\0';
	char c = *l->p++;
	if (c == '\n') {
		l->line++;
		l->column = 1;
	} else {
		l->column++;
	}
	return c;
}

struct rule_where lexer_where(const struct lexer *l)
{
	return (struct rule_where){.file = l->file, .line = l->line, .column = l->column};
}

// A backslash, spaces of the line's end, and the line's end.
static bool at_continuation(const struct lexer *l)
{
	const char *p = l->p;

	if (p == l->end || *p != '\\')
		return false;
	for (p++; p < l->end && (*p == '\r' || *p == ' ' || *p == '\t'); p++)
		;
	return p < l->end && *p == '\n';
}

void lexer_spaces(struct lexer *l)
{
	while (l->p < l->end) {
		if (at_continuation(l)) {
			while (lexer_next(l) != '\n')
				;
		} else if (is_space(*l->p)) {
			lexer_next(l);
		} else {
			return;
		}
	}
}

static void skip_line(struct lexer *l)
{
	while (l->p < l->end && lexer_next(l) != '\n')
		;
}

bool lexer_rule(struct lexer *l, struct slice *out)
{
	for (;;) {
		lexer_spaces(l);
		if (lexer_ended(l))
			return false;
		if (lexer_peek(l) != '#')
			break;
		skip_line(l);
	}
	out->p = l->p;
	out->where = lexer_where(l);
	while (l->p < l->end && *l->p != '\n') {
		if (at_continuation(l)) {
			while (lexer_next(l) != '\n')
				;
		} else {
			lexer_next(l);
		}
	}
	out->len = (size_t)(l->p - out->p);
	return true;
}

struct slice lexer_word(struct lexer *l, const char *stop)
{
	unsigned depth = 0;

	lexer_spaces(l);
	struct slice s = {.p = l->p, .where = lexer_where(l)};
	while (l->p < l->end) {
		char c = *l->p;
		if (c == '[')
			depth++;
		else if (c == ']' && depth > 0)
			depth--;
		else if (depth == 0 &&
			(is_space(c) || at_continuation(l) ||
				(c != '\0' && strchr(stop, c) != NULL)))
			break;
		lexer_next(l);
	}
	s.len = (size_t)(l->p - s.p);
	return s;
}

struct slice slice_trim(struct slice s)
{
	struct lexer l = lexer_over(s);

	lexer_spaces(&l);
	s.p = l.p;
	s.len = (size_t)(l.end - l.p);
	s.where = lexer_where(&l);
	for (;;) {
		bool line_end = false;
		while (s.len > 0 && is_space(s.p[s.len - 1]))
			line_end |= s.p[--s.len] == '\n';
		if (!line_end || s.len == 0 || s.p[s.len - 1] != '\\')
			return s;
		s.len--; // a continuation
	}
}

struct slice slice_cut(struct slice s, size_t n)
{
	s.p += n;
	s.len -= n;
	s.where.column += (uint32_t)n;
	return slice_trim(s);
}

int lexer_option(struct lexer *l, struct slice *name, struct slice *value)
{
	bool quoted = false;

	lexer_spaces(l);
	while (lexer_peek(l) == ';') { // an empty option
		lexer_next(l);
		lexer_spaces(l);
	}
	if (lexer_ended(l))
		return 0;
	*name = (struct slice){.p = l->p, .where = lexer_where(l)};
	while (l->p < l->end && *l->p != ':' && *l->p != ';')
		lexer_next(l);
	name->len = (size_t)(l->p - name->p);
	*name = slice_trim(*name);
	*value = (struct slice){0};
	if (lexer_peek(l) == ';') {
		lexer_next(l);
		return 1;
	}
	if (lexer_next(l) != ':')
		return -1;
	*value = (struct slice){.p = l->p, .where = lexer_where(l)};
	while (l->p < l->end && (quoted || *l->p != ';')) {
		char c = lexer_next(l);
		if (c == '\\' && l->p < l->end)
			lexer_next(l);
		else if (c == '"')
			quoted = !quoted;
	}
	value->len = (size_t)(l->p - value->p);
	*value = slice_trim(*value);
	return lexer_next(l) == ';' ? 1 : -1;
}

bool slice_is(struct slice s, const char *text)
{
	return s.len == strlen(text) && memcmp(s.p, text, s.len) == 0;
}

bool slice_is_nocase(struct slice s, const char *text)
{
	return s.len == strlen(text) && strncasecmp(s.p, text, s.len) == 0;
}
