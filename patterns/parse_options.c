// What a rule says of itself, and of the flow and the size of its packet.

#include "dataplane/base/expiry.h"
#include "patterns/beside.h"
#include "patterns/parser.h"

#include <string.h>
#include <time.h>

static char *text_of(struct parser *p, struct slice s)
{
	char *text = arena_text(p->arena, s.p, s.len);

	p->no_memory |= text == NULL;
	return text != NULL ? text : (char *)"";
}

bool parse_number(struct parser *p, struct slice s, int64_t min, int64_t max, int64_t *out)
{
	int64_t v = 0;
	size_t i = s.len > 0 && s.p[0] == '-' ? 1 : 0;

	for (size_t digits = i; digits < s.len; digits++) {
		if (s.p[digits] < '0' || s.p[digits] > '9' || digits - i > 11) {
			i = s.len;
			break;
		}
		v = v * 10 + (s.p[digits] - '0');
	}
	if (s.len > 0 && s.p[0] == '-')
		v = -v;
	if (i >= s.len || v < min || v > max) {
		parser_error(p, s.where, "a number from %lld to %lld is wanted", (long long)min,
			(long long)max);
		return false;
	}
	*out = v;
	return true;
}

static struct slice unquote(struct slice s)
{
	if (s.len >= 2 && s.p[0] == '"' && s.p[s.len - 1] == '"') {
		s.p++;
		s.len -= 2;
		s.where.column++;
	}
	return s;
}

// \" \\ \; \: stand for themselves.
void parse_msg(struct parser *p, struct slice name, struct slice value)
{
	struct slice s = unquote(value);
	char *text = text_of(p, s);
	size_t n = 0;

	(void)name;
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] == '\\' && i + 1 < s.len && strchr("\"\\;:", s.p[i + 1]) != NULL)
			i++;
		text[n++] = s.p[i];
	}
	if (s.len > 0)
		text[n] = '\0';
	p->rule.msg = text;
}

void parse_sid(struct parser *p, struct slice name, struct slice value)
{
	int64_t v;

	(void)name;
	if (parse_number(p, value, 1, UINT32_MAX, &v)) {
		p->rule.sid = (uint32_t)v;
		p->has_sid = true;
	}
}

void parse_rev(struct parser *p, struct slice name, struct slice value)
{
	int64_t v;

	(void)name;
	if (parse_number(p, value, 0, UINT32_MAX, &v))
		p->rule.rev = (uint32_t)v;
}

void parse_gid(struct parser *p, struct slice name, struct slice value)
{
	int64_t v;

	(void)name;
	if (parse_number(p, value, 1, UINT32_MAX, &v))
		p->rule.gid = (uint32_t)v;
}

void parse_priority(struct parser *p, struct slice name, struct slice value)
{
	int64_t v;

	(void)name;
	if (!parse_number(p, value, 1, 255, &v))
		return;
	p->rule.severity = (uint8_t)v;
	p->has_priority = true;
}

void parse_classtype(struct parser *p, struct slice name, struct slice value)
{
	(void)name;
	p->rule.classtype = text_of(p, value);
	p->rule.category = p->rule.classtype;
	struct beside_class *class = beside_class(p->list, p->rule.classtype);
	if (class == NULL) {
		p->no_memory = true;
		return;
	}
	if (class->known)
		p->rule.category = class->description;
	else if (!class->asked)
		parser_warning(p, value.where,
			"unknown class type \"%.60s\"; its priority is taken as %u (told once)",
			p->rule.classtype, class->priority);
	class->asked = true;
	if (!p->has_priority)
		p->rule.severity = class->priority;
}

// It becomes a name in counters, records and tables.
static void on_service(struct parser *p, struct rule_where where, const char *id)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789._-";
	size_t len = strlen(id);

	if (len == 0 || len > SERVICE_MAX || strspn(id, letters) != len)
		parser_error(
			p, where, "a service is named by 1 to %d of a-z 0-9 . _ -", SERVICE_MAX);
	else
		p->rule.service = id;
}

// What a rule rests on has changed by then: it loads all the same.
static void on_expires(struct parser *p, struct rule_where where, const char *date)
{
	enum { DAY_S = 86400 };
	int32_t days;

	if (!expiry_read(date, &days))
		parser_warning(
			p, where, "expires is no date: YYYY-MM-DD is wanted, not \"%.20s\"", date);
	else if (time(NULL) / DAY_S >= days)
		parser_warning(p, where,
			"rule is past its date (expires %s): look whether it still holds", date);
	p->rule.expires = date;
}

