// Identity numbers of Hong Kong, Macao, Taiwan, Korea, Singapore, Malaysia, Thailand, Indonesia.

#include "dataplane/base/identity.h"
#include "dataplane/base/reference.h"
#include "dataplane/inspect/detect/family.h"

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static enum verdict good_if(bool good)
{
	return good ? VERDICT_GOOD : VERDICT_NO;
}

// What stands in brackets behind the number, or 0.
static char bracketed(const struct detect *d, size_t at)
{
	uint8_t open = text_at(d, at), close = text_at(d, at + 2);

	return (open == '(' && close == ')') || (open == '[' && close == ']')
		? (char)text_at(d, at + 1)
		: 0;
}

// Hong Kong's Immigration Department: one or two letters, six digits, a check digit 0-9 or A; MOD 11
// with weights from 9 down, a missing first letter is a blank (36).
enum verdict hkid_check(const struct detect *d, struct candidate *c)
{
	char check = bracketed(d, c->end), *v = c->v;
	size_t letters = is_upper((char)(v[0] & ~0x20)) + (size_t)is_upper((char)(v[1] & ~0x20));
	bool brackets = check != 0;

	if (!is_upper((char)(v[0] & ~0x20)) || c->n != letters + 6 + !brackets)
		return VERDICT_NO;
	if (!brackets)
		check = v[--c->n];
	if (!identity_digits(v + letters, 6))
		return VERDICT_NO;
	unsigned sum = letters == 1 ? 36 * 9 : 0;
	for (size_t i = 0; i < letters; i++) {
		if (!is_upper(v[i]) && !brackets)
			return VERDICT_NO;
		v[i] = (char)(v[i] & ~0x20);
		sum += (unsigned)(v[i] - 'A' + 10) * (unsigned)(7 + letters - i);
	}
	for (size_t i = 0; i < 6; i++)
		sum += (unsigned)(v[letters + i] - '0') * (unsigned)(7 - i);
	if (check != 'A' && (check < '0' || check > '9'))
		return VERDICT_NO;
	sum += check == 'A' ? 10 : (unsigned)(check - '0');
	c->end += brackets ? 3 : 0;
	c->v[c->n++] = check;
	if (sum % 11 != 0)
		return VERDICT_NO;
	return brackets ? VERDICT_FORMATTED : VERDICT_GOOD;
}

// Taiwan's Ministry of the Interior: a letter of the county (two digits), sex or, for residents, 8, 9
// or A to D; weights 1 9 8 7 6 5 4 3 2 1 1, MOD 10.
enum verdict tw_nid(const struct detect *d, struct candidate *c)
{
	static const uint8_t counties[26] = {10, 11, 12, 13, 14, 15, 16, 17, 34, 18, 19, 20, 21, 22,
		35, 23, 24, 25, 26, 27, 28, 29, 32, 30, 31, 33};
	const char *v = c->v;

	(void)d;
	if (!is_upper(v[0]) || !is_one_of((uint8_t)v[1], "1289ABCD") || !identity_digits(v + 2, 8))
		return VERDICT_NO;
	unsigned county = counties[v[0] - 'A'];
	unsigned sum = county / 10 + county % 10 * 9;
	sum += 8 * (is_upper(v[1]) ? counties[v[1] - 'A'] % 10u : (unsigned)(v[1] - '0'));
	for (unsigned i = 2; i < 9; i++)
		sum += (unsigned)(v[i] - '0') * (9 - i);
	return good_if((sum + (unsigned)(v[9] - '0')) % 10 == 0);
}

// Macao: 1, 5 or 7, six digits, a digit in brackets whose rule is not published.
enum verdict mo_bir(const struct detect *d, struct candidate *c)
{
	char check = bracketed(d, c->end);

	if (!is_one_of((uint8_t)c->v[0], "157") || check < '0' || check > '9')
		return VERDICT_NO;
	c->end += 3;
	return VERDICT_GOOD;
}

// Enforcement rules of Korea's Resident Registration Act: birth date, century and sex, place (00-96),
// a check digit of weights 2-9, 2-5, MOD 11. Numbers given since October 2020 have random digits
// there, and many of foreigners a check digit two higher: then only the form is left.
enum verdict kr_rrn(const struct detect *d, struct candidate *c)
{
	static const unsigned century[] = {
		1800, 1900, 1900, 2000, 2000, 1900, 1900, 2000, 2000, 1800};
	const char *v = c->v;
	unsigned sex = (unsigned)(v[6] - '0'), sum = 0;

