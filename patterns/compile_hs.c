// Which condition of a rule Hyperscan looks for, and the databases that do. One condition a
// rule is enough: what it finds goes to the confirm step. Rules that look for the same share
// one pattern.

#include "patterns/compile_hs.h"

#include "dataplane/base/clock.h"
#include "patterns/confirm.h"

#include <hs.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct prefilter {
	uint32_t rule;
	uint16_t field; // FIELD_STREAM or FIELD_PAYLOAD for a payload
	uint8_t kind; // enum swdb_scan_kind
	uint8_t anchors;
	uint32_t hs_flags;
	uint32_t len;
	const struct condition *condition;
	char *expression; // owned; NULL for a literal
	uint8_t literal[SWDB_PREFILTER_MAX]; // in lower case when without case
};

struct prefilters {
	struct prefilter *items; // by field, kind, then equal ones side by side
	uint32_t n;
};

// The bytes of a content that the scanned value really holds: the dot of a dotprefix is not.
static struct bytes visible(const struct condition *c)
{
	struct bytes b = {.p = c->bytes, .len = c->len};

	if ((c->flags & CONTENT_DOTPREFIX) && b.len > 0 && b.p[0] == '.')
		bytes_take(&b, 1);
	return b;
}

static bool same_buffer(const struct condition *a, const struct condition *b)
{
	return a->field == b->field && condition_same_view(a, b);
}

// May the rule match without this condition's buffer being there?
static bool may_be_absent(const struct rule *r, const struct condition *c)
{
	for (uint32_t i = 0; i < r->n_conditions; i++) {
		if (r->conditions[i].kind == COND_ABSENT && same_buffer(&r->conditions[i], c))
			return true;
	}
	return false;
}

static bool of_message(uint16_t field)
{
	return !field_is_payload(field) && !field_is_header(field);
}

static bool usable(const struct rule *r, uint32_t i, uint8_t at)
{
	const struct condition *c = &r->conditions[i];

	if ((c->flags & (CONTENT_NEGATED | CONTENT_NESTED)) || may_be_absent(r, c) ||
		((at & SWDB_AT_TX) && !of_message(c->field)))
		return false;
	if (c->kind == COND_CONTENT)
		return visible(c).len > 0;
	// A relative expression begins anew where the match before it ended, so its anchors
	// mean another place; so do those of an expression that sees a dot in front.
	return c->kind == COND_PCRE && !c->pcre_relative && !condition_dotted(r, i);
}

// fast_pattern, else the longest content, else an expression, else none.
const struct condition *swdb_prefilter(const struct rule *r, uint8_t at)
{
	const struct condition *content = NULL, *expression = NULL;

	for (uint32_t i = 0; i < r->n_conditions; i++) {
		const struct condition *c = &r->conditions[i];
		if (!usable(r, i, at))
			continue;
		if (c->flags & CONTENT_FAST_PATTERN)
			return c;
		if (c->kind == COND_PCRE && expression == NULL)
			expression = c;
		if (c->kind == COND_CONTENT &&
			(content == NULL || visible(c).len > visible(content).len))
			content = c;
	}
	return content != NULL ? content : expression;
}

static uint16_t scan_of(const struct prefilter *p)
{
	return p->field < FIELD_COUNT ? (uint16_t)field_table[p->field].scan : SCAN_BLOCK;
}

static void fill_literal(struct prefilter *p, const struct condition *c)
{
	bool nocase = (c->flags & CONTENT_NOCASE) != 0;
	bool stream = scan_of(p) == SCAN_STREAM;
	struct bytes b = visible(c);

	if ((c->flags & CONTENT_ENDSWITH) && !stream)
		p->anchors |= SWDB_ANCHOR_END;
	if (c->flags & CONTENT_STARTSWITH)
		p->anchors |= SWDB_ANCHOR_START;
	if (b.len > SWDB_PREFILTER_MAX) {
		if ((p->anchors & SWDB_ANCHOR_END) && !(p->anchors & SWDB_ANCHOR_START))
			bytes_take(&b, b.len - SWDB_PREFILTER_MAX);
		else
			p->anchors &= (uint8_t)~SWDB_ANCHOR_END;
		b.len = SWDB_PREFILTER_MAX;
	}
	p->kind = SWDB_LITERALS;
	p->len = (uint32_t)b.len;
	for (uint32_t i = 0; i < p->len; i++)
		p->literal[i] = nocase ? ascii_lower(b.p[i]) : b.p[i];
	p->hs_flags = nocase ? HS_FLAG_CASELESS : 0;
	// The first match may not be the one at the end; and a stream's may be a later packet's.
	if (!stream && !(p->anchors & SWDB_ANCHOR_END))
		p->hs_flags |= HS_FLAG_SINGLEMATCH;
}

