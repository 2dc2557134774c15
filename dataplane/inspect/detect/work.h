// What one look at a text works with, and what its parts ask of each other. Of this folder only.

#pragma once

#include "dataplane/inspect/detect/detect.h"
#include "dataplane/inspect/detect/words.h"

enum {
	CONTEXT_BYTES = 300, // before and behind a value
	LENGTHS = 64, // runs this long or longer have no detector by length
	PER_LENGTH = 12,
	SIGNATURE_SLOTS = 128,
	KEY_SLOTS = 1024,
	KEY_TEXT_MAX = 32,
	CHINESE_KEYS = 64,
	TERM_SLOTS = 1024,
	CONTEXT_SLOTS = 4096,
	CONTEXT_WORDS = 512,
	SEEN_SLOTS = 512,
	SEEN_LIMIT = 384,
};

struct signature {
	uint32_t groups;
	uint8_t detectors[4]; // + 1; none when it is only the begin of others
};

// What is counted over a text, and told at its end.
struct totals {
	uint32_t numbers, names, distinct; // members of contact lists
	uint64_t bits[4]; // of the numbers' hashes
	uint32_t cards; // BEGIN:VCARD
	uint32_t keys; // bit n: enum key_role n was a key with a value
	uint32_t latitude_at, longitude_at; // end of the value + 1
	uint64_t terms[LEXICON_SCAM + 1];
	uint32_t first_number, first_key, first_term, first_card;
	unsigned proofs; // of key pairs, tried
	bool wa_proven;
};

struct context_word {
	const struct word *word;
	uint16_t next; // with the same begin, + 1
	uint8_t detector;
};

struct detect {
	// The text.
	const uint8_t *p;
	size_t len;
	enum dir dir;
	uint8_t encoding; // of what is not ASCII; ENCODING_ASCII: not known yet
	struct bytes given; // as it came, before folding
	bool folded;

	size_t value_from, value_end; // no value ends between

	const struct detect_watch *watch; // NULL: nobody
	struct detect_result *out;
	uint8_t hit_of[DETECTOR_COUNT][2]; // by test_data; + 1
	// Words beside values: a text is read once for all detectors, from the first value on.
	uint32_t context_read; // up to here
	uint32_t context_at[DETECTOR_COUNT]; // where the last word of each begins, + 1
	uint32_t tried[DETECTOR_COUNT]; // candidates of a run's shape
	uint64_t seed;
	uint64_t seen[SEEN_SLOTS];
	uint32_t n_seen;
	bool started; // what follows the first value is set up
	struct totals totals;

	// Tables, made once.
	bool avx2; // the processor has it
	uint8_t digits_of[LENGTHS][PER_LENGTH]; // detector + 1
	uint8_t words_of[LENGTHS][PER_LENGTH];
	uint32_t begins[DETECTOR_COUNT]; // bit c % 32: may begin with c
	uint16_t chinese_keys[CHINESE_KEYS]; // in detect_keys
	unsigned n_chinese_keys;
	uint64_t key_ends[64]; // bit set of key_end()
	struct signature signatures[SIGNATURE_SLOTS];
	uint16_t keys[KEY_SLOTS]; // number in detect_keys + 1
	uint64_t context_firsts[64]; // bit set of context_first()
	uint16_t context_words[CONTEXT_SLOTS]; // in context_word, + 1, by context_first()
	struct context_word context_word[CONTEXT_WORDS];
	uint64_t pairs
		[16]; // bit set of term_pair(): begins of what stands behind a term's first blank
	uint64_t firsts[64]; // bit set of term_first(): first characters of Chinese terms
	uint16_t terms[TERM_SLOTS]; // number in detect_terms + 1, of terms by their first bytes
	uint16_t term_next[1024]; // the next with the same hash

	uint8_t fold[DETECT_TEXT_MAX + 1];
};

// classes of bytes
enum {
	BYTE_DIGIT = 1,
	BYTE_ALPHA = 2,
	BYTE_BASE64 = 4,
	BYTE_URL64 = 8,
	BYTE_HEX = 16,
	BYTE_END = 32, // of a value behind a key
	BYTE_ALNUM = 3
};
extern const uint8_t byte_class[256];

static inline uint8_t text_at(const struct detect *d, size_t i)
{
	return i < d->len ? d->p[i] : 0; // an i below 0 is very large
}

static inline bool text_is(const struct detect *d, size_t i, unsigned class)
{
	return (byte_class[text_at(d, i)] & class) != 0;
}

static inline bool text_has(const struct detect *d, size_t i, const char *s, size_t n)
{
	return i < d->len && n <= d->len - i && memcmp(d->p + i, s, n) == 0;
}

// Ends right before i.
static inline bool text_ends(const struct detect *d, size_t i, const char *s, size_t n)
{
	return i >= n && i <= d->len && memcmp(d->p + i - n, s, n) == 0;
}

