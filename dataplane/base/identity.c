#include "dataplane/base/identity.h"

#include "dataplane/base/reference.h"

#include <string.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

bool identity_digits(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!is_digit(s[i]))
			return false;
	}
	return n > 0;
}

unsigned identity_number(const char *s, size_t n)
{
	unsigned value = 0;

	for (size_t i = 0; i < n; i++)
		value = value * 10 + (unsigned)(s[i] - '0');
	return value;
}

bool identity_date(unsigned year, unsigned month, unsigned day)
{
	static const unsigned days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	if (month < 1 || month > 12 || day < 1)
		return false;
	return day <= days[month - 1] + (month == 2 && leap);
}

bool identity_luhn(const char *digits, size_t n)
{
	unsigned sum = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned d = (unsigned)(digits[n - 1 - i] - '0');
		if (i % 2 == 1)
			d = d * 2 > 9 ? d * 2 - 9 : d * 2;
		sum += d;
	}
	return n > 0 && sum % 10 == 0;
}

bool identity_gb11643(const char *s, size_t n)
{
	unsigned sum = 0, weight = 1;

	if (n != 18 || !identity_digits(s, 17) || (!is_digit(s[17]) && s[17] != 'X'))
		return false;
	for (int i = 16; i >= 0; i--) {
		weight = weight * 2 % 11;
		sum += (unsigned)(s[i] - '0') * weight;
	}
	return (sum + (s[17] == 'X' ? 10 : (unsigned)(s[17] - '0'))) % 11 == 1;
}

static bool has_structure(const char *s, size_t n, const char *structure)
{
	if (structure == NULL || n != strlen(structure))
		return false;
	for (size_t i = 0; i < n; i++) {
		bool digit = is_digit(s[i]) && structure[i] != 'a';
		bool letter = is_upper(s[i]) && structure[i] != 'n';
		if (!digit && !letter)
			return false;
	}
	return true;
}

bool identity_iban(const char *s, size_t n)
{
	unsigned rest = 0;

	if (n < 15 || !is_upper(s[0]) || !is_upper(s[1]) || !identity_digits(s + 2, 2) ||
		!has_structure(s + 4, n - 4, reference_iban(s)))
		return false;
	for (size_t i = 0; i < n; i++) {
		char c = s[(i + 4) % n];
		if (is_digit(c))
			rest = (rest * 10 + (unsigned)(c - '0')) % 97;
		else
			rest = (rest * 100 + (unsigned)(c - 'A') + 10) % 97;
	}
	return rest == 1;
}
