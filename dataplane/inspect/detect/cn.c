// China: identity cards, passports and permits, credit codes, number plates.

#include "dataplane/base/identity.h"
#include "dataplane/base/published.h"
#include "dataplane/base/reference.h"
#include "dataplane/inspect/detect/family.h"

// GB/T 2260: the first two digits.
static bool is_province(unsigned code)
{
	static const uint8_t provinces[] = {11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36,
		37, 41, 42, 43, 44, 45, 46, 50, 51, 52, 53, 54, 61, 62, 63, 64, 65, 71, 81, 82};

	return memchr(provinces, (int)code, sizeof(provinces)) != NULL;
}

// Cards of foreign permanent residents (2023): 9, the province, the country's ISO 3166 number.
static enum region region_of(const char *v)
{
	if (v[0] != '9')
		return reference_region(identity_number(v, 6));
	bool known = is_province(identity_number(v + 1, 2)) &&
		reference_country(identity_number(v + 3, 3));
	return known ? REGION_COUNTY : REGION_NONE;
}

// GB 11643-1999: region, birth date, sequence, ISO 7064 MOD 11-2. Residents of Hong Kong, Macao and
// Taiwan (81, 82, 83) and foreigners have numbers of the same form; driving licences have the
// holder's.
enum verdict cn_ric18(const struct detect *d, struct candidate *c)
{
	(void)d;
	if (c->v[10] > '1' || c->v[12] > '3') // most long numbers: no such month, or day
		return VERDICT_NO;
	if (c->v[17] == 'x')
		c->v[17] = 'X';
	if (!identity_gb11643(c->v, c->n))
		return VERDICT_NO;
	unsigned year = identity_number(c->v + 6, 4);
	if (year < 1880 || year > 2099 ||
		!identity_date(year, identity_number(c->v + 10, 2), identity_number(c->v + 12, 2)))
		return VERDICT_NO;
	if (published_resident_id(c->v))
		return VERDICT_TEST;
	switch (region_of(c->v)) {
	case REGION_COUNTY:
		return VERDICT_GOOD;
	case REGION_PREFECTURE:
		return VERDICT_WEAK; // a county that was dissolved before the table begins, or chance
	default:
		return VERDICT_NO;
	}
}

// GB 11643-1989, replaced in 1999: no century, no check character.
enum verdict cn_ric15(const struct detect *d, struct candidate *c)
{
	const char *v = c->v;

	(void)d;
	if (reference_region(identity_number(v, 6)) != REGION_COUNTY)
		return VERDICT_NO;
	return identity_date(1900 + identity_number(v + 6, 2), identity_number(v + 8, 2),
		       identity_number(v + 10, 2))
		? VERDICT_GOOD
		: VERDICT_NO;
}

// GB 32100-2015 writes no I, O, S, V, Z.
static int uscc_value(char ch)
{
	static const int8_t letters[26] = {10, 11, 12, 13, 14, 15, 16, 17, -1, 18, 19, 20, 21, 22,
		-1, 23, 24, 25, -1, 26, 27, -1, 28, 29, 30, -1};

	if (ch >= '0' && ch <= '9')
		return ch - '0';
	return ch >= 'A' && ch <= 'Z' ? letters[ch - 'A'] : -1;
}

// GB 11714-1997: eight characters and a check character, MOD 11; letters count from A = 10.
static bool organisation_code(const char *v)
{
	static const unsigned weights[] = {3, 7, 9, 10, 5, 8, 4, 2};
	unsigned sum = 0;

	for (unsigned i = 0; i < 8; i++) {
		bool digit = v[i] >= '0' && v[i] <= '9';
		sum += weights[i] * (unsigned)(digit ? v[i] - '0' : v[i] - 'A' + 10);
	}
	unsigned check = (11 - sum % 11) % 11;
	return v[8] == (check == 10 ? 'X' : (char)('0' + check));
}

// GB 32100-2015: who registers, kind (1, 2, 3 or 9), region, organisation code, MOD 31-3.
enum verdict cn_uscc(const struct detect *d, struct candidate *c)
{
	unsigned sum = 0, weight = 1;

	(void)d;
	if (!is_one_of((uint8_t)c->v[1], "1239") || !identity_digits(c->v + 2, 6))
		return VERDICT_NO;
	// "10": registered with the state itself.
	unsigned province = identity_number(c->v + 2, 2);
	if (!is_province(province) && province != 10)
		return VERDICT_NO;
	for (unsigned i = 0; i < 17; i++, weight = weight * 3 % 31) {
		int value = uscc_value(c->v[i]);
		if (value < 0)
			return VERDICT_NO;
		sum += (unsigned)value * weight;
	}
	if (uscc_value(c->v[17]) != (int)((31 - sum % 31) % 31))
		return VERDICT_NO;
	if (!organisation_code(c->v + 8))
		return VERDICT_NO;
	// Of numbers that count something up, one in 6,000 is right in all of this.
	return identity_digits(c->v, 18) ? VERDICT_WEAK : VERDICT_GOOD;
}

