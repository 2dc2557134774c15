// Rules and what is shown to them.

#include "patterns/example.h"
#include "patterns/parse.h"
#include "tests/unit/pattern_rules.h"

#define ANY_RULE(header, options) "alert " header " (" options " sid:7;)\n"
#define VALUE(f, s)                                                                                \
	{                                                                                          \
		(f),                                                                               \
		{                                                                                  \
			.p = (const uint8_t *)(s), .len = sizeof(s) - 1                            \
		}                                                                                  \
	}
#define EVERY " any any -> any any"

static const struct {
	const char *name;
	const char *rules;
	struct match_value values[3];
	uint8_t dir;
	bool want;
} rows[] = {
	{"the first buffer", ANY_RULE("tls" EVERY, "tls.sni; content:\"abc\";"),
		{VALUE(FIELD_NONE, "xabcx")}, 0, true},
	{"no match", ANY_RULE("tls" EVERY, "tls.sni; content:\"abc\";"),
		{VALUE(FIELD_NONE, "xabx")}, 0, false},
	{"the buffer by name", ANY_RULE("tls" EVERY, "tls.sni; content:\"abc\";"),
		{VALUE(FIELD_TLS_SNI, "xabcx")}, 0, true},
	{"another buffer", ANY_RULE("tls" EVERY, "tls.sni; content:\"abc\";"),
		{VALUE(FIELD_TLS_ISSUER, "xabcx")}, 0, false},
	{"a protocol of no buffer's name", ANY_RULE("tcp" EVERY, "tls.sni; content:\"abc\";"),
		{VALUE(FIELD_NONE, "abc")}, 0, true},
	{"two buffers",
		ANY_RULE("http" EVERY, "http.method; content:\"GET\"; http.uri; content:\"/abc\";"),
		{VALUE(FIELD_HTTP_METHOD, "GET"), VALUE(FIELD_HTTP_URI, "/abc")}, 0, true},
	{"one of two",
		ANY_RULE("http" EVERY, "http.method; content:\"GET\"; http.uri; content:\"/abc\";"),
		{VALUE(FIELD_HTTP_URI, "/abc")}, 0, false},
	{"addresses and ports",
		ANY_RULE("tls [10.0.0.0/8,!10.0.0.0/16] 1024: -> 192.0.2.9 [80,443]",
			"tls.sni; content:\"abc\";"),
		{VALUE(FIELD_NONE, "abc")}, 0, true},
	{"version 6", ANY_RULE("tls any any -> 2001:db8:1::/48 any", "tls.sni; content:\"abc\";"),
		{VALUE(FIELD_NONE, "abc")}, 0, true},
	{"a server's buffer",
		ANY_RULE("tls" EVERY,
			"flow:to_client,established; tls.cert_issuer; content:\"abc\";"),
		{VALUE(FIELD_NONE, "abc")}, 0, true},
	{"from the client, it says",
		ANY_RULE("tls" EVERY, "flow:to_client; tls.cert_issuer; content:\"abc\";"),
		{VALUE(FIELD_NONE, "abc")}, EXAMPLE_TO_SERVER, false},
	{"a question", ANY_RULE("dns" EVERY, "dns.query; content:\"abc\";"),
		{VALUE(FIELD_NONE, "abc")}, 0, true},
	{"a number of the message",
		ANY_RULE("dns" EVERY, "dns.opcode:4; dns.query; content:\"abc\";"),
		{VALUE(FIELD_NONE, "abc")}, 0, true},
	{"a datagram", ANY_RULE("udp any any -> any 53", "content:\"abc\"; startswith; dsize:4;"),
		{VALUE(FIELD_NONE, "abcd")}, 0, true},
	{"a longer one", ANY_RULE("udp any any -> any 53", "content:\"abc\"; startswith; dsize:4;"),
		{VALUE(FIELD_PAYLOAD, "abcde")}, 0, false},
	{"a stream", ANY_RULE("tcp" EVERY, "content:\"abc\"; startswith;"),
		{VALUE(FIELD_NONE, "abcd")}, 0, true},
	{"further on in a stream", ANY_RULE("tcp" EVERY, "content:\"abc\"; startswith;"),
		{VALUE(FIELD_PAYLOAD, "xabcd")}, 0, false},
	{"a segment", ANY_RULE("tcp-pkt" EVERY, "content:\"abc\"; startswith;"),
		{VALUE(FIELD_NONE, "abcd")}, 0, true},
	{"any payload", ANY_RULE("ip" EVERY, "content:\"abc\";"), {VALUE(FIELD_NONE, "abcd")}, 0,
		true},
	{"ICMP", ANY_RULE("icmp" EVERY, "content:\"abc\";"), {VALUE(FIELD_NONE, "abcd")}, 0, true},
	{"an answer's half",
		ANY_RULE("http any any => any any",
			"http.uri; content:\"abc\"; http.stat_code; content:\"200\";"),
		{VALUE(FIELD_HTTP_STAT_CODE, "200")}, 0, true},
};

static void test_rows(void)
{
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct rule_list list = {0};
		struct diags diags = {0};
		struct swdb swdb = {0};
		struct pattern_db *db = NULL;
		struct example e = {.gid = 1, .sid = 7, .dir = rows[i].dir};
		char error[256] = "";
		bool failed;

		int err = rules_parse(
			"t", rows[i].rules, strlen(rows[i].rules), NULL, false, &list, &diags);
		if (err == 0)
			err = swdb_compile(&list, &swdb, &diags);
		if (err == 0)
			err = pattern_db_load(swdb.data, swdb.len, 1, &db, error);
		CHECK(err == 0, "%s: %s", rows[i].name, diags.n > 0 ? diags.items[0].text : error);
		for (; e.n_values < 3 && rows[i].values[e.n_values].value.p != NULL; e.n_values++)
			e.values[e.n_values] = rows[i].values[e.n_values];
		struct example_runner *runner = db != NULL ? example_runner_new(db) : NULL;
		if (runner != NULL) {
			CHECK(example_hits(runner, &e, &failed) == rows[i].want && !failed, "%s",
				rows[i].name);
			CHECK(example_has_rule(runner, 1, 7) && !example_has_rule(runner, 1, 8) &&
					!example_has_rule(runner, 2, 7),
				"%s: numbers", rows[i].name);
		}
		example_runner_free(runner);
		pattern_db_free(db);
		swdb_free(&swdb);
		diags_free(&diags);
		rule_list_free(&list);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {{"rows", test_rows}, CU_TEST_INFO_NULL};

	return check_main("example", tests);
}
