// Telephone numbers, by the numbering plans of libphonenumber's metadata.

#include "dataplane/base/identity.h"
#include "dataplane/base/reference.h"
#include "dataplane/inspect/detect/family.h"

enum { E164_MAX = 15, GAP_MAX = 2 };

// 148 and 149 are given out by the MIIT, and younger than the metadata of Debian's package.
static bool is_mobile(const char *v)
{
	return reference_cn_mobile_number(v, 11) || memcmp(v, "148", 3) == 0 ||
		memcmp(v, "149", 3) == 0;
}

// With 86 or 0086 in front, or without.
enum verdict phone_cn_mobile(const struct detect *d, struct candidate *c)
{
	const char *v = c->v;
	size_t n = c->n;
	bool plus = text_at(d, c->at - 1) == '+', code = false;

	if (n == 15 && memcmp(v, "0086", 4) == 0 && !plus) {
		v += 4;
		code = true;
	} else if (n == 13 && memcmp(v, "86", 2) == 0) {
		v += 2;
		code = true;
	}
	if (c->v + n - v != 11 || (plus && !code) || !is_mobile(v))
		return VERDICT_NO;
	enum verdict verdict = code || c->groups != 0 ? VERDICT_FORMATTED : VERDICT_GOOD;
	memmove(c->v, v, 12); // one number is the same in each form
	c->n = 11;
	return verdict;
}

enum verdict phone_cn_landline(const struct detect *d, struct candidate *c)
{
	(void)d;
	return c->v[0] == '0' && reference_cn_fixed_number(c->v + 1, c->n - 1) ? VERDICT_GOOD
									       : VERDICT_NO;
}

struct e164 {
	char v[E164_MAX + 2];
	size_t n;
	struct {
		size_t n, end; // digits so far, and where in the text
	} groups[E164_MAX];
	unsigned n_groups;
};

// Digits with up to two separators between groups. A trunk prefix in brackets, "+44 (0)20", is not
// dialled.
static void gather(const struct detect *d, size_t at, struct e164 *e)
{
	while (e->n_groups < E164_MAX) {
		size_t n = text_span(d, at, BYTE_DIGIT, E164_MAX + 1);
		if (n > E164_MAX - e->n || n == 0)
			break;
		memcpy(e->v + e->n, d->p + at, n);
		e->n += n;
		at += n;
		e->groups[e->n_groups].n = e->n;
		e->groups[e->n_groups++].end = at;
		size_t gap = 0;
		if (text_has(d, at, "(0)", 3))
			at += 3;
		else if (text_has(d, at, " (0)", 4) || text_has(d, at, "-(0)", 4))
			at += 4;
		while (gap < GAP_MAX && at < d->len && is_one_of(d->p[at], " ().-")) {
			at++;
			gap++;
		}
	}
}

// A national number is often written with the trunk prefix behind the country code.
static enum numbering without_trunk(const struct e164 *e, size_t n)
{
	char v[E164_MAX];

	for (size_t code = 1; code <= 3 && code + 1 < n; code++) {
		if (e->v[code] != '0')
			continue;
		memcpy(v, e->v, code);
		memcpy(v + code, e->v + code + 1, n - code - 1);
		enum numbering kind = reference_e164(v, n - 1);
		if (kind == NUMBERING_PLAN)
			return kind;
	}
	return reference_e164(e->v, n);
}

static enum numbering kind_of(const struct e164 *e, size_t n)
{
	enum numbering kind = n >= 7 ? reference_e164(e->v, n) : NUMBERING_NONE;

	return kind == NUMBERING_PLAN || n < 7 ? kind : without_trunk(e, n);
}

// As many groups as make a number of a plan; or else all, when a number may be that long.
size_t phone_e164(struct detect *d, size_t at)
{
	struct e164 e = {.n = 0};
	char before = (char)text_at(d, at - 2);

	if (before == '+' || text_is(d, at - 2, BYTE_ALNUM))
		return at;
	gather(d, at, &e);
	for (unsigned i = e.n_groups; i > 0; i--) {
		size_t n = e.groups[i - 1].n, end = e.groups[i - 1].end;
		if (text_is(d, end, BYTE_ALNUM) || kind_of(&e, n) != NUMBERING_PLAN)
			continue;
		found(d, DETECT_E164, VERDICT_GOOD, at - 1, end, e.v, n);
		return end;
	}
	for (unsigned i = e.n_groups; i > 0; i--) {
		size_t n = e.groups[i - 1].n, end = e.groups[i - 1].end;
		if (text_is(d, end, BYTE_ALNUM) || kind_of(&e, n) != NUMBERING_LENGTH)
			continue;
		found(d, DETECT_E164, VERDICT_WEAK, at - 1, end, e.v, n);
		return end;
	}
	return at;
}
