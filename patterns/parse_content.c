// content, pcre, and the words that say where they must stand.

#include "patterns/identifier.h"
#include "patterns/parser.h"
#include "patterns/watch_list.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <ctype.h>
#include <string.h>

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// "ab|0d 0A|\"" -> bytes. Returns how many, or -1 after an error.
static int decode(struct parser *p, struct slice s, uint8_t out[CONTENT_MAX])
{
	struct lexer l = lexer_over(s);
	bool in_hex = false;
	int high = -1, n = 0;

	while (!lexer_ended(&l)) {
		struct rule_where where = lexer_where(&l);
		char c = lexer_next(&l);
		if (n == CONTENT_MAX) {
			parser_error(p, where, "a content of more than %d bytes", CONTENT_MAX);
			return -1;
		}
		if (c == '|') {
			if (high >= 0) {
				parser_error(p, where, "half a byte between the bars");
				return -1;
			}
			in_hex = !in_hex;
		} else if (in_hex) {
			if (c == ' ')
				continue;
			int v = hex(c);
			if (v < 0) {
				parser_error(p, where, "no hexadecimal digit between the bars");
				return -1;
			}
			if (high < 0) {
				high = v;
			} else {
				out[n++] = (uint8_t)(high << 4 | v);
				high = -1;
			}
		} else if (c == '\\') {
			char next = lexer_peek(&l);
			if (next == '\0' || strchr("\"\\;:", next) == NULL) {
				parser_error(
					p, where, "a backslash stands before \" \\ ; or : only");
				return -1;
			}
			out[n++] = (uint8_t)lexer_next(&l);
		} else if (c == '"') {
			parser_error(p, where, "a quote within a content is written \\\"");
			return -1;
		} else {
			out[n++] = (uint8_t)c;
		}
	}
	if (in_hex) {
		parser_error(p, s.where, "the closing '|' is missing");
		return -1;
	}
	return n;
}

// Behind a base64_data: right behind what its base64_decode has already.
static struct condition *place(struct parser *p)
{
	uint32_t at = p->rule.n_conditions++;

	if (p->nesting >= 0) {
		struct condition *base = &p->conditions[p->nesting];
		uint32_t behind = (uint32_t)p->nesting + 1 + base->nested++;
		memmove(&p->conditions[behind + 1], &p->conditions[behind],
			(at - behind) * sizeof(p->conditions[0]));
		at = behind;
	}
	return &p->conditions[at];
}

struct condition *parser_add(struct parser *p, enum condition_kind kind, struct rule_where where)
{
	if (p->rule.n_conditions == CONDITIONS_MAX) {
		parser_error(p, where, "more than %d conditions", CONDITIONS_MAX);
		return NULL;
	}
	if (!parser_view(p))
		return NULL;
	struct condition *c = place(p);
	*c = (struct condition){
		.kind = (uint8_t)kind, .field = p->field, .view = p->view, .where = where};
	if (p->nesting >= 0) {
		c->field = p->conditions[p->nesting].field;
		c->view = p->conditions[p->nesting].view;
		c->flags = CONTENT_NESTED;
	}
	p->unused_buffer = (struct slice){0};
	if (p->dotprefix)
		c->flags |= CONTENT_DOTPREFIX;
	return c;
}

// Takes a "!" away.
static bool negation(struct slice *value)
{
	bool negated = value->len > 0 && value->p[0] == '!';

	if (negated)
		*value = slice_cut(*value, 1);
	return negated;
}

// Takes the quotes away. False after an error.
static bool quoted(struct parser *p, struct slice *value)
{
	if (value->len < 2 || value->p[0] != '"' || value->p[value->len - 1] != '"') {
		parser_error(p, value->where, "a value in quotes is wanted");
		return false;
	}
	value->p++;
	value->len -= 2;
	value->where.column++;
	return true;
}

static void on_content(struct parser *p, struct slice name, struct slice value)
{
	uint8_t bytes[CONTENT_MAX];
	bool negated = negation(&value);

	p->last_content = -1;
	if (!quoted(p, &value))
		return;
	int n = decode(p, value, bytes);
	if (n < 0)
		return;
	if (n == 0) {
		parser_error(p, value.where, "an empty content");
		return;
	}
	const char *kind = identifier_kind(bytes, (size_t)n);
	if (kind != NULL)
		watch_list_refuse(p, value.where, "this content", kind);
	struct condition *c = parser_add(p, COND_CONTENT, name.where);
	if (c == NULL)
		return;
	c->bytes = arena_copy(p->arena, bytes, (size_t)n);
	c->len = (uint32_t)n;
	p->no_memory |= c->bytes == NULL;
	if (negated)
		c->flags |= CONTENT_NEGATED;
	p->last_content = (int)(c - p->conditions);
}

