#include "dataplane/base/published.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

static bool listed(const char *s, const char *const *list)
{
	for (; *list != NULL; list++) {
		if (strcasecmp(s, *list) == 0)
			return true;
	}
	return false;
}

// The numbers that card schemes and processors publish for tests.
bool published_card(const char *digits)
{
	static const char *const published[] = {"4111111111111111", "4012888888881881",
		"4222222222222", "4242424242424242", "4000056655665556", "5555555555554444",
		"5105105105105100", "2223003122003222", "378282246310005", "371449635398431",
		"378734493671000", "6011111111111117", "6011000990139424", "30569309025904",
		"38520000023237", "3530111333300000", "3566002020360505", "6200000000000005", NULL};
	return listed(digits, published);
}

// The IBAN registry's own examples.
bool published_iban(const char *s)
{
	static const char *const published[] = {"GB82WEST12345698765432", "DE89370400440532013000",
		"FR1420041010050500013M02606", "GB29NWBK60161331926819", "NL91ABNA0417164300",
		"ES9121000418450200051332", "IT60X0542811101000000123456", "CH9300762011623852957",
		"AT611904300234573201", "BE68539007547034", NULL};
	return listed(s, published);
}

// The example of GB 11643 itself, and those that handbooks repeat.
bool published_resident_id(const char *s)
{
	static const char *const published[] = {"11010519491231002X", "440524188001010014", NULL};
	return listed(s, published);
}

bool published_domain(const char *domain)
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
