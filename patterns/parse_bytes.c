// Numbers in a buffer: byte_test, byte_jump, byte_extract, byte_math, isdataat, bsize, urilen,
// absent, base64_decode.

#include "patterns/parser.h"

#include <string.h>

enum { ITEMS_MAX = 16, BINARY_MAX = 8, DIGITS_MAX = 23, BASE64_MAX = 65535 };

struct items {
	unsigned n;
	struct slice item[ITEMS_MAX];
};

static bool split(struct parser *p, struct slice value, struct items *out)
{
	struct lexer l = lexer_over(value);

	out->n = 0;
	while (!lexer_ended(&l)) {
		struct slice one = {.p = l.p, .where = lexer_where(&l)};
		while (!lexer_ended(&l) && lexer_peek(&l) != ',')
			lexer_next(&l);
		one.len = (size_t)(l.p - one.p);
		lexer_next(&l);
		if (out->n == ITEMS_MAX) {
			parser_error(p, one.where, "more than %d parts", ITEMS_MAX);
			return false;
		}
		while (one.len > 0 && (*one.p == ' ' || *one.p == '\t')) {
			one.p++;
			one.len--;
			one.where.column++;
		}
		out->item[out->n++] = slice_trim(one);
	}
	return true;
}

static bool is_name(struct slice s)
{
	char c = s.len > 0 ? (char)(s.p[0] | 0x20) : '\0';
	return (c >= 'a' && c <= 'z') || c == '_' || (s.len > 0 && s.p[0] == '_');
}

// A name that byte_extract or byte_math gave: 1 + its number; 0 after an error.
uint8_t parser_var_find(struct parser *p, struct slice s)
{
	for (unsigned i = 0; i < p->n_names; i++) {
		if (p->names[i].len == s.len && memcmp(p->names[i].p, s.p, s.len) == 0)
			return (uint8_t)(i + 1);
	}
	parser_error(p, s.where, "\"%.*s\" is no number, and no byte_extract before gives it",
		(int)(s.len < 40 ? s.len : 40), s.p);
	return 0;
}

static uint8_t define(struct parser *p, struct slice s)
{
	if (!is_name(s)) {
		parser_error(p, s.where, "the name of a variable is wanted");
		return 0;
	}
	for (unsigned i = 0; i < p->n_names; i++) {
		if (p->names[i].len == s.len && memcmp(p->names[i].p, s.p, s.len) == 0)
			return (uint8_t)(i + 1);
	}
	if (p->n_names == RULE_VARS_MAX) {
		parser_error(p, s.where, "more than %d variables", RULE_VARS_MAX);
		return 0;
	}
	p->names[p->n_names++] = s;
	return (uint8_t)p->n_names;
}

// A number, or the name of one for `slot`.
static bool number_or_var(struct parser *p, struct condition *c, enum var_slot slot, struct slice s,
	int64_t min, int64_t max, int64_t *out)
{
	uint64_t v;

	if (is_name(s)) {
		c->number.vars[slot] = parser_var_find(p, s);
		return c->number.vars[slot] != 0;
	}
	if (s.len > 2 && s.p[0] == '0' && (s.p[1] | 0x20) == 'x') {
		if (!parse_unsigned(p, s, false, (uint64_t)max, &v))
			return false;
		*out = (int64_t)v;
		return true;
	}
	return parse_number(p, s, min, max, out);
}

// "multiplier 4": the word and what follows it.
static bool worded(struct slice s, const char *word, struct slice *value)
{
	size_t len = strlen(word);

	if (s.len <= len || memcmp(s.p, word, len) != 0 || (s.p[len] != ' ' && s.p[len] != '\t'))
		return false;
	*value = (struct slice){s.p + len, s.len - len, s.where};
	while (value->len > 0 && (*value->p == ' ' || *value->p == '\t')) {
		value->p++;
		value->len--;
	}
	value->where.column += (uint32_t)(value->p - s.p);
	return true;
}

