// Marks that something may stand around: '@', '$', dashes, the separators of an address of
// hardware, the dot of a token.

#include "dataplane/inspect/detect/family.h"

void marks_at(struct detect *d, size_t at)
{
	messenger_jid(d, at);
	contact_email(d, at);
}

void marks_dollar(struct detect *d, size_t at)
{
	if (text_has(d, at, "$G", 2))
		position_nmea(d, at);
}

// `at` is the fifth, or a later one.
void marks_dashes(struct detect *d, size_t at)
{
	if (text_has(d, at + 1, "BEGIN ", 6))
		secret_pem(d, at - 4);
}

// step: bytes from a separator to the next; `last` has four before it, or one in the dotted form.
void marks_pairs(struct detect *d, size_t last, size_t step)
{
	char separator = (char)d->p[last];
	size_t digits = step - 1, before = step == 3 ? 14 : 9;
	size_t at = last - before, end = last + 1;

	if (last < before || text_is(d, at - 1, BYTE_ALNUM) || text_at(d, at - 1) == separator)
		return;
	for (size_t i = at; i < last; i++) {
		bool apart = (i - at) % step == digits;
		if (apart ? d->p[i] != (uint8_t)separator : !text_is(d, i, BYTE_HEX))
			return;
	}
	for (;;) {
		if (text_span(d, end, BYTE_HEX, digits + 1) != digits)
			return;
		end += digits;
		if (text_at(d, end) != (uint8_t)separator || !text_is(d, end + 1, BYTE_HEX) ||
			separator == ' ' || end - at > 32)
			break;
		end++;
	}
	while (separator == ' ' && text_at(d, end) == ' ' && end - at < 30 &&
		text_span(d, end + 1, BYTE_HEX, 3) == 2 && !text_is(d, end + 3, BYTE_ALNUM))
		end += 3;
	if (!text_is(d, end, BYTE_ALNUM))
		device_mac(d, at, end, separator);
}

void marks_dot(struct detect *d, size_t at)
{
	if (text_has(d, at + 1, "ey", 2))
		secret_jwt(d, at);
}
