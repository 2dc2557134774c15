#include "tests/unit/pattern_rules.h"

#define SNI(s, ...) CONTENT(FIELD_TLS_SNI, s, __VA_ARGS__)
#define RE(s, ...) PCRE(FIELD_TLS_SNI, s, __VA_ARGS__)
#define NOT CONTENT_NEGATED

// One rule each, over one tls.sni value.
static struct {
	const char *name;
	struct condition conditions[TEST_CONDITIONS];
	const char *value;
	bool want;
} cases[] = {
	{"anywhere", {SNI("b")}, "abc", true},
	{"nowhere", {SNI("x")}, "abc", false},
	{"case differs", {SNI("aBc")}, "ABC", false},
	{"nocase", {SNI("aBc", .flags = CONTENT_NOCASE)}, "xAbCx", true},
	{"nocase is for letters only", {SNI("[", .flags = CONTENT_NOCASE)}, "{", false},
	{"nocase, last place", {SNI("yz", .flags = CONTENT_NOCASE)}, "wxYZ", true},
	{"offset at it", {SNI("b", .flags = CONTENT_OFFSET, .offset = 1)}, "abc", true},
	{"offset after it", {SNI("b", .flags = CONTENT_OFFSET, .offset = 2)}, "abc", false},
	{"offset after all", {SNI("b", .flags = CONTENT_OFFSET, .offset = 99)}, "abc", false},
	{"depth just enough", {SNI("bc", .flags = CONTENT_DEPTH, .depth = 3)}, "abc", true},
	{"depth too small", {SNI("bc", .flags = CONTENT_DEPTH, .depth = 2)}, "abc", false},
	{"depth counts from offset",
		{SNI("cd", .flags = CONTENT_OFFSET | CONTENT_DEPTH, .offset = 2, .depth = 2)},
		"abcd", true},
	{"depth from offset, too small",
		{SNI("cd", .flags = CONTENT_OFFSET | CONTENT_DEPTH, .offset = 1, .depth = 2)},
		"abcd", false},
	{"startswith", {SNI("ab", .flags = CONTENT_STARTSWITH)}, "abab", true},
	{"startswith, later only", {SNI("ab", .flags = CONTENT_STARTSWITH)}, "xab", false},
	{"endswith", {SNI("ab", .flags = CONTENT_ENDSWITH)}, "abxab", true},
	{"endswith, earlier only", {SNI("ab", .flags = CONTENT_ENDSWITH)}, "abx", false},
	{"endswith longer than the value", {SNI("abc", .flags = CONTENT_ENDSWITH)}, "bc", false},
	{"whole", {SNI("ab", .flags = CONTENT_STARTSWITH | CONTENT_ENDSWITH)}, "ab", true},
	{"whole, twice", {SNI("ab", .flags = CONTENT_STARTSWITH | CONTENT_ENDSWITH)}, "abab",
		false},
	{"whole, nocase",
		{SNI("aB", .flags = CONTENT_STARTSWITH | CONTENT_ENDSWITH | CONTENT_NOCASE)}, "Ab",
		true},
	{"two, in any order", {SNI("b"), SNI("a")}, "ab", true},
	{"distance 0", {SNI("a"), SNI("b", .flags = CONTENT_DISTANCE)}, "ab", true},
	{"distance 0, before", {SNI("a"), SNI("b", .flags = CONTENT_DISTANCE)}, "ba", false},
	{"distance 2", {SNI("a"), SNI("b", .flags = CONTENT_DISTANCE, .distance = 2)}, "axxb",
		true},
	{"distance 2, nearer", {SNI("a"), SNI("b", .flags = CONTENT_DISTANCE, .distance = 2)},
		"axb", false},
	{"distance -3 looks back", {SNI("c"), SNI("ab", .flags = CONTENT_DISTANCE, .distance = -3)},
		"abc", true},
	{"distance -2 is not enough",
		{SNI("c"), SNI("ab", .flags = CONTENT_DISTANCE, .distance = -2)}, "abc", false},
	{"distance before the beginning",
		{SNI("b"), SNI("ab", .flags = CONTENT_DISTANCE, .distance = -99)}, "ab", true},
	{"within", {SNI("a"), SNI("b", .flags = CONTENT_WITHIN, .within = 3)}, "axxb", true},
	{"within too small", {SNI("a"), SNI("b", .flags = CONTENT_WITHIN, .within = 2)}, "axxb",
		false},
	{"within counts from distance",
		{SNI("a"),
			SNI("b", .flags = CONTENT_DISTANCE | CONTENT_WITHIN, .distance = 2,
				.within = 1)},
		"axxb", true},
	{"within from distance, farther",
		{SNI("a"),
			SNI("b", .flags = CONTENT_DISTANCE | CONTENT_WITHIN, .distance = 1,
				.within = 1)},
		"axxb", false},
	{"relative to the beginning when first",
		{SNI("b", .flags = CONTENT_DISTANCE | CONTENT_WITHIN, .distance = 1, .within = 1)},
		"ab", true},
	{"tries a later first", {SNI("a"), SNI("b", .flags = CONTENT_WITHIN, .within = 1)}, "axab",
		true},
	{"tries a later second",
		{SNI("a"), SNI("b", .flags = CONTENT_WITHIN, .within = 9),
			SNI("c", .flags = CONTENT_WITHIN, .within = 1)},
		"abxbc", true},
	{"three in a row, the last out of reach",
		{SNI("a"), SNI("b", .flags = CONTENT_WITHIN, .within = 3),
			SNI("c", .flags = CONTENT_WITHIN, .within = 1)},
		"abxxbc", false},
	{"first may look back, later first helps",
		{SNI("a"),
			SNI("b", .flags = CONTENT_DISTANCE | CONTENT_WITHIN, .distance = -3,
				.within = 2)},
		"axxbxa", true},
	{"negated, absent", {SNI("a"), SNI("b", .flags = NOT)}, "a", true},
	{"negated, present", {SNI("a"), SNI("b", .flags = NOT)}, "ba", false},
	{"negated only, absent", {SNI("b", .flags = NOT)}, "a", true},
	{"negated only, present", {SNI("b", .flags = NOT)}, "ab", false},
	{"negated only, empty value", {SNI("b", .flags = NOT)}, "", true},
	{"negated relative, out of reach",
		{SNI("a"), SNI("b", .flags = NOT | CONTENT_WITHIN, .within = 1)}, "axb", true},
	{"negated relative, in reach",
		{SNI("a"), SNI("b", .flags = NOT | CONTENT_WITHIN, .within = 2)}, "axb", false},
	{"negated relative, another first is free of it",
		{SNI("a"), SNI("b", .flags = NOT | CONTENT_WITHIN, .within = 1)}, "abac", true},
	{"negated endswith", {SNI("a"), SNI(".b", .flags = NOT | CONTENT_ENDSWITH)}, "a.bc", true},
	{"negated endswith, there", {SNI("a"), SNI(".b", .flags = NOT | CONTENT_ENDSWITH)}, "a.b",
		false},
	{"negated between does not move the place",
		{SNI("a"), SNI("z", .flags = NOT), SNI("b", .flags = CONTENT_WITHIN, .within = 1)},
		"ab", true},
	{"dotprefix, subdomain", {SNI(".t.me", .flags = CONTENT_DOTPREFIX | CONTENT_ENDSWITH)},
		"a.t.me", true},
	{"dotprefix, the domain itself",
		{SNI(".t.me", .flags = CONTENT_DOTPREFIX | CONTENT_ENDSWITH)}, "t.me", true},
	{"dotprefix, another domain", {SNI(".t.me", .flags = CONTENT_DOTPREFIX | CONTENT_ENDSWITH)},
		"at.me", false},
	{"dotprefix, startswith", {SNI(".t", .flags = CONTENT_DOTPREFIX | CONTENT_STARTSWITH)},
		"t.me", true},
	{"dotprefix, startswith, later",
		{SNI(".t", .flags = CONTENT_DOTPREFIX | CONTENT_STARTSWITH)}, "a.t", false},
	{"dotprefix, a dot alone", {SNI(".", .flags = CONTENT_DOTPREFIX)}, "", true},
	{"dotprefix, whole",
		{SNI(".t.me", .flags = CONTENT_DOTPREFIX | CONTENT_ENDSWITH | CONTENT_STARTSWITH)},
		"t.me", true},
	{"dotprefix and expression", {SNI(".t", .flags = CONTENT_DOTPREFIX), RE("^\\.t$")}, "t",
		true},
	{"expression", {RE("^a+b$")}, "aab", true},
	{"expression, not", {RE("^a+b$")}, "aabb", false},
	{"expression, caseless", {RE("AB", .pcre_options = PCRE2_CASELESS)}, "xab", true},
	{"expression, extended", {RE("a b # c", .pcre_options = PCRE2_EXTENDED)}, "ab", true},
	{"expression, anchored", {RE("b", .pcre_options = PCRE2_ANCHORED)}, "ab", false},
	{"expression, . is no newline", {RE("a.b")}, "a\nb", false},
	{"expression, dotall", {RE("a.b", .pcre_options = PCRE2_DOTALL)}, "a\nb", true},
	{"expression, multiline", {RE("^b", .pcre_options = PCRE2_MULTILINE)}, "a\nb", true},
	{"expression, $ before newline", {RE("a$")}, "a\n", true},
	{"expression, dollar_endonly", {RE("a$", .pcre_options = PCRE2_DOLLAR_ENDONLY)}, "a\n",
		false},
	{"expression, back reference", {RE("(ab|cd)x\\1")}, "cdxcd", true},
	{"expression, back reference, not", {RE("(ab|cd)x\\1")}, "cdxab", false},
	{"expression, lookbehind", {RE("(?<=a)b")}, "ab", true},
	{"expression, matches nothing too", {RE("x*")}, "a", true},
	{"expression, negated", {SNI("a"), RE("b.d", .flags = NOT)}, "abcd", false},
	{"expression, negated only", {RE("b.d", .flags = NOT)}, "abd", true},
	{"expression, relative", {SNI("a"), RE("^b", .pcre_relative = true)}, "ab", true},
	{"expression, relative, later", {SNI("a"), RE("^b", .pcre_relative = true)}, "axb", false},
	{"expression, relative, later first", {SNI("a"), RE("^b", .pcre_relative = true)}, "axab",
		true},
	{"expression, relative only", {RE("^a", .pcre_relative = true)}, "ab", true},
	{"content after expression", {RE("a+"), SNI("b", .flags = CONTENT_WITHIN, .within = 1)},
		"axaab", true},
	{"content after expression, another match is shorter",
		{RE("aXXXX|b"), SNI("c", .flags = CONTENT_WITHIN, .within = 1)}, "aXXXXbc", true},
	{"content after expression, a later match ends earlier",
		{RE("a.*z|b"), SNI("c", .flags = CONTENT_DISTANCE)}, "abcz", true},
	{"expression, interpreted", {SNI("a"), RE("(*NO_JIT)^(a|b)+c$")}, "ababc", true},
	{"expression, interpreted, not", {SNI("a"), RE("(*NO_JIT)^(a|b)+c$")}, "ababcd", false},
	{"a NUL is a byte", {SNI("a\0b")}, "a", false},
};

