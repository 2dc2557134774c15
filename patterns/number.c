#include "patterns/number.h"

#include "dataplane/base/base64.h"

#include <ctype.h>

static bool read_binary(const struct condition_number *n, struct bytes b, uint64_t *out)
{
	uint64_t v = 0;

	if (b.len > sizeof(v))
		return false;
	for (size_t i = 0; i < b.len; i++)
		v = v << 8 | b.p[n->flags & BYTES_LITTLE ? b.len - 1 - i : i];
	*out = v;
	return true;
}

static int digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// As strtoull() does: spaces, a sign, digits up to the first that is none.
static bool read_digits(uint8_t base, struct bytes b, uint64_t *out)
{
	uint64_t v = 0;
	size_t i = 0, digits = 0;
	bool minus = false;

	while (i < b.len && isspace(b.p[i]))
		i++;
	if (i < b.len && (b.p[i] == '+' || b.p[i] == '-'))
		minus = b.p[i++] == '-';
	if (base == 16 && i + 2 < b.len && b.p[i] == '0' && (b.p[i + 1] | 0x20) == 'x')
		i += 2;
	for (; i < b.len; i++, digits++) {
		int d = digit(b.p[i]);
		if (d < 0 || d >= base)
			break;
		if (v > (UINT64_MAX - (uint64_t)d) / base)
			return false;
		v = v * base + (uint64_t)d;
	}
	*out = minus ? 0 - v : v;
	return digits > 0;
}

bool number_read(const struct condition_number *n, struct bytes b, uint64_t *out)
{
	uint64_t v;

	if (b.len == 0)
		v = 0;
	else if (n->base != 0 ? !read_digits(n->base, b, &v) : !read_binary(n, b, &v))
		return false;
	if (n->mask != 0)
		v = (v & n->mask) >> __builtin_ctz(n->mask);
	*out = v * (n->multiplier != 0 ? n->multiplier : 1);
	return true;
}

bool number_compares(uint8_t op, uint64_t v, uint64_t a, uint64_t b)
{
	switch ((enum compare)op) {
	case CMP_EQ:
		return v == a;
	case CMP_NE:
		return v != a;
	case CMP_LT:
		return v < a;
	case CMP_LE:
		return v <= a;
	case CMP_GT:
		return v > a;
	case CMP_GE:
		return v >= a;
	case CMP_AND:
		return (v & a) != 0;
	case CMP_OR:
		return (v ^ a) != 0;
	case CMP_BETWEEN:
		return v > a && v < b;
	case CMP_OUTSIDE:
		return v <= a || v >= b;
	case CMP_MASK_EQ:
		return (v & a) == b;
	case CMP_MASK_NE:
		return (v & a) != b;
	case CMP_ONE_OF:
		return v >= b && v - b < 64 && (a >> (v - b) & 1) != 0;
	}
	return false;
}

bool number_operate(uint8_t op, uint64_t *v, uint64_t by)
{
	switch (op) {
	case '+':
		*v += by;
		return true;
	case '-':
		*v -= by;
		return true;
	case '*':
		*v *= by;
		return true;
	case '/':
		if (by == 0)
			return false;
		*v /= by;
		return true;
	case '<':
		*v = by < 64 ? *v << by : 0;
		return true;
	case '>':
		*v = by < 64 ? *v >> by : 0;
		return true;
	default:
		return false;
	}
}

size_t number_base64(struct bytes in, uint8_t *out, size_t size)
{
	uint32_t bits = 0;
	unsigned n_bits = 0;
	size_t n = 0;

	for (size_t i = 0; i < in.len && n < size; i++) {
		int v = base64_sextet(in.p[i]);
		if (in.p[i] == '=')
			break;
		if (v < 0)
			continue;
		bits = bits << 6 | (uint32_t)v;
		n_bits += 6;
		if (n_bits < 8)
			continue;
		n_bits -= 8;
		out[n++] = (uint8_t)(bits >> n_bits);
	}
	return n;
}
