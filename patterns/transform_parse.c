// Values of the keywords that transform a buffer.

#include "patterns/confirm.h"
#include "patterns/lexer.h"
#include "patterns/transform.h"

#include <errno.h>

enum { OFFSET_MAX = 65535, INFLATE_DEFAULT = 1024 };

static const char xor_wants[] =
	"wants \"<hexadecimal key>\" or extract <bytes> <offset>, before it "
	"offset <n>,";

// Up to `stop`, trimmed; *s goes on behind it, with p NULL at the end.
static struct slice cut(struct slice *s, char stop)
{
	const char *at = memchr(s->p, stop, s->len);
	struct slice out = *s;

	if (at == NULL) {
		*s = (struct slice){0};
		return slice_trim(out);
	}
	out.len = (size_t)(at - s->p);
	s->p = at + 1;
	s->len -= out.len + 1;
	*s = slice_trim(*s);
	return slice_trim(out);
}

static bool number(struct slice s, int64_t min, int64_t max, int32_t *out)
{
	bool negative = s.len > 0 && s.p[0] == '-';
	int64_t v = 0;

	if (s.len == (size_t)negative || s.len > 11)
		return false;
	for (size_t i = negative; i < s.len; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		v = v * 10 + (s.p[i] - '0');
	}
	if (negative)
		v = -v;
	if (v < min || v > max)
		return false;
	*out = (int32_t)v;
	return true;
}

static bool unquote(struct slice *s)
{
	if (s->len < 2 || s->p[0] != '"' || s->p[s->len - 1] != '"')
		return false;
	s->p++;
	s->len -= 2;
	return true;
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static const char *parse_key(struct slice s, struct transform *t, uint8_t *arg)
{
	if (!unquote(&s) || s.len == 0 || s.len % 2 != 0 || s.len / 2 > TRANSFORM_ARG_MAX)
		return xor_wants;
	for (size_t i = 0; i < s.len; i += 2) {
		int high = hex(s.p[i]), low = hex(s.p[i + 1]);
		if (high < 0 || low < 0)
			return "the key is not hexadecimal";
		arg[i / 2] = (uint8_t)(high << 4 | low);
	}
	t->arg = arg;
	t->arg_len = (uint32_t)(s.len / 2);
	return NULL;
}

static const char *parse_extract(struct slice s, struct transform *t)
{
	struct slice bytes = cut(&s, ' ');
	int32_t n;

	if (s.p == NULL || !number(bytes, 1, UINT8_MAX, &n) || !number(s, 0, OFFSET_MAX, &t->b))
		return "extract wants 1 to 255 bytes and an offset of 0 to 65535";
	t->mode = (uint8_t)n;
	return NULL;
}

static const char *parse_xor(struct slice s, struct transform *t, uint8_t *arg)
{
	struct slice rest = s;
	struct slice word = cut(&rest, ' ');

	if (slice_is(word, "offset") && rest.p != NULL) {
		word = cut(&rest, ',');
		if (rest.p == NULL || !number(word, 0, OFFSET_MAX, &t->a))
			return "offset wants 0 to 65535, a comma and the key";
		s = rest;
		word = cut(&rest, ' ');
	}
	if (slice_is(word, "extract") && rest.p != NULL)
		return parse_extract(rest, t);
	return parse_key(s, t, arg);
}

static bool base64_mode(struct slice s, struct transform *t)
{
	static const char *const names[] = {[TRANSFORM_RFC4648] = "rfc4648",
		[TRANSFORM_RFC2045] = "rfc2045",
		[TRANSFORM_STRICT] = "strict"};

	for (uint8_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (slice_is(s, names[i])) {
			t->mode = i;
			return true;
		}
	}
	return false;
}

static const char *parse_base64(struct slice s, struct transform *t)
{
	static const char *const names[] = {"bytes", "offset", "mode"};
	bool given[] = {false, false, false};

	while (s.p != NULL) {
		struct slice value = cut(&s, ',');
		struct slice name = cut(&value, ' ');
		unsigned i = 0;
		while (i < 3 && !slice_is(name, names[i]))
			i++;
		if (i == 3 || given[i] || value.p == NULL)
			return "wants bytes, offset and mode, each once and with a value";
		given[i] = true;
		if (i == 0 && !number(value, 1, OFFSET_MAX, &t->a))
			return "bytes is 1 to 65535";
		if (i == 1 && !number(value, 0, OFFSET_MAX, &t->b))
			return "offset is 0 to 65535";
		if (i == 2 && !base64_mode(value, t))
			return "mode is rfc4648, rfc2045 or strict";
	}
	return NULL;
}

static const char *parse_expression(struct slice s, struct transform *t, uint8_t *arg)
{
	uint32_t groups = 0;
	PCRE2_SIZE at;
	int error;

	if (!unquote(&s) || s.len == 0)
		return "wants an expression in quotes";
	if (s.len > TRANSFORM_ARG_MAX)
		return "the expression has more than 4096 bytes";
	memcpy(arg, s.p, s.len);
	t->arg = arg;
	t->arg_len = (uint32_t)s.len;
	pcre2_code *code = pattern_pcre_compile(arg, s.len, 0, &error, &at);
	if (code == NULL)
		return "the expression does not compile";
	pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &groups);
	pcre2_code_free(code);
	return groups > 0 ? NULL : "the expression captures nothing";
}