static void test_conditions(void)
{
	for (size_t i = 0; i < ROWS(cases); i++) {
		struct test_rule rule = {.rule = {ANY, .proto = RULE_APP, .app_proto = APP_TLS}};
		struct match_env env = test_env(IPPROTO_TCP);
		struct match_hits hits = {0};
		size_t len = strlen(cases[i].value);
		uint8_t *exact = malloc(len + 1); // len bytes at its end: ASan sees over-reads
		memcpy(exact + 1, cases[i].value, len);
		struct match_value value = {FIELD_TLS_SNI, {.p = exact + 1, .len = len}};

		memcpy(rule.conditions, cases[i].conditions, sizeof(rule.conditions));
		env.app_proto = APP_TLS;
		struct pattern_db *db = load_rules(&rule, 1);
		if (db != NULL) {
			pattern_db_match_tx(db, 0, &env, &value, 1, &hits);
			CHECK(hit(&hits, 0) == cases[i].want, "%s", cases[i].name);
			CHECK(pattern_db_gave_up(db, 0) == 0, "%s", cases[i].name);
		}
		pattern_db_free(db);
		free(exact);
	}
}

#define HOST(s, ...) CONTENT(FIELD_HTTP_HOST, s, __VA_ARGS__)
#define METHOD(s, ...) CONTENT(FIELD_HTTP_METHOD, s, __VA_ARGS__)
#define QUERY(s, ...) CONTENT(FIELD_DNS_QUERY, s, __VA_ARGS__)

