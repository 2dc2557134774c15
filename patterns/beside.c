#include "patterns/beside_impl.h"

#include "patterns/classtypes.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

enum { DEFAULT_PRIORITY = 3 };

static uint32_t hash_of(const char *word)
{
	uint32_t h = 0x811c9dc5; // FNV-1a

	for (; *word != '\0'; word++)
		h = (h ^ ((unsigned char)*word | 0x20)) * 0x01000193;
	return h ^ h >> 16;
}

struct beside_row *beside_find(const struct beside_words *w, const char *word)
{
	uint32_t hash = hash_of(word);
	struct beside_row *row = w->n > 0 ? w->buckets[hash & (w->n_buckets - 1)] : NULL;

	while (row != NULL && (row->hash != hash || strcasecmp(row->word, word) != 0))
		row = row->next;
	return row;
}

// As many buckets as there are words, or more.
static bool make_buckets(struct rule_list *list, struct beside_words *w)
{
	uint32_t n = w->n_buckets == 0 ? BESIDE_BUCKETS_LEAST : 2 * w->n_buckets;

	if (w->n < w->n_buckets)
		return true;
	struct beside_row **buckets = arena_take(list->arena, n * sizeof(struct beside_row *));
	if (buckets == NULL)
		return false;
	for (uint32_t i = 0; i < w->n_buckets; i++) {
		for (struct beside_row *row = w->buckets[i], *next; row != NULL; row = next) {
			next = row->next;
			row->next = buckets[row->hash & (n - 1)];
			buckets[row->hash & (n - 1)] = row;
		}
	}
	w->buckets = buckets;
	w->n_buckets = n;
	return true;
}

struct beside_row *beside_add(struct rule_list *list, struct beside_words *w, const char *word)
{
	struct beside_row *row = arena_take(list->arena, sizeof(*row));

	if (row == NULL || !make_buckets(list, w))
		return NULL;
	row->word = word;
	row->hash = hash_of(word);
	struct beside_row **bucket = &w->buckets[row->hash & (w->n_buckets - 1)];
	row->next = *bucket;
	*bucket = row;
	w->n++;
	return row;
}

struct rule_beside *beside_open(struct rule_list *list)
{
	if (list->arena == NULL)
		list->arena = arena_new();
	if (list->arena != NULL && list->beside == NULL)
		list->beside = arena_take(list->arena, sizeof(*list->beside));
	return list->beside;
}

static struct slice rest_of(const struct lexer *l)
{
	return slice_trim(
		(struct slice){.p = l->p, .len = (size_t)(l->end - l->p), .where = lexer_where(l)});
}

// "config WORD: rest"
static bool config_line(struct slice line, const char *word, struct slice *rest)
{
	struct lexer l = lexer_over(line);

	if (!slice_is(lexer_word(&l, ":"), "config"))
		return false;
	lexer_spaces(&l);
	if (!slice_is(lexer_word(&l, ":"), word))
		return false;
	lexer_spaces(&l);
	if (lexer_next(&l) != ':')
		return false;
	lexer_spaces(&l);
	*rest = rest_of(&l);
	return true;
}

static bool is_name(struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		if (!letter && (i == 0 || !((c >= '0' && c <= '9') || c == '-' || c == '_')))
			return false;
	}
	return s.len > 0;
}

static bool small_number(struct slice s, uint8_t *out)
{
	unsigned v = 0;

	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] < '0' || s.p[i] > '9' || i == 3)
			return false;
		v = v * 10 + (unsigned)(s.p[i] - '0');
	}
	*out = (uint8_t)v;
	return v >= 1 && v <= 255;
}

// The description may have commas: its end is the last one.
static bool class_line(struct slice rest, struct slice *name, struct slice *text, uint8_t *priority)
{
	const char *first = memchr(rest.p, ',', rest.len);
	const char *last = memrchr(rest.p, ',', rest.len);

	if (first == last)
		return false;
	*name = slice_trim((struct slice){.p = rest.p, .len = (size_t)(first - rest.p)});
	*text = slice_cut(rest, (size_t)(first - rest.p) + 1);
	text->len = (size_t)(last - text->p);
	*text = slice_trim(*text);
	struct slice number = slice_cut(rest, (size_t)(last - rest.p) + 1);
	return is_name(*name) && text->len > 0 && small_number(number, priority);
}

// A file in the making, line by line.
struct reader {
	struct rule_list *list;
	struct diags *diags;
	struct beside_words *words;
	const char *what;
};

// Where `word` goes; NULL: nowhere, told unless memory is short.
static struct beside_row *take_word(struct reader *r, struct slice word, int *err)
{
	char *text = arena_text(r->list->arena, word.p, word.len);
	struct beside_row *row = text != NULL ? beside_find(r->words, text) : NULL;

