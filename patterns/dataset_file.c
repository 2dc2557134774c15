// The lines of a list of values. What stands in one is never repeated: a list that was meant for
// something else, or a file that is none, may hold anything.

#include "patterns/dataset.h"
#include "patterns/identifier.h"
#include "patterns/parser.h"

#include <openssl/evp.h>

#include <arpa/inet.h>
#include <string.h>

enum { COMPLAINTS_MAX = 20, IP_TEXT_MAX = 64 };

struct line {
	struct slice value;
	struct slice reputation; // p == NULL: none
};

// Bytes of the value; -1: it is none.
typedef int (*decode_fn)(struct slice s, uint8_t out[DATASET_LINE_MAX]);

static int from_base64(struct slice s, uint8_t out[DATASET_LINE_MAX])
{
	size_t n = 0;

	while (n < s.len && s.p[n] != '=')
		n++;
	size_t padding = s.len - n;
	// What else is not of the alphabet OpenSSL refuses, but for white space, which was cut off, and '-',
	// which ends PEM for it.
	if (s.len == 0 || s.len % 4 != 0 || padding > 2 ||
		(padding == 2 && s.p[s.len - 1] != '=') || memchr(s.p, ' ', s.len) != NULL ||
		memchr(s.p, '-', s.len) != NULL)
		return -1;
	int len = EVP_DecodeBlock(out, (const unsigned char *)s.p, (int)s.len);
	return len < (int)padding ? -1 : len - (int)padding;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int from_hex(struct slice s, uint8_t out[DATASET_LINE_MAX])
{
	for (size_t i = 0; i + 1 < s.len; i += 2) {
		int high = digit(s.p[i]), low = digit(s.p[i + 1]);
		if (high < 0 || low < 0)
			return -1;
		out[i / 2] = (uint8_t)(high << 4 | low);
	}
	return (int)(s.len / 2);
}

static int from_md5(struct slice s, uint8_t out[DATASET_LINE_MAX])
{
	return s.len == 32 ? from_hex(s, out) : -1;
}

static int from_sha256(struct slice s, uint8_t out[DATASET_LINE_MAX])
{
	return s.len == 64 ? from_hex(s, out) : -1;
}

static int from_ipv4(struct slice s, uint8_t out[DATASET_LINE_MAX])
{
	char text[IP_TEXT_MAX];

	if (s.len >= sizeof(text) || memchr(s.p, '\0', s.len) != NULL)
		return -1;
	memcpy(text, s.p, s.len);
	text[s.len] = '\0';
	return inet_pton(AF_INET, text, out) == 1 ? 4 : -1;
}

// IPv4 also as IPv6 has it: ::ffff:192.0.2.1.
static int from_ip(struct slice s, uint8_t out[DATASET_LINE_MAX])
{
	char text[IP_TEXT_MAX];
	struct in6_addr v6;

	if (s.len >= sizeof(text) || memchr(s.p, '\0', s.len) != NULL)
		return -1;
	memcpy(text, s.p, s.len);
	text[s.len] = '\0';
	if (inet_pton(AF_INET6, text, &v6) != 1)
		return from_ipv4(s, out);
	bool mapped = IN6_IS_ADDR_V4MAPPED(&v6);
	memcpy(out, mapped ? v6.s6_addr + 12 : v6.s6_addr, mapped ? 4 : 16);
	return mapped ? 4 : 16;
}

static const struct {
	decode_fn decode;
	const char *wanted;
} kinds[DATASET_TYPES] = {
	[DATASET_STRING] = {from_base64, "base64"},
	[DATASET_MD5] = {from_md5, "32 hexadecimal digits"},
	[DATASET_SHA256] = {from_sha256, "64 hexadecimal digits"},
	[DATASET_IPV4] = {from_ipv4, "an IPv4 address"},
	[DATASET_IP] = {from_ip, "an IPv4 or IPv6 address"},
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct slice trimmed(struct slice s)
{
	while (s.len > 0 && is_blank(s.p[s.len - 1]))
		s.len--;
	while (s.len > 0 && is_blank(s.p[0])) {
		s.p++;
		s.len--;
		s.where.column++;
	}
	return s;
}

// The next line that holds a value; false at the end. Comments begin with '#'.
static bool next_line(struct slice *rest, struct slice *out)
{
	while (rest->len > 0) {
		const char *end = memchr(rest->p, '\n', rest->len);
		size_t len = end != NULL ? (size_t)(end - rest->p) : rest->len;
		struct slice line = {.p = rest->p, .len = len, .where = rest->where};
		size_t taken = len + (end != NULL);
		rest->p += taken;
		rest->len -= taken;
		rest->where.line++;
		*out = trimmed(line);
		if (out->len > 0 && out->p[0] != '#')
			return true;
	}
	return false;
}

static uint32_t count_lines(struct slice text)
{
	struct slice line;
	uint32_t n = 0;

	while (n <= DATASET_VALUES_MAX && next_line(&text, &line))
		n++;
	return n;
}

static struct line parts_of(struct slice s)
{
	const char *comma = memchr(s.p, ',', s.len);
	struct line line = {.value = s};

	if (comma == NULL)
		return line;
	size_t at = (size_t)(comma - s.p);
	line.reputation = s;
	line.reputation.p = comma + 1;
	line.reputation.len = s.len - at - 1;
	line.reputation.where.column += (uint32_t)at + 1;
	line.reputation = trimmed(line.reputation);
	line.value.len = at;
	line.value = trimmed(line.value);
	return line;
}

static bool reputation_of(struct parser *p, struct slice s, uint16_t *out)
{
	uint32_t v = 0;

	for (size_t i = 0; i < s.len && v <= UINT16_MAX; i++)
		v = s.p[i] >= '0' && s.p[i] <= '9' ? v * 10 + (uint32_t)(s.p[i] - '0') : UINT32_MAX;
	if (s.len == 0 || v > UINT16_MAX) {
		parser_error(p, s.where, "a reputation from 0 to 65535 is wanted");
		return false;
	}
	*out = (uint16_t)v;
	return true;
}

// Principle 4: a set of values must not be a list of persons.
static bool is_allowed(struct parser *p, struct slice line, const uint8_t *value, size_t len)
{
	const char *kind = identifier_kind(value, len);

	if (kind == NULL)
		return true;
	if (p->lab)
		parser_warning(
			p, line.where, "this value is %s: allowed in the laboratory only", kind);
	else
		parser_error(p, line.where,
			"this value is %s: a pattern set must not look for one person", kind);
	return false;
}

// True: nothing to complain of.
static bool take_line(struct parser *p, struct dataset *set, struct slice s)
{
	uint8_t bytes[DATASET_LINE_MAX];
	struct line line = parts_of(s);
	struct dataset_value value = {0};
	bool fine = true;

	if (s.len > DATASET_LINE_MAX) {
		parser_error(p, s.where, "a line of more than %d bytes", DATASET_LINE_MAX);
		return false;
	}
	int len = kinds[set->type].decode(line.value, bytes);
	if (len <= 0 || len > DATASET_VALUE_MAX) {
		parser_error(p, s.where, "%s of at most %d bytes is wanted",
			kinds[set->type].wanted, DATASET_VALUE_MAX);
		return false;
	}
	if (line.reputation.p == NULL && set->bare_line == 0)
		set->bare_line = s.where.line;
	if (line.reputation.p != NULL && !reputation_of(p, line.reputation, &value.reputation))
		return false;
	if (set->type == DATASET_STRING)
		fine = is_allowed(p, s, bytes, (size_t)len);
	value.len = (uint16_t)len;
	value.bytes = arena_copy(p->arena, bytes, (size_t)len);
	value.hash = dataset_hash(bytes, (size_t)len);
	p->no_memory |= value.bytes == NULL;
	set->values[set->n++] = value;
	return fine;
}

void dataset_file_parse(struct parser *p, struct dataset *set, const char *text, size_t len)
{
	struct slice rest = {.p = text, .len = len, .where = {set->file, 1, 1}};
	struct slice line;
	uint32_t n = count_lines(rest), complaints = 0;

	if (n > DATASET_VALUES_MAX) {
		parser_error(p, rest.where, "a list of more than %d values", DATASET_VALUES_MAX);
		return;
	}
	set->values = arena_take(p->arena, (n + (size_t)1) * sizeof(*set->values));
	p->no_memory |= set->values == NULL;
	while (!p->no_memory && next_line(&rest, &line)) {
		complaints += !take_line(p, set, line);
		if (complaints < COMPLAINTS_MAX)
			continue;
		parser_error(
			p, line.where, "so many mistakes: the rest of this list is not looked at");
		return;
	}
}