static const struct {
	uint32_t pcre;
	uint32_t hs;
} expression_flags[] = {
	{PCRE2_CASELESS, HS_FLAG_CASELESS},
	{PCRE2_DOTALL, HS_FLAG_DOTALL},
	{PCRE2_MULTILINE, HS_FLAG_MULTILINE},
};

// The other options (anchored, dollar_endonly, ungreedy) only narrow what matches or where it
// ends; a prefilter may find more.
static bool fill_expression(struct prefilter *p, const struct condition *c)
{
	// The newline ends a comment that the expression may end with.
	bool extended = (c->pcre_options & PCRE2_EXTENDED) != 0;
	const char *lead = extended ? "(?x)" : "", *trail = extended ? "\n" : "";

	p->kind = SWDB_EXPRESSIONS;
	p->hs_flags = HS_FLAG_PREFILTER | HS_FLAG_ALLOWEMPTY;
	if (scan_of(p) != SCAN_STREAM)
		p->hs_flags |= HS_FLAG_SINGLEMATCH;
	for (size_t i = 0; i < sizeof(expression_flags) / sizeof(expression_flags[0]); i++) {
		if (c->pcre_options & expression_flags[i].pcre)
			p->hs_flags |= expression_flags[i].hs;
	}
	int n = asprintf(
		&p->expression, "%s%.*s%s", lead, (int)c->len, (const char *)c->bytes, trail);
	if (n < 0) {
		p->expression = NULL;
		return false;
	}
	p->len = (uint32_t)n;
	return true;
}

static bool add_prefilter(
	struct prefilters *all, uint32_t rule, uint16_t field, const struct condition *c)
{
	struct prefilter *p = &all->items[all->n];

	*p = (struct prefilter){.rule = rule, .field = field, .condition = c};
	if (c->kind == COND_CONTENT)
		fill_literal(p, c);
	else if (!fill_expression(p, c))
		return false;
	all->n++;
	return true;
}

static int compare_u32(uint32_t a, uint32_t b)
{
	return (a > b) - (a < b);
}

// Zero: the same pattern.
static int compare_pattern(const struct prefilter *a, const struct prefilter *b)
{
	int order = compare_u32(a->field, b->field);

	if (order == 0)
		order = compare_u32(a->kind, b->kind);
	if (order == 0)
		order = compare_u32(a->hs_flags, b->hs_flags);
	if (order == 0)
		order = compare_u32(a->anchors, b->anchors);
	if (order == 0)
		order = compare_u32(a->len, b->len);
	if (order == 0)
		order = a->kind == SWDB_LITERALS ? memcmp(a->literal, b->literal, a->len)
						 : memcmp(a->expression, b->expression, a->len);
	return order;
}

static int compare_prefilter(const void *a, const void *b)
{
	const struct prefilter *x = a, *y = b;
	int order = compare_pattern(x, y);

	return order != 0 ? order : compare_u32(x->rule, y->rule);
}

static int compare_always(const void *a, const void *b)
{
	const struct swdb_always *x = a, *y = b;
	int order = compare_u32(x->field, y->field);

	return order != 0 ? order : compare_u32(x->rule, y->rule);
}

// The transformed buffer of a condition: an old one, or a new row.
static uint16_t buffer_of(struct swdb_build *b, const struct condition *c)
{
	struct swdb_part *part = &b->parts[SWDB_BUFFERS];
	uint32_t n = (uint32_t)(part->len / sizeof(struct swdb_buffer));

	for (uint32_t i = 0; i < n; i++) {
		if (same_buffer(b->buffers[i], c))
			return (uint16_t)(FIELD_COUNT + i);
	}
	struct swdb_buffer row = {.field = c->field, .transforms = swdb_put_transforms(b, c->view)};
	if (n == SWDB_BUFFERS_MAX) {
		b->failed = true;
		return FIELD_COUNT;
	}
	b->buffers[n] = c;
	swdb_put(b, SWDB_BUFFERS, &row, sizeof(row));
	return (uint16_t)(FIELD_COUNT + n);
}

static void put_always(struct swdb_build *b, uint32_t field, uint32_t rule)
{
	struct swdb_always always = {.field = field, .rule = rule};

	swdb_put(b, SWDB_ALWAYS, &always, sizeof(always));
}

