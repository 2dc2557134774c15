// What rules remember: flowbits, flowint, xbits, hostbits, threshold, detection_filter.

#include "patterns/parser.h"

#include <string.h>

enum { XBITS_SECONDS = 30, NAME_MAX_LEN = 256 };

bool parser_split(struct parser *p, struct slice value, char separator, struct parts *out)
{
	struct lexer l = lexer_over(value);

	out->n = 0;
	while (!lexer_ended(&l)) {
		lexer_spaces(&l);
		struct slice one = {.p = l.p, .where = lexer_where(&l)};
		while (!lexer_ended(&l) && lexer_peek(&l) != separator)
			lexer_next(&l);
		one.len = (size_t)(l.p - one.p);
		lexer_next(&l);
		if (out->n == VALUE_PARTS_MAX) {
			parser_error(p, one.where, "more than %d parts", VALUE_PARTS_MAX);
			return false;
		}
		out->part[out->n++] = slice_trim(one);
	}
	return true;
}

static void remember(struct parser *p, const struct rule_memory *m)
{
	if (p->rule.n_memories == MEMORIES_MAX)
		parser_error(
			p, p->rule.where, "more than %d of flowbits, flowint, xbits", MEMORIES_MAX);
	else
		p->memories[p->rule.n_memories++] = *m;
}

static bool named(struct parser *p, struct slice s, uint64_t *out)
{
	if (s.len == 0 || s.len > NAME_MAX_LEN) {
		parser_error(p, s.where, "a name is wanted");
		return false;
	}
	*out = rule_name_hash(s.p, s.len);
	return true;
}

static bool bit_word(struct parser *p, struct slice s, uint8_t *op)
{
	static const struct {
		const char *word;
		uint8_t op;
	} words[] = {{"set", BIT_SET}, {"unset", BIT_UNSET}, {"toggle", BIT_TOGGLE},
		{"isset", BIT_ISSET}, {"isnotset", BIT_ISNOTSET}};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (slice_is(s, words[i].word)) {
			*op = words[i].op;
			return true;
		}
	}
	parser_error(p, s.where, "set, unset, toggle, isset or isnotset is wanted");
	return false;
}

// One or several names with '|' between them.
static void on_bits(struct parser *p, struct rule_memory m, struct slice names)
{
	struct parts parts;

	if (!parser_split(p, names, '|', &parts))
		return;
	if (parts.n > 1 && m.op != BIT_ISSET && m.op != BIT_ISNOTSET) {
		parser_error(p, names.where, "several names: with isset and isnotset only");
		return;
	}
	for (unsigned i = 0; i < parts.n; i++) {
		if (!named(p, parts.part[i], &m.name))
			return;
		m.or_next = i + 1 < parts.n;
		remember(p, &m);
	}
}

void parse_flowbits(struct parser *p, struct slice name, struct slice value)
{
	struct rule_memory m = {.kind = MEMORY_FLOWBITS};
	struct parts parts;

	(void)name;
	if (!parser_split(p, value, ',', &parts))
		return;
	if (parts.n == 1 && slice_is(parts.part[0], "noalert")) {
		p->rule.noalert = true;
		return;
	}
	if (parts.n != 2) {
		parser_error(p, value.where, "flowbits wants what to do, and a name");
		return;
	}
	if (bit_word(p, parts.part[0], &m.op))
		on_bits(p, m, parts.part[1]);
}

void parse_flowint(struct parser *p, struct slice name, struct slice value)
{
	static const struct {
		const char *word;
		uint8_t op;
	} words[] = {{"+", NUMBER_ADD}, {"-", NUMBER_SUB}, {"=", NUMBER_SET}, {"<", NUMBER_LT},
		{"<=", NUMBER_LE}, {"==", NUMBER_EQ}, {"!=", NUMBER_NE}, {">=", NUMBER_GE},
		{">", NUMBER_GT}, {"isset", NUMBER_ISSET}, {"notset", NUMBER_NOTSET},
		{"isnotset", NUMBER_NOTSET}};
	struct rule_memory m = {.kind = MEMORY_FLOWINT, .op = NUMBER_ISSET};
	struct parts parts;
	size_t i = 0;
	uint64_t v = 0;

	(void)name;
	if (!parser_split(p, value, ',', &parts) || parts.n < 2) {
		parser_error(p, value.where, "flowint wants a name, what to do, and a number");
		return;
	}
	while (i < sizeof(words) / sizeof(words[0]) && !slice_is(parts.part[1], words[i].word))
		i++;
	if (i == sizeof(words) / sizeof(words[0])) {
		parser_error(p, parts.part[1].where,
			"flowint knows + - = < <= == != >= > isset "
			"notset");
		return;
	}
	m.op = words[i].op;
	bool needs = m.op != NUMBER_ISSET && m.op != NUMBER_NOTSET;
	if (!named(p, parts.part[0], &m.name))
		return;
	if (needs != (parts.n == 3)) {
		parser_error(p, value.where, needs ? "a number is missing" : "no number is wanted");
		return;
	}
	if (needs) {
		char first = parts.part[2].len > 0 ? parts.part[2].p[0] : '\0';
		bool digit = first >= '0' && first <= '9';
		if (digit ? !parse_unsigned(p, parts.part[2], false, UINT32_MAX, &v)
			  : !named(p, parts.part[2], &m.value_name))
			return;
		m.value = (uint32_t)v;
	}
	remember(p, &m);
}

