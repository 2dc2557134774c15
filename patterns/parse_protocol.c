// Application protocols by their words, and what rules ask of TLS beside its buffers.

#include "patterns/parser.h"

#include <netinet/in.h>
#include <string.h>

// "http" is both of them.
uint64_t protocol_apps(struct slice word)
{
	static const struct {
		const char *word;
		uint64_t apps;
	} more[] = {
		{"http", 1ull << APP_HTTP | 1ull << APP_HTTP2},
		{"http1", 1ull << APP_HTTP},
		{"ssl", 1ull << APP_TLS},
		{"mdns", 1ull << APP_DNS},
		{"llmnr", 1ull << APP_DNS},
	};

	for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
		if (slice_is(word, more[i].word))
			return more[i].apps;
	}
	for (unsigned app = 0; app < APP_COUNT; app++) {
		if (slice_is(word, app_proto_table[app].name))
			return 1ull << app;
	}
	return 0;
}

// [!]tls|http[,mode]
void parse_app_protocol(struct parser *p, struct slice name, struct slice value)
{
	static const char *const modes[] = {"direction", "either", "final", "to_server",
		"to_client", "original", "exact", NULL};
	struct rule_fact fact = {.kind = FACT_APP_PROTO, .op = CMP_EQ};
	struct lexer l = lexer_over(value);

	(void)name;
	fact.negated = lexer_peek(&l) == '!';
	if (fact.negated)
		lexer_next(&l);
	do {
		struct slice word = lexer_word(&l, "|,");
		uint64_t apps = protocol_apps(word);
		if (apps == 0)
			parser_warning(p, word.where, "no flow is ever told to be \"%.*s\"",
				(int)(word.len < 40 ? word.len : 40), word.p);
		fact.a |= apps;
	} while (lexer_next(&l) == '|');
	while (!lexer_ended(&l)) {
		lexer_spaces(&l);
		struct slice mode = lexer_word(&l, ",");
		unsigned i = 0;
		lexer_next(&l);
		while (modes[i] != NULL && !slice_is(mode, modes[i]))
			i++;
		if (modes[i] == NULL)
			parser_error(p, mode.where, "app-layer-protocol does not know \"%.*s\"",
				(int)(mode.len < 40 ? mode.len : 40), mode.p);
		else if (slice_is(mode, "original"))
			fact.arg = APP_MODE_ORIGINAL;
	}
	parser_fact(p, &fact);
}

static const struct {
	const char *word;
	uint16_t version;
} versions[] = {{"sslv2", 0x0002}, {"sslv3", 0x0300}, {"tls1.0", 0x0301}, {"1.0", 0x0301},
	{"tls1.1", 0x0302}, {"1.1", 0x0302}, {"tls1.2", 0x0303}, {"1.2", 0x0303},
	{"tls1.3", 0x0304}, {"1.3", 0x0304}};

// 0: unknown.
static uint16_t version_of(struct slice s)
{
	if (s.len > 1 && s.p[0] == '"' && s.p[s.len - 1] == '"') {
		s.p++;
		s.len -= 2;
	}
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		if (slice_is_nocase(s, versions[i].word))
			return versions[i].version;
	}
	return 0;
}

void parse_tls_version(struct parser *p, struct slice name, struct slice value)
{
	struct rule_fact fact = {.kind = FACT_FIELD,
		.what = FIELD_TLS_VERSION,
		.op = CMP_EQ,
		.a = version_of(value)};

	(void)name;
	if (fact.a == 0)
		parser_error(p, value.where, "1.0, 1.1, 1.2 or 1.3 is wanted");
	else
		parser_fact(p, &fact);
}

// "tls1.0,tls1.1": one of them; "!sslv3,tls1.2": an exclamation mark is about all of them.
void parse_ssl_version(struct parser *p, struct slice name, struct slice value)
{
	enum { FAMILY = 0x0300 };
	struct rule_fact fact = {.kind = FACT_FIELD, .what = FIELD_TLS_VERSION, .op = CMP_ONE_OF};
	struct lexer l = lexer_over(value);

	(void)name;
	while (!lexer_ended(&l)) {
		lexer_spaces(&l);
		if (lexer_peek(&l) == '!') {
			fact.negated = 1;
			lexer_next(&l);
			lexer_spaces(&l);
		}
		struct slice word = lexer_word(&l, ",");
		uint16_t version = version_of(word);
		lexer_spaces(&l);
		lexer_next(&l);
		if (version == 0) {
			parser_error(p, word.where,
				"sslv2, sslv3, tls1.0, tls1.1, tls1.2 or tls1.3 is wanted");
			return;
		}
		if (version >= FAMILY) // one bit a version
			fact.a |= 1ull << (version - FAMILY);
	}
	fact.b = FAMILY;
	parser_fact(p, &fact);
}

// client_hello | server_hello: others can not be seen.
void parse_ssl_state(struct parser *p, struct slice name, struct slice value)
{
	enum { LETTERS = 6 }; // tell them apart
	struct rule_fact fact = {
		.kind = FACT_FIELD, .what = FIELD_TLS_MESSAGE, .op = CMP_EQ, .take = LETTERS};

	(void)name;
	if (!slice_is(value, "client_hello") && !slice_is(value, "server_hello")) {
		parser_error(p, value.where, "ssl_state knows client_hello and server_hello");
		return;
	}
	for (unsigned i = 0; i < LETTERS; i++)
		fact.a = fact.a << 8 | (uint8_t)value.p[i];
	parser_fact(p, &fact);
}

// "2024-05-06 07:08:09" or the begin of it -> its digits as one number; how many in *n.
static bool date(struct parser *p, struct slice s, uint64_t *out, uint8_t *n)
{
	enum { DIGITS_MIN = 4, DIGITS_MAX = 14 };

	*out = 0;
	*n = 0;
	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i];
		if (c >= '0' && c <= '9' && *n < DIGITS_MAX) {
			*out = *out * 10 + (uint64_t)(c - '0');
			(*n)++;
		} else if (strchr("-T: ", c) == NULL || c == '\0') {
			*n = 0;
			break;
		}
	}
	if (*n >= DIGITS_MIN && *n % 2 == 0)
		return true;
	parser_error(p, s.where, "a date as 2024-05-06 07:08:09, or the begin of one");
	return false;
}

// <date, >date, date<>date, date
void parse_cert_date(struct parser *p, struct slice name, struct slice value)
{
	struct rule_fact fact = {.kind = FACT_DIGITS,
		.op = CMP_EQ,
		.what = slice_is(name, "tls_cert_notbefore") ? FIELD_TLS_NOT_BEFORE
							     : FIELD_TLS_NOT_AFTER};
	const char *range = value.len > 0 ? memmem(value.p, value.len, "<>", 2) : NULL;
	uint8_t n = 0;

	if (range != NULL) {
		size_t at = (size_t)(range - value.p);
		struct slice first = {value.p, at, value.where};
		struct slice second = {range + 2, value.len - at - 2, value.where};
		fact.op = CMP_BETWEEN;
		if (!date(p, first, &fact.a, &fact.take) || !date(p, second, &fact.b, &n))
			return;
		if (n != fact.take) {
			parser_error(p, value.where, "both dates of a range are given alike");
			return;
		}
	} else {
		if (value.p[0] == '<' || value.p[0] == '>') {
			fact.op = value.p[0] == '<' ? CMP_LT : CMP_GT;
			value.p++;
			value.len--;
		}
		if (!date(p, value, &fact.a, &fact.take))
			return;
	}
	parser_fact(p, &fact);
}
