// The tables that a scan looks things up in, made once from the rows.

#include "dataplane/inspect/detect/detect.h"

#include "dataplane/base/private.h"
#include "dataplane/inspect/detect/work.h"

#include <assert.h>
#include <stdlib.h>

#define DIGIT (BYTE_DIGIT | BYTE_HEX | BYTE_BASE64 | BYTE_URL64)
#define HEX (BYTE_ALPHA | BYTE_HEX | BYTE_BASE64 | BYTE_URL64)
#define LETTER (BYTE_ALPHA | BYTE_BASE64 | BYTE_URL64)

const uint8_t byte_class[256] = {
	['0' ... '9'] = DIGIT,
	['A' ... 'F'] = HEX,
	['a' ... 'f'] = HEX,
	['G' ... 'Z'] = LETTER,
	['g' ... 'z'] = LETTER,
	['+'] = BYTE_BASE64,
	['/'] = BYTE_BASE64,
	['-'] = BYTE_URL64,
	['_'] = BYTE_URL64,
	[0 ... ' '] = BYTE_END,
	['"'] = BYTE_END,
	['\''] = BYTE_END,
	['<'] = BYTE_END,
	['>'] = BYTE_END,
	[','] = BYTE_END,
	[';'] = BYTE_END,
	['&'] = BYTE_END,
	['\\'] = BYTE_END,
	['{'] = BYTE_END,
	['}'] = BYTE_END,
	['['] = BYTE_END,
	[']'] = BYTE_END,
};

static uint32_t hash_bytes(const uint8_t *p, size_t n)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < n; i++)
		h = (h ^ p[i]) * 16777619u;
	return h ^ h >> 15;
}

uint32_t term_hash(const uint8_t *p, size_t n)
{
	return hash_bytes(p, n) % TERM_SLOTS;
}

static void add(uint8_t *list, unsigned max, enum detector_id id)
{
	unsigned n = 0;

	while (n < max && list[n] != 0)
		n++;
	assert(n + 1 < max || max == 4);
	assert(n < max);
	list[n] = (uint8_t)(id + 1);
}

static unsigned signature_slot(uint32_t groups)
{
	return (groups * 2654435761u) >> 25;
}

static void add_signature(struct detect *d, uint32_t groups, enum detector_id id)
{
	unsigned slot = signature_slot(groups);

	while (d->signatures[slot].groups != 0 && d->signatures[slot].groups != groups)
		slot = (slot + 1) % SIGNATURE_SLOTS;
	d->signatures[slot].groups = groups;
	if (id < DETECTOR_COUNT)
		add(d->signatures[slot].detectors, 4, id);
}

const struct signature *signature_find(const struct detect *d, uint32_t groups)
{
	unsigned slot = signature_slot(groups);

	while (d->signatures[slot].groups != 0) {
		if (d->signatures[slot].groups == groups)
			return &d->signatures[slot];
		slot = (slot + 1) % SIGNATURE_SLOTS;
	}
	return NULL;
}

static void set_bit(uint64_t *set, unsigned bit)
{
	set[bit / 64] |= 1ull << bit % 64;
}

// Also with a mark between its letters, and one of two letters behind anything.
static void make_end(struct detect *d, const struct word *w)
{
	const uint8_t *last = (const uint8_t *)w->text + w->len - 2;

	for (unsigned c = 0; w->len == 2 && c < 32; c++)
		set_bit(d->key_ends, key_end((uint8_t)c, last[0], last[1]));
	if (w->len > 2)
		set_bit(d->key_ends, key_end(last[-1], last[0], last[1]));
	for (const char *mark = "_-"; *mark != '\0'; mark++) {
		set_bit(d->key_ends, key_end((uint8_t)*mark, last[0], last[1]));
		set_bit(d->key_ends, key_end(last[0], (uint8_t)*mark, last[1]));
	}
}