static struct {
	const char *name;
	struct condition conditions[TEST_CONDITIONS];
	struct {
		uint16_t field;
		const char *text;
	} values[3];
	bool want;
} messages[] = {
	{"host in lower case", {HOST("example")}, {{FIELD_HTTP_HOST, "EXAMPLE.com"}}, true},
	{"upper case is never seen", {HOST("EXAMPLE")}, {{FIELD_HTTP_HOST, "EXAMPLE.com"}}, false},
	{"host with dotprefix",
		{HOST(".example.com", .flags = CONTENT_DOTPREFIX | CONTENT_ENDSWITH)},
		{{FIELD_HTTP_HOST, "Example.COM"}}, true},
	{"two fields", {METHOD("POST"), HOST("a.b")},
		{{FIELD_HTTP_METHOD, "POST"}, {FIELD_HTTP_HOST, "a.b"}}, true},
	{"two fields, the other differs", {METHOD("POST"), HOST("a.b")},
		{{FIELD_HTTP_METHOD, "GET"}, {FIELD_HTTP_HOST, "a.b"}}, false},
	{"two fields, one is absent", {METHOD("POST"), HOST("a.b")}, {{FIELD_HTTP_HOST, "a.b"}},
		false},
	{"second value", {QUERY("b")}, {{FIELD_DNS_QUERY, "a"}, {FIELD_DNS_QUERY, "b"}}, true},
	{"all of a chain in one value", {QUERY("a"), QUERY("b")},
		{{FIELD_DNS_QUERY, "a"}, {FIELD_DNS_QUERY, "b"}}, false},
	{"the value that holds the chain is not the first", {QUERY("a"), QUERY("b")},
		{{FIELD_DNS_QUERY, "a"}, {FIELD_DNS_QUERY, "ab"}}, true},
	{"negated in an absent field", {METHOD("GET"), HOST("x", .flags = CONTENT_NEGATED)},
		{{FIELD_HTTP_METHOD, "GET"}}, false},
	{"negated only, with its field", {HOST("x", .flags = CONTENT_NEGATED)},
		{{FIELD_HTTP_HOST, "y"}}, true},
	{"negated only, without its field", {HOST("x", .flags = CONTENT_NEGATED)},
		{{FIELD_HTTP_METHOD, "GET"}}, false},
};

