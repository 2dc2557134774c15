#include "dataplane/base/expiry.h"

enum { YEAR_MIN = 1970, YEAR_MAX = 9999 };

static bool number(const char **text, unsigned digits, unsigned *out)
{
	unsigned v = 0;

	for (unsigned i = 0; i < digits; i++) {
		char c = (*text)[i];
		if (c < '0' || c > '9')
			return false;
		v = v * 10 + (unsigned)(c - '0');
	}
	*text += digits;
	*out = v;
	return true;
}

static bool separator(const char **text)
{
	char c = **text;

	*text += c != '\0';
	return c == '-' || c == '_';
}

static bool is_leap(unsigned year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static unsigned days_in(unsigned year, unsigned month)
{
	static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return days[month - 1] + (month == 2 && is_leap(year));
}

bool expiry_read(const char *text, int32_t *days)
{
	unsigned year, month, day;

	if (!number(&text, 4, &year) || !separator(&text) || !number(&text, 2, &month) ||
		!separator(&text) || !number(&text, 2, &day) || *text != '\0')
		return false;
	if (year < YEAR_MIN || year > YEAR_MAX || month < 1 || month > 12 || day < 1 ||
		day > days_in(year, month))
		return false;
	int32_t n = (int32_t)day - 1;
	for (unsigned m = 1; m < month; m++)
		n += (int32_t)days_in(year, m);
	for (unsigned y = YEAR_MIN; y < year; y++)
		n += is_leap(y) ? 366 : 365;
	*days = n;
	return true;
}
