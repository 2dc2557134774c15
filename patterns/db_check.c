// Every row of a foreign artefact, before anything follows what it says.

#include "patterns/confirm.h"
#include "patterns/dataset.h"

static bool span_ok(const struct pattern_db *db, struct swdb_span span, enum swdb_section_id of)
{
	return span.first <= db->n[of] && span.n <= db->n[of] - span.first;
}

// The text ends in a NUL, so that a string is whole wherever it begins.
static bool text_ok(const struct pattern_db *db, uint32_t at)
{
	return at < db->n[SWDB_TEXT];
}

static bool limit_ok(const struct rule_limit *l)
{
	return l->kind <= LIMIT_BACKOFF && l->track <= TRACK_BY_FLOW;
}

static bool rule_ok(const struct pattern_db *db, const struct swdb_rule *r)
{
	return text_ok(db, r->msg) && text_ok(db, r->category) && text_ok(db, r->set) &&
		(r->service == SWDB_NONE || text_ok(db, r->service)) &&
		span_ok(db, r->src, SWDB_ADDRS) && span_ok(db, r->dst, SWDB_ADDRS) &&
		span_ok(db, r->sport, SWDB_PORTS) && span_ok(db, r->dport, SWDB_PORTS) &&
		span_ok(db, r->metadata, SWDB_PAIRS) && span_ok(db, r->references, SWDB_PAIRS) &&
		span_ok(db, r->chains, SWDB_CHAINS) && r->chains.n <= SWDB_CONDITIONS_MAX &&
		span_ok(db, r->facts, SWDB_FACTS) && r->facts.n <= SWDB_FACTS_MAX &&
		span_ok(db, r->memories, SWDB_MEMORIES) &&
		span_ok(db, r->suppress, SWDB_SUPPRESS) && limit_ok(&r->limit) &&
		limit_ok(&r->filter) && limit_ok(&r->rate);
}

static bool transforms_ok(const struct pattern_db *db, struct swdb_span span)
{
	return span_ok(db, span, SWDB_TRANSFORMS) && span.n <= SWDB_TRANSFORMS_MAX;
}

// What is nested in a condition is inside the chain, and nests nothing itself.
static bool nesting_ok(const struct pattern_db *db, struct swdb_span span)
{
	uint32_t left = 0;

	for (uint32_t i = 0; i < span.n; i++) {
		const struct swdb_condition *c = &db->conditions[span.first + i];
		if (c->nested > 0 &&
			(c->kind != COND_BASE64 || left > 0 || c->nested > span.n - i - 1))
			return false;
		if (left > 0 && c->kind == COND_BASE64)
			return false;
		left = c->nested > 0 ? c->nested : left > 0 ? left - 1 : 0;
	}
	return true;
}

static bool chain_ok(const struct pattern_db *db, const struct swdb_chain *c)
{
	return c->field < FIELD_COUNT && field_table[c->field].scan != SCAN_NO &&
		span_ok(db, c->conditions, SWDB_CONDITIONS) &&
		(c->conditions.n > 0 || c->absent != SWDB_PRESENT) &&
		c->conditions.n <= SWDB_CONDITIONS_MAX && transforms_ok(db, c->transforms) &&
		nesting_ok(db, c->conditions);
}

static bool number_ok(const struct swdb_condition *c)
{
	const struct condition_number *n = &c->number;
	bool gives = c->kind == COND_BYTE_EXTRACT || c->kind == COND_BYTE_MATH;

	for (unsigned i = 0; i < VAR_SLOTS; i++) {
		if (n->vars[i] > RULE_VARS_MAX)
			return false;
	}
	return (!gives || n->vars[VAR_RESULT] > 0) && n->align <= 4 && n->value >= INT32_MIN &&
		n->value <= UINT32_MAX &&
		(n->base == 0 || n->base == 8 || n->base == 10 || n->base == 16) &&
		(c->kind != COND_BASE64 || n->value > 0);
}

static bool condition_ok(const struct pattern_db *db, const struct swdb_condition *c)
{
	if (!span_ok(db, (struct swdb_span){c->bytes, c->len}, SWDB_TEXT) || !number_ok(c))
		return false;
	switch (c->kind) {
	case COND_CONTENT:
		return c->len > 0;
	case COND_PCRE:
		return (c->pcre_options & ~PATTERN_PCRE_ALLOWED) == 0;
	case COND_DATASET:
		return c->offset >= 0 && (uint32_t)c->offset < db->n[SWDB_DATASETS] &&
			c->number.op < DATASET_OPS;
	default:
		return c->kind < COND_KINDS && c->kind != COND_ABSENT;
	}
}

