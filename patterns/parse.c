#include "patterns/beside.h"
#include "patterns/halves.h"
#include "patterns/parser.h"
#include "patterns/watch_list.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { RULES_MAX = 1000000, RULE_TEXT_MAX = 64 * 1024 };

static void complain(struct parser *p, enum diag_level level, struct rule_where where,
	const char *fmt, va_list ap)
{
	char text[400];

	vsnprintf(text, sizeof(text), fmt, ap);
	if (p->variable.p == NULL)
		diag_add(p->diags, level, where, "%s", text);
	else // the text at hand is not the rule's: its place is where the variable stands
		diag_add(p->diags, level, p->variable.where, "%.*s: %s",
			(int)(p->variable.len < 60 ? p->variable.len : 60), p->variable.p, text);
}

void parser_error(struct parser *p, struct rule_where where, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain(p, DIAG_ERROR, where, fmt, ap);
	va_end(ap);
	p->failed = true;
}

void parser_warning(struct parser *p, struct rule_where where, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain(p, DIAG_WARNING, where, fmt, ap);
	va_end(ap);
}

static bool parse_body(struct parser *p, struct lexer *l)
{
	struct slice name, value;
	int got;

	lexer_spaces(l);
	if (lexer_peek(l) != '(') {
		parser_error(p, lexer_where(l), "'(' expected");
		return false;
	}
	lexer_next(l);
	// The options end at the last ')': one inside a quoted value is not it.
	const char *close = l->end;
	while (close > l->p && close[-1] != ')')
		close--;
	if (close == l->p) {
		parser_error(p, lexer_where(l), "the rule's closing ')' is missing");
		return false;
	}
	struct lexer behind = *l;
	while (behind.p < close)
		lexer_next(&behind);
	lexer_spaces(&behind);
	if (!lexer_ended(&behind)) {
		parser_error(p, lexer_where(&behind), "text behind the rule's closing ')'");
		return false;
	}
	l->end = close - 1;
	while ((got = lexer_option(l, &name, &value)) == 1)
		parse_option(p, name, value);
	if (got < 0)
		parser_error(p, name.where, "';' expected after this option");
	return got == 0;
}

static void check_rule(struct parser *p)
{
	struct rule *r = &p->rule;

	if (!p->has_sid)
		parser_error(p, r->where, "sid is missing");
	parse_contents_check(p);
	parse_buffer_left(p);
	watch_list_check(p);
	if ((r->flow & FLOW_TO_SERVER) && (r->flow & FLOW_TO_CLIENT))
		parser_error(p, r->where, "flow: to_server and to_client exclude each other");
	if (r->flow & FLOW_ESTABLISHED && r->flow & (FLOW_NOT_ESTABLISHED | FLOW_STATELESS))
		parser_error(
			p, r->where, "flow: established excludes not_established and stateless");
	if ((r->flow & FLOW_NO_STREAM) && (r->flow & FLOW_ONLY_STREAM))
		parser_error(p, r->where, "flow: no_stream and only_stream exclude each other");
}

// Copies a finished rule into the list's arena.
static bool keep(struct parser *p, const struct rule *finished, struct rule_list *list)
{
	struct rule *r = arena_copy(p->arena, finished, sizeof(*finished));

	if (r == NULL)
		return false;
	r->conditions =
		arena_copy(p->arena, r->conditions, r->n_conditions * sizeof(p->conditions[0]));
	r->facts = arena_copy(p->arena, r->facts, r->n_facts * sizeof(p->facts[0]));
	r->memories = arena_copy(p->arena, r->memories, r->n_memories * sizeof(p->memories[0]));
	r->metadata = arena_copy(p->arena, r->metadata, r->n_metadata * sizeof(p->metadata[0]));
	r->references =
		arena_copy(p->arena, r->references, r->n_references * sizeof(p->references[0]));
	if ((list->n & (list->n - 1)) == 0) {
		size_t cap = list->n != 0 ? list->n * 2u : 1;
		struct rule **more = realloc(list->rules, cap * sizeof(*more));
		if (more == NULL)
			return false;
		list->rules = more;
	}
	if (r->conditions == NULL || r->facts == NULL || r->memories == NULL ||
		r->metadata == NULL || r->references == NULL)
		return false;
	list->rules[list->n++] = r;
	return true;
}

static bool keep_all(struct parser *p, struct rule_list *list)
{
	struct halves *h;

	p->rule.conditions = p->conditions;
	p->rule.facts = p->facts;
	p->rule.memories = p->memories;
	p->rule.metadata = p->metadata;
	p->rule.references = p->references;
	if (!p->rule.both_ways)
		return keep(p, &p->rule, list);
	h = malloc(sizeof(*h));
	bool kept = h != NULL;
	if (kept && rule_halve(&p->rule, h))
		kept = keep(p, &h->request.rule, list) && keep(p, &h->answer.rule, list);
	else if (kept)
		parser_error(p, p->rule.where,
			"=> wants conditions on what the client sends and on what the server does");
	free(h);
	return kept;
}

