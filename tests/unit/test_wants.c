// What a set need not be shown, because no rule of it can match there.

#include "tests/unit/pattern_rules.h"

// Rules about nothing but addresses: once for each direction of a flow.
static void test_first_packet(void)
{
	struct test_rule rules[] = {
		{.rule = {ANY, .proto = RULE_IP}},
		{.rule = {.src.any = true,
			 .dst.any = true,
			 .sport.any = true,
			 .proto = RULE_TCP,
			 .dport = {.n = 1, .ranges = (struct port_range[]){{443, 443}}}}},
	};
	struct pattern_db *db = load_rules(rules, ROWS(rules));

	for (unsigned first = 0; first < 2 && db != NULL; first++) {
		struct match_env env = test_env(IPPROTO_TCP);
		struct match_hits hits = {0};
		env.first = first;
		pattern_db_match_packet(db, 0, &env, (struct bytes){0}, &hits);
		CHECK(hit(&hits, 0) == first, "addresses only, first %u", first);
		CHECK(hit(&hits, 1), "with a port, first %u", first);
	}
	pattern_db_free(db);
}

// Rules about nothing but a protocol: by the header, each packet; by app-layer-protocol, once.
static void test_protocol(void)
{
	static const struct rule_fact now = {.kind = FACT_APP_PROTO, .a = 1ull << APP_TLS};
	static const struct rule_fact original = {
		.kind = FACT_APP_PROTO, .a = 1ull << APP_SMTP, .arg = APP_MODE_ORIGINAL};
	struct test_rule rules[] = {
		{.rule = {ANY, .proto = RULE_APP, .apps = 1ull << APP_TLS}},
		{.rule = {ANY, .proto = RULE_TCP, .facts = &now, .n_facts = 1}},
		{.rule = {ANY, .proto = RULE_TCP, .flow = FLOW_TO_SERVER, .facts = &original,
			 .n_facts = 1}},
		{.rule = {ANY, .proto = RULE_TCP, .flow = FLOW_ESTABLISHED, .facts = &now,
			 .n_facts = 1}},
	};
	static const struct {
		uint8_t app, first_app;
		bool first_known;
		bool want[4];
	} rows[] = {
		{APP_TLS, APP_TLS, true, {true, true, false, true}},
		{APP_TLS, APP_TLS, false, {true, false, false, true}},
		{APP_TLS, APP_SMTP, true, {true, true, true, true}},
		{APP_SMTP, APP_SMTP, true, {false, false, true, false}},
	};
	struct pattern_db *db = load_rules(rules, ROWS(rules));

	for (size_t i = 0; i < ROWS(rows) && db != NULL; i++) {
		struct match_env env = test_env(IPPROTO_TCP);
		struct match_hits hits = {0};
		env.app_proto = rows[i].app;
		env.app_first = rows[i].first_app;
		env.first_known = rows[i].first_known;
		pattern_db_match_packet(db, 0, &env, (struct bytes){0}, &hits);
		for (unsigned r = 0; r < ROWS(rules); r++)
			CHECK(hit(&hits, r) == rows[i].want[r], "row %zu, rule %u", i, r);
	}
	CHECK(db != NULL && pattern_db_wants(db).packets_tcp, "TCP packets");
	pattern_db_free(db);
}

static void test_wants(void)
{
	static struct {
		const char *name;
		struct test_rule rule;
		struct pattern_wants want;
	} rows[] = {
		{"addresses", {.rule = {ANY, .proto = RULE_IP}}, {.flow_starts = true}},
		{"dsize of TCP",
			{.rule = {ANY, .proto = RULE_TCP, .has_dsize = true, .dsize_hi = 9}},
			{.packets_tcp = true}},
		{"UDP payload", {{ANY, .proto = RULE_UDP}, {CONTENT(FIELD_PAYLOAD, "x")}},
			{.packets_other = true}},
		{"a server name", {{ANY, .proto = RULE_TCP}, {CONTENT(FIELD_TLS_SNI, "x")}}, {0}},
		{"a stream, anywhere", {{ANY, .proto = RULE_TCP}, {CONTENT(FIELD_PAYLOAD, "x")}},
			{.stream_depth = UINT64_MAX}},
		{"a stream, at its start",
			{{ANY, .proto = RULE_TCP},
				{CONTENT(FIELD_PAYLOAD, "abc", .flags = CONTENT_STARTSWITH),
					CONTENT(FIELD_PAYLOAD, "x")}},
			{.stream_depth = 3 + PATTERN_TAIL}},
		{"a stream, within a depth",
			{{ANY, .proto = RULE_TCP},
				{CONTENT(FIELD_PAYLOAD, "abc",
					.flags = CONTENT_OFFSET | CONTENT_DEPTH, .offset = 10,
					.depth = 20)}},
			{.stream_depth = 30 + PATTERN_TAIL}},
		{"what must not be there is no anchor",
			{{ANY, .proto = RULE_TCP},
				{CONTENT(FIELD_PAYLOAD, "x"),
					CONTENT(FIELD_PAYLOAD, "abc",
						.flags = CONTENT_STARTSWITH | CONTENT_NEGATED)}},
			{.stream_depth = UINT64_MAX}},
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct pattern_db *db = load_rules(&rows[i].rule, 1);
		if (db == NULL)
			continue;
		struct pattern_wants got = pattern_db_wants(db), want = rows[i].want;
		CHECK(got.packets_tcp == want.packets_tcp, "%s: TCP packets", rows[i].name);
		CHECK(got.packets_other == want.packets_other, "%s: others", rows[i].name);
		CHECK(got.flow_starts == want.flow_starts, "%s: flow starts", rows[i].name);
		CHECK(got.stream_depth == want.stream_depth, "%s: depth", rows[i].name);
		pattern_db_free(db);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"first packets", test_first_packet},
		{"protocol", test_protocol},
		{"wants", test_wants},
		CU_TEST_INFO_NULL,
	};
	return check_main("wants", tests);
}
