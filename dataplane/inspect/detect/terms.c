// Pages that sell accounts, loans or wins: words of a list, and what such a page has beside them.

#include "dataplane/inspect/detect/family.h"

enum { GLOSS_MAX = 12, COUNTRIES = 10, SCORED_MAX = 16384 };

// A gloss in brackets behind a character ("聯(lián)"), which keeps words from being found: its length.
static size_t gloss(const struct detect *d, size_t at)
{
	if (text_at(d, at) != '(')
		return 0;
	for (size_t n = 1; n < GLOSS_MAX; n++) {
		if (text_at(d, at + n) == ')')
			return n + 1;
	}
	return 0;
}

// The term begins here; where it ends, or 0.
static size_t term_end(const struct detect *d, const struct word *w, size_t at)
{
	size_t character = w->encoding == ENCODING_UTF8 ? 3 : 2;

	if (w->encoding == ENCODING_ASCII)
		return text_like(d, at, w->text, w->len) ? at + w->len : 0;
	if (w->encoding != d->encoding)
		return 0;
	for (size_t i = 0; i < w->len;) {
		size_t n = (uint8_t)w->text[i] < 0x80 ? 1 : character;
		if (!text_like(d, at, w->text + i, n))
			return 0;
		at += n;
		i += n;
		if (i < w->len)
			at += gloss(d, at);
	}
	return at;
}

static void count(struct detect *d, const struct term *t, size_t at)
{
	uint64_t *terms = d->totals.terms;

	if ((terms[LEXICON_ACCOUNT_TRADE] | terms[LEXICON_LOAN] | terms[LEXICON_SCAM]) == 0)
		d->totals.first_term = (uint32_t)at;
	terms[t->lexicon] |= 1ull << (t->number & 63);
}

static void look_up(struct detect *d, size_t key, size_t n, bool ascii)
{
	uint8_t low[3];

	if (n > d->len - key)
		return;
	for (size_t i = 0; i < n; i++)
		low[i] = lower_case(d->p[key + i]);
	for (unsigned i = d->terms[term_hash(low, n)]; i != 0; i = d->term_next[i - 1]) {
		const struct term *t = &detect_terms[i - 1];
		size_t at = key;
		if (ascii != (t->word.encoding == ENCODING_ASCII))
			continue;
		if (ascii) {
			size_t first = (size_t)(strchr(t->word.text, ' ') + 1 - t->word.text);
			if (key < first)
				continue;
			at = key - first;
		}
		if (term_end(d, &t->word, at) != 0)
			count(d, t, at);
	}
}

void terms_high(struct detect *d, size_t at)
{
	look_up(d, at, d->encoding == ENCODING_UTF8 ? 3 : 2, false);
}

void terms_blank(struct detect *d, size_t at)
{
	if (text_is(d, at + 1, BYTE_ALPHA) && text_is(d, at + 2, BYTE_ALPHA))
		look_up(d, at + 1, 2, true);
	if (text_like(d, at, " plain", 6))
		secret_sasl(d, at, at);
}

// What else the page has: a bit for each list, and how many countries.
static unsigned scores(const struct detect *d, unsigned *countries)
{
	uint64_t seen[LEXICONS] = {0};
	bool first[256] = {false};
	unsigned lists = 0;
	size_t len = d->len < SCORED_MAX ? d->len : SCORED_MAX;

	for (unsigned i = 0; i < detect_n_terms; i++)
		first[(uint8_t)detect_terms[i].word.text[0]] |=
			detect_terms[i].lexicon > LEXICON_SCAM;
	for (size_t at = 0; at < len; at++) {
		if (!first[lower_case(d->p[at])])
			continue;
		for (unsigned i = 0; i < detect_n_terms; i++) {
			const struct term *t = &detect_terms[i];
			if (t->lexicon <= LEXICON_SCAM ||
				(uint8_t)t->word.text[0] != lower_case(d->p[at]))
				continue;
			if (term_end(d, &t->word, at) != 0) {
				lists |= 1u << t->lexicon;
				seen[t->lexicon] |= 1ull << (t->number & 63);
			}
		}
	}
	*countries = (unsigned)__builtin_popcountll(seen[LEXICON_COUNTRY]);
	return lists;
}

static bool has(unsigned lists, enum lexicon which)
{
	return (lists >> which & 1) != 0;
}

// Who warns of such pages uses their words, but has no price and no address to write to.
void terms_tell(struct detect *d)
{
	static const enum detector_id of[] = {
		DETECT_LURE_ACCOUNT_TRADE, DETECT_LURE_LOAN, DETECT_LURE_SCAM};
	unsigned n[3], countries, lists;
	size_t at = d->totals.first_term;

	for (unsigned i = 0; i < 3; i++)
		n[i] = (unsigned)__builtin_popcountll(d->totals.terms[i]);
	if (n[0] < 2 && n[1] < 2 && n[2] < 2)
		return;
	lists = scores(d, &countries);
	bool offer = has(lists, LEXICON_PRICE) || has(lists, LEXICON_HANDLE);
	bool warns = has(lists, LEXICON_WARNING) && !has(lists, LEXICON_HANDLE);
	if (n[0] >= 2 && has(lists, LEXICON_BRAND) && (offer || countries >= COUNTRIES) && !warns)
		found(d, of[0], VERDICT_GOOD, at, at, "", 0);
	if (n[1] >= 2 && has(lists, LEXICON_HANDLE) && !warns)
		found(d, of[1], VERDICT_GOOD, at, at, "", 0);
	if (n[2] >= 2 && has(lists, LEXICON_HANDLE) && !warns)
		found(d, of[2], VERDICT_GOOD, at, at, "", 0);
}
