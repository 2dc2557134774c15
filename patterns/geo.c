#include "patterns/geo.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ADDRESS_TEXT_MAX = 64 };

uint16_t geo_country(const char *letters, size_t len)
{
	if (len != 2 || letters[0] < 'A' || letters[0] > 'Z' || letters[1] < 'A' ||
		letters[1] > 'Z')
		return GEO_NONE;
	return (uint16_t)((letters[0] - 'A') * 26 + letters[1] - 'A');
}

// Room for one more; at each power of two it is used up.
static int grow(void **items, uint32_t n, size_t size)
{
	if (n == GEO_RANGES_MAX)
		return -E2BIG;
	if ((n & (n - 1)) != 0)
		return 0;
	void *more = realloc(*items, (n == 0 ? 1 : (size_t)n * 2) * size);
	if (more == NULL)
		return -ENOMEM;
	*items = more;
	return 0;
}

int geo_add4(struct geo_table *t, uint32_t lo, uint32_t hi, uint32_t value)
{
	struct geo4 *last = t->n4 > 0 ? &t->v4[t->n4 - 1] : NULL;

	if (last != NULL && last->country == (uint16_t)value && last->more == value >> 16 &&
		last->hi != UINT32_MAX && last->hi + 1 == lo) {
		last->hi = hi;
		return 0;
	}
	int err = grow((void **)&t->v4, t->n4, sizeof(*t->v4));
	if (err == 0)
		t->v4[t->n4++] = (struct geo4){lo, hi, (uint16_t)value, (uint16_t)(value >> 16)};
	return err;
}

static bool follows(const uint8_t a[16], const uint8_t b[16])
{
	uint8_t next[16];
	int i = 15;

	memcpy(next, a, sizeof(next));
	while (i >= 0 && ++next[i] == 0)
		i--;
	return i >= 0 && memcmp(next, b, sizeof(next)) == 0;
}

int geo_add6(struct geo_table *t, const uint8_t lo[16], const uint8_t hi[16], uint32_t value)
{
	struct geo6 *last = t->n6 > 0 ? &t->v6[t->n6 - 1] : NULL;

	if (last != NULL && last->country == (uint16_t)value && last->more == value >> 16 &&
		follows(last->hi, lo)) {
		memcpy(last->hi, hi, sizeof(last->hi));
		return 0;
	}
	int err = grow((void **)&t->v6, t->n6, sizeof(*t->v6));
	if (err == 0) {
		struct geo6 *r = &t->v6[t->n6++];
		memcpy(r->lo, lo, sizeof(r->lo));
		memcpy(r->hi, hi, sizeof(r->hi));
		r->country = (uint16_t)value;
		r->more = (uint16_t)(value >> 16);
	}
	return err;
}

struct address {
	uint8_t version; // 0: none
	uint32_t v4;
	uint8_t v6[16];
};

static bool decimal(const char *text, uint32_t *out)
{
	uint64_t v = 0;

	for (; *text >= '0' && *text <= '9' && v <= UINT32_MAX; text++)
		v = v * 10 + (uint64_t)(*text - '0');
	*out = (uint32_t)v;
	return *text == '\0' && v <= UINT32_MAX;
}

static struct address address_of(const char *p, size_t len)
{
	char text[ADDRESS_TEXT_MAX];
	struct address out = {0};

	if (len == 0 || len >= sizeof(text) || memchr(p, '\0', len) != NULL)
		return out;
	memcpy(text, p, len);
	text[len] = '\0';
	if (inet_pton(AF_INET6, text, out.v6) == 1) {
		out.version = 6;
	} else if (inet_pton(AF_INET, text, &out.v4) == 1) {
		out.v4 = ntohl(out.v4);
		out.version = 4;
	} else if (decimal(text, &out.v4)) {
		out.version = 4;
	}
	return out;
}

struct range {
	struct address lo, hi;
};

static int add_range(struct geo_table *t, const struct range *r, uint32_t value)
{
	return r->lo.version == 4 ? geo_add4(t, r->lo.v4, r->hi.v4, value)
				  : geo_add6(t, r->lo.v6, r->hi.v6, value);
}

