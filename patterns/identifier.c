#include "patterns/identifier.h"

#include "dataplane/base/identity.h"
#include "dataplane/base/published.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

enum { TEXT_MAX = 400 }; // an e-mail address has at most 254

static bool is_email(const char *s)
{
	const char *at = strchr(s, '@');

	if (at == NULL || at == s || strchr(at + 1, '@') != NULL)
		return false;
	const char *dot = strrchr(at, '.');
	if (dot == NULL || dot == at + 1 || strlen(dot) < 3 || isdigit((unsigned char)dot[1]))
		return false;
	for (const char *c = s; *c != '\0'; c++) {
		const char *marks = c < at ? ".!#$%&'*+/=?^_`{|}~-" : "@.-";
		bool letter = isalnum((unsigned char)*c) || (unsigned char)*c >= 0x80;
		if (!letter && strchr(marks, *c) == NULL)
			return false;
	}
	return !published_domain(at + 1);
}

// E.164 in full, or a Chinese mobile number. Numbers reserved for fiction are nobody's.
static bool is_phone(const char *s)
{
	size_t len = strlen(s);

	if (s[0] == '+' && len >= 9 && len <= 16 && identity_digits(s + 1, len - 1))
		return !(len == 12 && s[1] == '1' && memcmp(s + 5, "55501", 5) == 0);
	return len == 11 && s[0] == '1' && s[1] >= '3' && s[1] <= '9' && identity_digits(s, len);
}

static bool is_card(const char *s)
{
	size_t len = strlen(s);

	return len >= 13 && len <= 19 && identity_digits(s, len) && s[0] != '0' &&
		identity_luhn(s, len) && !published_card(s);
}

// A century and a month that can be are enough here: a rule has no business with either.
static bool is_resident_id(const char *s)
{
	if (!identity_gb11643(s, strlen(s)))
		return false;
	unsigned month = identity_number(s + 10, 2), day = identity_number(s + 12, 2);
	bool century = memcmp(s + 6, "19", 2) == 0 || memcmp(s + 6, "20", 2) == 0;
	return century && month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

static bool is_iban(const char *s)
{
	return identity_iban(s, strlen(s)) && !published_iban(s);
}

static int hex(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c != '\0' ? strchr(digits, tolower((unsigned char)c)) : NULL;
	return at != NULL ? (int)(at - digits) : -1;
}

// As a URL has it: "%40" is '@'.
static void unescape(char *s)
{
	char *out = s;

	for (; *s != '\0'; s++) {
		int high = *s == '%' ? hex(s[1]) : -1;
		int low = high >= 0 ? hex(s[2]) : -1;
		if (low < 0) {
			*out++ = *s;
		} else {
			*out++ = (char)(high << 4 | low);
			s += 2;
		}
	}
	*out = '\0';
}

// Without what stands around an identifier: "<mailto:x>\r\n" is x.
static char *unwrap(char *s)
{
	static const char around[] = " \t\r\n\"'<>;,.";
	static const char *const schemes[] = {"mailto:", "tel:", "sip:", "sips:", "xmpp:", "im:"};

	s += strspn(s, around);
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		if (strncasecmp(s, schemes[i], strlen(schemes[i])) == 0) {
			s += strlen(schemes[i]);
			break;
		}
	}
	for (size_t n = strlen(s); n > 0 && strchr(around, s[n - 1]) != NULL; n--)
		s[n - 1] = '\0';
	return s;
}

// Without the marks that people write between groups, and in upper case.
static void join(char *s, const char *marks)
{
	char *out = s;

	for (; *s != '\0'; s++) {
		if (strchr(marks, *s) == NULL)
			*out++ = (char)toupper((unsigned char)*s);
	}
	*out = '\0';
}

const char *identifier_kind(const uint8_t *p, size_t len)
{
	char text[TEXT_MAX];

	if (len < 5 || len >= TEXT_MAX || memchr(p, 0, len) != NULL)
		return NULL;
	memcpy(text, p, len);
	text[len] = '\0';
	unescape(text);
	char *s = unwrap(text);
	if (is_email(s))
		return "an e-mail address";
	join(s, s[0] == '+' ? " -.()" : " -");
	if (is_phone(s))
		return "a phone number";
	if (is_resident_id(s))
		return "a resident identity number";
	if (is_card(s))
		return "a payment card number";
	if (is_iban(s))
		return "a bank account number";
	return NULL;
}
