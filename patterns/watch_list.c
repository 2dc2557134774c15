#include "patterns/watch_list.h"

#include "patterns/identifier.h"

#include <ctype.h>
#include <string.h>

enum { TEXT_MAX = 400 };

void watch_list_refuse(
	struct parser *p, struct rule_where where, const char *what, const char *kind)
{
	if (p->lab)
		parser_warning(p, where, "%s is %s: allowed in the laboratory only", what, kind);
	else
		parser_error(p, where, "%s is %s: a pattern set must not look for one person", what,
			kind);
}

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c != '\0' ? strchr(digits, tolower((unsigned char)c)) : NULL;

	return at != NULL ? (int)(at - digits) : -1;
}

// What an escape stands for; -1: no one character. *s stands behind the backslash, and moves on.
static int unescape(const char **s)
{
	const char c = **s;
	int high, low;

	if (c == '\0')
		return -1;
	if (c == 'x' && (high = hex_digit((*s)[1])) >= 0 && (low = hex_digit((*s)[2])) >= 0) {
		*s += 3;
		return high << 4 | low;
	}
	(*s)++;
	return isalnum((unsigned char)c) ? -1 : (unsigned char)c;
}

static bool is_mark(int c)
{
	return c > 0 && strchr(" -.()", c) != NULL;
}

// "[.]" is one character, "[- .]?" marks that may be left out: 0. -1: neither. *s stands behind the bracket.
static int take_class(const char **s)
{
	const char *end = strchr(*s, ']');
	bool marks = true;

	if (end == NULL || end == *s)
		return -1;
	const size_t len = (size_t)(end - *s);
	for (const char *c = *s; c < end; c++)
		marks &= is_mark(*c) || *c == '\\' || *c == 's';
	int one = len == 1 ? (unsigned char)**s : -1;
	*s = end + 1;
	if (**s == '?' && marks) {
		(*s)++;
		return 0;
	}
	return one;
}

static bool is_around(const char *s)
{
	return strncmp(s, "\\b", 2) == 0 || strncmp(s, "\\A", 2) == 0 ||
		strncmp(s, "\\s", 2) == 0 || strncmp(s, "\\z", 2) == 0 || strncmp(s, "\\Z", 2) == 0;
}

// The literal that an alternative of an expression is: its length, or -1 when it is none.
static int literal_of(const char *s, char out[TEXT_MAX])
{
	int n = 0;

	while (*s != '\0' && n < TEXT_MAX - 1) {
		int c = (unsigned char)*s;
		if (c == '^' || c == '$') {
			s++;
			continue;
		}
		if (is_around(s)) {
			s += 2;
			s += strspn(s, "*+?");
			continue;
		}
		if (c == '\\') {
			s++;
			c = unescape(&s);
		} else if (c == '[') {
			s++;
			c = take_class(&s);
		} else if (strchr("*+?{}()|", c) != NULL) {
			return -1;
		} else {
			s++;
		}
		if (c < 0)
			return -1;
		if (is_mark(c) && *s == '?') { // "-?"
			s++;
			continue;
		}
		if (c > 0)
			out[n++] = (char)c;
	}
	return *s == '\0' ? n : -1;
}

// Without "(?i)" in front, and the group around all of it.
static void strip(char *s)
{
	size_t n;

	if (strncmp(s, "(?i)", 4) == 0)
		memmove(s, s + 4, strlen(s + 4) + 1);
	n = strlen(s);
	if (n < 2 || s[0] != '(' || s[n - 1] != ')' || strchr(s + 1, '(') != NULL)
		return;
	s[n - 1] = '\0';
	memmove(s, s + 1, n - 1);
	if (strncmp(s, "?:", 2) == 0)
		memmove(s, s + 2, strlen(s + 2) + 1);
}

static void check_pcre(struct parser *p, const struct condition *c)
{
	char text[TEXT_MAX], literal[TEXT_MAX];
	char *rest = text;

	if (c->bytes == NULL || c->len >= sizeof(text))
		return;
	memcpy(text, c->bytes, c->len);
	text[c->len] = '\0';
	strip(text);
	for (const char *one; (one = strsep(&rest, "|")) != NULL;) {
		int n = literal_of(one, literal);
		const char *kind =
			n > 0 ? identifier_kind((const uint8_t *)literal, (size_t)n) : NULL;
		if (kind != NULL)
			watch_list_refuse(p, c->where, "this expression", kind);
	}
}

static bool goes_on(const struct condition *c, const struct condition *before)
{
	return c->kind == COND_CONTENT && before->kind == COND_CONTENT &&
		c->field == before->field && c->view == before->view &&
		(c->flags & CONTENT_DISTANCE) && c->distance == 0 && (c->flags & CONTENT_WITHIN) &&
		c->within == (int32_t)c->len && !((c->flags | before->flags) & CONTENT_NEGATED);
}

// Contents that stand right behind each other are one, in whatever pieces.
static void check_pieces(struct parser *p, uint32_t first)
{
	char text[TEXT_MAX];
	size_t n = 0;
	uint32_t i = first;

	do {
		const struct condition *c = &p->conditions[i];
		if (c->bytes == NULL || n + c->len > sizeof(text))
			return;
		memcpy(text + n, c->bytes, c->len);
		n += c->len;
		i++;
	} while (i < p->rule.n_conditions && goes_on(&p->conditions[i], &p->conditions[i - 1]));
	if (i == first + 1)
		return; // was judged when it was read
	const char *kind = identifier_kind((const uint8_t *)text, n);
	if (kind != NULL)
		watch_list_refuse(p, p->conditions[first].where,
			"this content with what stands right behind it", kind);
}

void watch_list_check(struct parser *p)
{
	for (uint32_t i = 0; i < p->rule.n_conditions; i++) {
		const struct condition *c = &p->conditions[i];
		if (c->kind == COND_PCRE)
			check_pcre(p, c);
		else if (c->kind == COND_CONTENT && (i == 0 || !goes_on(c, c - 1)))
			check_pieces(p, i);
	}
}
