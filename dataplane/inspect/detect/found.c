// What was found: how sure it is, whether it is another one, and what an excerpt shows of it.

#include "dataplane/base/hash.h"
#include "dataplane/inspect/detect/family.h"

enum { MANY = 5 }; // different values of one kind say more than one does

// ASCII words of up to four letters mean something only when they stand by themselves.
static bool word_here(const struct detect *d, const struct word *w, size_t at)
{
	if (w->encoding == ENCODING_UTF8 && d->encoding == ENCODING_GB18030)
		return false;
	if (lower_case(text_at(d, at + 1)) != (uint8_t)w->text[1] ||
		!text_like(d, at, w->text, w->len))
		return false;
	if (w->encoding != ENCODING_ASCII || w->len > 4)
		return true;
	return !text_is(d, at - 1, BYTE_ALPHA) && !text_is(d, at + w->len, BYTE_ALPHA);
}

static void read_words(struct detect *d, size_t at, unsigned slot)
{
	for (unsigned i = d->context_words[slot]; i != 0; i = d->context_word[i - 1].next) {
		const struct context_word *w = &d->context_word[i - 1];
		if (word_here(d, w->word, at))
			d->context_at[w->detector] = (uint32_t)at + 1;
	}
}

static void read_context(struct detect *d, size_t from, size_t to)
{
	const uint8_t *p = d->p;
	const uint64_t *firsts = d->context_firsts;

	for (; from + 1 < to; from++) {
		unsigned slot = context_first(p + from);
		if (firsts[slot / 64] >> slot % 64 & 1)
			read_words(d, from, slot);
	}
}

// Values come roughly in order: the last word of a detector is the nearest one.
bool context_near(struct detect *d, enum detector_id id, size_t at, size_t end)
{
	size_t low = at > CONTEXT_BYTES ? at - CONTEXT_BYTES : 0;
	size_t high = d->len - end > CONTEXT_BYTES ? end + CONTEXT_BYTES : d->len;

	if (detect_context[id].n == 0)
		return false;
	read_context(d, low > d->context_read ? low : d->context_read, high);
	if (d->context_read + 1 < high)
		d->context_read = (uint32_t)high - 1;
	return d->context_at[id] > low;
}

static bool is_around(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '"' || c == '\'';
}

bool text_alone(const struct detect *d, size_t at, size_t end)
{
	if (at + (d->len - end) > CONTEXT_BYTES)
		return false;
	while (at > 0 && is_around(d->p[at - 1]))
		at--;
	while (end < d->len && is_around(d->p[end]))
		end++;
	return at == 0 && end == d->len;
}

static void start(struct detect *d)
{
	if (d->started)
		return;
	d->started = true;
	d->n_seen = 0;
	memset(d->hit_of, 0, sizeof(d->hit_of));
	d->context_read = 0;
	memset(d->context_at, 0, sizeof(d->context_at));
	memset(d->seen, 0, sizeof(d->seen));
}

uint64_t value_hash(const struct detect *d, unsigned kind, const char *value, size_t n)
{
	uint64_t h = hash_mix(d->seed ^ (kind + 1), n);

	for (size_t i = 0; i < n; i += 8) {
		uint64_t word = 0;
		memcpy(&word, value + i, n - i < 8 ? n - i : 8);
		h = hash_mix(h, word ^ d->seed);
	}
	return h | 1;
}

// The first of its kind in this text? When there is no more room each counts, and that is told.
bool value_new(struct detect *d, unsigned kind, const char *value, size_t n)
{
	start(d);
	uint64_t h = value_hash(d, kind, value, n);
	unsigned slot = (unsigned)(h >> 32) % SEEN_SLOTS;
	for (; d->seen[slot] != 0; slot = (slot + 1) % SEEN_SLOTS) {
		if (d->seen[slot] == h)
			return false;
	}
	if (d->n_seen == SEEN_LIMIT) {
		d->out->lost++;
		return true;
	}
	d->n_seen++;
	d->seen[slot] = h;
	return true;
}

