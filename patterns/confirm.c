#include "patterns/confirm.h"

#include "patterns/dataset.h"
#include "patterns/number.h"

#include <string.h>

// Work is counted in steps: one for each place where a content is looked for and for each
// SCAN_STEP bytes read on the way, more for an expression. Each condition may read all of the
// buffer once on top.
enum { STEPS_MAX = 1000, SCAN_STEP = 512, PCRE_STEPS = 10 };

// NEVER: no other place of the matches before can help.
enum found { FOUND_NO, FOUND_NEVER, FOUND_YES };

struct search {
	const struct pattern_db *db;
	struct pattern_worker *w;
	const struct confirm_view *view;
	uint32_t first; // the group's conditions: first..end-1
	uint32_t end;
	bool fresh; // the match must end after view->fresh
	int64_t *steps;
	int64_t *vars; // RULE_VARS_MAX
};

pcre2_code *pattern_pcre_compile(
	const uint8_t *expression, size_t len, uint32_t options, int *error, PCRE2_SIZE *at)
{
	return pcre2_compile(expression, len, options | PCRE2_NEVER_BACKSLASH_C, error, at, NULL);
}

static inline uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 'a' - 'A') : c;
}

static bool equal_nocase(const uint8_t *p, const uint8_t *low, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (lower(p[i]) != low[i])
			return false;
	}
	return true;
}

// `low` is in lower case and not empty.
static const uint8_t *find_nocase(const uint8_t *p, size_t len, const uint8_t *low, size_t n)
{
	uint8_t first = low[0], last = low[n - 1];

	for (size_t i = 0; i + n <= len; i++) {
		if (lower(p[i]) == first && lower(p[i + n - 1]) == last &&
			equal_nocase(p + i, low, n))
			return p + i;
	}
	return NULL;
}

// False: the budget is spent.
static bool spend(struct search *s, int64_t steps)
{
	if (*s->steps < 0)
		return false;
	*s->steps -= steps;
	if (*s->steps < 0)
		s->w->gave_up++;
	return *s->steps >= 0;
}

static int64_t view_end(const struct search *s)
{
	return (int64_t)(s->view->base + s->view->len);
}

// A number of the condition, or the variable that stands for it.
static int64_t given(
	const struct search *s, const struct swdb_condition *c, enum var_slot slot, int64_t number)
{
	uint8_t var = c->number.vars[slot];
	return var == 0 ? number : s->vars[var - 1];
}

struct range { // of stream offsets: a content must lie within
	int64_t lo;
	int64_t hi;
};

