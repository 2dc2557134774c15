// Characters that stand for others.

#include "dataplane/inspect/leak/plain_impl.h"

static int hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
		return (c | 0x20) - 'a' + 10;
	return -1;
}

// n hexadecimal digits; -1: there are not so many.
static int32_t hex(struct bytes in, size_t at, unsigned n)
{
	int32_t value = 0;

	if (at > in.len || in.len - at < n)
		return -1;
	for (unsigned i = 0; i < n; i++) {
		int digit = hex_value(in.p[at + i]);
		if (digit < 0)
			return -1;
		value = value << 4 | digit;
	}
	return value;
}

static void put_character(struct plain_out *out, uint32_t c)
{
	uint8_t utf8[4];
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	for (size_t i = n; i > 1; c >>= 6)
		utf8[--i] = (uint8_t)(0x80 | (c & 0x3f));
	utf8[0] = (uint8_t)(n == 1 ? c : (0xf00u >> n & 0xff) | c);
	plain_put(out, utf8, n);
}

// "u0031" behind a backslash, or two of them that are one character; how long, 0: none.
static size_t unicode(struct bytes in, size_t at, struct plain_out *out)
{
	int32_t high = in.p[at] == 'u' ? hex(in, at + 1, 4) : -1;
	int32_t low = -1;

	if (high < 0)
		return 0;
	if (high >= 0xd800 && high < 0xdc00 && in.len - at >= 11 && in.p[at + 5] == '\\' &&
		in.p[at + 6] == 'u')
		low = hex(in, at + 7, 4);
	if (low >= 0xdc00 && low < 0xe000) {
		put_character(out,
			0x10000u + ((uint32_t)(high - 0xd800) << 10) + (uint32_t)(low - 0xdc00));
		return 11;
	}
	put_character(out, (uint32_t)high);
	return 5;
}

// What stands behind a backslash in JSON, whose letters stand for themselves elsewhere.
static size_t escaped(struct bytes in, size_t at, bool json, struct plain_out *out)
{
	uint8_t c = at < in.len ? in.p[at] : 0;
	uint8_t next = at + 1 < in.len ? in.p[at + 1] : 0;

	if (c == '"' || c == '/') {
		plain_put(out, &c, 1);
		return 1;
	}
	if (c == '\\' && (next == 'u' || next == '"' || next == '/' || next == '\\' || json)) {
		plain_put(out, &c, 1);
		return 1;
	}
	if (json && (c == 'n' || c == 'r' || c == 't')) {
		plain_put(out, c == 't' ? "\t" : "\n", 1);
		return 1;
	}
	return c != 0 ? unicode(in, at, out) : 0;
}

static size_t percent(struct bytes in, size_t at, struct plain_out *out)
{
	int32_t value = hex(in, at, 2);
	uint8_t c = (uint8_t)value;

	if (value < 0)
		return 0;
	plain_put(out, &c, 1);
	return 2;
}

// A number that somebody put into a form as it is: "tel=+861380...".
static bool leads_number(struct bytes in, size_t at)
{
	return at > 0 && in.p[at - 1] == '=' && at + 1 < in.len && in.p[at + 1] >= '0' &&
		in.p[at + 1] <= '9';
}

// The mark at this place and what belongs to it: how many characters were replaced.
static size_t replace(struct bytes in, size_t at, bool json, struct plain_out *out)
{
	size_t used;

	if (in.p[at] == '+') {
		if (leads_number(in, at))
			return 0;
		plain_put(out, " ", 1);
		return 1;
	}
	used = in.p[at] == '%' ? percent(in, at + 1, out) : escaped(in, at + 1, json, out);
	return used > 0 ? used + 1 : 0;
}

static bool is_json(struct bytes in)
{
	size_t at = 0;

	while (at < in.len && (in.p[at] == ' ' || (in.p[at] >= '\t' && in.p[at] <= '\r')))
		at++;
	return at < in.len && (in.p[at] == '{' || in.p[at] == '[' || in.p[at] == '"');
}

static const uint8_t *next_mark(const uint8_t *from, const uint8_t *end, uint8_t mark)
{
	const uint8_t *at = from < end ? memchr(from, mark, (size_t)(end - from)) : NULL;
	return at != NULL ? at : end;
}

bool plain_spelling(struct bytes in, bool plus, struct plain_out *out)
{
	enum { MARKS = 3 };
	static const uint8_t marks[MARKS] = {'%', '\\', '+'};
	const uint8_t *p = in.p, *end = p + in.len, *next[MARKS];
	const unsigned n = plus ? MARKS : MARKS - 1;
	bool json = is_json(in), changed = false;
	size_t from = 0;

	for (unsigned i = 0; i < n; i++)
		next[i] = next_mark(p, end, marks[i]);
	for (;;) {
		const uint8_t *first = end;
		for (unsigned i = 0; i < n; i++)
			first = next[i] < first ? next[i] : first;
		if (first == end)
			break;
		size_t at = (size_t)(first - p);
		plain_put(out, p + from, at - from);
		size_t used = replace(in, at, json, out);
		changed |= used > 0;
		from = at + used;
		const uint8_t *go_on = p + at + (used > 0 ? used : 1);
		for (unsigned i = 0; i < n; i++) {
			if (next[i] < go_on)
				next[i] = next_mark(go_on, end, marks[i]);
		}
	}
	if (changed)
		plain_put(out, p + from, in.len - from);
	return changed;
}