// What stands behind the first parts, of any of the byte keywords.
static bool byte_word(struct parser *p, struct condition *c, struct slice s)
{
	struct condition_number *n = &c->number;
	struct slice value;
	int64_t v;
	uint64_t u;

	if (slice_is(s, "relative"))
		c->relative = true;
	else if (slice_is(s, "little") || slice_is(s, "endian little"))
		n->flags |= BYTES_LITTLE;
	else if (slice_is(s, "big") || slice_is(s, "endian big"))
		n->flags &= (uint8_t)~BYTES_LITTLE;
	else if (slice_is(s, "string"))
		n->base = n->base != 0 ? n->base : 10;
	else if (slice_is(s, "dec") || slice_is(s, "string dec"))
		n->base = 10;
	else if (slice_is(s, "hex") || slice_is(s, "string hex"))
		n->base = 16;
	else if (slice_is(s, "oct") || slice_is(s, "string oct"))
		n->base = 8;
	else if (slice_is(s, "align"))
		n->align = 4;
	else if (slice_is(s, "from_beginning"))
		n->flags |= BYTES_FROM_BEGINNING;
	else if (slice_is(s, "from_end"))
		n->flags |= BYTES_FROM_END;
	else if (worded(s, "align", &value)) {
		if (parse_number(p, value, 2, 4, &v))
			n->align = (uint8_t)v;
		return v == 2 || v == 4;
	} else if (worded(s, "multiplier", &value)) {
		if (!parse_number(p, value, 1, 65535, &v))
			return false;
		n->multiplier = (uint32_t)v;
	} else if (worded(s, "post_offset", &value)) {
		if (!parse_number(p, value, -65535, 65535, &v))
			return false;
		n->post_offset = (int32_t)v;
	} else if (worded(s, "bitmask", &value)) {
		if (!parse_unsigned(p, value, false, UINT32_MAX, &u))
			return false;
		n->mask = (uint32_t)u;
	} else {
		parser_error(p, s.where, "\"%.*s\" is not supported here",
			(int)(s.len < 40 ? s.len : 40), s.p);
		return false;
	}
	return true;
}

static bool byte_count(struct parser *p, struct condition *c, struct slice s)
{
	int64_t v = 0;

	if (!number_or_var(p, c, VAR_COUNT, s, 0, DIGITS_MAX, &v))
		return false;
	c->number.count = (uint8_t)v;
	return true;
}

static bool byte_offset(struct parser *p, struct condition *c, struct slice s)
{
	int64_t v = 0;

	if (!number_or_var(p, c, VAR_OFFSET, s, INT32_MIN, INT32_MAX, &v))
		return false;
	c->offset = (int32_t)v;
	return true;
}

static bool byte_words(struct parser *p, struct condition *c, const struct items *items, unsigned i)
{
	struct condition_number *n = &c->number;

	for (; i < items->n; i++) {
		if (!byte_word(p, c, items->item[i]))
			return false;
	}
	if (n->vars[VAR_COUNT] == 0 && n->base == 0 && n->count > BINARY_MAX) {
		parser_error(p, c->where, "a binary number has at most %d bytes", BINARY_MAX);
		return false;
	}
	if (n->vars[VAR_COUNT] == 0 && n->count == 0 && c->kind != COND_BYTE_JUMP) {
		parser_error(p, c->where, "a number of no bytes");
		return false;
	}
	return true;
}

static bool byte_op(struct parser *p, struct condition *c, struct slice s)
{
	static const struct {
		const char *word;
		uint8_t op, negated;
	} ops[] = {{"<=", CMP_LE, CMP_GT}, {">=", CMP_GE, CMP_LT}, {"<", CMP_LT, CMP_GE},
		{">", CMP_GT, CMP_LE}, {"=", CMP_EQ, CMP_NE}, {"&", CMP_AND, CMP_MASK_EQ},
		{"^", CMP_OR, CMP_EQ}};
	bool negated = s.len > 0 && s.p[0] == '!';

	if (negated) {
		s.p++;
		s.len--;
		s = slice_trim(s);
	}
	c->number.op = CMP_NE;
	if (negated && s.len == 0)
		return true;
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		if (!slice_is(s, ops[i].word))
			continue;
		c->number.op = negated ? ops[i].negated : ops[i].op;
		return true;
	}
	parser_error(p, s.where, "byte_test compares with < > = ! <= >= & ^");
	return false;
}