	(void)d;
	if (!identity_date(century[sex] + identity_number(v, 2), identity_number(v + 2, 2),
		    identity_number(v + 4, 2)) ||
		identity_number(v + 7, 2) > 96)
		return VERDICT_NO;
	for (unsigned i = 0; i < 12; i++)
		sum += (unsigned)(v[i] - '0') * (2 + i % 8);
	if ((11 - sum % 11) % 10 != (unsigned)(v[12] - '0'))
		return VERDICT_CONTEXT;
	return c->groups != 0 ? VERDICT_FORMATTED : VERDICT_GOOD;
}

// Singapore's ICA: S and T (since 2000) citizens, F, G and M foreigners; weights 2 7 6 5 4 3 2, MOD 11.
enum verdict sg_nric(const struct detect *d, struct candidate *c)
{
	static const unsigned weights[] = {2, 7, 6, 5, 4, 3, 2};
	const char *v = c->v, *letters;
	unsigned sum = 0;

	(void)d;
	if (!is_one_of((uint8_t)v[0], "STFGM") || !identity_digits(v + 1, 7) || !is_upper(v[8]))
		return VERDICT_NO;
	for (unsigned i = 0; i < 7; i++)
		sum += (unsigned)(v[i + 1] - '0') * weights[i];
	sum += v[0] == 'T' || v[0] == 'G' ? 4 : v[0] == 'M' ? 3 : 0;
	letters = v[0] == 'S' || v[0] == 'T' ? "JZIHGFEDCBA"
		: v[0] == 'M'		     ? "XWUTRQPNJLK"
					     : "XWUTRQPNMLK";
	return good_if(letters[sum % 11] == v[8]);
}

// Malaysia's JPN: birth date (of either century), place of birth, serial. No check digit.
enum verdict my_nric(const struct detect *d, struct candidate *c)
{
	const char *v = c->v;
	unsigned year = identity_number(v, 2), month = identity_number(v + 2, 2),
		 day = identity_number(v + 4, 2);

	(void)d;
	if (!identity_date(1900 + year, month, day) && !identity_date(2000 + year, month, day))
		return VERDICT_NO;
	if (!reference_birthplace(identity_number(v + 6, 2)))
		return VERDICT_NO;
	return c->groups != 0 ? VERDICT_FORMATTED : VERDICT_ALONE;
}

// ISO 3166-2:TH, the codes of provinces.
static bool is_thai_province(unsigned code)
{
	return (code >= 10 && code <= 27) || (code >= 30 && code <= 58) ||
		(code >= 60 && code <= 67) || (code >= 70 && code <= 77) ||
		(code >= 80 && code <= 86) || (code >= 90 && code <= 96);
}

// Thailand's Department of Provincial Administration: kind of person 1-8, province, district, check
// digit of weights 13-2, MOD 11.
enum verdict th_pin(const struct detect *d, struct candidate *c)
{
	const char *v = c->v;
	unsigned sum = 0;

	(void)d;
	if (v[0] < '1' || v[0] > '8' || !is_thai_province(identity_number(v + 1, 2)))
		return VERDICT_NO;
	for (unsigned i = 0; i < 12; i++)
		sum += (unsigned)(v[i] - '0') * (13 - i);
	if ((11 - sum % 11) % 10 != (unsigned)(v[12] - '0'))
		return VERDICT_NO;
	if (c->groups == 0 && v[0] == '1')
		return VERDICT_ALONE; // or milliseconds since 1970: one in ten passes
	return c->groups != 0 ? VERDICT_FORMATTED : VERDICT_GOOD;
}

// Indonesia's Dukcapil: region, birth date (women: the day and 40), serial. No check digit.
enum verdict id_nik(const struct detect *d, struct candidate *c)
{
	const char *v = c->v;
	unsigned province = identity_number(v, 2), day = identity_number(v + 6, 2);
	unsigned month = identity_number(v + 8, 2), year = identity_number(v + 10, 2);

	(void)d;
	if (province < 11 || province > 96 || identity_number(v + 12, 4) == 0)
		return VERDICT_NO;
	day = day > 40 ? day - 40 : day;
	return good_if(
		identity_date(1900 + year, month, day) || identity_date(2000 + year, month, day));
}
