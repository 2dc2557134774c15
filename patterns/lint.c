#include "patterns/lint_impl.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

const struct lint_kind_info lint_kinds[LINT_KINDS] = {
	[LINT_EVERYTHING] = {"lint:everything", "it matches (almost) everything"},
	[LINT_SHORT] = {"lint:short", "what is looked for first is short: it is found often"},
	[LINT_NO_PREFILTER] = {"lint:no-prefilter",
		"nothing is looked for first: the rule is tried on each value or packet"},
	[LINT_APPROXIMATE] = {"lint:approximate",
		"Hyperscan only approximates the expression, PCRE2 decides each time"},
	[LINT_UNREACHABLE] = {"lint:unreachable", "it can never match"},
	[LINT_NEVER_SET] = {"lint:never-set", "it waits for a bit that no rule sets"},
	[LINT_NEVER_ASKED] = {"lint:never-asked", "it sets a bit that no rule asks for"},
	[LINT_DUPLICATE] = {"lint:duplicate", "another rule has the same conditions"},
	[LINT_OVERLAP] = {"lint:overlap", "whenever it matches, another rule does too"},
	[LINT_WINDOW] = {"lint:window",
		"its contents may lie further apart in a stream than what is kept of it"},
	[LINT_HYGIENE] = {"lint:hygiene", "msg, rev or classtype is missing"},
	[LINT_COST] = {"lint:cost", "the set exceeds its budget"},
};

void lint_tell(struct lint *l, enum diag_level level, enum lint_kind kind, const struct rule *r,
	struct rule_where where, const char *fmt, ...)
{
	const struct diag like = {.level = level,
		.where = where.file != NULL ? where : r->where,
		.kind = lint_kinds[kind].word,
		.sid = r->sid};
	char text[400];
	va_list ap;

	if (level == DIAG_NOTE && !l->options->notes)
		return;
	if (l->found[kind][level]++ >= l->options->per_kind)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	diag_add_like(l->diags, &like, "%s", text);
}

static void tell_rest(struct lint *l)
{
	for (unsigned kind = 0; kind < LINT_KINDS; kind++) {
		for (unsigned level = 0; level <= DIAG_ERROR; level++) {
			uint32_t n = l->found[kind][level];
			const struct diag like = {.level = (enum diag_level)level,
				.where = {l->rules->rules[0]->where.file, 1, 1},
				.kind = lint_kinds[kind].word};
			if (n > l->options->per_kind)
				diag_add_like(l->diags, &like, "and %u more of this kind (%s)",
					n - l->options->per_kind, lint_kinds[kind].about);
		}
	}
}

// A bit, or a number of a flow, as the set knows it.
struct name {
	uint64_t name;
	uint8_t kind; // enum memory_kind
	bool set; // by the rule; else it is asked for
	uint32_t rule;
};

static int by_name(const void *a, const void *b)
{
	const struct name *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->name != y->name)
		return x->name < y->name ? -1 : 1;
	return (int)y->set - (int)x->set;
}

static int by_name_and_rule(const void *a, const void *b)
{
	const struct name *x = a, *y = b;
	int order = by_name(x, y);

	return order != 0 ? order : (x->rule > y->rule) - (x->rule < y->rule);
}

static bool sets(const struct rule_memory *m)
{
	if (m->kind == MEMORY_FLOWINT)
		return m->op <= NUMBER_SUB;
	return m->op == BIT_SET || m->op == BIT_TOGGLE;
}

// It does not hold while nobody has set it.
static bool waits(const struct rule_memory *m)
{
	if (m->kind == MEMORY_FLOWINT)
		return m->op > NUMBER_SUB && m->op != NUMBER_NOTSET;
	return m->op == BIT_ISSET;
}

static bool asks(const struct rule_memory *m)
{
	return !sets(m) && !(m->kind != MEMORY_FLOWINT && m->op == BIT_UNSET);
}

static uint32_t collect(const struct rule_list *rules, struct name *names)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < rules->n; i++) {
		const struct rule *r = rules->rules[i];
		for (uint32_t k = 0; k < r->n_memories; k++) {
			const struct rule_memory *m = &r->memories[k];
			if (sets(m) || asks(m))
				names[n++] = (struct name){m->name, m->kind, sets(m), i};
		}
	}
	return n;
}

static bool is_set(const struct name *names, uint32_t n, const struct rule_memory *m)
{
	const struct name key = {.name = m->name, .kind = m->kind, .set = true};

	return bsearch(&key, names, n, sizeof(key), by_name) != NULL;
}

// Of those that are joined by "or" one is enough.
static bool may_hold(const struct rule *r, uint32_t *at, const struct name *names, uint32_t n)
{
	bool may = false;

	for (;; (*at)++) {
		const struct rule_memory *m = &r->memories[*at];
		may |= !waits(m) || is_set(names, n, m);
		if (!m->or_next || *at + 1 == r->n_memories)
			return may;
	}
}

static void tell_waiting(struct lint *l, const struct name *names, uint32_t n)
{
	static const char *const words[MEMORY_KINDS] = {"flowbits", "flowint", "xbits", "hostbits"};

	for (uint32_t i = 0; i < l->rules->n; i++) {
		const struct rule *r = l->rules->rules[i];
		for (uint32_t k = 0; k < r->n_memories; k++) {
			uint8_t kind = r->memories[k].kind;
			if (!may_hold(r, &k, names, n))
				lint_tell(l, DIAG_WARNING, LINT_NEVER_SET, r, r->where,
					"%s: no rule of the set sets what it waits for; load the "
					"rule that does, or take it out",
					words[kind]);
		}
	}
}

// Of each name that is set and never asked for, the first rule that sets it.
static void tell_unasked(struct lint *l, const struct name *names, uint32_t n)
{
	for (uint32_t i = 0, end; i < n; i = end) {
		bool asked = false;
		for (end = i; end < n && names[end].kind == names[i].kind &&
			names[end].name == names[i].name;
			end++)
			asked |= !names[end].set;
		const struct rule *r = l->rules->rules[names[i].rule];
		if (!asked && !r->half)
			lint_tell(l, DIAG_NOTE, LINT_NEVER_ASKED, r, r->where,
				"it sets a bit or a number that no rule of the set asks for");
	}
}

int lint_memories(struct lint *l)
{
	size_t n_all = 0;

	for (uint32_t i = 0; i < l->rules->n; i++)
		n_all += l->rules->rules[i]->n_memories;
	if (n_all == 0)
		return 0;
	struct name *names = calloc(n_all, sizeof(*names));
	if (names == NULL)
		return -ENOMEM;
	uint32_t n = collect(l->rules, names);
	qsort(names, n, sizeof(*names), by_name_and_rule);
	tell_waiting(l, names, n);
	tell_unasked(l, names, n);
	free(names);
	return 0;
}

int lint_rules(
	const struct rule_list *rules, const struct lint_options *options, struct diags *diags)
{
	struct lint l = {.rules = rules, .options = options, .diags = diags};

	if (rules->n == 0)
		return 0;
	for (uint32_t i = 0; i < rules->n; i++) {
		lint_rule(&l, rules->rules[i]);
		lint_prefilter(&l, rules->rules[i]);
		lint_buffers(&l, rules->rules[i]);
	}
	int err = lint_memories(&l);
	if (err == 0)
		err = lint_pairs(&l);
	tell_rest(&l);
	return err;
}
