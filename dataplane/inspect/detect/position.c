// Where somebody is.

#include "dataplane/inspect/detect/family.h"

enum { PAIR_BYTES = 80, DECIMALS = 4 }; // four decimals are eleven metres

// Reads a decimal; how many digits stand behind the point, or -1.
static int decimal(const struct detect *d, size_t at, size_t end, double *out)
{
	bool minus = text_at(d, at) == '-';
	size_t i = at + minus;
	double value = 0, scale = 1;
	int decimals = 0;

	size_t whole = text_span(d, i, BYTE_DIGIT, 4);
	if (whole < 1 || whole > 3 || text_at(d, i + whole) != '.')
		return -1;
	for (size_t k = 0; k < whole; k++)
		value = value * 10 + d->p[i + k] - '0';
	for (i += whole + 1; i < end && text_is(d, i, BYTE_DIGIT); i++, decimals++) {
		scale /= 10;
		value += (d->p[i] - '0') * scale;
	}
	*out = minus ? -value : value;
	return i == end ? decimals : -1;
}

// A latitude and a longitude within a few bytes of each other, from a client: what servers send
// are shops and maps.
void position_value(struct detect *d, size_t at, size_t end, bool longitude)
{
	uint32_t *mine = longitude ? &d->totals.longitude_at : &d->totals.latitude_at;
	uint32_t other = longitude ? d->totals.latitude_at : d->totals.longitude_at;
	double value, limit = longitude ? 180 : 90;

	if (d->dir != DIR_C2S || decimal(d, at, end, &value) < DECIMALS)
		return;
	if (value == 0 || value > limit || value < -limit)
		return;
	*mine = (uint32_t)end + 1;
	if (other != 0 && at - (other - 1) <= PAIR_BYTES) {
		size_t n = end - at < CANDIDATE_MAX ? end - at : CANDIDATE_MAX;
		found(d, DETECT_GPS_KV, VERDICT_GOOD, at, end, (const char *)d->p + at, n);
	}
}

static int hex(uint8_t c)
{
	c = lower_case(c);
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// NMEA 0183: talker, sentence, fields, '*', exclusive or of what is between '$' and '*'.
void position_nmea(struct detect *d, size_t at)
{
	enum { SENTENCE_MAX = 82 };
	uint8_t sum = 0;
	size_t end = at + 1;

	if (!is_one_of(text_at(d, at + 2), "PNLAB") ||
		(!text_has(d, at + 3, "GGA,", 4) && !text_has(d, at + 3, "RMC,", 4)))
		return;
	while (end - at < SENTENCE_MAX && text_at(d, end) >= ' ' && text_at(d, end) != '*')
		sum ^= d->p[end++];
	int high = hex(text_at(d, end + 1)), low = hex(text_at(d, end + 2));
	if (text_at(d, end) == '*' && high >= 0 && low >= 0 && (high << 4 | low) == sum)
		found(d, DETECT_GPS_NMEA, VERDICT_GOOD, at, end + 3, (const char *)d->p + at,
			end - at);
}