static inline bool is_one_of(uint8_t c, const char *set)
{
	return c != 0 && strchr(set, c) != NULL;
}

static inline uint8_t lower_case(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

// As text_has, ASCII letters in any case; s is in lower case.
static inline bool text_like(const struct detect *d, size_t i, const char *s, size_t n)
{
	if (i >= d->len || n > d->len - i)
		return false;
	for (size_t k = 0; k < n; k++) {
		if (lower_case(d->p[i + k]) != (uint8_t)s[k])
			return false;
	}
	return true;
}

// How many bytes from i on are of these classes, at most max.
static inline size_t text_span(const struct detect *d, size_t i, unsigned classes, size_t max)
{
	size_t n = 0;

	while (n < max && i + n < d->len && (byte_class[d->p[i + n]] & classes) != 0)
		n++;
	return n;
}

// The first two bytes of a word, in any case.
static inline unsigned context_first(const uint8_t *p)
{
	uint16_t bytes;

	memcpy(&bytes, p, sizeof(bytes));
	return (bytes | 0x2020u) * 2654435761u >> 20;
}

// A key's last three characters, in any case.
static inline unsigned key_end(uint8_t a, uint8_t b, uint8_t c)
{
	return ((a & 31u) * 1069u ^ (b & 31u) << 6 ^ (c & 31u)) & 4095;
}

// Two letters in any case; a first character. A bit of the sets that keep most of a text from being
// looked up.
static inline unsigned term_pair(uint8_t a, uint8_t b)
{
	return (a & 31u) << 5 | (b & 31u);
}

static inline unsigned term_first(uint32_t bytes)
{
	return bytes * 2654435761u >> 20;
}

static inline uint32_t term_bytes(const uint8_t *p, uint32_t mask)
{
	uint32_t bytes;

	memcpy(&bytes, p, sizeof(bytes));
	return bytes & mask;
}

// Of the first character: three bytes in UTF-8, two in GB 18030.
static inline uint32_t term_mask(uint8_t encoding)
{
	static const union {
		uint8_t bytes[4];
		uint32_t mask;
	} three = {{255, 255, 255, 0}}, two = {{255, 255, 0, 0}};

	return encoding == ENCODING_UTF8 ? three.mask : two.mask;
}

// scan.c's tables: table_lookup.c.
void tables_make(struct detect *d);
uint32_t keys_roles(const struct detect *d, const uint8_t *key, size_t n); // lower case, joined
// NULL: no signature has these groups, nor begins with them.
const struct signature *signature_find(const struct detect *d, uint32_t groups);
uint32_t term_hash(const uint8_t *p, size_t n);

// runs.c: a run of letters and digits that has a digit.
void runs_take(struct detect *d, size_t at, size_t end);
// The whole text, when it is one value.
void runs_value(struct detect *d);

// keys.c: '=' or ':' or '>' at this place, with what may be a key in front.
void keys_take(struct detect *d, size_t at);

// messengers.c, takeover.c: what else these signs stand in.
void messenger_bot(struct detect *d, size_t colon);
void takeover_session(struct detect *d, size_t equals);
enum { SESSION_TEXT = 352 }; // of a session, without the version in front

static inline void keys_beside(struct detect *d, size_t at)
{
	if (at >= SESSION_TEXT && d->p[at - SESSION_TEXT] == '1' && d->p[at] == '=')
		takeover_session(d, at);
	if (text_at(d, at + 1) == 'A' && d->p[at] == ':')
		messenger_bot(d, at);
}

// marks.c: '@', '$', five dashes, separators of pairs, ".ey" at this place.
void marks_at(struct detect *d, size_t at);
void marks_dollar(struct detect *d, size_t at);
void marks_dashes(struct detect *d, size_t at);
void marks_pairs(struct detect *d, size_t last, size_t step);
void marks_dot(struct detect *d, size_t at);

// terms.c: a first byte of a term, or a blank between two words.
void terms_high(struct detect *d, size_t at);
void terms_blank(struct detect *d, size_t at);
void terms_tell(struct detect *d);

// bulk.c: at the end of the text.
void bulk_tell(struct detect *d);

// found.c: what a check said of a candidate. value: what tells it from others of its kind, n bytes;
// shown masked as the row says.
void found(struct detect *d, enum detector_id id, enum verdict verdict, size_t at, size_t end,
	const char *value, size_t n);
// At the end: what the number of values says of them.
void found_settle(struct detect *d);
// Is a word of this detector near?
bool context_near(struct detect *d, enum detector_id id, size_t at, size_t end);
// Is the text nothing but this, and blanks or quotes around it?
bool text_alone(const struct detect *d, size_t at, size_t end);
uint64_t value_hash(const struct detect *d, unsigned kind, const char *value, size_t n);
bool value_new(struct detect *d, unsigned kind, const char *value, size_t n);