static void begin_rule(struct parser *p, struct rule_where where)
{
	memset(&p->rule, 0, sizeof(p->rule));
	p->rule.where = where;
	p->rule.gid = 1;
	p->rule.msg = "";
	p->rule.classtype = "";
	p->rule.category = "";
	p->rule.severity = 3;
	p->rule.set = p->set;
	p->field = FIELD_PAYLOAD;
	p->dotprefix = false;
	p->n_transforms = 0;
	p->view = NULL;
	p->view_made = false;
	p->base64 = -1;
	p->nesting = -1;
	p->n_names = 0;
	p->unused_buffer = (struct slice){0};
	p->failed = false;
	p->left_out = false;
	p->has_sid = false;
	p->has_priority = false;
	p->last_content = -1;
}

static void parse_rule(struct parser *p, struct slice text, struct rule_list *list)
{
	struct lexer l = lexer_over(text);

	begin_rule(p, text.where);
	if (text.len > RULE_TEXT_MAX)
		parser_error(p, text.where, "a rule of more than %d bytes", RULE_TEXT_MAX);
	else if (memchr(text.p, '\0', text.len) != NULL)
		parser_error(p, text.where, "a NUL byte: this is no rule text");
	else if (beside_disables(list, text, p->set))
		return;
	else if (parse_header(p, &l) && parse_body(p, &l))
		check_rule(p);
	if (p->failed || p->left_out)
		return;
	if (list->n == RULES_MAX)
		parser_error(p, text.where, "more than %d rules", RULES_MAX);
	else if (!keep_all(p, list))
		p->no_memory = true;
}

// "a/b/im-services.rules" -> "im-services".
static const char *set_name(struct rule_arena *arena, const char *file)
{
	const char *slash = strrchr(file, '/');
	const char *base = slash != NULL ? slash + 1 : file;
	size_t len = strlen(base);

	if (len > 6 && strcmp(base + len - 6, ".rules") == 0)
		len -= 6;
	return arena_text(arena, base, len);
}

int rules_parse(const char *file, const char *text, size_t len, const struct rule_var *vars,
	bool lab, struct rule_list *list, struct diags *diags)
{
	uint32_t before = diags->n_errors;
	struct slice rule;

	if (list->arena == NULL)
		list->arena = arena_new();
	struct parser *p = calloc(1, sizeof(*p));
	if (list->arena == NULL || p == NULL) {
		free(p);
		return -ENOMEM;
	}
	p->file = arena_text(list->arena, file, strlen(file));
	p->set = set_name(list->arena, file);
	p->vars = vars;
	p->list = list;
	p->arena = list->arena;
	p->list = list;
	p->diags = diags;
	p->lab = lab;
	p->no_memory = p->file == NULL || p->set == NULL;

	struct lexer l = lexer_open(p->file, text, len);
	while (!p->no_memory && lexer_rule(&l, &rule))
		parse_rule(p, rule, list);
	int err = p->no_memory ? -ENOMEM : diags->n_errors != before ? -EINVAL : 0;
	free(p);
	return err;
}

struct numbered {
	uint32_t gid, sid;
	uint32_t index; // in the list: of two, the later one is the second
};

static int by_id(const void *a, const void *b)
{
	const struct numbered *x = a, *y = b;

	if (x->gid != y->gid)
		return x->gid < y->gid ? -1 : 1;
	if (x->sid != y->sid)
		return x->sid < y->sid ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

int rules_check_unique(const struct rule_list *list, struct diags *diags)
{
	struct numbered *sorted = malloc((list->n + 1u) * sizeof(*sorted));
	int err = 0;

	if (sorted == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < list->n; i++)
		sorted[i] = (struct numbered){list->rules[i]->gid, list->rules[i]->sid, i};
	qsort(sorted, list->n, sizeof(*sorted), by_id);
	for (uint32_t i = 1; i < list->n; i++) {
		if (sorted[i - 1].gid != sorted[i].gid || sorted[i - 1].sid != sorted[i].sid ||
			list->rules[sorted[i - 1].index]->half)
			continue;
		const struct rule *a = list->rules[sorted[i - 1].index];
		const struct rule *b = list->rules[sorted[i].index];
		diag_add(diags, DIAG_ERROR, b->where, "sid %u stands at %s:%u already", b->sid,
			a->where.file, a->where.line);
		err = -EINVAL;
	}
	free(sorted);
	return err;
}

void rule_list_free(struct rule_list *list)
{
	arena_free(list->arena);
	free(list->rules);
	*list = (struct rule_list){0};
}
