// Machine readable zones of travel documents: ICAO Doc 9303 parts 3 to 5.

#include "dataplane/inspect/detect/family.h"

enum { TD3_LINE = 44, TD1_LINE = 30 };

static bool is_zone(uint8_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '<';
}

static unsigned value_of(uint8_t c)
{
	return c == '<' ? 0 : c <= '9' ? c - 0u - '0' : c - 0u - 'A' + 10;
}

// Part 3, 4.9: weights 7, 3, 1; goes on with the weight of place `from`.
static unsigned sum(const uint8_t *p, size_t n, size_t from)
{
	static const unsigned weights[] = {7, 3, 1};
	unsigned out = 0;

	for (size_t i = 0; i < n; i++)
		out += value_of(p[i]) * weights[(from + i) % 3];
	return out;
}

static bool checks(const uint8_t *p, size_t n)
{
	return p[n] >= '0' && p[n] <= '9' && sum(p, n, 0) % 10 == (unsigned)(p[n] - '0');
}

static bool is_sex(uint8_t c)
{
	return c == 'M' || c == 'F' || c == 'X' || c == '<';
}

// Part 4: number 10, nationality 3, birth 7, sex, expiry 7, optional 15, composite.
static bool td3_second(const uint8_t *l)
{
	unsigned all = sum(l, 10, 0) + sum(l + 13, 7, 10) + sum(l + 21, 22, 17);

	if (!checks(l, 9) || !checks(l + 13, 6) || !is_sex(l[20]) || !checks(l + 21, 6))
		return false;
	if (!checks(l + 28, 14) && !(l[42] == '<' && sum(l + 28, 14, 0) == 0))
		return false;
	return l[43] >= '0' && l[43] <= '9' && all % 10 == (unsigned)(l[43] - '0');
}

// Part 5: kind, state, number 10, optional 15; birth 7, sex, expiry 7, nationality 3, optional 11,
// composite. A number longer than nine goes on in the optional part, its check digit with it.
static bool td1(const uint8_t *first, const uint8_t *second)
{
	unsigned all = sum(first + 5, 25, 0) + sum(second, 7, 25) + sum(second + 8, 7, 32) +
		sum(second + 18, 11, 39);

	if (!is_one_of(first[0], "IAC") || (!checks(first + 5, 9) && first[14] != '<'))
		return false;
	if (!checks(second, 6) || !is_sex(second[7]) || !checks(second + 8, 6))
		return false;
	return second[29] >= '0' && second[29] <= '9' && all % 10 == (unsigned)(second[29] - '0');
}

// The line of n characters that ends before `at`, over one line's end; or NULL.
static const uint8_t *line_before(const struct detect *d, size_t at, size_t n)
{
	size_t end = at;

	while (end > 0 && at - end < 3 && is_one_of(d->p[end - 1], "\r\n|"))
		end--;
	if (end < n)
		return NULL;
	for (size_t i = end - n; i < end; i++) {
		if (!is_zone(d->p[i]))
			return NULL;
	}
	return d->p + end - n;
}

static void tell(
	struct detect *d, enum detector_id id, size_t at, size_t end, const uint8_t *number)
{
	found(d, id, VERDICT_PROVEN, at, end, (const char *)number, 9);
}

// A run of letters and digits that '<' stands beside, or that is as long as a line.
void mrz_take(struct detect *d, size_t at, size_t end)
{
	while (at > 0 && is_zone(d->p[at - 1]) && end - at <= 2 * TD3_LINE)
		at--;
	while (end < d->len && is_zone(d->p[end]) && end - at <= 2 * TD1_LINE + TD3_LINE)
		end++;
	size_t n = end - at;
	if (n == 2 * TD3_LINE)
		at += TD3_LINE;
	else if (n == 3 * TD1_LINE)
		at += TD1_LINE;
	else if (n != TD3_LINE && n != TD1_LINE)
		return;
	if (n % TD3_LINE == 0 && td3_second(d->p + at)) {
		const uint8_t *first = line_before(d, at, TD3_LINE);
		if (first != NULL && first[0] == 'P')
			tell(d, DETECT_PASSPORT_MRZ_TD3, (size_t)(first - d->p), at + TD3_LINE,
				d->p + at);
	}
	if (n % TD1_LINE == 0) {
		const uint8_t *first = line_before(d, at, TD1_LINE);
		if (first != NULL && td1(first, d->p + at))
			tell(d, DETECT_PASSPORT_MRZ_TD1, (size_t)(first - d->p), at + TD1_LINE,
				first + 5);
	}
}
