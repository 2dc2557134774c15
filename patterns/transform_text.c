// Transformations of text, byte by byte.

#include "patterns/transform_impl.h"

// A part of the transformed bytes that is full takes no more.
static void put(struct bytes *out, uint8_t *to, uint8_t c)
{
	if (out->len < TRANSFORM_MAX)
		to[out->len++] = c;
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 'a' - 'A') : c;
}

static uint8_t upper(uint8_t c)
{
	return c >= 'a' && c <= 'z' ? (uint8_t)(c + 'A' - 'a') : c;
}

static bool is_space(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static size_t min(size_t a, size_t b)
{
	return a < b ? a : b;
}

struct bytes transform_dotprefix(const struct transform_step *s)
{
	size_t n = min(s->in.len, TRANSFORM_MAX - 1);

	s->out[0] = '.';
	memcpy(s->out + 1, s->in.p, n);
	return (struct bytes){.p = s->out, .len = n + 1};
}

struct bytes transform_to_lowercase(const struct transform_step *s)
{
	struct bytes out = {.p = s->out, .len = min(s->in.len, TRANSFORM_MAX)};

	for (size_t i = 0; i < out.len; i++)
		s->out[i] = lower(s->in.p[i]);
	return out;
}

struct bytes transform_to_uppercase(const struct transform_step *s)
{
	struct bytes out = {.p = s->out, .len = min(s->in.len, TRANSFORM_MAX)};

	for (size_t i = 0; i < out.len; i++)
		s->out[i] = upper(s->in.p[i]);
	return out;
}

struct bytes transform_strip_whitespace(const struct transform_step *s)
{
	struct bytes out = {.p = s->out};

	for (size_t i = 0; i < s->in.len; i++) {
		if (!is_space(s->in.p[i]))
			put(&out, s->out, s->in.p[i]);
	}
	return out;
}

struct bytes transform_compress_whitespace(const struct transform_step *s)
{
	struct bytes out = {.p = s->out};
	bool run = false;

	for (size_t i = 0; i < s->in.len; i++) {
		bool space = is_space(s->in.p[i]);
		if (!space || !run)
			put(&out, s->out, space ? ' ' : s->in.p[i]);
		run = space;
	}
	return out;
}

static int hex(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

struct bytes transform_url_decode(const struct transform_step *s)
{
	struct bytes out = {.p = s->out};
	const uint8_t *p = s->in.p;

	for (size_t i = 0; i < s->in.len; i++) {
		int high = p[i] == '%' && s->in.len - i > 2 ? hex(p[i + 1]) : -1;
		int low = high >= 0 ? hex(p[i + 2]) : -1;
		if (low >= 0) {
			put(&out, s->out, (uint8_t)(high << 4 | low));
			i += 2;
		} else {
			put(&out, s->out, p[i] == '+' ? ' ' : p[i]);
		}
	}
	return out;
}

struct bytes transform_header_lowercase(const struct transform_step *s)
{
	struct bytes out = {.p = s->out, .len = min(s->in.len, TRANSFORM_MAX)};
	bool name = true;

	for (size_t i = 0; i < out.len; i++) {
		uint8_t c = s->in.p[i];
		name = c == '\n' || (name && c != ':');
		s->out[i] = name ? lower(c) : c;
	}
	return out;
}

struct bytes transform_strip_pseudo_headers(const struct transform_step *s)
{
	struct bytes out = {.p = s->out};
	bool begins = true, pseudo = false;

	for (size_t i = 0; i < s->in.len; i++) {
		uint8_t c = s->in.p[i];
		if (begins)
			pseudo = c == ':';
		if (!pseudo)
			put(&out, s->out, c);
		begins = c == '\n';
	}
	return out;
}
