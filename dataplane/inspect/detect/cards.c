// Payment cards: issuers' ranges (ISO/IEC 7812-1), lengths, Luhn.

#include "dataplane/base/identity.h"
#include "dataplane/base/published.h"
#include "dataplane/inspect/detect/family.h"

// Ranges of the first four digits, and lengths, as the schemes publish them for merchants.
static const struct {
	uint16_t low, high;
	uint8_t min, max;
} issuers[] = {
	{1000, 1999, 15, 15}, // UATP
	{2200, 2204, 16, 19}, // Mir
	{2221, 2720, 16, 16}, // Mastercard
	{3000, 3059, 14, 19}, // Diners Club
	{3095, 3095, 14, 19}, {3400, 3499, 15, 15}, // American Express
	{3528, 3589, 16, 19}, // JCB
	{3600, 3699, 14, 19}, // Diners Club
	{3700, 3799, 15, 15}, // American Express
	{3800, 3999, 14, 19}, // Diners Club
	{4000, 4999, 13, 13}, // Visa
	{4000, 4999, 16, 16}, {4000, 4999, 19, 19}, {5018, 5018, 13, 19}, // Maestro
	{5019, 5019, 16, 16}, // Dankort
	{5020, 5020, 13, 19}, // Maestro
	{5038, 5038, 13, 19}, {5100, 5599, 16, 16}, // Mastercard
	{5893, 5893, 13, 19}, // Maestro
	{6011, 6011, 16, 19}, // Discover
	{6200, 6299, 16, 19}, // UnionPay
	{6304, 6304, 13, 19}, // Maestro
	{6440, 6599, 16, 19}, // Discover
	{6759, 6759, 13, 19}, // Maestro
	{6761, 6763, 13, 19}, {8100, 8171, 16, 19}, // UnionPay
	{9792, 9792, 16, 16}, // Troy
};

static bool issued(const char *v, size_t n)
{
	unsigned first = identity_number(v, 4);

	for (size_t i = 0; i < sizeof(issuers) / sizeof(issuers[0]); i++) {
		if (first >= issuers[i].low && first <= issuers[i].high && n >= issuers[i].min &&
			n <= issuers[i].max)
			return true;
	}
	return false;
}

static bool all_same(const char *v, size_t n)
{
	return n > 1 && memcmp(v, v + 1, n - 1) == 0;
}

static enum verdict card(const struct candidate *c)
{
	if (!issued(c->v, c->n) || all_same(c->v, c->n) || !identity_luhn(c->v, c->n))
		return VERDICT_NO;
	if (published_card(c->v))
		return VERDICT_TEST;
	return c->groups != 0 ? VERDICT_FORMATTED : VERDICT_GOOD;
}

enum verdict card_any(const struct detect *d, struct candidate *c)
{
	(void)d;
	return card(c);
}

enum verdict card_amex(const struct detect *d, struct candidate *c)
{
	(void)d;
	return c->v[0] == '3' && (c->v[1] == '4' || c->v[1] == '7') ? card(c) : VERDICT_NO;
}

// ISO/IEC 7813: ';', number, '=', expiry YYMM, service code.
enum verdict card_track2(const struct detect *d, struct candidate *c)
{
	const char *expiry = (const char *)d->p + c->end + 1;

	if (text_at(d, c->at - 1) != ';' || text_at(d, c->end) != '=' ||
		text_span(d, c->end + 1, BYTE_DIGIT, 7) < 7 || !identity_luhn(c->v, c->n))
		return VERDICT_NO;
	unsigned month = identity_number(expiry + 2, 2);
	return month >= 1 && month <= 12 ? VERDICT_PROVEN : VERDICT_NO;
}