	if (row != NULL) {
		diag_add(r->diags, DIAG_WARNING, word.where,
			"%s \"%.60s\" stands at %s:%u already; this line is ignored", r->what, text,
			row->where.file, row->where.line);
		return NULL;
	}
	if (r->words->n == BESIDE_ROWS_MAX) {
		diag_add(r->diags, DIAG_ERROR, word.where, "more than %d lines that count",
			BESIDE_ROWS_MAX);
		*err = -EINVAL;
		return NULL;
	}
	row = text != NULL ? beside_add(r->list, r->words, text) : NULL;
	if (row == NULL)
		*err = -ENOMEM;
	else
		row->where = word.where;
	return row;
}

static int take_class(void *ctx, struct slice line)
{
	struct reader *r = ctx;
	struct slice rest, name, text;
	uint8_t priority;
	int err = 0;

	if (!config_line(line, "classification", &rest) ||
		!class_line(rest, &name, &text, &priority)) {
		diag_add(r->diags, DIAG_WARNING, line.where,
			"\"config classification: name,description,priority\" is wanted, the "
			"priority from 1 to 255; this line is ignored");
		return 0;
	}
	name.where = rest.where;
	struct beside_row *row = take_word(r, name, &err);
	if (row == NULL)
		return err;
	row->class = (struct beside_class){.priority = priority, .known = true};
	row->class.description = arena_text(r->list->arena, text.p, text.len);
	return row->class.description == NULL ? -ENOMEM : 0;
}

static int take_reference(void *ctx, struct slice line)
{
	struct reader *r = ctx;
	struct slice rest, system = {0}, url = {0};
	int err = 0;

	bool fine = config_line(line, "reference", &rest);
	if (fine) {
		struct lexer l = lexer_over(rest);
		system = lexer_word(&l, "");
		lexer_spaces(&l);
		url = rest_of(&l);
		fine = is_name(system) && url.len > 0 && memchr(url.p, ' ', url.len) == NULL;
	}
	if (!fine) {
		diag_add(r->diags, DIAG_WARNING, line.where,
			"\"config reference: system URL\" is wanted; this line is ignored");
		return 0;
	}
	struct beside_row *row = take_word(r, system, &err);
	if (row == NULL)
		return err;
	row->prefix = arena_text(r->list->arena, url.p, url.len);
	return row->prefix == NULL ? -ENOMEM : 0;
}

int beside_lines(struct rule_list *list, const char *file, const char *text, size_t len,
	beside_line_fn take, void *ctx)
{
	struct slice line;
	int err = 0;

	const char *name = arena_text(list->arena, file, strlen(file));
	if (name == NULL)
		return -ENOMEM;
	struct lexer l = lexer_open(name, text, len);
	while (err == 0 && lexer_rule(&l, &line))
		err = take(ctx, line);
	return err;
}

int beside_read_classes(
	const char *file, const char *text, size_t len, struct rule_list *list, struct diags *diags)
{
	struct rule_beside *b = beside_open(list);
	struct reader r = {.list = list, .diags = diags, .what = "class"};

	if (b == NULL)
		return -ENOMEM;
	r.words = &b->classes;
	return beside_lines(list, file, text, len, take_class, &r);
}

int beside_read_references(
	const char *file, const char *text, size_t len, struct rule_list *list, struct diags *diags)
{
	struct rule_beside *b = beside_open(list);
	struct reader r = {.list = list, .diags = diags, .what = "system"};

	if (b == NULL)
		return -ENOMEM;
	r.words = &b->systems;
	return beside_lines(list, file, text, len, take_reference, &r);
}

// One that is not in a file is remembered, too: so that a class that nobody knows is told once.
struct beside_class *beside_class(struct rule_list *list, const char *name)
{
	struct rule_beside *b = beside_open(list);

	if (b == NULL)
		return NULL;
	struct beside_row *row = beside_find(&b->classes, name);
	if (row != NULL)
		return &row->class;
	row = beside_add(list, &b->classes, name);
	if (row == NULL)
		return NULL;
	const struct classtype *known = classtype_find(name);
	row->class = known == NULL ? (struct beside_class){.priority = DEFAULT_PRIORITY}
				   : (struct beside_class){.description = known->description,
					     .priority = known->priority,
					     .known = true};
	return &row->class;
}

const char *beside_prefix(const struct rule_list *list, const char *system)
{
	const struct beside_row *row =
		list->beside != NULL ? beside_find(&list->beside->systems, system) : NULL;

	return row != NULL ? row->prefix : reference_prefix(system);
}