static void make_keys(struct detect *d)
{
	for (unsigned i = 0; i < detect_n_keys; i++) {
		const struct word *w = &detect_keys[i].word;
		unsigned slot = hash_bytes((const uint8_t *)w->text, w->len) % KEY_SLOTS;
		make_end(d, w);
		if (w->encoding != ENCODING_ASCII) {
			assert(d->n_chinese_keys < CHINESE_KEYS);
			d->chinese_keys[d->n_chinese_keys++] = (uint16_t)i;
		}
		while (d->keys[slot] != 0)
			slot = (slot + 1) % KEY_SLOTS;
		d->keys[slot] = (uint16_t)(i + 1);
	}
}

uint32_t keys_roles(const struct detect *d, const uint8_t *key, size_t n)
{
	unsigned slot = hash_bytes(key, n) % KEY_SLOTS;

	for (; d->keys[slot] != 0; slot = (slot + 1) % KEY_SLOTS) {
		const struct key_word *k = &detect_keys[d->keys[slot] - 1];
		if (k->word.len == n && memcmp(k->word.text, key, n) == 0)
			return k->roles;
	}
	return 0;
}

// Chinese terms by their first character, the others by what stands behind their first blank.
static void make_terms(struct detect *d)
{
	assert(detect_n_terms < sizeof(d->term_next) / sizeof(d->term_next[0]));
	for (unsigned i = 0; i < detect_n_terms; i++) {
		const struct term *t = &detect_terms[i];
		const char *key = t->word.text;
		size_t n = t->word.encoding == ENCODING_UTF8 ? 3 : 2;
		if (t->lexicon > LEXICON_SCAM)
			continue;
		if (t->word.encoding == ENCODING_ASCII) {
			key = strchr(t->word.text, ' ') + 1;
			set_bit(d->pairs, term_pair((uint8_t)key[0], (uint8_t)key[1]));
		} else {
			uint32_t bytes =
				term_bytes((const uint8_t *)key, term_mask(t->word.encoding));
			set_bit(d->firsts, term_first(bytes));
		}
		uint32_t slot = term_hash((const uint8_t *)key, n);
		d->term_next[i] = d->terms[slot];
		d->terms[slot] = (uint16_t)(i + 1);
	}
}

static void make_contexts(struct detect *d)
{
	unsigned n = 0;

	for (enum detector_id id = 0; id < DETECTOR_COUNT; id++) {
		for (unsigned i = 0; i < detect_context[id].n; i++) {
			const struct word *w = &detect_context[id].words[i];
			unsigned slot = context_first((const uint8_t *)w->text);
			assert(n < CONTEXT_WORDS);
			d->context_word[n] =
				(struct context_word){w, d->context_words[slot], (uint8_t)id};
			d->context_words[slot] = (uint16_t)++n;
			set_bit(d->context_firsts, slot);
		}
	}
}

void tables_make(struct detect *d)
{
	for (enum detector_id id = 0; id < DETECTOR_COUNT; id++) {
		const struct detector *row = &detectors[id];
		d->begins[id] = row->begins == NULL ? ~0u : 0;
		for (const char *c = row->begins; c != NULL && *c != '\0'; c++)
			d->begins[id] |= 1u << (*c & 31);
		for (unsigned n = row->min; row->shape != SHAPE_NONE && n <= row->max; n++) {
			add(row->shape == SHAPE_DIGITS ? d->digits_of[n] : d->words_of[n],
				PER_LENGTH, id);
		}
		for (unsigned i = 0; i < SIGNATURES_MAX && row->groups[i] != 0; i++)
			add_signature(d, row->groups[i], id);
		for (unsigned i = 0; i < SIGNATURES_MAX; i++) {
			for (uint32_t begin = row->groups[i] >> 4; begin != 0; begin >>= 4)
				add_signature(d, begin, DETECTOR_COUNT);
		}
	}
	make_contexts(d);
	make_keys(d);
	make_terms(d);
	set_bit(d->pairs, term_pair('p', 'l')); // " plain" behind AUTH
}

struct detect *detect_new(uint64_t seed)
{
	struct detect *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	private_mark(d, sizeof(*d));
	d->seed = seed;
	tables_make(d);
#if defined(__x86_64__)
	d->avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi");
#endif
	return d;
}

void detect_free(struct detect *d)
{
	if (d != NULL)
		explicit_bzero(d, sizeof(*d));
	free(d);
}

void detect_watch(struct detect *d, const struct detect_watch *watch)
{
	d->watch = watch;
}
