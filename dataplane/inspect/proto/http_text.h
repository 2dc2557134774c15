// Letters of HTTP (RFC 9110 5.6).

#pragma once

#include "dataplane/base/bytes.h"

#include <strings.h>

static inline bool http_is_blank(uint8_t c)
{
	return c <= ' ' && (c == ' ' || c == '\t' || c == '\r' || c == '\n');
}

static inline bool http_is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static inline bool http_is_alpha(uint8_t c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

// RFC 9110 5.6.2
static inline bool http_is_token(uint8_t c)
{
	return http_is_alpha(c) || http_is_digit(c) ||
		(c != 0 && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static inline struct bytes http_trim(struct bytes v)
{
	const uint8_t *p = v.p, *end = v.p + v.len;

	while (p < end && http_is_blank(end[-1]))
		end--;
	while (p < end && http_is_blank(*p))
		p++;
	return (struct bytes){.p = p, .len = (size_t)(end - p)};
}

// Without regard to the case of letters.
static inline bool http_starts_with(struct bytes v, const char *s, size_t len)
{
	return v.len >= len && strncasecmp((const char *)v.p, s, len) == 0;
}

// Up to and with the LF. False when there is no whole line left.
static inline bool http_take_line(struct bytes *in, struct bytes *line)
{
	const uint8_t *lf = in->len > 0 ? memchr(in->p, '\n', in->len) : NULL;

	if (lf == NULL)
		return false;
	*line = bytes_take(in, (size_t)(lf - in->p) + 1);
	return true;
}
