// How rules compare numbers: 5, =5, !5, <5, <=5, >5, >=5, 3-9, 3<>9, !3-9, &0xf0=0x80, &0x10!=0.

#include "patterns/parser.h"

#include <string.h>

// Decimal or hexadecimal, with a unit behind it when `units`.
bool parse_unsigned(struct parser *p, struct slice s, bool units, uint64_t max, uint64_t *out)
{
	static const struct {
		const char *word;
		unsigned shift;
	} suffixes[] = {{"kb", 10}, {"kib", 10}, {"mb", 20}, {"mib", 20}, {"gb", 30}, {"gib", 30}};
	bool hex = s.len > 2 && s.p[0] == '0' && (s.p[1] | 0x20) == 'x';
	unsigned base = hex ? 16 : 10, shift = 0;
	size_t i = hex ? 2 : 0, begin = i;
	uint64_t v = 0;

	for (; i < s.len; i++) {
		char c = (char)(s.p[i] | 0x20);
		unsigned digit = c >= '0' && c <= '9' ? (unsigned)(c - '0')
			: hex && c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
						      : 16;
		if (digit >= base || v > (UINT64_MAX - digit) / base)
			break;
		v = v * base + digit;
	}
	struct slice rest = {.p = s.p + i, .len = s.len - i, .where = s.where};
	bool fine = i > begin && rest.len == 0;
	for (size_t k = 0; units && i > begin && k < sizeof(suffixes) / sizeof(suffixes[0]); k++) {
		if (slice_is_nocase(slice_trim(rest), suffixes[k].word)) {
			shift = suffixes[k].shift;
			fine = true;
		}
	}
	if (!fine || v > (max >> shift)) {
		parser_error(
			p, s.where, "a number from 0 to %llu is wanted", (unsigned long long)max);
		return false;
	}
	*out = v << shift;
	return true;
}

static struct slice head(struct slice s, size_t len)
{
	s.len = len;
	return slice_trim(s);
}

static const char *find(struct slice s, const char *what)
{
	return s.p != NULL ? memmem(s.p, s.len, what, strlen(what)) : NULL;
}

// &mask=value, &mask!=value
static bool parse_mask(struct parser *p, struct slice s, uint64_t max, struct compare_with *out)
{
	const char *equal = find(s, "=");

	if (equal == NULL)
		return parse_unsigned(p, s, false, max, &out->a) && (out->op = CMP_AND, true);
	bool differs = equal > s.p && equal[-1] == '!';
	size_t len = (size_t)(equal - s.p);
	out->op = differs ? CMP_MASK_NE : CMP_MASK_EQ;
	return parse_unsigned(p, head(s, len - (differs ? 1 : 0)), false, max, &out->a) &&
		parse_unsigned(p, slice_cut(s, len + 1), false, max, &out->b);
}

static bool parse_range(struct parser *p, struct slice s, const char *sign, bool negated,
	uint64_t max, struct compare_with *out)
{
	size_t at = (size_t)(find(s, sign) - s.p);

	if (!parse_unsigned(p, head(s, at), true, max, &out->a) ||
		!parse_unsigned(p, slice_cut(s, at + strlen(sign)), true, max, &out->b))
		return false;
	if (out->a >= out->b) {
		parser_error(p, s.where, "a range that ends before it begins");
		return false;
	}
	if (!negated && out->b - out->a == 1) {
		parser_error(p, s.where, "no number lies between: both ends are outside");
		return false;
	}
	out->op = negated ? CMP_OUTSIDE : CMP_BETWEEN;
	return true;
}

bool parse_compare(struct parser *p, struct slice s, uint64_t max, struct compare_with *out)
{
	static const struct {
		const char *word;
		uint8_t op, negated;
	} ops[] = {{">=", CMP_GE, CMP_LT}, {"<=", CMP_LE, CMP_GT}, {">", CMP_GT, CMP_LE},
		{"<", CMP_LT, CMP_GE}, {"=", CMP_EQ, CMP_NE}};
	bool negated = s.len > 0 && s.p[0] == '!';

	*out = (struct compare_with){.op = negated ? CMP_NE : CMP_EQ};
	if (negated)
		s = slice_cut(s, 1);
	if (s.len > 0 && s.p[0] == '&' && !negated)
		return parse_mask(p, slice_cut(s, 1), max, out);
	if (find(s, "<>") != NULL)
		return parse_range(p, s, "<>", negated, max, out);
	if (find(s, "-") != NULL)
		return parse_range(p, s, "-", negated, max, out);
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		size_t len = strlen(ops[i].word);
		if (s.len < len || memcmp(s.p, ops[i].word, len) != 0)
			continue;
		out->op = negated ? ops[i].negated : ops[i].op;
		s = slice_cut(s, len);
		break;
	}
	return parse_unsigned(p, s, true, max, &out->a);
}