bool parse_limit_track(struct parser *p, struct slice s, uint8_t *track)
{
	static const struct {
		const char *word;
		uint8_t track;
	} words[] = {{"by_src", TRACK_BY_SRC}, {"by_dst", TRACK_BY_DST}, {"by_both", TRACK_BY_BOTH},
		{"by_rule", TRACK_BY_RULE}, {"by_flow", TRACK_BY_FLOW}, {"ip_src", TRACK_BY_SRC},
		{"ip_dst", TRACK_BY_DST}, {"ip_pair", TRACK_BY_BOTH}, {"src", TRACK_BY_SRC},
		{"dst", TRACK_BY_DST}, {"both", TRACK_BY_BOTH}};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (slice_is(s, words[i].word)) {
			*track = words[i].track;
			return true;
		}
	}
	parser_error(p, s.where, "it can not be tracked by \"%.*s\"",
		(int)(s.len < 40 ? s.len : 40), s.p);
	return false;
}

bool parser_keyed(struct slice s, const char *word, struct slice *value)
{
	size_t len = strlen(word);

	if (s.len <= len || memcmp(s.p, word, len) != 0 || s.p[len] != ' ')
		return false;
	*value = slice_cut(s, len);
	return true;
}

// xbits:set,name,track ip_src[,expire 60]; hostbits:set,name[,src]
void parse_xbits(struct parser *p, struct slice name, struct slice value)
{
	bool host = slice_is(name, "hostbits");
	struct rule_memory m = {.kind = host ? MEMORY_HOSTBITS : MEMORY_XBITS,
		.seconds = XBITS_SECONDS,
		.track = TRACK_BY_SRC};
	struct parts parts;
	struct slice word;
	bool tracked = host;
	uint64_t v;

	if (!parser_split(p, value, ',', &parts) || parts.n < 2) {
		parser_error(
			p, value.where, "%.*s wants what to do, and a name", (int)name.len, name.p);
		return;
	}
	if (!bit_word(p, parts.part[0], &m.op))
		return;
	for (unsigned i = 2; i < parts.n; i++) {
		if (parser_keyed(parts.part[i], "track", &word)) {
			if (!parse_limit_track(p, word, &m.track))
				return;
			tracked = true;
		} else if (parser_keyed(parts.part[i], "expire", &word)) {
			if (!parse_unsigned(p, word, false, UINT32_MAX, &v))
				return;
			m.seconds = (uint32_t)v;
		} else if (!host || !parse_limit_track(p, parts.part[i], &m.track)) {
			parser_error(p, parts.part[i].where, "track or expire is wanted");
			return;
		}
	}
	if (!tracked)
		parser_error(p, value.where, "xbits wants track ip_src, ip_dst or ip_pair");
	else
		on_bits(p, m, parts.part[1]);
}

bool parse_limit_kind(struct parser *p, struct slice s, uint8_t *kind)
{
	static const struct {
		const char *word;
		uint8_t kind;
	} words[] = {{"limit", LIMIT_LIMIT}, {"threshold", LIMIT_THRESHOLD}, {"both", LIMIT_BOTH},
		{"backoff", LIMIT_BACKOFF}};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (slice_is(s, words[i].word)) {
			*kind = words[i].kind;
			return true;
		}
	}
	parser_error(p, s.where, "limit, threshold, both or backoff is wanted");
	return false;
}

static bool limit_parts(struct parser *p, struct slice value, struct rule_limit *out)
{
	struct parts parts;
	struct slice word;
	uint64_t v;
	bool tracked = false;

	if (!parser_split(p, value, ',', &parts))
		return false;
	for (unsigned i = 0; i < parts.n; i++) {
		struct slice s = parts.part[i];
		uint32_t *number = NULL;
		if (parser_keyed(s, "type", &word)) {
			if (!parse_limit_kind(p, word, &out->kind))
				return false;
			continue;
		}
		if (parser_keyed(s, "track", &word)) {
			if (!parse_limit_track(p, word, &out->track))
				return false;
			tracked = true;
			continue;
		}
		if (parser_keyed(s, "count", &word))
			number = &out->count;
		else if (parser_keyed(s, "seconds", &word))
			number = &out->seconds;
		else if (parser_keyed(s, "multiplier", &word))
			number = &out->multiplier;
		if (number == NULL) {
			parser_error(p, s.where, "\"%.*s\" is not supported here",
				(int)(s.len < 40 ? s.len : 40), s.p);
			return false;
		}
		if (!parse_unsigned(p, word, false, UINT32_MAX, &v))
			return false;
		*number = (uint32_t)v;
	}
	if (tracked && out->count > 0 && (out->seconds > 0 || out->kind == LIMIT_BACKOFF))
		return true;
	parser_error(p, value.where, "track, count and seconds are wanted");
	return false;
}

void parse_threshold(struct parser *p, struct slice name, struct slice value)
{
	struct rule_limit limit = {0};

	if (!limit_parts(p, value, &limit))
		return;
	if (limit.kind == LIMIT_NONE)
		parser_error(p, name.where, "threshold wants a type");
	else
		p->rule.limit = limit;
}

void parse_detection_filter(struct parser *p, struct slice name, struct slice value)
{
	struct rule_limit filter = {0};

	if (!limit_parts(p, value, &filter))
		return;
	if (filter.kind != LIMIT_NONE)
		parser_error(p, name.where, "detection_filter has no type");
	filter.kind = LIMIT_DETECTION_FILTER;
	p->rule.filter = filter;
}
