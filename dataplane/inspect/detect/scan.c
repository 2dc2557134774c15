// One pass over a text: 64 bytes become bit masks, each bit that stands for work is looked at.

#include "dataplane/inspect/detect/block.h"
#include "dataplane/inspect/detect/family.h"

// What is folded: three bytes become one or none. 0: kept as it is; 1: none; else the character.
static uint8_t fold_one(const uint8_t *p, size_t len)
{
	static const char marks[] = "+-:=()"; // full width, as input methods write them

	if (len < 3)
		return 0;
	if (p[0] == 0xe2 && p[1] == 0x80 && p[2] >= 0x8b && p[2] <= 0x8d)
		return 1; // zero-width space, non-joiner, joiner
	if (p[0] != 0xef)
		return 0;
	if (p[1] == 0xbb && p[2] == 0xbf)
		return 1; // zero-width no-break space
	if (p[1] != 0xbc || p[2] < 0x81)
		return 0;
	uint8_t c = (uint8_t)(p[2] - 0x81 + '!');
	return (c >= '0' && c <= '9') || strchr(marks, c) != NULL ? c : 0;
}

// Full-width digits and what is not seen would keep a number from being found.
static void fold(struct detect *d)
{
	const uint8_t *p = d->p, *end = p + d->len;
	const uint8_t *wide = memchr(p, 0xef, d->len), *zero = memchr(p, 0xe2, d->len);
	size_t n = 0, from = 0;

	while (wide != NULL || zero != NULL) {
		bool first = zero == NULL || (wide != NULL && wide < zero);
		const uint8_t *at = first ? wide : zero, **next = first ? &wide : &zero;
		uint8_t c = fold_one(at, (size_t)(end - at));
		size_t place = (size_t)(at - p), skip = c != 0 ? 3 : 1;
		*next = memchr(at + skip, *at, (size_t)(end - at) - skip);
		if (c == 0)
			continue;
		memcpy(d->fold + n, p + from, place - from);
		n += place - from;
		if (c > 1)
			d->fold[n++] = c;
		from = place + 3;
	}
	if (from == 0)
		return;
	memcpy(d->fold + n, p + from, d->len - from);
	d->p = d->fold;
	d->len = n + d->len - from;
	d->folded = true;
}

// Where a place of the folded text is in the given one.
static size_t unfold(const struct detect *d, size_t place)
{
	size_t at = 0;

	for (size_t n = 0; at < d->given.len;) {
		uint8_t c = fold_one(d->given.p + at, d->given.len - at);
		if (c != 1 && n++ == place)
			break;
		at += c != 0 ? 3 : 1;
	}
	return at;
}

static void places(struct detect *d)
{
	for (unsigned i = 0; d->folded && i < d->out->n; i++) {
		struct detect_hit *h = &d->out->hits[i];
		size_t end = unfold(d, h->at + h->len);
		h->at = (uint32_t)unfold(d, h->at);
		h->len = (uint32_t)(end - h->at);
	}
}

// UTF-8, or else GB 18030: what the first characters that are not ASCII look like.
static uint8_t encoding_of(const uint8_t *p, size_t len)
{
	unsigned good = 0;

	for (size_t i = 0; i < len && good < 16;) {
		unsigned more = p[i] < 0x80 ? 0 : p[i] >= 0xf0 ? 3 : p[i] >= 0xe0 ? 2 : 1;
		if (p[i] >= 0x80 && (p[i] < 0xc2 || p[i] > 0xf4))
			return ENCODING_GB18030;
		for (unsigned k = 1; k <= more && i + k < len; k++) {
			if ((p[i + k] & 0xc0) != 0x80)
				return ENCODING_GB18030;
		}
		good += more > 0;
		i += 1 + more;
	}
	return ENCODING_UTF8;
}

static inline __attribute__((always_inline)) void high_bytes(
	struct detect *d, size_t base, const struct block *b)
{
	const uint8_t *p = d->p;
	const size_t len = d->len;
	const uint64_t *firsts = d->firsts;
	const uint32_t mask = term_mask(d->encoding);
	uint64_t m = d->encoding == ENCODING_UTF8 ? b->lead : b->high;

	for (; m != 0; m &= m - 1) {
		size_t at = base + (unsigned)__builtin_ctzll(m);
		unsigned bit = at + 4 <= len ? term_first(term_bytes(p + at, mask)) : 0;
		if ((firsts[bit / 64] >> bit % 64 & 1) || at + 4 > len)
			terms_high(d, at);
	}
}

static inline __attribute__((always_inline)) void blanks(struct detect *d, size_t base, uint64_t m)
{
	for (; m != 0; m &= m - 1) {
		size_t at = base + (unsigned)__builtin_ctzll(m);
		if (at + 2 >= d->len)
			break;
		unsigned bit = term_pair(d->p[at + 1], d->p[at + 2]);
		if (d->pairs[bit / 64] >> bit % 64 & 1)
			terms_blank(d, at);
	}
}

// Separators of pairs ("00:1A:2B:...") stand three apart, those of the dotted form five.
static inline __attribute__((always_inline)) void pairs(
	struct detect *d, size_t base, const struct block *b, const struct block *before)
{
	const uint64_t now[] = {b->colon, b->dash, b->blank};
	const uint64_t past[] = {before->colon, before->dash, before->blank};