static void test_messages(void)
{
	for (size_t i = 0; i < ROWS(messages); i++) {
		struct test_rule rule = {.rule = {ANY, .proto = RULE_TCP}};
		struct match_env env = test_env(IPPROTO_TCP);
		struct match_value values[3];
		struct match_hits hits = {0};
		unsigned n = 0;

		for (; n < 3 && messages[i].values[n].text != NULL; n++)
			values[n] = (struct match_value){messages[i].values[n].field,
				text_bytes(messages[i].values[n].text)};
		memcpy(rule.conditions, messages[i].conditions, sizeof(rule.conditions));
		struct pattern_db *db = load_rules(&rule, 1);
		if (db != NULL)
			pattern_db_match_tx(db, 0, &env, values, n, &hits);
		CHECK(hit(&hits, 0) == messages[i].want, "%s", messages[i].name);
		pattern_db_free(db);
	}
}

// A value that is too long for a copy satisfies no condition on it, not even a negated one.
static void test_too_long(void)
{
	static struct test_rule rules[] = {
		{{ANY}, {HOST("a")}},
		{{ANY}, {METHOD("GET"), HOST("x", .flags = CONTENT_NEGATED)}},
		{{ANY}, {QUERY("a", .flags = CONTENT_DOTPREFIX)}},
		{{ANY}, {QUERY("a")}},
	};
	static uint8_t text[8193];
	struct pattern_db *db = load_rules(rules, ROWS(rules));
	struct match_env env = test_env(IPPROTO_TCP);

	memset(text, 'a', sizeof(text));
	for (size_t len = 8192; len <= 8193 && db != NULL; len++) {
		struct match_hits hits = {0};
		struct bytes long_one = {.p = text, .len = len};
		struct match_value values[] = {{FIELD_HTTP_METHOD, text_bytes("GET")},
			{FIELD_HTTP_HOST, long_one}, {FIELD_DNS_QUERY, long_one}};
		pattern_db_match_tx(db, 0, &env, values, ROWS(values), &hits);
		CHECK(hits.n == (len <= 8192 ? 4 : 1) && hit(&hits, 3), "%zu: %u", len, hits.n);
	}
	pattern_db_free(db);
}

