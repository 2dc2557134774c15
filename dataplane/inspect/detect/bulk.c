// Many people's data in one text: address books, lists of messages and calls.

#include "dataplane/inspect/detect/family.h"

enum {
	NUMBERS = 20,
	DISTINCT = 15,
	CARDS = 10,
	NUMBER_MIN = 6,
	NUMBER_MAX = 20,
	TRIPLE_BYTES = 256
};

// The kind under which numbers of lists are told apart; no detector has it.
enum { KIND_NUMBER = DETECTOR_COUNT };

// A member like "phone": "+8613..." of a list that a client sends.
void bulk_number(struct detect *d, size_t at, size_t end)
{
	char v[NUMBER_MAX];
	size_t n = 0;

	if (d->dir != DIR_C2S || text_at(d, at - 1) != '"')
		return;
	for (end = at; end < d->len && d->p[end] != '"'; end++) {
		uint8_t c = d->p[end];
		if (!(byte_class[c] & BYTE_DIGIT) && !is_one_of(c, end == at ? "+" : " ()-"))
			return;
		if (end - at >= NUMBER_MAX)
			return;
		if (byte_class[c] & BYTE_DIGIT)
			v[n++] = (char)c;
	}
	if (n < NUMBER_MIN)
		return;
	if (d->totals.numbers++ == 0)
		d->totals.first_number = (uint32_t)at;
	uint64_t h = value_hash(d, KIND_NUMBER, v, n) >> 16;
	d->totals.bits[h / 64 % 4] |= 1ull << h % 64;
	if (d->totals.distinct < DISTINCT)
		d->totals.distinct += value_new(d, KIND_NUMBER, v, n);
}

void bulk_card(struct detect *d, size_t at)
{
	if (text_like(d, at, "vcard", 5) && d->totals.cards++ == 0)
		d->totals.first_card = (uint32_t)at;
}

// Han characters, two to four; or words of Latin letters.
static bool is_name(const struct detect *d, size_t at, size_t end)
{
	size_t high = 0, letters = 0, character = d->encoding == ENCODING_GB18030 ? 2 : 3;

	for (size_t i = at; i < end; i++) {
		high += d->p[i] >= 0x80;
		letters += (byte_class[d->p[i]] & BYTE_ALPHA) != 0;
	}
	if (high == end - at)
		return high >= 2 * character && high <= 4 * character;
	return high == 0 && letters == end - at && letters >= 2 && letters <= 30;
}

void bulk_realname(struct detect *d, size_t at, size_t end)
{
	size_t n = end - at;

	if (d->dir == DIR_C2S && n <= CANDIDATE_MAX && is_name(d, at, end))
		found(d, DETECT_REALNAME_KV, VERDICT_GOOD, at, end, (const char *)d->p + at, n);
}

static struct detect_hit *hit_of(struct detect *d, enum detector_id id)
{
	unsigned slot = d->started ? d->hit_of[id][0] : 0;

	return slot != 0 ? &d->out->hits[slot - 1] : NULL;
}

static bool near(const struct detect_hit *a, const struct detect_hit *b)
{
	uint32_t apart = a->at > b->at ? a->at - b->at : b->at - a->at;
	return apart <= TRIPLE_BYTES;
}

// A name, a number of identity and a telephone beside each other are one person.
static void tell_triple(struct detect *d)
{
	struct detect_hit *name = hit_of(d, DETECT_REALNAME_KV), *id = hit_of(d, DETECT_CN_RIC18),
			  *phone = hit_of(d, DETECT_CN_MOBILE);

	if (name != NULL && id != NULL && phone != NULL && near(name, id) && near(name, phone))
		name->confidence = id->confidence = phone->confidence = DETECT_HIGH;
}

static const uint32_t whatsapp = ~0u << KEY_WA_NOISE & ((1u << KEY_ROLES) - 1);
static const uint32_t provider =
	1u << KEY_HAS_CONTACTS | 1u << KEY_HAS_MESSAGES | 1u << KEY_HAS_CALLS | 1u << KEY_HAS_APPS;

static bool is_book(uint32_t numbers, uint32_t distinct, uint32_t names)
{
	return numbers >= NUMBERS && distinct >= DISTINCT && 2 * names >= numbers;
}

void detect_sums(const struct detect *d, struct detect_sums *out)
{
	const struct totals *t = &d->totals;
	uint32_t keys = t->keys & (d->dir == DIR_C2S ? provider | whatsapp : whatsapp);

	*out = (struct detect_sums){t->numbers, t->names, t->cards, keys,
		{t->bits[0], t->bits[1], t->bits[2], t->bits[3]}};
}

bool detect_sums_any(const struct detect_sums *s)
{
	return (s->numbers | s->cards | s->keys) != 0;
}

void detect_sums_add(struct detect_sums *to, const struct detect_sums *more)
{
	to->numbers += more->numbers;
	to->names += more->names;
	to->cards += more->cards;
	to->keys |= more->keys;
	for (unsigned i = 0; i < 4; i++)
		to->distinct[i] |= more->distinct[i];
}

uint64_t detect_sums_reach(const struct detect_sums *s)
{
	uint64_t kinds = 0;
	uint32_t distinct = 0;

	for (unsigned i = 0; i < 4; i++)
		distinct += (uint32_t)__builtin_popcountll(s->distinct[i]);
	kinds |= (uint64_t)is_book(s->numbers, distinct, s->names) << DETECT_CONTACTS_JSON;
	kinds |= (uint64_t)(s->cards >= CARDS) << DETECT_CONTACTS_VCARD;
	kinds |= (uint64_t)(__builtin_popcount(s->keys & provider) >= 2) << DETECT_CALLLOG_SMS_JSON;
	kinds |= (uint64_t)(__builtin_popcount(s->keys & whatsapp) >= 2) << DETECT_WA_CREDS_JSON;
	return kinds;
}

void bulk_tell(struct detect *d)
{
	const struct totals *t = &d->totals;

	if (is_book(t->numbers, t->distinct, t->names))
		found(d, DETECT_CONTACTS_JSON, VERDICT_PROVEN, t->first_number, t->first_number, "",
			0);
	if (t->cards >= CARDS)
		found(d, DETECT_CONTACTS_VCARD, VERDICT_PROVEN, t->first_card, t->first_card, "",
			0);
	if (d->dir == DIR_C2S && __builtin_popcount(t->keys & provider) >= 2)
		found(d, DETECT_CALLLOG_SMS_JSON, VERDICT_GOOD, t->first_key, t->first_key, "", 0);
	if (__builtin_popcount(t->keys & whatsapp) >= 2)
		found(d, DETECT_WA_CREDS_JSON, t->wa_proven ? VERDICT_PROVEN : VERDICT_GOOD,
			t->first_key, t->first_key, "", 0);
	tell_triple(d);
}
