#include "dataplane/inspect/spelling.h"

#include <arpa/inet.h>

enum { IP6_MAX = INET6_ADDRSTRLEN - 1, LOOKS_LIKE_COLONS = 4, LOOKS_LIKE_DIGITS = 4 };

static void add_group(struct chain *c, struct bytes digits)
{
	uint32_t value = 0;

	for (size_t i = 0; i < digits.len; i++)
		value = value * 10 + digits.p[i] - '0' < UINT16_MAX ? value * 10 + digits.p[i] - '0'
								    : UINT16_MAX;
	if (c->n < CHAIN_MAX) {
		c->group_len[c->n] = (uint8_t)(digits.len < UINT8_MAX ? digits.len : UINT8_MAX);
		c->value[c->n] = (uint16_t)value;
	}
	c->n++;
	c->digits += digits.len;
}

static bool is_sep(struct bytes in, size_t at, const char *seps, char sep)
{
	if (at + 1 >= in.len || in.p[at] == '\0' || !spelled_digit(in.p[at + 1]))
		return false;
	return sep != 0 ? in.p[at] == (uint8_t)sep : strchr(seps, in.p[at]) != NULL;
}

size_t spelled_chain(struct bytes in, const char *seps, struct chain *c)
{
	size_t at = 0;

	*c = (struct chain){0};
	for (;;) {
		size_t begin = at;
		while (at < in.len && spelled_digit(in.p[at]))
			at++;
		if (at == begin)
			break;
		add_group(c, (struct bytes){in.p + begin, at - begin, false});
		c->len = at;
		if (!is_sep(in, at, seps, c->sep))
			break;
		c->sep = (char)in.p[at++];
	}
	return c->len;
}

bool chain_ip4(const struct chain *c, unsigned at, uint8_t out[16])
{
	if (at + 4 > c->n || at + 4 > CHAIN_MAX)
		return false;
	memset(out, 0, 16);
	for (unsigned i = 0; i < 4; i++) {
		if (c->group_len[at + i] > 3 || c->value[at + i] > 255)
			return false;
		out[i] = (uint8_t)c->value[at + i];
	}
	return true;
}

static bool is_year(unsigned v)
{
	return v >= 1900 && v < 2100;
}

static bool is_day_of_month(unsigned a, unsigned b)
{
	return a >= 1 && b >= 1 && a <= 31 && b <= 31 && (a <= 12 || b <= 12);
}

bool chain_is_date(const struct chain *c)
{
	if (c->n != 3 || c->group_len[1] > 2)
		return false;
	if (c->group_len[0] == 4 && c->group_len[2] <= 2)
		return is_year(c->value[0]) && is_day_of_month(c->value[1], c->value[2]);
	return c->group_len[0] <= 2 && c->group_len[2] == 4 && is_year(c->value[2]) &&
		is_day_of_month(c->value[0], c->value[1]);
}

static unsigned number(const uint8_t *p, unsigned n)
{
	unsigned v = 0;

	for (unsigned i = 0; i < n; i++)
		v = v * 10 + p[i] - '0';
	return v;
}

bool spelled_is_day(struct bytes digits)
{
	return digits.len == 8 && is_year(number(digits.p, 4)) &&
		is_day_of_month(number(digits.p + 4, 2), number(digits.p + 6, 2));
}

static bool read_ip6(struct bytes in, uint8_t out[16])
{
	char text[INET6_ADDRSTRLEN];

	if (in.len < 2 || in.len >= sizeof(text))
		return false;
	memcpy(text, in.p, in.len);
	text[in.len] = '\0';
	return inet_pton(AF_INET6, text, out) == 1;
}

static bool looks_like_ip6(struct bytes in)
{
	size_t colons = 0, digits = 0;

	for (size_t i = 0; i < in.len; i++) {
		colons += in.p[i] == ':';
		digits += spelled_hex(in.p[i]);
	}
	return digits >= LOOKS_LIKE_DIGITS &&
		(colons >= LOOKS_LIKE_COLONS || memmem(in.p, in.len, "::", 2) != NULL);
}