static const struct addr_range lan[] = {{4, {10, 0, 0, 0}, {10, 0, 0, 255}}};
static const struct addr_range several[] = {
	{6, {0x20, 1}, {0x20, 1, 0xff}},
	{4, {192, 0, 2, 0}, {192, 0, 2, 255}},
	{4, {10, 0, 0, 1}, {10, 0, 0, 1}},
};
static const struct port_range web[] = {{8000, 8080}, {443, 443}, {80, 80}};

#define TO_LAN .src.any = true, .dst = {false, 1, lan}, .sport.any = true, .dport.any = true
#define FROM_LAN .src = {false, 1, lan}, .dst.any = true, .sport.any = true, .dport.any = true

// Rules without conditions, over a packet of 10.0.0.1:40000 to 192.0.2.1:443.
static struct {
	const char *name;
	struct rule rule;
	struct match_env change; // l4, app_proto, dir; .payload_len
	bool want;
} headers[] = {
	{"ip any", {ANY, .proto = RULE_IP}, {.l4 = IPPROTO_TCP}, true},
	{"tcp over udp", {ANY, .proto = RULE_TCP}, {.l4 = IPPROTO_UDP}, false},
	{"udp", {ANY, .proto = RULE_UDP}, {.l4 = IPPROTO_UDP}, true},
	{"icmp", {ANY, .proto = RULE_ICMP}, {.l4 = IPPROTO_ICMP}, true},
	{"icmp is icmpv6 too", {ANY, .proto = RULE_ICMP}, {.l4 = IPPROTO_ICMPV6}, true},
	{"app", {ANY, .proto = RULE_APP, .app_proto = APP_TLS, .flow = FLOW_STATELESS},
		{.l4 = IPPROTO_TCP, .app_proto = APP_TLS}, true},
	{"another app", {ANY, .proto = RULE_APP, .app_proto = APP_TLS, .flow = FLOW_STATELESS},
		{.l4 = IPPROTO_TCP, .app_proto = APP_HTTP}, false},
	{"from the lan", {FROM_LAN}, {.l4 = IPPROTO_TCP}, true},
	{"to the lan", {TO_LAN}, {.l4 = IPPROTO_TCP}, false},
	{"either way", {TO_LAN, .bidirectional = true}, {.l4 = IPPROTO_TCP}, true},
	{"one of several",
		{.src = {false, 3, several},
			.dst = {false, 3, several},
			.sport.any = true,
			.dport.any = true},
		{.l4 = IPPROTO_TCP}, true},
	{"port", {.src.any = true, .dst.any = true, .sport.any = true, .dport = {false, 3, web}},
		{.l4 = IPPROTO_TCP}, true},
	{"port of the other end",
		{.src.any = true, .dst.any = true, .dport.any = true, .sport = {false, 3, web}},
		{.l4 = IPPROTO_TCP}, false},
	{"port, either way",
		{.src.any = true,
			.dst.any = true,
			.dport.any = true,
			.sport = {false, 3, web},
			.bidirectional = true},
		{.l4 = IPPROTO_TCP}, true},
	{"icmp has no ports",
		{.src.any = true, .dst.any = true, .sport.any = true, .dport = {false, 3, web}},
		{.l4 = IPPROTO_ICMP}, false},
	{"to server", {ANY, .flow = FLOW_TO_SERVER}, {.l4 = 6, .dir = DIR_C2S}, true},
	{"to server, from it", {ANY, .flow = FLOW_TO_SERVER}, {.l4 = 6, .dir = DIR_S2C}, false},
	{"to client", {ANY, .flow = FLOW_TO_CLIENT}, {.l4 = 6, .dir = DIR_S2C}, true},
	{"established", {ANY, .flow = FLOW_ESTABLISHED}, {.l4 = 6, .established = true}, true},
	{"not yet", {ANY, .flow = FLOW_ESTABLISHED}, {.l4 = 6}, false},
	{"not established", {ANY, .flow = FLOW_NOT_ESTABLISHED}, {.l4 = 6}, true},
	{"dsize, lowest", {ANY, .has_dsize = true, .dsize_lo = 5, .dsize_hi = 9},
		{.l4 = 6, .payload_len = 5}, true},
	{"dsize, highest", {ANY, .has_dsize = true, .dsize_lo = 5, .dsize_hi = 9},
		{.l4 = 6, .payload_len = 9}, true},
	{"dsize, more", {ANY, .has_dsize = true, .dsize_lo = 5, .dsize_hi = 9},
		{.l4 = 6, .payload_len = 10}, false},
};

