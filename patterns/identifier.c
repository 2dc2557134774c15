#include "patterns/identifier.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

enum { TEXT_MAX = 400 }; // an e-mail address has at most 254

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

// RFC 2606, 6761: these and all below them.
static bool reserved_domain(const char *domain)
{
	static const char *const reserved[] = {"example.com", "example.org", "example.net",
		"example", "test", "invalid", "localhost", NULL};

	for (; domain != NULL; domain = strchr(domain, '.')) {
		domain += *domain == '.';
		if (listed(domain, reserved))
			return true;
	}
	return false;
}

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
	return !reserved_domain(at + 1);
}

// E.164 in full, or a Chinese mobile number. Numbers reserved for fiction are nobody's.
static bool is_phone(const char *s)
{
	size_t len = strlen(s);

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
static bool is_card(const char *s)
{
	static const char *const published[] = {"4111111111111111", "4012888888881881",
		"4222222222222", "4242424242424242", "4000056655665556", "5555555555554444",
		"5105105105105100", "2223003122003222", "378282246310005", "371449635398431",
		"378734493671000", "6011111111111117", "6011000990139424", "30569309025904",
		"38520000023237", "3530111333300000", "3566002020360505", "6200000000000005", NULL};
	size_t len = strlen(s);

	return len >= 13 && len <= 19 && all_digits(s, len) && s[0] != '0' && luhn(s, len) &&
		!listed(s, published);
}

// GB 11643: region, birth date, sequence, check character (ISO 7064 MOD 11-2).
static bool is_resident_id(const char *s)
{
	unsigned sum = 0, weight = 1;
	int last;

	if (strlen(s) != 18 || !all_digits(s, 17))
		return false;
	if (isdigit((unsigned char)s[17]))
		last = s[17] - '0';
	else if (s[17] == 'X')
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

// How long the accounts of the country are that the text begins with; 0: it has no IBAN.
static size_t iban_length(const char *s)
{
	static const char registry[] = "AD24AE23AL28AT20AZ28BA20BE16BG22BH22BR29BY28CH21CR22CY28"
				       "CZ24DE22DK18DO28EE20EG29ES24FI18FO18FR27GB22GE22GI23GL18"
				       "GR27GT28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32"
				       "LI21LT20LU20LV21LY25MC27MD24ME22MK19MR27MT31MU30NL18NO15"
				       "PK24PL28PS29PT25QA29RO24RS22SA24SC31SD18SE24SI19SK24SM27"
				       "ST25SV28TL23TN24TR26UA29VA22VG24XK20";

	for (const char *row = registry; *row != '\0'; row += 4) {
		if (memcmp(row, s, 2) == 0)
			return (size_t)((row[2] - '0') * 10 + row[3] - '0');
	}
	return 0;
}

// ISO 13616; the registry's own examples are nobody's.
static bool is_iban(const char *s)
{
	static const char *const published[] = {"GB82WEST12345698765432", "DE89370400440532013000",
		"FR1420041010050500013M02606", "GB29NWBK60161331926819", "NL91ABNA0417164300",
		"ES9121000418450200051332", "IT60X0542811101000000123456", "CH9300762011623852957",
		"AT611904300234573201", "BE68539007547034", NULL};
	size_t len = strlen(s);
	unsigned rest = 0;

	if (len < 15 || len != iban_length(s))
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