// What of n characters may be shown: never more than two thirds, and of short values the begin.
static void excerpt(const struct detector *row, const char *v, size_t n, char *out)
{
	size_t head = row->head, tail = row->tail, at = 0;

	if (n == 0 || head + tail == 0) {
		memcpy(out, "***", 4);
		return;
	}
	while (head + tail > n * 2 / 3) {
		if (tail >= head && tail > 0)
			tail--;
		else
			head--;
	}
	size_t hidden = n - head - tail;
	hidden = hidden < 12 ? hidden : 12;
	for (size_t i = 0; i < head; i++)
		out[at++] = v[i];
	memset(out + at, '*', hidden);
	at += hidden;
	for (size_t i = n - tail; i < n; i++)
		out[at++] = v[i];
	for (size_t i = 0; i < at; i++)
		out[i] = out[i] > ' ' && out[i] < 0x7f ? out[i] : '*';
	out[at] = '\0';
}

// How sure; below 0: not at all.
static int confidence(
	struct detect *d, enum detector_id id, enum verdict verdict, size_t at, size_t end)
{
	enum context_rule rule = detectors[id].context;
	bool wants = rule == CONTEXT_YES || verdict == VERDICT_ALONE || verdict == VERDICT_CONTEXT;
	int level = rule == CONTEXT_HELPS || rule == CONTEXT_YES ? DETECT_LOW : DETECT_MEDIUM;

	if (verdict == VERDICT_PROVEN)
		return DETECT_HIGH;
	if (wants && !context_near(d, id, at, end))
		return verdict != VERDICT_CONTEXT && text_alone(d, at, end) ? DETECT_LOW : -1;
	if (verdict == VERDICT_FORMATTED && rule == CONTEXT_HELPS)
		level++;
	if (verdict == VERDICT_WEAK || verdict == VERDICT_CONTEXT)
		level--;
	if (wants || context_near(d, id, at, end))
		level++;
	return level < DETECT_LOW ? DETECT_LOW : level > DETECT_HIGH ? DETECT_HIGH : level;
}

static struct detect_hit *hit_of(struct detect *d, enum detector_id id, bool test_data)
{
	uint8_t *slot = &d->hit_of[id][test_data];

	if (*slot == 0) {
		if (d->out->n == DETECT_HITS_MAX) {
			d->out->lost++;
			return NULL;
		}
		d->out->hits[d->out->n] =
			(struct detect_hit){.detector = (uint8_t)id, .test_data = test_data};
		*slot = (uint8_t)++d->out->n;
	}
	return &d->out->hits[*slot - 1];
}

void found(struct detect *d, enum detector_id id, enum verdict verdict, size_t at, size_t end,
	const char *value, size_t n)
{
	const struct detect_watch *watch = d->watch;

	start(d);
	int level = confidence(d, id, verdict, at, end);
	if (level < 0 || (watch != NULL && !watch->takes(watch->ctx, id, value, n, d->len - end)))
		return;
	bool fresh = value_new(d, id, value, n);
	struct detect_hit *h = hit_of(d, id, verdict == VERDICT_TEST);
	if (h == NULL)
		return;
	bool first = h->count == 0;
	h->count += fresh;
	if (!first && level <= h->confidence)
		return;
	h->confidence = (uint8_t)level;
	h->at = (uint32_t)at;
	h->len = (uint32_t)(end - at);
	excerpt(&detectors[id], value, n, h->masked);
	if (watch != NULL)
		watch->surest(watch->ctx, id, verdict == VERDICT_TEST, value, n);
}

// One that passes a check may be chance; several are, when most of their shape do not pass.
void found_settle(struct detect *d)
{
	for (unsigned i = 0; i < d->out->n; i++) {
		struct detect_hit *h = &d->out->hits[i];
		if (h->count >= MANY && 2 * h->count >= d->tried[h->detector] &&
			h->confidence < DETECT_HIGH && !h->test_data)
			h->confidence++;
	}
}
