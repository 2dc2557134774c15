// E-mail addresses in running text, and as the whole of a value.

#include "dataplane/base/published.h"
#include "dataplane/inspect/detect/family.h"

enum { LOCAL_MAX = 64, LABEL_MAX = 63, DOMAIN_MAX = 253, ADDRESS_MAX = LOCAL_MAX + 1 + DOMAIN_MAX };

// RFC 5322's atext that running text has; behind a mark of the URI's query it is not part of it.
static bool is_local(uint8_t c, bool whole)
{
	return (byte_class[c] & BYTE_ALNUM) || is_one_of(c, "._%+~-") ||
		(whole && (c >= 0x80 || is_one_of(c, "!#$&'*/=?^`{|}")));
}

// Letters of other scripts in UTF-8 (RFC 6531); not their spaces and marks, nor full-width forms.
static size_t letter_of_script(const struct detect *d, size_t i)
{
	uint8_t c = text_at(d, i), next = text_at(d, i + 1);

	if (c >= 0xc3 && c <= 0xdf)
		return 2;
	if ((c >= 0xe0 && c <= 0xed && c != 0xe2) && !(c == 0xe3 && next == 0x80))
		return 3;
	return c == 0xf0 ? 4 : 0;
}

// The domain that begins here: where it ends, or 0. Its last label has letters only.
static size_t domain_end(const struct detect *d, size_t at)
{
	size_t i = at, label = at, dots = 0, digits = 0, good = 0;

	for (; i < d->len && i - at <= DOMAIN_MAX;) {
		uint8_t c = d->p[i];
		size_t wide = c >= 0x80 ? letter_of_script(d, i) : 0;
		if ((byte_class[c] & BYTE_ALNUM) || wide > 0 || (c == '-' && i > label)) {
			digits += (byte_class[c] & BYTE_DIGIT) != 0 || wide > 0;
			i += wide > 0 ? wide : 1;
			if (i - label > LABEL_MAX)
				return 0;
			continue;
		}
		if (c != '.' || i == label || !text_is(d, i + 1, BYTE_ALNUM))
			break;
		dots++;
		label = ++i;
		digits = 0;
	}
	if (i - at > DOMAIN_MAX)
		return 0;
	bool coded = text_like(d, label, "xn--", 4);
	good = dots > 0 && i - label >= 2 && (digits == 0 || coded) && d->p[i - 1] != '-';
	return good ? i : 0;
}

// "image@2x.png", "package@1.2.js": names of files.
static bool is_file(const struct detect *d, size_t end)
{
	static const char *const kinds[] = {
		".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".js", ".css", ".ts", ".json"};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		size_t n = strlen(kinds[i]);
		if (end >= n && text_like(d, end - n, kinds[i], n))
			return true;
	}
	return false;
}

// Mailboxes of an office, not of a person (RFC 2142).
static bool is_role(const struct detect *d, size_t at, size_t n)
{
	static const char *const roles[] = {"noreply", "no-reply", "donotreply", "info", "support",
		"admin", "postmaster", "webmaster", "abuse", "sales", "contact", "service",
		"hostmaster"};

	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
		if (strlen(roles[i]) == n && text_like(d, at, roles[i], n))
			return true;
	}
	return false;
}

// A quoted local part: where its first quote is, or `at`.
static size_t quoted_begin(const struct detect *d, size_t at)
{
	if (at < 3 || d->p[at - 1] != '"')
		return at;
	for (size_t i = at - 1; i > 0 && at - i <= LOCAL_MAX; i--) {
		if (d->p[i - 1] == '"')
			return i == 1 || !is_local(d->p[i - 2], false) ? i - 1 : at;
	}
	return at;
}

static bool is_script(const struct detect *d, size_t at, size_t end)
{
	while (at < end) {
		size_t n = d->p[at] < 0x80 ? 1 : letter_of_script(d, at);
		if (n == 0)
			return false;
		at += n;
	}
	return true;
}

static size_t local_begin(const struct detect *d, size_t at, bool whole)
{
	size_t begin = at;

	while (begin > 0 && at - begin <= LOCAL_MAX && is_local(d->p[begin - 1], whole))
		begin--;
	while (begin < at && d->p[begin] == '.' && !whole)
		begin++;
	if (begin == at || at - begin > LOCAL_MAX || d->p[begin] == '.' || d->p[at - 1] == '.')
		return at;
	for (size_t i = begin; i + 1 < at; i++) {
		if (d->p[i] == '.' && d->p[i + 1] == '.')
			return at;
	}
	return is_script(d, begin, at) ? begin : at;
}

// One word: a value that is nothing else. Then all of it must be the address; what only begins or
// ends with one is something else.
static bool one_word(const struct detect *d)
{
	if (d->len > ADDRESS_MAX)
		return false;
	for (size_t i = 0; i < d->len; i++) {
		if (d->p[i] <= ' ' || is_one_of(d->p[i], ",;:<>()[]=&"))
			return false;
	}
	return true;
}

void contact_email(struct detect *d, size_t at)
{
	bool whole = one_word(d);
	size_t begin = quoted_begin(d, at);

	if (begin == at)
		begin = local_begin(d, at, whole);
	size_t end = domain_end(d, at + 1);
	if (begin == at || end == 0 || is_file(d, end) ||
		(whole && (begin != 0 || end != d->len))) {
		// Values are often in quotes.
		if (begin == at || end == 0 || !text_alone(d, begin, end) ||
			d->p[0] != d->p[d->len - 1])
			return;
	}
	size_t n = end - begin < CANDIDATE_MAX ? end - begin : CANDIDATE_MAX;
	char v[CANDIDATE_MAX + 1];
	for (size_t i = 0; i < n; i++)
		v[i] = (char)lower_case(d->p[begin + i]);
	v[n] = '\0';
	const char *sign = strchr(v, '@');
	enum verdict verdict = is_role(d, begin, at - begin) ? VERDICT_WEAK : VERDICT_GOOD;
	if (sign != NULL && published_domain(sign + 1))
		verdict = VERDICT_TEST;
	found(d, DETECT_EMAIL, verdict, begin, end, v, n);
}