	for (unsigned i = 0; i < 3; i++) {
		uint64_t m = now[i];
		for (unsigned k = 3; k <= 12 && m != 0; k += 3)
			m &= block_back(now[i], past[i], k);
		for (; m != 0; m &= m - 1)
			marks_pairs(d, base + (unsigned)__builtin_ctzll(m), 3);
	}
	uint64_t dots = b->dot & block_back(b->dot, before->dot, 5);
	for (; dots != 0; dots &= dots - 1)
		marks_pairs(d, base + (unsigned)__builtin_ctzll(dots), 5);
	uint64_t dashes = b->dash;
	for (unsigned k = 1; k < 5 && dashes != 0; k++)
		dashes &= block_back(b->dash, before->dash, k);
	for (; dashes != 0; dashes &= dashes - 1)
		marks_dashes(d, base + (unsigned)__builtin_ctzll(dashes));
}

// Most of what stands in front of a sign ends like no key. What is not plain is left to keys_take().
static inline bool may_be_key(const struct detect *d, size_t at)
{
	const uint8_t *p = d->p + at;

	if (at < 4)
		return true;
	p -= p[-1] == '"' || p[-1] == '\'';
	unsigned bit = key_end(p[-3], p[-2], p[-1]);
	bool listed = d->key_ends[bit / 64] >> bit % 64 & 1;
	return listed || p[-1] == ' ' || p[-1] == '\t' || p[-1] == '\\';
}

// A run with a digit at this bit; where it ends. Only at the edges of a block are bytes counted.
static inline size_t run_at(struct detect *d, size_t base, const struct block *b, unsigned bit)
{
	uint64_t before = ~b->word & ((1ull << bit) - 1), behind = ~b->word >> bit;
	size_t at = before != 0 ? base + 64 - (unsigned)__builtin_clzll(before) : base;
	size_t end = behind != 0 ? base + bit + (unsigned)__builtin_ctzll(behind) : base + 64;

	while (before == 0 && at > 0 && (byte_class[d->p[at - 1]] & BYTE_ALNUM))
		at--;
	while (behind == 0 && end < d->len && (byte_class[d->p[end]] & BYTE_ALNUM))
		end++;
	runs_take(d, at, end);
	return end;
}

static inline __attribute__((always_inline)) void marks(
	struct detect *d, size_t base, const struct block *b)
{
	for (uint64_t m = b->key; m != 0; m &= m - 1) {
		size_t at = base + (unsigned)__builtin_ctzll(m);
		if (may_be_key(d, at))
			keys_take(d, at);
		keys_beside(d, at);
	}
	for (uint64_t m = b->mark; m != 0; m &= m - 1) {
		size_t at = base + (unsigned)__builtin_ctzll(m);
		if (d->p[at] == '@')
			marks_at(d, at);
		else
			marks_dollar(d, at);
	}
	for (uint64_t m = b->dot; m != 0; m &= m - 1) {
		size_t at = base + (unsigned)__builtin_ctzll(m);
		if (text_at(d, at + 1) == 'e')
			marks_dot(d, at);
	}
	blanks(d, base, b->blank);
}

// A copy for each reader, with its own instructions.
static inline __attribute__((always_inline)) void walk_with(struct detect *d, block_reader *read)
{
	struct block b = {0}, before = {0};
	char angle = d->dir == DIR_C2S ? '>' : '=';
	size_t done = 0; // runs that begin before are looked at

	for (size_t base = 0; base < d->len; base += 64, before = b) {
		uint8_t last[64];
		const uint8_t *p = d->p + base;
		if (d->len - base < 64) {
			memset(last, 0, sizeof(last));
			memcpy(last, p, d->len - base);
			p = last;
		}
		read(&b, p, angle);
		if (b.high != 0 && d->encoding == ENCODING_ASCII) {
			size_t at = base + (unsigned)__builtin_ctzll(b.high);
			d->encoding = encoding_of(d->p + at, d->len - at);
		}
		for (uint64_t m = b.digit; m != 0;) {
			unsigned bit = (unsigned)__builtin_ctzll(m);
			if (base + bit >= done)
				done = run_at(d, base, &b, bit);
			if (done >= base + 64)
				break;
			m &= ~0ull << (done - base);
		}
		marks(d, base, &b);
		if ((b.colon | b.dash | b.blank | b.dot) != 0)
			pairs(d, base, &b, &before);
		if (b.high != 0)
			high_bytes(d, base, &b);
	}
}

#if defined(__x86_64__)

BLOCK_AVX2 static void walk_avx2(struct detect *d)
{
	walk_with(d, block_read_avx2);
}

static void walk(struct detect *d)
{
	if (d->avx2)
		walk_avx2(d);
	else
		walk_with(d, block_read_sse2);
}

#else

static void walk(struct detect *d)
{
	walk_with(d, block_read_plain);
}

#endif

void detect_scan(struct detect *d, struct bytes text, enum dir dir, struct detect_result *out)
{
	size_t len = text.len < DETECT_TEXT_MAX ? text.len : DETECT_TEXT_MAX;

	out->n = out->lost = 0;
	out->unseen = (uint32_t)(text.len - len);
	memset(&d->totals, 0, sizeof(d->totals));
	if (len == 0)
		return;
	d->p = text.p;
	d->len = len;
	d->given = (struct bytes){text.p, len, false};
	d->dir = dir;
	d->encoding = ENCODING_ASCII;
	d->folded = false;
	d->out = out;
	d->started = false;
	d->value_from = d->value_end = 0;
	memset(d->tried, 0, sizeof(d->tried));
	fold(d);
	walk(d);
	runs_value(d);
	bulk_tell(d);
	terms_tell(d);
	found_settle(d);
	places(d);
}