static bool wants(struct parser *p, struct slice name, const struct items *items, unsigned n)
{
	if (items->n >= n)
		return true;
	parser_error(p, name.where, "%.*s wants at least %u parts", (int)name.len, name.p, n);
	return false;
}

static void on_byte_test(struct parser *p, struct slice name, const struct items *items)
{
	struct condition *c =
		wants(p, name, items, 4) ? parser_add(p, COND_BYTE_TEST, name.where) : NULL;

	if (c != NULL && byte_count(p, c, items->item[0]) && byte_op(p, c, items->item[1]) &&
		number_or_var(
			p, c, VAR_VALUE, items->item[2], INT32_MIN, UINT32_MAX, &c->number.value) &&
		byte_offset(p, c, items->item[3]))
		byte_words(p, c, items, 4);
}

static void on_byte_jump(struct parser *p, struct slice name, const struct items *items)
{
	struct condition *c =
		wants(p, name, items, 2) ? parser_add(p, COND_BYTE_JUMP, name.where) : NULL;

	if (c != NULL && byte_count(p, c, items->item[0]) && byte_offset(p, c, items->item[1]))
		byte_words(p, c, items, 2);
}

static void on_byte_extract(struct parser *p, struct slice name, const struct items *items)
{
	struct condition *c =
		wants(p, name, items, 3) ? parser_add(p, COND_BYTE_EXTRACT, name.where) : NULL;

	if (c != NULL && byte_count(p, c, items->item[0]) && byte_offset(p, c, items->item[1]) &&
		byte_words(p, c, items, 3))
		c->number.vars[VAR_RESULT] = define(p, items->item[2]);
}

static void on_byte_math(struct parser *p, struct slice name, const struct items *items)
{
	struct condition *c =
		wants(p, name, items, 5) ? parser_add(p, COND_BYTE_MATH, name.where) : NULL;
	struct slice value, result = {0};
	bool fine = c != NULL;

	for (unsigned i = 0; i < items->n && fine; i++) {
		struct slice s = items->item[i];
		if (worded(s, "bytes", &value)) {
			fine = byte_count(p, c, value);
		} else if (worded(s, "offset", &value)) {
			fine = byte_offset(p, c, value);
		} else if (worded(s, "oper", &value)) {
			fine = value.len <= 2 && strchr("+-*/<>", value.p[0]) != NULL &&
				(value.len == 1 || slice_is(value, "<<") || slice_is(value, ">>"));
			if (!fine)
				parser_error(p, s.where, "byte_math knows + - * / << >>");
			c->number.op = (uint8_t)value.p[0];
		} else if (worded(s, "rvalue", &value)) {
			fine = number_or_var(
				p, c, VAR_VALUE, value, 0, UINT32_MAX, &c->number.value);
		} else if (worded(s, "result", &value)) {
			result = value;
		} else {
			fine = byte_word(p, c, s);
		}
	}
	if (fine && (result.len == 0 || c->number.op == 0))
		parser_error(p, name.where, "byte_math wants bytes, offset, oper, rvalue, result");
	else if (fine && byte_words(p, c, items, items->n))
		c->number.vars[VAR_RESULT] = define(p, result);
}

static void on_isdataat(struct parser *p, struct slice name, const struct items *items)
{
	struct slice at = items->n > 0 ? items->item[0] : name;
	bool negated = at.len > 0 && at.p[0] == '!' && items->n > 0;

	if (negated) {
		at.p++;
		at.len--;
		at.where.column++;
	}
	struct condition *c =
		wants(p, name, items, 1) ? parser_add(p, COND_ISDATAAT, name.where) : NULL;
	if (c == NULL ||
		!number_or_var(p, c, VAR_VALUE, slice_trim(at), 0, 65535, &c->number.value))
		return;
	if (negated)
		c->flags |= CONTENT_NEGATED;
	for (unsigned i = 1; i < items->n; i++) {
		if (slice_is(items->item[i], "relative"))
			c->relative = true;
		else if (!slice_is(items->item[i], "rawbytes"))
			parser_error(p, items->item[i].where, "isdataat knows relative, rawbytes");
	}
}

