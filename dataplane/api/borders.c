#include "dataplane/api/borders.h"

#define NS_PER_DAY (86400ull * 1000000000)

// Days from 1970-01-01 to the 1st of January, in the Gregorian calendar.
static uint64_t day_of_year(uint64_t year)
{
	uint64_t before = year - 1; // whole years of the calendar

	return before * 365 + before / 4 - before / 100 + before / 400 - 719162;
}

struct border_span border_span_of(enum border_kind kind, uint64_t ts_ns)
{
	uint64_t day = ts_ns / NS_PER_DAY;

	if (kind == BORDER_DAY)
		return (struct border_span){day, day * NS_PER_DAY, (day + 1) * NS_PER_DAY};
	uint64_t year = 1970 + day / 366; // not too late, at most one too early in 360 years
	while (day_of_year(year + 1) <= day)
		year++;
	return (struct border_span){
		year, day_of_year(year) * NS_PER_DAY, day_of_year(year + 1) * NS_PER_DAY};
}