// Nothing of a message's rule is looked for: it is looked at with each value of a buffer that must
// be there, or else with each message of its protocols.
static void always_of_message(struct swdb_build *b, const struct rule *r, uint32_t rule)
{
	uint64_t apps = r->proto != RULE_APP ? UINT64_MAX
		: r->apps != 0		     ? r->apps
					     : 1ull << r->app_proto;

	for (uint32_t i = 0; i < r->n_conditions; i++) {
		const struct condition *c = &r->conditions[i];
		if (of_message(c->field) && !may_be_absent(r, c)) {
			put_always(b, c->field, rule);
			return;
		}
	}
	for (unsigned app = 0; app < APP_COUNT; app++) {
		if (apps & 1ull << app)
			put_always(b, SWDB_FOR_APP + app, rule);
	}
}

static bool has_payload(const struct rule *r)
{
	for (uint32_t i = 0; i < r->n_conditions; i++) {
		if (field_is_payload(r->conditions[i].field))
			return true;
	}
	return false;
}

static bool add_rule(struct swdb_build *b, struct prefilters *all, const struct rule *r,
	uint32_t index, uint8_t at)
{
	const struct condition *c = swdb_prefilter(r, at);
	bool header = c != NULL && field_is_header(c->field);

	if (at & SWDB_AT_TX) {
		if (c == NULL) {
			always_of_message(b, r, index);
			return true;
		}
		bool transformed = c->view != NULL && c->view->n_transforms > 0;
		return add_prefilter(all, index, transformed ? buffer_of(b, c) : c->field, c);
	}
	if ((at & SWDB_AT_PACKET) && c == NULL)
		put_always(b, has_payload(r) ? FIELD_PAYLOAD : FIELD_NONE, index);
	else if ((at & SWDB_AT_PACKET) &&
		!add_prefilter(all, index, header ? c->field : FIELD_PAYLOAD, c))
		return false;
	if ((at & SWDB_AT_STREAM) && c == NULL)
		put_always(b, FIELD_STREAM, index);
	else if ((at & SWDB_AT_STREAM) && !add_prefilter(all, index, FIELD_STREAM, c))
		return false;
	return true;
}

static bool collect(struct swdb_build *b, const struct rule_list *rules, struct prefilters *all)
{
	struct swdb_part *always = &b->parts[SWDB_ALWAYS];

	all->items = calloc(2 * (size_t)rules->n + 1, sizeof(*all->items));
	if (all->items == NULL)
		return false;
	for (uint32_t i = 0; i < rules->n; i++) {
		const struct swdb_rule *written =
			(const struct swdb_rule *)b->parts[SWDB_RULES].p + i;
		if (!add_rule(b, all, rules->rules[i], i, written->at))
			return false;
	}
	qsort(all->items, all->n, sizeof(*all->items), compare_prefilter);
	if (always->len > 0)
		qsort(always->p, always->len / sizeof(struct swdb_always),
			sizeof(struct swdb_always), compare_always);
	return true;
}

// What one call of the Hyperscan compiler takes.
struct hs_input {
	const char **expressions;
	unsigned *flags;
	unsigned *ids;
	size_t *lens;
	const struct condition **conditions;
	unsigned n;
};

static void hs_input_free(struct hs_input *in)
{
	free(in->expressions);
	free(in->flags);
	free(in->ids);
	free(in->lens);
	free(in->conditions);
}

static bool hs_input_alloc(struct hs_input *in, uint32_t n)
{
	*in = (struct hs_input){
		.expressions = calloc(n, sizeof(*in->expressions)),
		.flags = calloc(n, sizeof(*in->flags)),
		.ids = calloc(n, sizeof(*in->ids)),
		.lens = calloc(n, sizeof(*in->lens)),
		.conditions = calloc(n, sizeof(*in->conditions)),
	};
	return in->expressions != NULL && in->flags != NULL && in->ids != NULL &&
		in->lens != NULL && in->conditions != NULL;
}

// Equal prefilters become one pattern with a link to each rule.
static void put_patterns(
	struct swdb_build *b, const struct prefilter *p, uint32_t n, struct hs_input *in)
{
	for (uint32_t i = 0; i < n;) {
		struct swdb_pattern pattern = {
			.links.first = (uint32_t)(b->parts[SWDB_LINKS].len / sizeof(uint32_t)),
			.len = p[i].kind == SWDB_LITERALS ? (uint16_t)p[i].len : 0,
			.anchors = p[i].anchors,
		};
		in->expressions[in->n] =
			p[i].kind == SWDB_LITERALS ? (const char *)p[i].literal : p[i].expression;
		in->flags[in->n] = p[i].hs_flags;
		in->lens[in->n] = p[i].len;
		in->conditions[in->n] = p[i].condition;
		in->ids[in->n] = (unsigned)(b->parts[SWDB_PATTERNS].len / sizeof(pattern));
		in->n++;

		uint32_t first = i;
		for (; i < n && compare_pattern(&p[i], &p[first]) == 0; i++) {
			swdb_put(b, SWDB_LINKS, &p[i].rule, sizeof(p[i].rule));
			pattern.links.n++;
		}
		swdb_put(b, SWDB_PATTERNS, &pattern, sizeof(pattern));
	}
}

