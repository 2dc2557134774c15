// Bank accounts: ISO 13616.

#include "dataplane/base/identity.h"
#include "dataplane/base/published.h"
#include "dataplane/base/reference.h"
#include "dataplane/inspect/detect/family.h"

static char upper(uint8_t c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 32) : (char)c;
}

// Groups may be as people like them; the country says how many characters there are.
void iban_take(struct detect *d, size_t at, size_t end)
{
	struct candidate c = {.at = at, .end = at};
	char country[2] = {upper(d->p[at]), upper(d->p[at + 1])};
	const char *structure = reference_iban(country);
	size_t want = structure != NULL ? strlen(structure) + 4 : 0;

	if (want == 0 || end - at > want + 1) // a blank behind the country
		return;
	while (c.n < want) {
		uint8_t ch = text_at(d, c.end);
		if (byte_class[ch] & BYTE_ALNUM) {
			c.v[c.n++] = upper(ch);
		} else if ((ch != ' ' && ch != '-' && ch != '.') ||
			!text_is(d, c.end + 1, BYTE_ALNUM)) {
			return;
		}
		c.end++;
	}
	c.v[c.n] = '\0';
	d->tried[DETECT_IBAN]++;
	if (text_is(d, c.end, BYTE_ALNUM) || !identity_iban(c.v, c.n))
		return;
	bool groups = c.end - c.at != c.n;
	enum verdict verdict = published_iban(c.v) ? VERDICT_TEST
		: groups			   ? VERDICT_FORMATTED
						   : VERDICT_GOOD;
	found(d, DETECT_IBAN, verdict, c.at, c.end, c.v, c.n);
}