static const char *parse_subslice(struct slice s, struct transform *t)
{
	struct slice word = cut(&s, ',');

	if (!number(word, -OFFSET_MAX, OFFSET_MAX, &t->a))
		return "wants an offset of -65535 to 65535";
	if (s.p == NULL)
		return NULL;
	word = cut(&s, ',');
	if (!slice_is(word, "truncate")) {
		if (!number(word, -OFFSET_MAX, OFFSET_MAX, &t->b) || t->b == 0)
			return "the number of bytes is -65535 to 65535, and not 0";
		t->flags |= TRANSFORM_HAS_SIZE;
		if (s.p == NULL)
			return NULL;
		word = cut(&s, ',');
	}
	t->flags |= TRANSFORM_TRUNCATE;
	return slice_is(word, "truncate") && s.p == NULL ? NULL : "wants truncate at its end";
}

static const char *parse_inflate(struct slice s, struct transform *t)
{
	struct slice name = cut(&s, ' ');

	if (!slice_is(name, "max-size") || s.p == NULL || !number(s, 1, INT32_MAX, &t->a))
		return "wants max-size and a number from 1 on";
	return NULL;
}

static const char *parse_value(struct slice s, struct transform *t, uint8_t *arg)
{
	switch (t->kind) {
	case TRANSFORM_XOR:
		return parse_xor(s, t, arg);
	case TRANSFORM_FROM_BASE64:
		return parse_base64(s, t);
	case TRANSFORM_PCREXFORM:
		return parse_expression(s, t, arg);
	case TRANSFORM_SUBSLICE:
		return parse_subslice(s, t);
	case TRANSFORM_GUNZIP:
	case TRANSFORM_ZLIB_DEFLATE:
		return parse_inflate(s, t);
	default:
		return "takes no value";
	}
}

int transform_parse(enum transform_kind kind, const char *value, size_t len, struct transform *out,
	uint8_t arg[TRANSFORM_ARG_MAX], const char **why)
{
	struct transform t = {.kind = (uint8_t)kind};
	const char *wrong = NULL;

	if (kind == TRANSFORM_GUNZIP || kind == TRANSFORM_ZLIB_DEFLATE)
		t.a = INFLATE_DEFAULT;
	if (value != NULL)
		wrong = parse_value((struct slice){.p = value, .len = len}, &t, arg);
	else if (kind == TRANSFORM_XOR || kind == TRANSFORM_PCREXFORM || kind == TRANSFORM_SUBSLICE)
		wrong = "wants a value";
	if (wrong != NULL) {
		*why = wrong;
		return -EINVAL;
	}
	*out = t;
	return 0;
}