// "13335", "AS13335"; 0: none is known.
static bool as_number(const char *p, size_t len, uint32_t *out)
{
	char text[16];

	if (len > 2 && memcmp(p, "AS", 2) == 0) {
		p += 2;
		len -= 2;
	}
	if (len == 0 || len >= sizeof(text) || memchr(p, '\0', len) != NULL)
		return false;
	memcpy(text, p, len);
	text[len] = '\0';
	return decimal(text, out);
}

// Behind the country: nothing, or a comma and a number.
static int add_as(
	struct geo_table *t, const struct range *r, const char *p, size_t len, const char **what)
{
	uint32_t number = 0;

	if (len == 0)
		return 0;
	*what = "an AS number is wanted behind the country: lo,hi,CC,AS";
	if (p[0] != ',' || !as_number(p + 1, len - 1, &number))
		return -EINVAL;
	return t->as != NULL && number != 0 ? add_range(t->as, r, number) : 0;
}

static int add_line(struct geo_table *t, const char *p, size_t len, const char **what)
{
	const char *comma = memchr(p, ',', len);
	const char *end = p + len;
	const char *second =
		comma != NULL ? memchr(comma + 1, ',', (size_t)(end - comma - 1)) : NULL;

	*what = "two addresses and a country are wanted: lo,hi,CC";
	if (second == NULL || end - second < 3 || (end - second > 3 && second[3] != ','))
		return -EINVAL;
	const struct range r = {address_of(p, (size_t)(comma - p)),
		address_of(comma + 1, (size_t)(second - comma - 1))};
	uint16_t country = geo_country(second + 1, 2);
	if (r.lo.version == 0 || r.lo.version != r.hi.version)
		return -EINVAL;
	*what = "a range that ends before it begins";
	if (r.lo.version == 4 ? r.lo.v4 > r.hi.v4 : memcmp(r.lo.v6, r.hi.v6, sizeof(r.lo.v6)) > 0)
		return -EINVAL;
	int err = add_as(t, &r, second + 3, (size_t)(end - second - 3), what);
	if (err < 0 || country == GEO_NONE)
		return err;
	return add_range(t, &r, country);
}

int geo_text_add(
	struct geo_table *t, const char *text, size_t len, uint32_t *line, const char **what)
{
	const char *p = text, *end = text + len;
	int err = 0;

	for (*line = 1; p < end && err == 0; ++*line) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		size_t n = (size_t)((newline != NULL ? newline : end) - p);
		const char *this = p;
		p += n + (newline != NULL);
		if (n > 0 && this[n - 1] == '\r')
			n--;
		if (n > 0 && this[0] != '#')
			err = add_line(t, this, n, what);
	}
	*line -= err < 0;
	return err;
}

static int by_v4(const void *a, const void *b)
{
	const struct geo4 *x = a, *y = b;

	return (x->lo > y->lo) - (x->lo < y->lo);
}

static int by_v6(const void *a, const void *b)
{
	return memcmp(((const struct geo6 *)a)->lo, ((const struct geo6 *)b)->lo, 16);
}

bool geo_sort(struct geo_table *t)
{
	if (t->n4 > 0)
		qsort(t->v4, t->n4, sizeof(*t->v4), by_v4);
	if (t->n6 > 0)
		qsort(t->v6, t->n6, sizeof(*t->v6), by_v6);
	for (uint32_t i = 1; i < t->n4; i++) {
		if (t->v4[i].lo <= t->v4[i - 1].hi)
			return false;
	}
	for (uint32_t i = 1; i < t->n6; i++) {
		if (memcmp(t->v6[i].lo, t->v6[i - 1].hi, 16) <= 0)
			return false;
	}
	return true;
}

void geo_table_free(struct geo_table *t)
{
	free(t->v4);
	free(t->v6);
	*t = (struct geo_table){0};
}

uint16_t geo_find4(const struct geo4 *ranges, uint32_t n, uint32_t address)
{
	uint32_t lo = 0, hi = n;

	while (lo < hi) { // the first range that does not end before the address
		uint32_t mid = lo + (hi - lo) / 2;
		if (ranges[mid].hi < address)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < n && ranges[lo].lo <= address ? ranges[lo].country : GEO_NONE;
}

uint16_t geo_find6(const struct geo6 *ranges, uint32_t n, const uint8_t address[16])
{
	uint32_t lo = 0, hi = n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (memcmp(ranges[mid].hi, address, 16) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < n && memcmp(ranges[lo].lo, address, 16) <= 0 ? ranges[lo].country : GEO_NONE;
}
