#include "dataplane/api/borders.h"

#include "dataplane/base/siphash.h"

#include <string.h>

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

enum { OF_SECRET = 0xff }; // no kind of window

static void derive(const uint8_t secret[BORDER_SECRET_LEN], uint8_t kind, uint64_t number,
	uint8_t key[BORDER_KEY_LEN])
{
	uint8_t label[24] = "sealwatch key";

	label[14] = kind;
	for (unsigned i = 0; i < 8; i++)
		label[16 + i] = (uint8_t)(number >> 8 * i);
	for (unsigned half = 0; half < 2; half++) {
		label[15] = (uint8_t)half;
		uint64_t v = siphash(secret + half * SIPHASH_KEY_LEN, label, sizeof(label));
		for (unsigned i = 0; i < 8; i++)
			key[half * 8 + i] = (uint8_t)(v >> 8 * i);
	}
}

void border_key_derive(const uint8_t secret[BORDER_SECRET_LEN], enum border_kind kind,
	uint64_t number, uint8_t key[BORDER_KEY_LEN])
{
	derive(secret, (uint8_t)kind, number, key);
}

uint64_t border_key_id(const uint8_t key[BORDER_KEY_LEN])
{
	return siphash(key, "sealwatch window", 16);
}

uint64_t border_secret_id(const uint8_t secret[BORDER_SECRET_LEN])
{
	uint8_t key[BORDER_KEY_LEN];

	derive(secret, OF_SECRET, 0, key);
	uint64_t id = border_key_id(key);
	explicit_bzero(key, sizeof(key));
	return id;
}