static void on_position(struct parser *p, struct slice value, struct condition *c, uint32_t flag,
	enum var_slot slot, int32_t *out, int64_t min)
{
	int64_t v;
	char first = value.len > 0 ? (char)(value.p[0] | 0x20) : '\0';

	if (c->flags & flag) {
		parser_error(p, value.where, "given twice for this content");
	} else if ((first >= 'a' && first <= 'z') || (value.len > 0 && value.p[0] == '_')) {
		c->number.vars[slot] = parser_var_find(p, value);
		c->flags |= flag;
	} else if (parse_number(p, value, min, 1048576, &v)) {
		c->flags |= flag;
		*out = (int32_t)v;
	}
}

static const struct {
	const char *word;
	uint32_t flag;
} plain[] = {
	{"nocase", CONTENT_NOCASE},
	{"startswith", CONTENT_STARTSWITH},
	{"endswith", CONTENT_ENDSWITH},
	{"fast_pattern", CONTENT_FAST_PATTERN},
};

static void on_modifier(struct parser *p, struct slice name, struct slice value)
{
	if (p->last_content < 0) {
		parser_error(
			p, name.where, "%.*s without a content before it", (int)name.len, name.p);
		return;
	}
	struct condition *c = &p->conditions[p->last_content];
	if (slice_is(name, "offset")) {
		on_position(p, value, c, CONTENT_OFFSET, VAR_OFFSET, &c->offset, 0);
	} else if (slice_is(name, "depth")) {
		on_position(p, value, c, CONTENT_DEPTH, VAR_DEPTH, &c->depth, 1);
	} else if (slice_is(name, "distance")) {
		on_position(p, value, c, CONTENT_DISTANCE, VAR_DISTANCE, &c->distance, -1048576);
	} else if (slice_is(name, "within")) {
		on_position(p, value, c, CONTENT_WITHIN, VAR_WITHIN, &c->within, 1);
	} else {
		for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
			if (slice_is(name, plain[i].word))
				c->flags |= plain[i].flag;
		}
		if (value.p != NULL)
			parser_warning(p, value.where, "the value of fast_pattern is ignored");
	}
}

void parse_content(struct parser *p, struct slice name, struct slice value)
{
	if (slice_is(name, "content"))
		on_content(p, name, value);
	else
		on_modifier(p, name, value);
}

// The buffer that one of Suricata's own letters behind a pcre stands for: of this one only.
static bool buffer_letter(struct condition *c, char letter)
{
	static const struct {
		char letter;
		enum field field;
	} letters[] = {{'U', FIELD_HTTP_URI}, {'I', FIELD_HTTP_RAW_URI},
		{'P', FIELD_HTTP_REQUEST_BODY}, {'Q', FIELD_HTTP_RESPONSE_BODY},
		{'H', FIELD_HTTP_HEADER}, {'D', FIELD_HTTP_RAW_HEADER}, {'M', FIELD_HTTP_METHOD},
		{'C', FIELD_HTTP_COOKIE}, {'S', FIELD_HTTP_STAT_CODE}, {'Y', FIELD_HTTP_STAT_MSG},
		{'V', FIELD_HTTP_USER_AGENT}, {'W', FIELD_HTTP_HOST}, {'Z', FIELD_HTTP_RAW_HOST}};

	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++) {
		if (letters[i].letter != letter)
			continue;
		if (c->field != letters[i].field)
			c->view = NULL;
		c->field = (uint16_t)letters[i].field;
		return true;
	}
	return letter == 'B' || letter == 'O'; // rawbytes; no limits: there are some always
}

static bool pcre_letter(struct condition *c, char letter)
{
	static const struct {
		char letter;
		uint32_t option;
	} letters[] = {{'i', PCRE2_CASELESS}, {'s', PCRE2_DOTALL}, {'m', PCRE2_MULTILINE},
		{'x', PCRE2_EXTENDED}, {'A', PCRE2_ANCHORED}, {'E', PCRE2_DOLLAR_ENDONLY},
		{'G', PCRE2_UNGREEDY}};

	if (letter == 'R') {
		c->pcre_relative = true;
		return true;
	}
	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++) {
		if (letters[i].letter == letter) {
			c->pcre_options |= letters[i].option;
			return true;
		}
	}
	return buffer_letter(c, letter);
}