size_t spelled_ip6(struct bytes in, uint8_t out[16], bool *exact)
{
	size_t len = 0, colons = 0;

	*exact = false;
	if (in.len < 3 || (in.p[0] == ':' && (in.p[1] != ':' || !spelled_hex(in.p[2]))))
		return 0;
	while (len < in.len && len < IP6_MAX &&
		(spelled_hex(in.p[len]) || in.p[len] == ':' || in.p[len] == '.'))
		colons += in.p[len++] == ':';
	if (colons < 2)
		return 0;
	bool goes_on = len < in.len && spelled_letter(in.p[len]);
	while (len > 2 && (in.p[len - 1] == '.' || (in.p[len - 1] == ':' && in.p[len - 2] != ':')))
		len--;
	struct bytes text = {in.p, len, false};
	const uint8_t *dot = memchr(in.p, '.', len);
	*exact = !goes_on && read_ip6(text, out);
	if (!*exact && dot != NULL) { // a label behind it
		text.len = (size_t)(dot - in.p);
		*exact = read_ip6(text, out);
	}
	if (*exact)
		return text.len;
	text.len = len;
	return looks_like_ip6(text) && !(goes_on && colons < LOOKS_LIKE_COLONS) ? len : 0;
}

// `n` groups of `size` hexadecimal digits.
static size_t hex_groups(struct bytes in, unsigned n, unsigned size, char sep)
{
	size_t len = (size_t)n * (size + 1) - 1;

	if (in.len < len || (in.len > len && (spelled_hex(in.p[len]) || in.p[len] == (uint8_t)sep)))
		return 0;
	for (size_t i = 0; i < len; i++) {
		bool between = i % (size + 1) == size;
		if (between ? in.p[i] != (uint8_t)sep : !spelled_hex(in.p[i]))
			return 0;
	}
	return len;
}

size_t spelled_mac(struct bytes in)
{
	size_t len = hex_groups(in, 6, 2, ':');

	if (len == 0)
		len = hex_groups(in, 6, 2, '-');
	return len > 0 ? len : hex_groups(in, 3, 4, '.');
}

size_t spelled_uuid(struct bytes in)
{
	enum { UUID_LEN = 36 };

	if (in.len < UUID_LEN)
		return 0;
	for (size_t i = 0; i < UUID_LEN; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		if (dash ? in.p[i] != '-' : !spelled_hex(in.p[i]))
			return 0;
	}
	return UUID_LEN;
}

// False: none, or more than 32 bits.
static bool read_number(struct bytes in, uint64_t *v)
{
	unsigned base = 10;

	*v = 0;
	if (in.len > 2 && in.p[0] == '0' && (in.p[1] | 0x20) == 'x') {
		base = 16;
		bytes_take(&in, 2);
	}
	if (in.len == 0)
		return false;
	while (in.len > 0) {
		uint8_t c = bytes_u8(&in);
		if (base == 16 ? !spelled_hex(c) : !spelled_digit(c))
			return false;
		*v = *v * base + (uint64_t)(spelled_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
		if (*v > UINT32_MAX)
			return false;
	}
	return true;
}

bool spelled_number_host(struct bytes in, uint8_t out[16])
{
	uint64_t v, address = 0;

	if (in.len > 0 && in.p[in.len - 1] == '.')
		in.len--;
	for (unsigned i = 0; i < 4; i++) {
		const uint8_t *dot = in.len > 0 ? memchr(in.p, '.', in.len) : NULL;
		size_t len = dot != NULL ? (size_t)(dot - in.p) : in.len;
		if (!read_number(bytes_take(&in, len), &v))
			return false;
		if (dot == NULL) { // the last one fills what is left
			if (v >> (8 * (4 - i)) != 0)
				return false;
			address |= v;
			break;
		}
		bytes_take(&in, 1);
		if (v > 255 || i == 3)
			return false;
		address |= v << (24 - 8 * i);
	}
	memset(out, 0, 16);
	for (unsigned i = 0; i < 4; i++)
		out[i] = (uint8_t)(address >> (24 - 8 * i));
	return true;
}