static bool digits_from(const struct candidate *c, size_t at)
{
	return c->n > at && identity_digits(c->v + at, c->n - at);
}

// No I and no O.
static bool is_serial(char ch)
{
	return (ch >= '0' && ch <= '9') || (ch >= 'A' && ch <= 'Z' && ch != 'I' && ch != 'O');
}

// Passports: E and G ordinary, D diplomatic, S and P service, K and M of Hong Kong and Macao, 14 and
// 15 of the eighties. No check digit.
enum verdict cn_passport(const struct detect *d, struct candidate *c)
{
	const char *v = c->v;
	bool good = false;

	(void)d;
	switch (v[0]) {
	case 'E':
		good = c->n == 9 && is_serial(v[1]) && digits_from(c, 2);
		break;
	case 'G':
		good = c->n == 9 && digits_from(c, 1);
		break;
	case 'K':
		good = c->n == 9 && digits_from(c, v[1] == 'J' ? 2 : 1);
		break;
	case 'D':
	case 'S':
	case 'P':
		good = digits_from(c, v[1] == 'E' ? 2 : 1) && c->n - (v[1] == 'E') <= 9;
		break;
	case 'M':
		good = digits_from(c, v[1] == 'A' || v[1] == 'B' ? 2 : 1);
		break;
	case '1':
		good = c->n == 9 && (v[1] == '4' || v[1] == '5') && digits_from(c, 2);
		break;
	}
	return good ? VERDICT_GOOD : VERDICT_NO;
}

// The ministry's rule of 2010: H or M, eight digits for life, two of the renewal (left out on the
// card since 2013); since July 2024 HA and MA for residents who are not Chinese.
enum verdict cn_hk_mo_permit(const struct detect *d, struct candidate *c)
{
	(void)d;
	if (c->v[0] != 'H' && c->v[0] != 'M')
		return VERDICT_NO;
	if (c->v[1] == 'A')
		return c->n == 9 && digits_from(c, 2) ? VERDICT_GOOD : VERDICT_NO;
	return c->n != 10 && digits_from(c, 1) ? VERDICT_GOOD : VERDICT_NO;
}

enum verdict cn_mainland_permit(const struct detect *d, struct candidate *c)
{
	(void)d;
	return (c->v[0] == 'C' || c->v[0] == 'W') && is_serial(c->v[1]) && digits_from(c, 2)
		? VERDICT_GOOD
		: VERDICT_NO;
}

// Eight digits could be anything.
enum verdict cn_tw_permit(const struct detect *d, struct candidate *c)
{
	(void)d;
	return c->n == 9 ? VERDICT_NO : VERDICT_CONTEXT;
}

// The province's character ends before i (UTF-8).
static bool after_province(const struct detect *d, size_t i)
{
	static const char all[] =
		"京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使领";

	if (i < 3 || i > d->len || d->p[i - 3] < 0xe4)
		return false;
	for (size_t k = 0; k + 3 < sizeof(all); k += 3) {
		if (memcmp(d->p + i - 3, all + k, 3) == 0)
			return true;
	}
	return false;
}

// What is between the letter and the number.
static size_t plate_gap(const struct detect *d, size_t at)
{
	if (text_at(d, at - 1) < 0x80)
		return text_at(d, at - 1) == ' ' || text_at(d, at - 1) == '-';
	if (text_ends(d, at, "·", 2))
		return 2;
	return text_ends(d, at, "•", 3) ? 3 : 0;
}

static bool plate_number(const struct detect *d, size_t at, size_t n, size_t *more)
{
	static const char *const special[] = {"挂", "学", "警", "港", "澳"};
	const char *p = (const char *)d->p + at;

	for (size_t i = 0; i < n; i++) {
		if (!is_serial(p[i]))
			return false;
	}
	*more = 0;
	if (n == 6) // of new energy (GA 36-2018)
		return ((p[0] == 'D' || p[0] == 'F') && identity_digits(p + 2, 4)) ||
			(identity_digits(p, 5) && (p[5] == 'D' || p[5] == 'F'));
	for (unsigned i = 0; n == 4 && i < 5; i++) {
		if (text_has(d, at + 4, special[i], 3)) {
			*more = 3;
			return true;
		}
	}
	return n == 5;
}

// GA 36-2018: province, letter of the place, five or six characters.
enum verdict cn_plate(const struct detect *d, struct candidate *c)
{
	size_t begin = c->at, number = c->at, more;

	if (after_province(d, begin)) {
		number++;
	} else {
		size_t gap = plate_gap(d, begin);
		if (gap == 0 || begin < gap + 4 || !after_province(d, begin - gap - 1))
			return VERDICT_NO;
		begin -= gap + 1;
	}
	char place = (char)d->p[begin];
	if (place < 'A' || !is_serial(place) || !plate_number(d, number, c->end - number, &more))
		return VERDICT_NO;
	c->at = begin - 3;
	c->end += more;
	return VERDICT_GOOD;
}
