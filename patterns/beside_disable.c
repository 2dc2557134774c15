// Rules that are not wanted: by number, by an expression over their text, by file.

#include "patterns/beside_impl.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

enum { PATTERNS_MAX = 1000, MATCH_STEPS_MAX = 100000, MATCH_KIB_MAX = 1024, ID_LEN = 24 };

// What a line says, in the order of the text.
struct entry {
	struct entry *next;
	struct rule_where where;
	const char *text; // "gid:sid", an expression, the name of a file with * and ?
	bool met; // there is a rule that it disables
};

struct pattern { // one that may be about many rules
	struct pattern *next;
	struct entry *entry;
	pcre2_code *code; // NULL: the name of a file
};

struct disabled {
	struct entry *entries, **end;
	struct beside_words ids; // "gid:sid"
	struct beside_words left_out; // likewise: rules that were met
	struct pattern *patterns;
	uint32_t n_patterns; // also of those that did not compile
	pcre2_general_context *memory; // the list's arena
	pcre2_match_context *limits;
	pcre2_match_data *match;
};

static void *take_memory(size_t size, void *arena)
{
	return arena_take(arena, size);
}

// It goes with the list.
static void keep_memory(void *p, void *arena)
{
	(void)p;
	(void)arena;
}

static struct disabled *open_disabled(struct rule_list *list)
{
	struct rule_beside *b = beside_open(list);

	if (b == NULL || b->disabled != NULL)
		return b != NULL ? b->disabled : NULL;
	struct disabled *d = arena_take(list->arena, sizeof(*d));
	if (d == NULL)
		return NULL;
	d->memory = pcre2_general_context_create(take_memory, keep_memory, list->arena);
	if (d->memory == NULL)
		return NULL;
	d->limits = pcre2_match_context_create(d->memory);
	d->match = pcre2_match_data_create(1, d->memory);
	if (d->limits == NULL || d->match == NULL)
		return NULL;
	pcre2_set_match_limit(d->limits, MATCH_STEPS_MAX);
	pcre2_set_heap_limit(d->limits, MATCH_KIB_MAX);
	d->end = &d->entries;
	b->disabled = d;
	return d;
}

struct reader {
	struct rule_list *list;
	struct disabled *disabled;
	struct diags *diags;
};

static bool number(struct slice s, uint32_t *out)
{
	uint64_t v = 0;

	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		v = v * 10 + (uint64_t)(s.p[i] - '0');
		if (v > UINT32_MAX)
			return false;
	}
	*out = (uint32_t)v;
	return v > 0;
}

static bool id_of(struct slice s, char out[ID_LEN])
{
	const char *colon = memchr(s.p, ':', s.len);
	uint32_t gid = 1, sid;

	if (colon != NULL) {
		size_t len = (size_t)(colon - s.p);
		if (!number((struct slice){.p = s.p, .len = len}, &gid))
			return false;
		s = slice_cut(s, len + 1);
	}
	if (!number(s, &sid))
		return false;
	snprintf(out, ID_LEN, "%u:%u", gid, sid);
	return true;
}

static struct entry *add_entry(
	struct reader *r, const char *text, size_t len, struct rule_where where)
{
	struct entry *e = arena_take(r->list->arena, sizeof(*e));

	if (e == NULL)
		return NULL;
	e->where = where;
	e->text = arena_text(r->list->arena, text, len);
	if (e->text == NULL)
		return NULL;
	*r->disabled->end = e;
	r->disabled->end = &e->next;
	return e;
}

static int add_id(struct reader *r, const char *id, struct rule_where where)
{
	struct beside_words *ids = &r->disabled->ids;

	if (beside_find(ids, id) != NULL)
		return 0;
	if (ids->n == BESIDE_ROWS_MAX) {
		diag_add(r->diags, DIAG_ERROR, where, "more than %d lines that count",
			BESIDE_ROWS_MAX);
		return -EINVAL;
	}
	struct entry *e = add_entry(r, id, strlen(id), where);
	struct beside_row *row = e != NULL ? beside_add(r->list, ids, e->text) : NULL;
	if (row == NULL)
		return -ENOMEM;
	row->met = &e->met;
	return 0;
}

static int add_pattern(struct reader *r, struct slice text, pcre2_code *code)
{
	struct disabled *d = r->disabled;
	struct pattern *pattern = arena_take(r->list->arena, sizeof(*pattern));
	struct entry *entry = add_entry(r, text.p, text.len, text.where);

	if (pattern == NULL || entry == NULL)
		return -ENOMEM;
	*pattern = (struct pattern){.next = d->patterns, .entry = entry, .code = code};
	d->patterns = pattern;
	return 0;
}

