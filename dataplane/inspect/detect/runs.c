// Runs of letters and digits: by their length to the detectors of that length; digits also in
// groups with separators between them.

#include "dataplane/inspect/detect/family.h"

enum { GROUP_MAX = 15 }; // digits of one; its length has four bits

static void ask(struct detect *d, enum detector_id id, struct candidate *c)
{
	d->tried[id]++;
	if (!(d->begins[id] >> (c->v[0] & 31) & 1))
		return;
	struct candidate own = *c; // a check may change it
	enum verdict verdict = detectors[id].check(d, &own);

	if (verdict != VERDICT_NO)
		found(d, id, verdict, own.at, own.end, own.v, own.n);
}

static void ask_all(struct detect *d, const uint8_t *list, struct candidate *c)
{
	for (unsigned i = 0; i < PER_LENGTH && list[i] != 0; i++)
		ask(d, list[i] - 1, c);
}

static bool separator_fits(const struct detector *row, const struct candidate *c)
{
	if (row->separators == NULL)
		return false;
	return c->separator != 0 ? strchr(row->separators, c->separator) != NULL : row->mixed;
}

// A table of numbers as long as the groups: any few of them would do.
static bool goes_on(const struct detect *d, const struct candidate *c, size_t first)
{
	size_t last = c->groups & GROUP_MAX, before = 0;
	uint8_t separator = text_at(d, c->at - 1);

	if (text_at(d, c->end) == d->p[c->end - last - 1] &&
		text_span(d, c->end + 1, BYTE_DIGIT, last + 1) == last)
		return true;
	while (separator == d->p[c->at + first] && before <= first &&
		text_is(d, c->at - 2 - before, BYTE_DIGIT))
		before++;
	return before == first;
}

static void ask_groups(struct detect *d, const struct signature *s, struct candidate *c)
{
	for (unsigned i = 0; i < 4 && s->detectors[i] != 0; i++) {
		enum detector_id id = s->detectors[i] - 1;
		if (separator_fits(&detectors[id], c))
			ask(d, id, c);
	}
}

static bool is_separator(uint8_t c)
{
	return c == ' ' || c == '-' || c == '.' || c == ':';
}

// From this group on, with one more each time.
static void groups_from(struct detect *d, size_t at, size_t end)
{
	struct candidate c = {.at = at, .end = end};
	unsigned n_groups = 1;
	bool mixed = false;

	c.n = end - at;
	memcpy(c.v, d->p + at, c.n);
	c.groups = (uint32_t)c.n;
	if (signature_find(d, c.groups) == NULL)
		return;
	c.separator = (char)d->p[end];
	while (n_groups++ < GROUPS_MAX && is_separator(text_at(d, c.end)) &&
		text_is(d, c.end + 1, BYTE_DIGIT)) {
		size_t n = text_span(d, c.end + 1, BYTE_DIGIT, GROUP_MAX + 1);
		if (n > GROUP_MAX || text_is(d, c.end + 1 + n, BYTE_ALNUM))
			return;
		memcpy(c.v + c.n, d->p + c.end + 1, n);
		c.n += n;
		c.v[c.n] = '\0';
		mixed |= d->p[c.end] != d->p[end];
		c.separator = mixed ? 0 : (char)d->p[end];
		c.end += 1 + n;
		c.groups = c.groups << 4 | (uint32_t)n;
		const struct signature *s = signature_find(d, c.groups);
		if (s == NULL)
			return;
		if (s->detectors[0] != 0 && !goes_on(d, &c, end - at))
			ask_groups(d, s, &c);
	}
}

static void digits_alone(struct detect *d, size_t at, size_t end)
{
	struct candidate c = {.at = at, .end = end, .n = end - at};

	// What stands behind a decimal point is no number of its own.
	if (c.n >= LENGTHS || c.n < 5 ||
		(text_at(d, at - 1) == '.' && text_is(d, at - 2, BYTE_DIGIT)))
		return;
	memcpy(c.v, d->p + at, c.n);
	c.v[c.n] = '\0';
	ask_all(d, d->digits_of[c.n], &c);
	ask_all(d, d->words_of[c.n], &c);
}

static void word_alone(struct detect *d, size_t at, size_t end)
{
	struct candidate c = {.at = at, .end = end, .n = end - at};

	if (c.n < LENGTHS) {
		memcpy(c.v, d->p + at, c.n);
		c.v[c.n] = '\0';
		ask_all(d, d->words_of[c.n], &c);
	}
	messenger_run(d, at, end);
}

static bool looks_like_iban(const struct detect *d, size_t at, size_t end)
{
	return end - at >= 4 && (byte_class[d->p[at]] & byte_class[d->p[at + 1]] & BYTE_ALPHA) &&
		(byte_class[d->p[at + 2]] & byte_class[d->p[at + 3]] & BYTE_DIGIT);
}

static bool is_upper(uint8_t c)
{
	return c >= 'A' && c <= 'Z';
}

// "NO 93 8601 ...": the country by itself.
static bool looks_like_split_iban(const struct detect *d, size_t at)
{
	return text_at(d, at - 1) == ' ' && is_upper(text_at(d, at - 2)) &&
		is_upper(text_at(d, at - 3)) && !text_is(d, at - 4, BYTE_ALNUM) &&
		text_is(d, at + 1, BYTE_DIGIT);
}

static void digits_take(struct detect *d, size_t at, size_t end)
{
	size_t n = end - at;

	if (n >= 5)
		digits_alone(d, at, end);
	if (looks_like_split_iban(d, at))
		iban_take(d, at - 3, end);
	if (text_at(d, at - 1) == '+')
		phone_e164(d, at);
	if (n <= GROUP_MAX && is_separator(text_at(d, end)) && text_is(d, end + 1, BYTE_DIGIT))
		groups_from(d, at, end);
	if (n >= 7 && n <= 15 && text_at(d, end) == ',')
		takeover_six(d, at, end);
	if (n >= 5)
		messenger_run(d, at, end);
}

void runs_take(struct detect *d, size_t at, size_t end)
{
	size_t n = end - at, digits = 0;

	if (text_at(d, end) == '<' || n == 44 || n == 30)
		mrz_take(d, at, end);
	while (digits < n && (byte_class[d->p[at + digits]] & BYTE_DIGIT))
		digits++;
	if (digits == n) {
		digits_take(d, at, end);
		return;
	}
	if (digits == 0 && n >= 4 && looks_like_iban(d, at, end))
		iban_take(d, at, end);
	if (n >= 5)
		word_alone(d, at, end);
}

// A value that is nothing but digits and blanks, however many of these: people type so.
void runs_value(struct detect *d)
{
	enum { VALUE_MAX = 48 };
	struct candidate c = {.end = d->len};

	if (d->len > VALUE_MAX || !text_is(d, 0, BYTE_DIGIT) || !text_is(d, d->len - 1, BYTE_DIGIT))
		return;
	for (size_t i = 0; i < d->len; i++) {
		if (text_is(d, i, BYTE_DIGIT))
			c.v[c.n++] = (char)d->p[i];
		else if (d->p[i] != ' ')
			return;
	}
	if (c.n == d->len || c.n >= LENGTHS)
		return;
	for (unsigned i = 0; i < PER_LENGTH && d->digits_of[c.n][i] != 0; i++) {
		enum detector_id id = d->digits_of[c.n][i] - 1;
		if (detectors[id].separators != NULL &&
			strchr(detectors[id].separators, ' ') != NULL)
			ask(d, id, &c);
	}
}