// Each expression by itself first: so all that are wrong are named, not only the first.
static int check_expressions(const struct hs_input *in, struct diags *diags)
{
	int err = 0;

	for (unsigned i = 0; i < in->n; i++) {
		hs_expr_info_t *info = NULL;
		hs_compile_error_t *wrong = NULL;
		if (hs_expression_info(in->expressions[i], in->flags[i], &info, &wrong) !=
			HS_SUCCESS) {
			diag_add(diags, DIAG_ERROR, in->conditions[i]->where,
				"pcre: can not be searched for: %s",
				wrong != NULL ? wrong->message : "short of memory");
			err = -EINVAL;
		}
		hs_free_compile_error(wrong);
		free(info);
	}
	return err;
}

static int hs_fault(const struct hs_input *in, hs_compile_error_t *wrong, struct diags *diags)
{
	unsigned i = 0;

	if (wrong == NULL)
		return -ENOMEM;
	if (wrong->expression >= 0 && (unsigned)wrong->expression < in->n)
		i = (unsigned)wrong->expression;
	diag_add(diags, DIAG_ERROR, in->conditions[i]->where, "can not be searched for: %s",
		wrong->message);
	hs_free_compile_error(wrong);
	return -EINVAL;
}

static int put_database(struct swdb_build *b, struct swdb_scan scan, hs_database_t *db)
{
	static const uint8_t zero[8];
	char *bytes = NULL;
	size_t len = 0;

	if (hs_serialize_database(db, &bytes, &len) != HS_SUCCESS)
		return -ENOMEM;
	scan.offset = swdb_put(b, SWDB_BYTECODE, bytes, len);
	scan.len = len;
	swdb_put(b, SWDB_BYTECODE, zero, -len & 7);
	swdb_put(b, SWDB_SCANS, &scan, sizeof(scan));
	free(bytes);
	return b->failed ? -ENOMEM : 0;
}

static int put_scan(
	struct swdb_build *b, struct swdb_scan scan, const struct hs_input *in, struct diags *diags)
{
	unsigned mode = scan.field == FIELD_STREAM ? HS_MODE_STREAM : HS_MODE_BLOCK;
	hs_database_t *db = NULL;
	hs_compile_error_t *wrong = NULL;
	hs_error_t status;
	const uint64_t begun = clock_monotonic_ns();

	if (scan.kind == SWDB_EXPRESSIONS) {
		int err = check_expressions(in, diags);
		if (err < 0)
			return err;
		status = hs_compile_multi(
			in->expressions, in->flags, in->ids, in->n, mode, NULL, &db, &wrong);
	} else {
		status = hs_compile_lit_multi(in->expressions, in->flags, in->ids, in->lens, in->n,
			mode, NULL, &db, &wrong);
	}
	if (status != HS_SUCCESS)
		return hs_fault(in, wrong, diags);

	swdb_put_cost(b, &scan, in->n, clock_monotonic_ns() - begun, db);
	int err = put_database(b, scan, db);
	hs_free_database(db);
	return err;
}

// One database for each field and kind.
static int put_scans(struct swdb_build *b, const struct prefilters *all, struct diags *diags)
{
	int err = 0;

	for (uint32_t i = 0, n; i < all->n && err != -ENOMEM; i += n) {
		const struct prefilter *p = &all->items[i];
		struct swdb_scan scan = {.field = p->field, .kind = p->kind};
		struct hs_input in;

		for (n = 1; i + n < all->n && p[n].field == p->field && p[n].kind == p->kind;)
			n++;
		int one = -ENOMEM;
		if (hs_input_alloc(&in, n)) {
			put_patterns(b, p, n, &in);
			one = put_scan(b, scan, &in, diags);
		}
		hs_input_free(&in);
		if (one < 0)
			err = one;
	}
	return err;
}

int swdb_put_prefilters(struct swdb_build *b, const struct rule_list *rules, struct diags *diags)
{
	struct prefilters all = {0};
	int err = -ENOMEM;

	if (!b->failed && collect(b, rules, &all))
		err = put_scans(b, &all, diags);
	for (uint32_t i = 0; all.items != NULL && i < all.n; i++)
		free(all.items[i].expression);
	free(all.items);
	return err;
}
