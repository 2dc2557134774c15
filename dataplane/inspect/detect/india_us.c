// Identity numbers of India and the United States.

#include "dataplane/base/identity.h"
#include "dataplane/inspect/detect/family.h"

// Verhoeff 1969: digits in the dihedral group of ten, moved by a permutation for each place.
static bool verhoeff(const char *v, size_t n)
{
	static const uint8_t product[10][10] = {{0, 1, 2, 3, 4, 5, 6, 7, 8, 9},
		{1, 2, 3, 4, 0, 6, 7, 8, 9, 5}, {2, 3, 4, 0, 1, 7, 8, 9, 5, 6},
		{3, 4, 0, 1, 2, 8, 9, 5, 6, 7}, {4, 0, 1, 2, 3, 9, 5, 6, 7, 8},
		{5, 9, 8, 7, 6, 0, 4, 3, 2, 1}, {6, 5, 9, 8, 7, 1, 0, 4, 3, 2},
		{7, 6, 5, 9, 8, 2, 1, 0, 4, 3}, {8, 7, 6, 5, 9, 3, 2, 1, 0, 4},
		{9, 8, 7, 6, 5, 4, 3, 2, 1, 0}};
	static const uint8_t moved[8][10] = {{0, 1, 2, 3, 4, 5, 6, 7, 8, 9},
		{1, 5, 7, 6, 2, 8, 3, 0, 9, 4}, {5, 8, 0, 3, 7, 9, 6, 1, 4, 2},
		{8, 9, 1, 6, 0, 4, 3, 5, 2, 7}, {9, 4, 5, 3, 1, 2, 6, 8, 7, 0},
		{4, 2, 8, 6, 5, 7, 3, 9, 0, 1}, {2, 7, 9, 3, 8, 0, 6, 4, 1, 5},
		{7, 0, 4, 6, 9, 1, 3, 2, 5, 8}};
	uint8_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum = product[sum][moved[i % 8][v[n - 1 - i] - '0']];
	return sum == 0;
}

static bool palindrome(const char *v, size_t n)
{
	for (size_t i = 0; i < n / 2; i++) {
		if (v[i] != v[n - 1 - i])
			return false;
	}
	return true;
}

// UIDAI: twelve digits, the first 2-9, Verhoeff; no palindromes.
enum verdict in_aadhaar(const struct detect *d, struct candidate *c)
{
	(void)d;
	if (c->v[0] < '2' || palindrome(c->v, c->n) || !verhoeff(c->v, c->n))
		return VERDICT_NO;
	return c->groups != 0 ? VERDICT_FORMATTED : VERDICT_GOOD;
}

static bool uppers(const char *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (v[i] < 'A' || v[i] > 'Z')
			return false;
	}
	return true;
}

// Income Tax Department: three letters, kind of holder, initial, a number from 0001, check letter
// whose rule is not published.
enum verdict in_pan(const struct detect *d, struct candidate *c)
{
	const char *v = c->v;

	(void)d;
	if (!uppers(v, 5) || !is_one_of((uint8_t)v[3], "ABCFGHJKLPT") ||
		!identity_digits(v + 5, 4) || !uppers(v + 9, 1) || identity_number(v + 5, 4) == 0)
		return VERDICT_NO;
	return VERDICT_GOOD;
}

// Social Security Administration: no area 000, 666 or 9xx, no group 00, no serial 0000. Numbers
// that were printed on sample cards are withdrawn: nobody's.
enum verdict us_ssn(const struct detect *d, struct candidate *c)
{
	static const unsigned withdrawn[] = {78051120, 219099999, 457555462};
	unsigned number = identity_number(c->v, 9);
	unsigned area = number / 1000000, group = number / 10000 % 100, serial = number % 10000;

	(void)d;
	if (area == 0 || area == 666 || area >= 900 || group == 0 || serial == 0)
		return VERDICT_NO;
	for (size_t i = 0; i < sizeof(withdrawn) / sizeof(withdrawn[0]); i++) {
		if (number == withdrawn[i])
			return VERDICT_NO;
	}
	return c->groups != 0 ? VERDICT_FORMATTED : VERDICT_ALONE;
}