static int add_expression(struct reader *r, struct slice text)
{
	pcre2_compile_context *context = pcre2_compile_context_create(r->disabled->memory);
	char why[128] = "";
	PCRE2_SIZE at = 0;
	int err = 0;

	if (context == NULL)
		return -ENOMEM;
	pcre2_code *code = pcre2_compile((PCRE2_SPTR)text.p, text.len,
		PCRE2_CASELESS | PCRE2_NEVER_BACKSLASH_C, &err, &at, context);
	if (code != NULL)
		return add_pattern(r, text, code);
	pcre2_get_error_message(err, (PCRE2_UCHAR *)why, sizeof(why));
	text.where.column += (uint32_t)at;
	diag_add(r->diags, DIAG_WARNING, text.where, "%s; this line is ignored", why);
	return 0;
}

static bool begins_with(struct slice s, const char *word)
{
	size_t len = strlen(word);

	return s.len > len && memcmp(s.p, word, len) == 0;
}

static struct slice without_end(struct slice s, const char *end)
{
	size_t len = strlen(end);

	if (s.len > len && memcmp(s.p + s.len - len, end, len) == 0)
		s.len -= len;
	return s;
}

static int count_pattern(struct reader *r, struct rule_where where)
{
	if (r->disabled->n_patterns++ < PATTERNS_MAX)
		return 0;
	diag_add(r->diags, DIAG_ERROR, where, "more than %d lines of re: and group:", PATTERNS_MAX);
	return -EINVAL;
}

static int take_disabled(void *ctx, struct slice line)
{
	struct reader *r = ctx;
	char id[ID_LEN];

	line = slice_trim(line);
	if (begins_with(line, "re:") || begins_with(line, "group:")) {
		int err = count_pattern(r, line.where);
		if (err < 0)
			return err;
	}
	if (begins_with(line, "re:"))
		return add_expression(r, slice_cut(line, 3));
	const char *comment = memchr(line.p, '#', line.len);
	if (comment != NULL)
		line.len = (size_t)(comment - line.p);
	line = slice_trim(line);
	if (begins_with(line, "group:"))
		return add_pattern(r, without_end(slice_cut(line, 6), ".rules"), NULL);
	if (id_of(line, id))
		return add_id(r, id, line.where);
	diag_add(r->diags, DIAG_WARNING, line.where,
		"a sid, gid:sid, re:expression or group:name is wanted; this line is ignored");
	return 0;
}

int beside_read_disabled(
	const char *file, const char *text, size_t len, struct rule_list *list, struct diags *diags)
{
	struct reader r = {.list = list, .disabled = open_disabled(list), .diags = diags};

	if (r.disabled == NULL)
		return -ENOMEM;
	return beside_lines(list, file, text, len, take_disabled, &r);
}

// The numbers of a rule that may be wrong in every other respect. False: it has none.
static bool find_id(struct slice text, char out[ID_LEN])
{
	struct lexer l = lexer_over(text);
	struct slice name, value;
	uint32_t gid = 1, sid = 0;

	while (!lexer_ended(&l) && lexer_peek(&l) != '(')
		lexer_next(&l);
	lexer_next(&l);
	while (lexer_option(&l, &name, &value) == 1) {
		if (slice_is(name, "sid"))
			number(value, &sid);
		else if (slice_is(name, "gid"))
			number(value, &gid);
	}
	snprintf(out, ID_LEN, "%u:%u", gid, sid);
	return sid != 0;
}

static bool matches(
	const struct disabled *d, const struct pattern *p, struct slice text, const char *set)
{
	if (p->code == NULL)
		return fnmatch(p->entry->text, set, 0) == 0;
	return pcre2_match(p->code, (PCRE2_SPTR)text.p, text.len, 0, 0, d->match, d->limits) >= 0;
}

bool beside_disables(struct rule_list *list, struct slice text, const char *set)
{
	struct disabled *d = list->beside != NULL ? list->beside->disabled : NULL;
	char id[ID_LEN];
	bool yes = false;

	if (d == NULL)
		return false;
	struct beside_row *row =
		d->ids.n > 0 && find_id(text, id) ? beside_find(&d->ids, id) : NULL;
	if (row != NULL)
		yes = *row->met = true;
	for (struct pattern *p = d->patterns; p != NULL; p = p->next) {
		if (matches(d, p, text, set))
			yes = p->entry->met = true;
	}
	if (yes && find_id(text, id) && beside_find(&d->left_out, id) == NULL) {
		const char *word = arena_text(list->arena, id, strlen(id));
		if (word != NULL)
			beside_add(list, &d->left_out, word);
	}
	return yes;
}

bool beside_left_out(const struct rule_list *list, uint32_t gid, uint32_t sid)
{
	const struct disabled *d = list->beside != NULL ? list->beside->disabled : NULL;
	char id[ID_LEN];

	snprintf(id, sizeof(id), "%u:%u", gid, sid);
	return d != NULL && beside_find(&d->left_out, id) != NULL;
}

void beside_tell_unmet(const struct rule_list *list, struct diags *diags)
{
	const struct disabled *d = list->beside != NULL ? list->beside->disabled : NULL;

	for (const struct entry *e = d != NULL ? d->entries : NULL; e != NULL; e = e->next) {
		if (!e->met)
			diag_add(diags, DIAG_WARNING, e->where,
				"there is no rule %.100s to disable", e->text);
	}
}