static void test_headers(void)
{
	for (size_t i = 0; i < ROWS(headers); i++) {
		struct test_rule rule = {.rule = headers[i].rule};
		struct match_env env = test_env(headers[i].change.l4);
		struct match_hits hits = {0};

		env.app_proto = headers[i].change.app_proto;
		env.dir = headers[i].change.dir;
		env.established = headers[i].change.established;
		env.payload_len = headers[i].change.payload_len;
		struct pattern_db *db = load_rules(&rule, 1);
		if (db != NULL) {
			CHECK(pattern_db_has_packet_rules(db), "%s", headers[i].name);
			pattern_db_match_packet(db, 0, &env, (struct bytes){0}, &hits);
		}
		CHECK(hit(&hits, 0) == headers[i].want, "%s", headers[i].name);
		pattern_db_free(db);
	}
}

// Which rules see a payload that comes as a packet, by transport.
static void test_payload_of_packets(void)
{
#define X CONTENT(FIELD_PAYLOAD, "x")
	static struct {
		const char *name;
		struct test_rule rule;
		bool tcp, udp;
	} rows[] = {
		{"ip: tcp is a stream's", {{ANY, .proto = RULE_IP}, {X}}, false, true},
		{"ip with dsize", {{ANY, .proto = RULE_IP, .has_dsize = true, .dsize_hi = 9}, {X}},
			true, true},
		{"tcp-pkt", {{ANY, .proto = RULE_TCP_PKT}, {X}}, true, false},
		{"tcp", {{ANY, .proto = RULE_TCP}, {X}}, false, false},
		{"tcp with dsize",
			{{ANY, .proto = RULE_TCP, .has_dsize = true, .dsize_hi = 9}, {X}}, true,
			false},
		{"tcp, no_stream", {{ANY, .proto = RULE_TCP, .flow = FLOW_NO_STREAM}, {X}}, true,
			false},
		{"udp", {{ANY, .proto = RULE_UDP}, {X}}, false, true},
		{"tcp-pkt, negated only",
			{{ANY, .proto = RULE_TCP_PKT},
				{CONTENT(FIELD_PAYLOAD, "y", .flags = CONTENT_NEGATED)}},
			true, false},
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct pattern_db *db = load_rules(&rows[i].rule, 1);
		struct match_env tcp = test_env(IPPROTO_TCP), udp = test_env(IPPROTO_UDP);
		struct match_hits hits = {0};

		if (db == NULL)
			continue;
		pattern_db_match_packet(db, 0, &tcp, text_bytes("axb"), &hits);
		CHECK(hit(&hits, 0) == rows[i].tcp, "%s", rows[i].name);
		hits.n = 0;
		pattern_db_match_packet(db, 0, &udp, text_bytes("axb"), &hits);
		CHECK(hit(&hits, 0) == rows[i].udp, "%s", rows[i].name);
		pattern_db_free(db);
	}
}

