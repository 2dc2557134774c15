#include "patterns/identifier.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

enum { TEXT_MAX = 128 };

static bool all_digits(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (!isdigit((unsigned char)s[i]))
			return false;
	}
	return len > 0;
}

static bool listed(const char *s, const char *const *list)
{
	for (; *list != NULL; list++) {
		if (strcasecmp(s, *list) == 0)
			return true;
	}
	return false;
}

static bool ends_with(const char *s, const char *tail)
{
	size_t n = strlen(s), m = strlen(tail);
	return n >= m && strcasecmp(s + n - m, tail) == 0;
}

// RFC 2606, 6761.
static bool reserved_domain(const char *domain)
{
	static const char *const tails[] = {"example.com", "example.org", "example.net", ".example",
		".test", ".invalid", ".localhost", NULL};

	for (const char *const *tail = tails; *tail != NULL; tail++) {
		if (ends_with(domain, *tail))
			return true;
	}
	return strcasecmp(domain, "localhost") == 0;
}

static bool is_email(const char *s)
{
	const char *at = strchr(s, '@');

	if (at == NULL || at == s || strchr(at + 1, '@') != NULL)
		return false;
	const char *dot = strrchr(at, '.');
	if (dot == NULL || dot == at + 1 || strlen(dot) < 3)
		return false;
	for (const char *c = s; *c != '\0'; c++) {
		if (!isalnum((unsigned char)*c) && strchr(".!#$%&'*+/=?^_`{|}~-@", *c) == NULL)
			return false;
	}
	return !reserved_domain(at + 1);
}

// E.164 in full, or a Chinese mobile number. Numbers reserved for fiction are nobody's.
static bool is_phone(const char *s, size_t len)
{
	if (s[0] == '+' && len >= 9 && len <= 16 && all_digits(s + 1, len - 1))
		return !(len == 12 && s[1] == '1' && memcmp(s + 5, "55501", 5) == 0);
	return len == 11 && s[0] == '1' && s[1] >= '3' && s[1] <= '9' && all_digits(s, len);
}

static bool luhn(const char *s, size_t len)
{
	unsigned sum = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned d = (unsigned)(s[len - 1 - i] - '0');
		if (i % 2 == 1)
			d = d * 2 > 9 ? d * 2 - 9 : d * 2;
		sum += d;
	}
	return sum % 10 == 0;
}

// The numbers that card schemes and processors publish for tests.
static bool is_card(const char *s, size_t len)
{
	static const char *const published[] = {"4111111111111111", "4012888888881881",
		"4222222222222", "4242424242424242", "4000056655665556", "5555555555554444",
		"5105105105105100", "2223003122003222", "378282246310005", "371449635398431",
		"378734493671000", "6011111111111117", "6011000990139424", "30569309025904",
		"38520000023237", "3530111333300000", "3566002020360505", "6200000000000005", NULL};

	return len >= 13 && len <= 19 && all_digits(s, len) && s[0] != '0' && luhn(s, len) &&
		!listed(s, published);
}

// GB 11643: region, birth date, sequence, check character (ISO 7064 MOD 11-2).
static bool is_resident_id(const char *s, size_t len)
{
	unsigned sum = 0, weight = 1;
	int last;

	if (len != 18 || !all_digits(s, 17))
		return false;
	if (isdigit((unsigned char)s[17]))
		last = s[17] - '0';
	else if (s[17] == 'X' || s[17] == 'x')
		last = 10;
	else
		return false;
	for (int i = 16; i >= 0; i--) {
		weight = weight * 2 % 11;
		sum += (unsigned)(s[i] - '0') * weight;
	}
	int month = (s[10] - '0') * 10 + s[11] - '0';
	int day = (s[12] - '0') * 10 + s[13] - '0';
	bool century = memcmp(s + 6, "19", 2) == 0 || memcmp(s + 6, "20", 2) == 0;
	return century && month >= 1 && month <= 12 && day >= 1 && day <= 31 &&
		(sum + (unsigned)last) % 11 == 1;
}

// ISO 13616; the registry's own examples are nobody's.
static bool is_iban(const char *s, size_t len)
{
	static const char *const published[] = {"GB82WEST12345698765432", "DE89370400440532013000",
		"FR1420041010050500013M02606", "GB29NWBK60161331926819", "NL91ABNA0417164300",
		"ES9121000418450200051332", "IT60X0542811101000000123456", "CH9300762011623852957",
		"AT611904300234573201", "BE68539007547034", NULL};
	unsigned rest = 0;

	if (len < 15 || len > 34 || !isupper((unsigned char)s[0]) ||
		!isupper((unsigned char)s[1]) || !isdigit((unsigned char)s[2]) ||
		!isdigit((unsigned char)s[3]))
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = s[(i + 4) % len];
		if (isdigit((unsigned char)c))
			rest = (rest * 10 + (unsigned)(c - '0')) % 97;
		else if (isupper((unsigned char)c))
			rest = (rest * 100 + (unsigned)(c - 'A') + 10) % 97;
		else
			return false;
	}
	return rest == 1 && !listed(s, published);
}

const char *identifier_kind(const uint8_t *p, size_t len)
{
	char text[TEXT_MAX];

	if (len < 5 || len >= TEXT_MAX || memchr(p, 0, len) != NULL)
		return NULL;
	memcpy(text, p, len);
	text[len] = '\0';
	if (is_email(text))
		return "an e-mail address";
	if (is_phone(text, len))
		return "a phone number";
	if (is_resident_id(text, len))
		return "a resident identity number";
	if (is_card(text, len))
		return "a payment card number";
	if (is_iban(text, len))
		return "a bank account number";
	return NULL;
}