static int64_t max64(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t min64(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

// Where the text allows the content to lie, `prev` being the end of the match before.
static struct range content_range(
	const struct search *s, const struct swdb_condition *c, int64_t prev)
{
	int64_t offset = given(s, c, VAR_OFFSET, c->offset);
	int64_t distance = given(s, c, VAR_DISTANCE, c->distance);
	struct range r = {.lo = offset, .hi = view_end(s)};

	if (c->relative)
		r.lo = max64(prev + distance, offset);
	if (c->flags & CONTENT_WITHIN)
		r.hi = min64(r.hi, prev + distance + given(s, c, VAR_WITHIN, c->within));
	if (c->flags & CONTENT_DEPTH)
		r.hi = min64(
			r.hi, (c->relative ? prev : offset) + given(s, c, VAR_DEPTH, c->depth));
	if (c->flags & CONTENT_STARTSWITH) {
		r.lo = max64(r.lo, 0);
		r.hi = min64(r.hi, c->len);
	}
	if (c->flags & CONTENT_ENDSWITH) {
		r.lo = max64(r.lo, view_end(s) - c->len);
		// A range that ends before the buffer does can not hold its end.
		if (r.hi < view_end(s))
			r.lo = r.hi;
	}
	r.lo = max64(r.lo, (int64_t)s->view->base);
	return r;
}

// The first place in the range, or -1. Not found because the budget is spent: -1 too.
static int64_t find_content(struct search *s, const struct swdb_condition *c, struct range r)
{
	const uint8_t *needle = s->db->text + c->bytes;
	const uint8_t *hit;

	if (r.hi - r.lo < (int64_t)c->len)
		return -1;
	const uint8_t *p = s->view->p + (r.lo - (int64_t)s->view->base);
	size_t len = (size_t)(r.hi - r.lo);
	if (c->flags & CONTENT_NOCASE)
		hit = find_nocase(p, len, needle, c->len);
	else if (len == c->len) // startswith, endswith: one place
		hit = memcmp(p, needle, len) == 0 ? p : NULL;
	else
		hit = memmem(p, len, needle, c->len);
	if (!spend(s, 1 + (int64_t)(hit != NULL ? (size_t)(hit - p) : len) / SCAN_STEP))
		return -1;
	return hit != NULL ? r.lo + (hit - p) : -1;
}

static enum found search_from(struct search *s, uint32_t i, int64_t prev, int64_t last);

static bool expression_before(const struct search *s, uint32_t i)
{
	for (uint32_t j = s->first; j < i; j++) {
		if (s->db->conditions[j].kind == COND_PCRE)
			return true;
	}
	return false;
}

static enum found search_content(struct search *s, uint32_t i, int64_t prev, int64_t last)
{
	const struct swdb_condition *c = &s->db->conditions[i];
	struct range r = content_range(s, c, prev);
	bool any = false;

	// The last chance to end in the fresh bytes.
	if (s->fresh && i + 1 == s->end && last <= (int64_t)s->view->fresh)
		r.lo = max64(r.lo, (int64_t)s->view->fresh + 1 - c->len);
	for (int64_t at = find_content(s, c, r); at >= 0; at = find_content(s, c, r)) {
		int64_t end = at + c->len;
		enum found found = search_from(s, i + 1, end, max64(last, end));
		if (found != FOUND_NO)
			return found;
		any = true;
		r.lo = at + 1;
	}
	if (*s->steps < 0)
		return FOUND_NEVER;
	// Later matches before this one only make the range smaller, unless its end moves along.
	// (The end of an expression's match may move either way.)
	bool bounded = (c->flags & (CONTENT_WITHIN | CONTENT_DEPTH)) != 0 || s->fresh;
	return any || bounded || expression_before(s, i) ? FOUND_NO : FOUND_NEVER;
}

// The subject of an expression: from the match before when relative, else all of the buffer.
struct subject {
	const uint8_t *p;
	size_t len;
	size_t start;
	int64_t base; // stream offset of p[0]
};

// False: it can not match here at all.
static bool expression_subject(
	const struct search *s, const struct swdb_condition *c, int64_t prev, struct subject *out)
{
	int64_t base = (int64_t)s->view->base;
	int64_t from = c->relative ? prev : 0;
	bool cut = from < base; // what it is anchored to has left the window

	if (from > view_end(s) || (cut && (c->pcre_options & PCRE2_ANCHORED)))
		return false;
	from = max64(from, base);
	out->p = s->view->p + (from - base);
	out->len = (size_t)(view_end(s) - from);
	out->base = from;
	// From the second byte on, so that ^ does not take the window's edge for the beginning.
	out->start = cut ? 1 : 0;
	return out->start <= out->len;
}

// One run of PCRE2. False: no match, or given up.
static bool run_expression(struct search *s, uint32_t i, const struct subject *subject)
{
	if (!spend(s, PCRE_STEPS + (int64_t)subject->len / SCAN_STEP))
		return false;
	int n = pcre2_match(s->db->codes[i], subject->p, subject->len, subject->start, 0,
		s->w->match_data, s->db->limits);
	if (n < 0 && n != PCRE2_ERROR_NOMATCH)
		s->w->gave_up++;
	return n >= 0;
}

static enum found search_expression(struct search *s, uint32_t i, int64_t prev, int64_t last)
{
	struct subject subject;

	if (!expression_subject(s, &s->db->conditions[i], prev, &subject))
		return FOUND_NO;
	while (run_expression(s, i, &subject)) {
		const PCRE2_SIZE *at = pcre2_get_ovector_pointer(s->w->match_data);
		size_t begin = at[0]; // the vector is used again further down
		int64_t end = subject.base + (int64_t)at[1];
		enum found found = search_from(s, i + 1, end, max64(last, end));
		if (found != FOUND_NO)
			return found;
		if (begin < subject.start)
			begin = subject.start;
		subject.start = begin + 1;
		if (subject.start > subject.len)
			break;
	}
	return *s->steps < 0 ? FOUND_NEVER : FOUND_NO;
}

static enum found search_negated(struct search *s, uint32_t i, int64_t prev, int64_t last)
{
	const struct swdb_condition *c = &s->db->conditions[i];
	struct subject subject;
	bool present;

	if (c->kind == COND_CONTENT)
		present = find_content(s, c, content_range(s, c, prev)) >= 0;
	else
		present =
			expression_subject(s, c, prev, &subject) && run_expression(s, i, &subject);
	if (*s->steps < 0)
		return FOUND_NEVER;
	if (present)
		return c->relative ? FOUND_NO : FOUND_NEVER;
	return search_from(s, i + 1, prev, last);
}

// The bytes of a number in the window; false: it does not hold them all.
static bool number_bytes(const struct search *s, const struct swdb_condition *c, int64_t prev,
	struct bytes *out, int64_t *end)
{
	int64_t at = (c->relative ? prev : 0) + given(s, c, VAR_OFFSET, c->offset);
	int64_t count = given(s, c, VAR_COUNT, c->number.count);

	if (count < 0 || count > NUMBER_DIGITS_MAX || at < (int64_t)s->view->base ||
		at > view_end(s) || count > view_end(s) - at)
		return false;
	*out = (struct bytes){
		.p = s->view->p + (at - (int64_t)s->view->base), .len = (size_t)count};
	*end = at + count;
	return true;
}

// Where the next relative condition counts from; -1: outside of the buffer.
static int64_t jump_to(
	const struct search *s, const struct swdb_condition *c, int64_t end, int64_t by)
{
	const struct condition_number *n = &c->number;

	if (n->align > 0)
		by += (n->align - by % n->align) % n->align;
	if (n->flags & BYTES_FROM_BEGINNING)
		end = 0;
	else if (n->flags & BYTES_FROM_END)
		end = view_end(s);
	end += by + n->post_offset;
	return end >= 0 && end <= view_end(s) ? end : -1;
}

// byte_test, byte_jump, byte_extract, byte_math.
static enum found search_number(struct search *s, uint32_t i, int64_t prev, int64_t last)
{
	const struct swdb_condition *c = &s->db->conditions[i];
	struct bytes b;
	int64_t end, rvalue = given(s, c, VAR_VALUE, c->number.value);
	uint64_t v = 0;

	if (!spend(s, 1) || !number_bytes(s, c, prev, &b, &end) || !number_read(&c->number, b, &v))
		return *s->steps < 0 ? FOUND_NEVER : FOUND_NO;
	last = max64(last, end);
	switch (c->kind) {
	case COND_BYTE_TEST:
		if (!number_compares(c->number.op, v, (uint64_t)rvalue, (uint64_t)c->number.value2))
			return FOUND_NO;
		break;
	case COND_BYTE_JUMP:
		prev = v <= INT32_MAX ? jump_to(s, c, end, (int64_t)v) : -1;
		if (prev < 0)
			return FOUND_NO;
		break;
	case COND_BYTE_MATH:
		if (!number_operate(c->number.op, &v, (uint64_t)rvalue))
			return FOUND_NO;
		prev = end;
		s->vars[c->number.vars[VAR_RESULT] - 1] = (int64_t)v;
		break;
	default: // COND_BYTE_EXTRACT
		if (c->number.align > 0)
			end += (c->number.align - end % c->number.align) % c->number.align;
		prev = end;
		s->vars[c->number.vars[VAR_RESULT] - 1] = (int64_t)v;
		break;
	}
	return search_from(s, i + 1, prev, last);
}

static enum found search_size(struct search *s, uint32_t i, int64_t prev, int64_t last)
{
	const struct swdb_condition *c = &s->db->conditions[i];
	bool negated = (c->flags & CONTENT_NEGATED) != 0, fits;
	int64_t value = given(s, c, VAR_VALUE, c->number.value);

	if (c->kind == COND_BSIZE)
		fits = number_compares(c->number.op, s->view->len, (uint64_t)c->number.value,
			(uint64_t)c->number.value2);
	else if (c->relative)
		fits = value <= view_end(s) - prev;
	else
		fits = value < view_end(s);
	if (fits == negated)
		return FOUND_NO;
	if (c->kind == COND_ISDATAAT && !negated)
		last = max64(last, c->relative ? prev + value : value + 1);
	return search_from(s, i + 1, prev, last);
}

// What a set says that changes while packets come is asked later: pattern_db_sets_hold().
static bool dataset_says(const struct search *s, const struct swdb_condition *c)
{
	uint32_t set = (uint32_t)c->offset;
	struct bytes value = {.p = s->view->p, .len = s->view->len};
	uint16_t reputation;

	if (c->number.op == DATASET_REPUTATION)
		return dataset_has(s->db, set, value, &reputation) &&
			number_compares((uint8_t)c->number.value2, reputation,
				(uint64_t)c->number.value, 0);
	if (s->db->datasets[set].changes)
		return true;
	return dataset_has(s->db, set, value, NULL) == (c->number.op == DATASET_ISSET);
}

static bool confirm_span(struct search *s, uint32_t first, uint32_t end, bool entangled);

// What it decodes is a buffer of its own, for the conditions that are nested in it.
static enum found search_base64(struct search *s, uint32_t i, int64_t prev, int64_t last)
{
	const struct swdb_condition *c = &s->db->conditions[i];
	int64_t at = (c->relative ? prev : 0) + c->offset;
	uint32_t behind = i + 1 + c->nested;

	if (at < (int64_t)s->view->base || at > view_end(s))
		return FOUND_NO;
	struct bytes in = {.p = s->view->p + (at - (int64_t)s->view->base),
		.len = (size_t)min64(view_end(s) - at, c->number.value)};
	size_t len = number_base64(in, s->w->decoded, sizeof(s->w->decoded));
	if (len == 0 || !spend(s, 1 + (int64_t)in.len / SCAN_STEP))
		return *s->steps < 0 ? FOUND_NEVER : FOUND_NO;

	struct confirm_view view = {.p = s->w->decoded, .len = len};
	struct search inner = *s;
	inner.view = &view;
	if (!confirm_span(&inner, i + 1, behind, true))
		return *s->steps < 0 ? FOUND_NEVER : FOUND_NO;
	return search_from(s, behind, prev, max64(last, at + (int64_t)in.len));
}

// prev: the end of the match before; last: the highest end so far. As deep as a rule has
// conditions.
static enum found search_from(struct search *s, uint32_t i, int64_t prev, int64_t last)
{
	const struct swdb_condition *c = &s->db->conditions[i];

	if (i == s->end)
		return !s->fresh || last > (int64_t)s->view->fresh ? FOUND_YES : FOUND_NO;
	switch (c->kind) {
	case COND_CONTENT:
		return c->flags & CONTENT_NEGATED ? search_negated(s, i, prev, last)
						  : search_content(s, i, prev, last);
	case COND_PCRE:
		return c->flags & CONTENT_NEGATED ? search_negated(s, i, prev, last)
						  : search_expression(s, i, prev, last);
	case COND_ISDATAAT:
	case COND_BSIZE:
		return search_size(s, i, prev, last);
	case COND_BASE64:
		return search_base64(s, i, prev, last);
	case COND_DATASET:
		return dataset_says(s, c) ? search_from(s, i + 1, prev, last) : FOUND_NEVER;
	default:
		return search_number(s, i, prev, last);
	}
}

static bool search_group(struct search *s, bool fresh)
{
	s->fresh = fresh;
	return search_from(s, s->first, 0, 0) == FOUND_YES;
}

static bool begins_group(const struct swdb_condition *c)
{
	return !c->relative && !(c->flags & CONTENT_NEGATED);
}

// Does it say where bytes must be? Sizes of the whole, and what must not be there, do not.
static bool is_about_bytes(const struct swdb_condition *c)
{
	return !(c->flags & CONTENT_NEGATED) && c->kind != COND_BSIZE;
}

// The first condition behind the group that begins at `first`.
static uint32_t group_end(const struct search *s, uint32_t first, uint32_t end, bool entangled)
{
	const struct swdb_condition *all = s->db->conditions;
	uint32_t i = first + 1 + all[first].nested;

	while (i < end && (entangled || !begins_group(&all[i])))
		i += 1 + all[i].nested;
	return i;
}

// A group is a condition that stands for itself, and those that are relative to it. Groups do
// not depend on each other, except that one of them has to end in the fresh bytes; unless numbers
// of one are used in another: then all are one (entangled).
static bool confirm_span(struct search *s, uint32_t first, uint32_t end, bool entangled)
{
	bool fresh = s->view->fresh == 0;
	bool positive = false;

	for (s->first = first; s->first < end; s->first = s->end) {
		bool about_bytes = false;
		s->end = group_end(s, s->first, end, entangled);
		for (uint32_t i = s->first; i < s->end; i += 1 + s->db->conditions[i].nested)
			about_bytes |= is_about_bytes(&s->db->conditions[i]);
		positive |= about_bytes;
		if (!fresh && about_bytes && search_group(s, true))
			fresh = true;
		else if (!search_group(s, false))
			return false;
	}
	return fresh || !positive;
}

bool confirm_chain(const struct pattern_db *db, struct pattern_worker *w,
	const struct swdb_chain *chain, const struct confirm_view *view,
	int64_t vars[RULE_VARS_MAX])
{
	int64_t steps =
		STEPS_MAX + 2 * (int64_t)chain->conditions.n * (int64_t)(1 + view->len / SCAN_STEP);
	struct search s = {.db = db, .w = w, .view = view, .steps = &steps, .vars = vars};

	return confirm_span(&s, chain->conditions.first,
		chain->conditions.first + chain->conditions.n, chain->entangled != 0);
}