static void on_base64_decode(struct parser *p, struct slice name, const struct items *items)
{
	struct condition *c = parser_add(p, COND_BASE64, name.where);
	struct slice value;
	int64_t v;

	if (c == NULL)
		return;
	c->number.value = BASE64_MAX;
	p->base64 = (int)(c - p->conditions);
	for (unsigned i = 0; i < items->n; i++) {
		if (slice_is(items->item[i], "relative"))
			c->relative = true;
		else if (worded(items->item[i], "bytes", &value)) {
			if (parse_number(p, value, 1, BASE64_MAX, &v))
				c->number.value = v;
		} else if (worded(items->item[i], "offset", &value)) {
			if (parse_number(p, value, 0, BASE64_MAX, &v))
				c->offset = (int32_t)v;
		} else {
			parser_error(p, items->item[i].where,
				"base64_decode knows bytes, offset, relative");
		}
	}
}

// Relative to a content whose buffer an older word behind it named: it looks there, too.
static void follow(struct parser *p, uint32_t before)
{
	if (p->rule.n_conditions == before || before == 0 || p->nesting >= 0)
		return;
	struct condition *c = &p->conditions[before];
	const struct condition *last = &p->conditions[before - 1];
	if (c->relative && c->field == FIELD_PAYLOAD && p->field == FIELD_PAYLOAD) {
		c->field = last->field;
		c->view = last->view;
	}
}

static const struct {
	const char *word;
	void (*fn)(struct parser *p, struct slice name, const struct items *items);
} keywords[] = {
	{"byte_test", on_byte_test},
	{"byte_jump", on_byte_jump},
	{"byte_extract", on_byte_extract},
	{"byte_math", on_byte_math},
	{"isdataat", on_isdataat},
	{"base64_decode", on_base64_decode},
};

void parse_bytes(struct parser *p, struct slice name, struct slice value)
{
	struct items items = {0};

	p->last_content = -1;
	if (value.p != NULL && !split(p, value, &items))
		return;
	uint32_t before = p->rule.n_conditions;
	for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
		if (slice_is(name, keywords[i].word))
			keywords[i].fn(p, name, &items);
	}
	follow(p, before);
}

void parse_bsize(struct parser *p, struct slice name, struct slice value)
{
	struct compare_with with;

	if (p->field == FIELD_PAYLOAD) {
		parser_error(p, name.where, "bsize is about a sticky buffer; of a packet: dsize");
		return;
	}
	if (!parse_compare(p, value, UINT32_MAX, &with))
		return;
	struct condition *c = parser_add(p, COND_BSIZE, name.where);
	if (c != NULL) {
		c->number.op = with.op;
		c->number.value = (int64_t)with.a;
		c->number.value2 = (int64_t)with.b;
	}
}

// Of the URI as it was sent, unless ",norm" says otherwise.
void parse_urilen(struct parser *p, struct slice name, struct slice value)
{
	struct items items = {0};
	struct compare_with with;
	uint16_t field = p->field;
	const struct rule_view *view = p->view;

	if (!split(p, value, &items) || !wants(p, name, &items, 1) ||
		!parse_compare(p, items.item[0], UINT32_MAX, &with))
		return;
	bool norm = items.n > 1 && slice_is(items.item[1], "norm");
	if (items.n > 1 && !norm && !slice_is(items.item[1], "raw"))
		parser_error(p, items.item[1].where, "urilen knows norm and raw");
	p->field = norm ? FIELD_HTTP_URI : FIELD_HTTP_RAW_URI;
	p->view = NULL;
	struct condition *c = parser_add(p, COND_BSIZE, name.where);
	p->field = field;
	p->view = view;
	if (c != NULL) {
		c->flags = 0;
		c->number.op = with.op;
		c->number.value = (int64_t)with.a;
		c->number.value2 = (int64_t)with.b;
	}
}

void parse_absent(struct parser *p, struct slice name, struct slice value)
{
	bool or_else = value.p != NULL && slice_is(value, "or_else");

	if (value.p != NULL && value.len > 0 && !or_else)
		parser_error(p, value.where, "absent knows or_else");
	else if (p->field == FIELD_PAYLOAD)
		parser_error(p, name.where, "absent is about a sticky buffer");
	else {
		struct condition *c = parser_add(p, COND_ABSENT, name.where);
		if (c != NULL && or_else)
			c->number.flags = ABSENT_OR_ELSE;
	}
}
