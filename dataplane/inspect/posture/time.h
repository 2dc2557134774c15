// Times as certificates' fields have them: "2024-01-01T00:00:00", UTC.

#pragma once

#include "dataplane/base/bytes.h"

#define POSTURE_NO_TIME INT64_MIN

static inline int64_t posture_digits(struct bytes text, size_t at, size_t n)
{
	int64_t v = 0;

	for (size_t i = at; i < at + n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return -1;
		v = v * 10 + (text.p[i] - '0');
	}
	return v;
}

// Seconds since 1970, or POSTURE_NO_TIME. Days by the calendar's cycle of 400 years, which begins in March.
static inline int64_t posture_time(struct bytes text)
{
	enum { LEN = 19, ERA_DAYS = 146097, TO_1970 = 719468, DAY_S = 86400 };

	if (text.len != LEN)
		return POSTURE_NO_TIME;
	int64_t year = posture_digits(text, 0, 4), month = posture_digits(text, 5, 2);
	int64_t day = posture_digits(text, 8, 2), hour = posture_digits(text, 11, 2);
	int64_t minute = posture_digits(text, 14, 2), second = posture_digits(text, 17, 2);
	if (year < 0 || month < 1 || month > 12 || day < 1 || hour < 0 || minute < 0 || second < 0)
		return POSTURE_NO_TIME;
	year -= month <= 2;
	int64_t era = year >= 0 ? year / 400 : -1, of_era = year - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	int64_t days =
		era * ERA_DAYS + of_era * 365 + of_era / 4 - of_era / 100 + of_year - TO_1970;
	return days * DAY_S + hour * 3600 + minute * 60 + second;
}