// "key value" up to the next comma.
void parse_metadata(struct parser *p, struct slice name, struct slice value)
{
	struct lexer l = lexer_over(value);

	(void)name;
	while (!lexer_ended(&l)) {
		struct slice pair = {.p = l.p, .where = lexer_where(&l)};
		while (!lexer_ended(&l) && lexer_peek(&l) != ',')
			lexer_next(&l);
		pair.len = (size_t)(l.p - pair.p);
		lexer_next(&l);
		pair = slice_trim(pair);
		if (pair.len == 0)
			continue;
		if (p->rule.n_metadata == PAIRS_MAX) {
			parser_error(p, pair.where, "more than %d metadata pairs", PAIRS_MAX);
			return;
		}
		const char *space = memchr(pair.p, ' ', pair.len);
		size_t key = space != NULL ? (size_t)(space - pair.p) : pair.len;
		struct slice k = {.p = pair.p, .len = key, .where = pair.where};
		struct slice v = {.p = pair.p + key, .len = pair.len - key, .where = pair.where};
		struct rule_pair *out = &p->metadata[p->rule.n_metadata++];
		*out = (struct rule_pair){text_of(p, k), text_of(p, slice_trim(v))};
		if (strcmp(out->key, "service") == 0)
			on_service(p, pair.where, out->value);
		else if (strcmp(out->key, "expires") == 0)
			on_expires(p, pair.where, out->value);
	}
}

void parse_reference(struct parser *p, struct slice name, struct slice value)
{
	const char *comma = memchr(value.p, ',', value.len);
	size_t type = comma != NULL ? (size_t)(comma - value.p) : value.len;

	(void)name;
	if (comma == NULL) {
		parser_error(p, value.where, "reference wants \"type,value\"");
		return;
	}
	if (p->rule.n_references == PAIRS_MAX) {
		parser_error(p, value.where, "more than %d references", PAIRS_MAX);
		return;
	}
	struct slice k = {.p = value.p, .len = type, .where = value.where};
	struct slice v = {.p = comma + 1, .len = value.len - type - 1, .where = value.where};
	struct rule_reference *out = &p->references[p->rule.n_references++];
	*out = (struct rule_reference){
		.type = text_of(p, slice_trim(k)), .value = text_of(p, slice_trim(v))};
	out->prefix = beside_prefix(p->list, out->type);
}

void parse_flow(struct parser *p, struct slice name, struct slice value)
{
	static const struct {
		const char *word;
		uint32_t need;
	} words[] = {
		{"to_server", FLOW_TO_SERVER},
		{"from_client", FLOW_TO_SERVER},
		{"to_client", FLOW_TO_CLIENT},
		{"from_server", FLOW_TO_CLIENT},
		{"established", FLOW_ESTABLISHED},
		{"not_established", FLOW_NOT_ESTABLISHED},
		{"stateless", FLOW_STATELESS},
		{"no_stream", FLOW_NO_STREAM},
		{"only_stream", FLOW_ONLY_STREAM},
	};
	struct lexer l = lexer_over(value);

	(void)name;
	while (!lexer_ended(&l)) {
		struct slice word = lexer_word(&l, ",");
		size_t i = 0;
		lexer_spaces(&l);
		lexer_next(&l);
		while (i < sizeof(words) / sizeof(words[0]) && !slice_is(word, words[i].word))
			i++;
		if (i == sizeof(words) / sizeof(words[0])) {
			parser_error(p, word.where, "flow does not know \"%.*s\"",
				(int)(word.len < 40 ? word.len : 40), word.p);
			return;
		}
		p->rule.flow |= words[i].need;
	}
}

// n, <n, >n, a<>b: both ends of the last one are outside.
void parse_dsize(struct parser *p, struct slice name, struct slice value)
{
	struct slice first = value, second = value;
	int64_t lo = 0, hi = 65535, v = 0;
	size_t at = 0;

	(void)name;
	while (at + 1 < value.len && !(value.p[at] == '<' && value.p[at + 1] == '>'))
		at++;
	bool range = at > 0 && at + 1 < value.len;
	if (range) {
		first.len = at;
		second.p = value.p + at + 2;
		second.len = value.len - at - 2;
		second.where.column += (uint32_t)at + 2;
		if (!parse_number(p, slice_trim(first), 0, 65535, &lo) ||
			!parse_number(p, slice_trim(second), 0, 65535, &hi))
			return;
		lo++;
		hi--;
	} else {
		char op = value.len > 0 ? value.p[0] : '\0';
		if (op == '<' || op == '>') {
			first.p++;
			first.len--;
			first.where.column++;
		}
		if (!parse_number(p, slice_trim(first), 0, 65535, &v))
			return;
		lo = op == '>' ? v + 1 : op == '<' ? 0 : v;
		hi = op == '<' ? v - 1 : op == '>' ? 65535 : v;
	}
	if (lo > hi) {
		parser_error(p, value.where, "no packet has such a size");
		return;
	}
	p->rule.has_dsize = true;
	p->rule.dsize_lo = (uint16_t)lo;
	p->rule.dsize_hi = (uint16_t)hi;
}

void parse_noalert(struct parser *p, struct slice name, struct slice value)
{
	(void)name;
	(void)value;
	p->rule.noalert = true;
}