static bool pcre_compiles(struct parser *p, const struct condition *c, struct rule_where where)
{
	PCRE2_SIZE at = 0;
	PCRE2_UCHAR text[160] = "";
	int error = 0;
	pcre2_code *code =
		pcre2_compile((PCRE2_SPTR)c->bytes, c->len, c->pcre_options, &error, &at, NULL);

	if (code != NULL) {
		pcre2_code_free(code);
		return true;
	}
	pcre2_get_error_message(error, text, sizeof(text));
	where.column += (uint32_t)at;
	parser_error(p, where, "pcre: %s", (const char *)text);
	return false;
}

void parse_pcre(struct parser *p, struct slice name, struct slice value)
{
	bool negated = negation(&value);

	p->last_content = -1;
	// Suricata takes one without quotes too.
	if ((value.len == 0 || value.p[0] != '/') && !quoted(p, &value))
		return;
	const char *close = value.p + value.len;
	while (close > value.p && close[-1] != '/')
		close--;
	if (value.len < 2 || value.p[0] != '/' || close - value.p < 2) {
		parser_error(p, value.where, "a pcre stands between slashes: \"/.../\"");
		return;
	}
	struct condition *c = parser_add(p, COND_PCRE, name.where);
	if (c == NULL)
		return;
	c->bytes =
		(const uint8_t *)arena_text(p->arena, value.p + 1, (size_t)(close - value.p) - 2);
	c->len = (uint32_t)(close - value.p) - 2;
	if (negated)
		c->flags |= CONTENT_NEGATED;
	struct rule_where where = value.where;
	for (const char *letter = close; letter < value.p + value.len; letter++) {
		where.column = value.where.column + (uint32_t)(letter - value.p);
		if (pcre_letter(c, *letter))
			continue;
		parser_error(p, where, "pcre letter %c is not supported",
			isprint((unsigned char)*letter) ? *letter : '?');
		return;
	}
	where.column = value.where.column + 1;
	if (c->bytes == NULL)
		p->no_memory = true;
	else
		pcre_compiles(p, c, where);
}

static void check_content(struct parser *p, const struct condition *c, bool first)
{
	const uint32_t absolute = CONTENT_OFFSET | CONTENT_DEPTH | CONTENT_STARTSWITH;
	const uint32_t relative = CONTENT_DISTANCE | CONTENT_WITHIN;

	if ((c->flags & CONTENT_STARTSWITH) &&
		(c->flags & (CONTENT_OFFSET | CONTENT_DEPTH | relative)))
		parser_error(p, c->where, "startswith excludes offset, depth, distance and within");
	else if ((c->flags & absolute) && (c->flags & relative))
		parser_error(p, c->where, "offset and depth exclude distance and within");
	if ((c->flags & CONTENT_DEPTH) && c->number.vars[VAR_DEPTH] == 0 &&
		(uint32_t)c->depth < c->len)
		parser_error(p, c->where, "depth %d is less than the content's %u bytes", c->depth,
			c->len);
	if ((c->flags & CONTENT_WITHIN) && c->number.vars[VAR_WITHIN] == 0 &&
		(uint32_t)c->within < c->len)
		parser_error(p, c->where, "within %d is less than the content's %u bytes",
			c->within, c->len);
	if ((c->flags & relative) && first)
		parser_warning(p, c->where,
			"no match before in this buffer: distance and within count from its begin");
	for (uint32_t i = 0; c->field == FIELD_HTTP_HOST && i < c->len; i++) {
		if (isupper(c->bytes[i]) || (c->flags & CONTENT_NOCASE)) {
			parser_error(
				p, c->where, "http.host is in lower case: no capitals, no nocase");
			break;
		}
	}
}

// An older word behind a content, or a pcre's letter, may have named another buffer for it.
static void check_nested(struct parser *p)
{
	for (uint32_t i = 0; i < p->rule.n_conditions; i++) {
		const struct condition *base = &p->conditions[i];
		for (uint32_t k = 1; k <= base->nested; k++) {
			if (base[k].field != base->field || base[k].view != base->view)
				parser_error(p, base[k].where,
					"behind base64_data no other buffer can be named");
		}
	}
}

void parse_contents_check(struct parser *p)
{
	check_nested(p);
	for (uint32_t i = 0; i < p->rule.n_conditions; i++) {
		const struct condition *c = &p->conditions[i];
		bool first = true;
		for (uint32_t j = 0; j < i; j++)
			first &= p->conditions[j].field != c->field ||
				p->conditions[j].view != c->view;
		if (c->kind == COND_CONTENT)
			check_content(p, c, first);
		else if (c->kind == COND_PCRE && c->pcre_relative && first)
			parser_warning(p, c->where,
				"no match before in this buffer: R counts from its begin");
	}
}