static bool fact_ok(const struct pattern_db *db, const struct rule_fact *f)
{
	if (f->shift > 63)
		return false;
	switch (f->kind) {
	case FACT_PACKET:
		return f->what < NUMBER_COUNT;
	case FACT_FIELD:
	case FACT_DIGITS:
		return f->what < FIELD_COUNT && f->also < FIELD_COUNT;
	case FACT_GEOIP:
		return f->arg < GEO_SIDES && f->a <= db->n[SWDB_COUNTRIES] &&
			f->b <= db->n[SWDB_COUNTRIES] - f->a;
	default:
		return f->kind < FACT_KINDS;
	}
}

static bool memory_ok(const struct rule_memory *m)
{
	if (m->kind == MEMORY_FLOWINT)
		return m->op <= NUMBER_NOTSET;
	return m->kind < MEMORY_KINDS && m->op <= BIT_ISNOTSET && m->track <= TRACK_BY_FLOW;
}

static bool suppress_ok(const struct pattern_db *db, const struct swdb_suppress *s)
{
	return s->track <= SUPPRESS_BY_EITHER && span_ok(db, s->addrs, SWDB_ADDRS);
}

static bool always_ok(const struct pattern_db *db, uint32_t i)
{
	const struct swdb_always *a = &db->always[i];
	bool field = a->field < FIELD_COUNT ||
		(a->field >= SWDB_FOR_APP && a->field < SWDB_FOR_APP + APP_COUNT);

	return a->rule < db->n[SWDB_RULES] && field &&
		(i == 0 || db->always[i - 1].field <= a->field);
}

static bool dataset_ok(const struct pattern_db *db, const struct swdb_dataset *d)
{
	if (d->bits > SWDB_DATASET_BITS_MAX || d->type >= DATASET_TYPES ||
		!span_ok(db, d->values, SWDB_VALUES) ||
		!span_ok(db, (struct swdb_span){d->index, (1u << d->bits) + 1}, SWDB_INDEXES))
		return false;
	const uint32_t *index = db->indexes + d->index;
	for (uint32_t i = 0; i < 1u << d->bits; i++) {
		if (index[i] > index[i + 1])
			return false;
	}
	return index[1u << d->bits] <= d->values.n;
}

static bool value_ok(const struct pattern_db *db, const struct swdb_value *v)
{
	return span_ok(db, (struct swdb_span){v->bytes, v->len}, SWDB_TEXT);
}

static bool buffer_ok(const struct pattern_db *db, const struct swdb_buffer *b)
{
	return b->field < FIELD_COUNT && field_table[b->field].scan == SCAN_BLOCK &&
		transforms_ok(db, b->transforms);
}

static bool transform_ok(const struct pattern_db *db, const struct swdb_transform *t)
{
	return t->kind < TRANSFORM_KINDS &&
		span_ok(db, (struct swdb_span){t->arg, t->arg_len}, SWDB_TEXT);
}

// The section's rows one by one; the name of it when one is wrong.
#define EACH(section, ok, what)                                                                    \
	for (uint32_t i = 0; i < db->n[section]; i++) {                                            \
		if (!(ok))                                                                         \
			return what;                                                               \
	}

const char *pattern_db_wrong_row(const struct pattern_db *db)
{
	if (db->n[SWDB_TEXT] == 0 || db->text[db->n[SWDB_TEXT] - 1] != '\0')
		return "text";
	if (db->n[SWDB_BUFFERS] > SWDB_BUFFERS_MAX)
		return "buffers";
	EACH(SWDB_RULES, rule_ok(db, &db->rules[i]), "rule")
	EACH(SWDB_CONDITIONS, condition_ok(db, &db->conditions[i]), "condition")
	EACH(SWDB_CHAINS, chain_ok(db, &db->chains[i]), "chain")
	EACH(SWDB_TRANSFORMS, transform_ok(db, &db->transform_rows[i]), "transform")
	EACH(SWDB_BUFFERS, buffer_ok(db, &db->buffers[i]), "buffer")
	EACH(SWDB_FACTS, fact_ok(db, &db->facts[i]), "fact")
	EACH(SWDB_MEMORIES, memory_ok(&db->memories[i]), "memory")
	EACH(SWDB_DATASETS, dataset_ok(db, &db->datasets[i]), "dataset")
	EACH(SWDB_VALUES, value_ok(db, &db->values[i]), "value of a dataset")
	EACH(SWDB_SUPPRESS, suppress_ok(db, &db->suppress_rows[i]), "suppress")
	EACH(SWDB_PAIRS, text_ok(db, db->pairs[i]), "pair")
	EACH(SWDB_PATTERNS, span_ok(db, db->patterns[i].links, SWDB_LINKS), "pattern")
	EACH(SWDB_LINKS, db->links[i] < db->n[SWDB_RULES], "link")
	EACH(SWDB_ALWAYS, always_ok(db, i), "always")
	return NULL;
}