// A value made to keep the confirm step busy: it gives up, in bounded time, and says so.
static void test_budget(void)
{
	static struct test_rule rules[] = {
		{{ANY}, {CONTENT(FIELD_HTTP_URI, "z"), PCRE(FIELD_HTTP_URI, "^(a+)+(a+)+$")}},
		{{ANY},
			{CONTENT(FIELD_HTTP_URI, "a"),
				CONTENT(FIELD_HTTP_URI, "a", .flags = CONTENT_WITHIN, .within = 99),
				CONTENT(FIELD_HTTP_URI, "a", .flags = CONTENT_WITHIN, .within = 99),
				CONTENT(FIELD_HTTP_URI, "a", .flags = CONTENT_WITHIN, .within = 99),
				CONTENT(FIELD_HTTP_URI, "z", .flags = CONTENT_WITHIN,
					.within = 1)}},
		{{ANY}, {CONTENT(FIELD_HTTP_URI, "b")}},
		{{ANY},
			{CONTENT(FIELD_HTTP_URI, "b"),
				PCRE(FIELD_HTTP_URI, "(*NO_JIT)^((a|aa)(a|aa))+$")}},
	};
	static char text[20000];
	struct match_hits hits = {0};
	struct match_env env = test_env(IPPROTO_TCP);
	struct match_value value = {FIELD_HTTP_URI, {.p = (uint8_t *)text, .len = sizeof(text)}};

	memset(text, 'a', sizeof(text));
	memcpy(text + sizeof(text) - 3, "bxz", 3);
	struct pattern_db *db = load_rules(rules, ROWS(rules));
	if (db == NULL)
		return;
	pattern_db_match_tx(db, 0, &env, &value, 1, &hits);
	CHECK(pattern_db_gave_up(db, 0) >= 3, "%llu",
		(unsigned long long)pattern_db_gave_up(db, 0));
	CHECK(hits.n == 1 && hits.hits[0].rule == 2, "%u hits", hits.n);
	pattern_db_free(db);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"conditions", test_conditions},
		{"messages", test_messages},
		{"too long", test_too_long},
		{"headers", test_headers},
		{"payload of packets", test_payload_of_packets},
		{"budget", test_budget},
		CU_TEST_INFO_NULL,
	};
	return check_main("confirm", tests);
}
