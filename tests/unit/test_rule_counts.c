// What is counted of rules, from the bytes to the page that control reads.

#include "tests/unit/judge_bench.h"

// Twice the same message.
static const struct {
	const char *name, *rules;
	enum find_kind kind;
	enum field field;
	const char *text;
	struct rule_numbers want; // of sid 1
} rows[] = {
	{"a hit", HTTP "(http.uri; content:\"/chat\"; sid:1;)", FIND_TX, FIELD_HTTP_URI, "/chat",
		{.checks = 2, .prefilter = 2, .hits = 2, .alerts = 2, .last_hit_ns = 2000}},
	{"nothing of it", HTTP "(http.uri; content:\"/chat\"; sid:1;)", FIND_TX, FIELD_HTTP_URI,
		"/mail", {0}},
	{"the prefilter only", HTTP "(http.uri; content:\"/chat\"; content:\"=1\"; sid:1;)",
		FIND_TX, FIELD_HTTP_URI, "/chat?x=2", {.checks = 2, .prefilter = 2}},
	{"another port", "alert http any any -> any 99 (http.uri; content:\"/chat\"; sid:1;)",
		FIND_TX, FIELD_HTTP_URI, "/chat", {.checks = 2, .prefilter = 2}},
	{"without a prefilter", HTTP "(http.uri; content:!\"x\"; sid:1;)", FIND_TX, FIELD_HTTP_URI,
		"/chat", {.checks = 2, .hits = 2, .alerts = 2, .last_hit_ns = 2000}},
	{"noalert", HTTP "(http.uri; content:\"/chat\"; noalert; sid:1;)", FIND_TX, FIELD_HTTP_URI,
		"/chat", {.checks = 2, .prefilter = 2, .hits = 2, .last_hit_ns = 2000}},
	{"pass", "pass http any any -> any any (http.uri; content:\"/chat\"; sid:1;)", FIND_TX,
		FIELD_HTTP_URI, "/chat",
		// The first one passes all of the flow.
		{.checks = 2, .prefilter = 2, .hits = 1, .last_hit_ns = 1000}},
	{"passed by another",
		HTTP "(http.uri; content:\"/chat\"; sid:1;)\n"
		     "pass http any any -> any any (http.uri; content:\"/chat\"; sid:2;)",
		FIND_TX, FIELD_HTTP_URI, "/chat", {.checks = 2, .prefilter = 2}},
	{"a limit",
		HTTP "(http.uri; content:\"/chat\"; threshold:type limit, track by_rule, count 1, "
		     "seconds 60; sid:1;)",
		FIND_TX, FIELD_HTTP_URI, "/chat",
		{.checks = 2, .prefilter = 2, .hits = 2, .alerts = 1, .last_hit_ns = 2000}},
	{"a bit that nobody set",
		HTTP "(http.uri; content:\"/chat\"; flowbits:isset,never; sid:1;)", FIND_TX,
		FIELD_HTTP_URI, "/chat", {.checks = 2, .prefilter = 2}},
	{"a name that DNS told", TLS "(tls.sni; content:\"chat\"; sid:1;)", FIND_NAME,
		FIELD_TLS_SNI, "chat.example", {0}},
};

static void test_numbers(void)
{
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct bench *b = bench_new(rows[i].rules);
		for (uint64_t n = 1; n <= 2; n++)
			tell(b, rows[i].kind, DIR_C2S, rows[i].field, rows[i].text, n);
		struct rule_numbers got = numbers(b, 1);
		const struct rule_numbers *want = &rows[i].want;
		CHECK(got.checks == want->checks && got.prefilter == want->prefilter,
			"%s: %llu checks, %llu by prefilter", rows[i].name,
			(unsigned long long)got.checks, (unsigned long long)got.prefilter);
		CHECK(got.hits == want->hits && got.alerts == want->alerts, "%s: %llu hits, %llu",
			rows[i].name, (unsigned long long)got.hits, (unsigned long long)got.alerts);
		CHECK(got.last_hit_ns == want->last_hit_ns, "%s: last hit", rows[i].name);
		CHECK(b->counters[CTR_ALERTS] == want->alerts, "%s: alerts", rows[i].name);
		bench_free(b);
	}
}

// A rule that waits for bytes is looked at again when they come, without a new hit of its prefilter.
static void test_stream(void)
{
	static const char *const pieces[] = {"..the first.", "...", "second"};
	struct bench *b = bench_new("alert tcp any any -> any any (content:\"the first\"; "
				    "content:\"second\"; distance:0; sid:1;)");
	uint64_t offset = 0;

	for (size_t i = 0; i < ROWS(pieces); i++) {
		struct find find = {.kind = FIND_STREAM,
			.flow = &b->flow,
			.session = b->session,
			.ts_ns = i + 1,
			.offset = offset,
			.bytes = {.p = (const uint8_t *)pieces[i], .len = strlen(pieces[i])}};
		offset += find.bytes.len;
		judge_finds(&b->judge, &find, 1);
	}
	struct rule_numbers n = numbers(b, 1);
	CHECK(n.hits == 1 && n.last_hit_ns == 3, "a hit with the last piece");
	CHECK(n.prefilter >= 1 && n.checks > n.prefilter && n.checks <= ROWS(pieces),
		"%llu checks, %llu by prefilter", (unsigned long long)n.checks,
		(unsigned long long)n.prefilter);
	bench_free(b);
}

// Request and answer are halves of one rule: what is looked at counts for both, the hit once.
static void test_halves(void)
{
	struct bench *b = bench_new("alert http any any => any any (http.uri; content:\"/chat\"; "
				    "http.stat_code; content:\"200\"; sid:1;)");

	tell(b, FIND_TX, DIR_C2S, FIELD_HTTP_URI, "/chat", 1);
	struct rule_numbers n = numbers(b, 1);
	CHECK(n.checks == 1 && n.prefilter == 1 && n.hits == 0, "the request");
	tell(b, FIND_TX, DIR_S2C, FIELD_HTTP_STAT_CODE, "200", 2);
	n = numbers(b, 1);
	CHECK(n.checks == 2 && n.prefilter == 2 && n.hits == 1 && n.alerts == 1, "the answer");
	bench_free(b);
}

// Counts go by gid, sid and rev, whatever the set and the rule's place in it.
static void test_swap(void)
{
	struct bench *b = bench_new(HTTP "(http.uri; content:\"/chat\"; sid:1; rev:3;)");

	tell(b, FIND_TX, DIR_C2S, FIELD_HTTP_URI, "/chat", 1);
	ruleset_online(b->sets, 0);
	swap(b,
		HTTP "(http.uri; content:\"/mail\"; sid:9;)\n" HTTP
		     "(http.uri; content:\"/chat\"; sid:1; rev:3;)");
	tell(b, FIND_TX, DIR_C2S, FIELD_HTTP_URI, "/chat", 2);
	struct rule_numbers n = numbers(b, 1);
	CHECK(n.checks == 2 && n.hits == 2, "%llu hits", (unsigned long long)n.hits);
	CHECK(numbers(b, 9).checks == 0, "the other one");
	ruleset_offline(b->sets, 0);
	bench_free(b);
}

// Of a second set beside the live one, with a table of its own: nothing gets mixed up.
static void test_second_table(void)
{
	struct bench *b = bench_new(HTTP "(http.uri; content:\"/chat\"; sid:1;)");
	struct rule_counts *table = aligned_alloc(64, sizeof(*table));
	const uint32_t slots[] = {7};
	struct match_counts counts;
	struct match_env env = {.src = b->flow.key.a,
		.dst = b->flow.key.b,
		.ip_version = 4,
		.l4 = 6,
		.app_proto = APP_HTTP};
	struct match_value value = {FIELD_HTTP_URI, {(const uint8_t *)"/chat", 5, false}};
	struct match_hits hits = {.counts = &counts};

	memset(table, 0, sizeof(*table));
	match_counts_init(&counts, table);
	counts.slot = slots;
	pattern_db_match_tx(b->judge.rules->db, 0, &env, &value, 1, &hits);
	CHECK(hits.n == 1 && rule_counts_read(table, 7).checks == 1, "its own");
	CHECK(numbers(b, 1).checks == 0, "the page");
	free(table);
	bench_free(b);
}

// Two rules in turn: a stride of 64 would time one of them only.
static void test_sampling(void)
{
	enum { N = 64 * RULE_COST_STRIDE };
	struct bench *b = bench_new(HTTP "(http.uri; content:\"/chat\"; sid:1;)\n" HTTP
					 "(http.uri; content:\"/chat\"; content:\"x\"; sid:2;)");

	for (unsigned i = 1; i <= N; i++)
		tell(b, FIND_TX, DIR_C2S, FIELD_HTTP_URI, "/chat", i);
	for (uint32_t sid = 1; sid <= 2; sid++) {
		struct rule_numbers n = numbers(b, sid);
		CHECK(n.checks == N, "%u: checks", sid);
		CHECK(n.timed > N / RULE_COST_STRIDE / 2 && n.timed < N / RULE_COST_STRIDE * 2,
			"%u: %llu of %llu timed", sid, (unsigned long long)n.timed,
			(unsigned long long)n.checks);
	}
	bench_free(b);
}

static void test_time(void)
{
	static const struct {
		const char *name;
		uint64_t cycle_q32, empty, cycles, want_ns;
	} cases[] = {
		{"a cycle is a ns", 1ull << 32, 0, 50, 50},
		{"half a ns", 1ull << 31, 0, 50, 25},
		{"less what reading the clock takes", 1ull << 32, 20, 50, 30},
		{"less than that", 1ull << 32, 20, 10, 0},
		{"interrupted", 1ull << 32, 0, 3000000, 100000},
		{"the clock ran away", 1ull << 32, 0, UINT64_MAX, 100000},
		{"slow clock", 40ull << 32, 0, (1 << 24) - 1, 100000},
	};
	struct rule_counts *table = aligned_alloc(64, sizeof(*table));
	const uint32_t slots[] = {5};

	for (size_t i = 0; i < ROWS(cases); i++) {
		struct match_counts m;
		memset(table, 0, sizeof(*table));
		match_counts_init(&m, table);
		m.slot = slots;
		m.cycle_q32 = cases[i].cycle_q32;
		m.empty_step = cases[i].empty;
		rule_counts_check(table, 5, LED_OTHERWISE);
		match_counts_time(&m, 0, cases[i].cycles);
		struct rule_numbers n = rule_counts_read(table, 5);
		CHECK(n.timed == 1 && n.cost_ns == cases[i].want_ns * RULE_COST_STRIDE, "%s: %llu",
			cases[i].name, (unsigned long long)n.cost_ns);
		CHECK(rule_numbers_check_ns(&n) == cases[i].want_ns, "%s: a step", cases[i].name);
	}
	free(table);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"numbers", test_numbers},
		{"a stream", test_stream},
		{"halves", test_halves},
		{"a swap", test_swap},
		{"a second table", test_second_table},
		{"sampling", test_sampling},
		{"time", test_time},
		CU_TEST_INFO_NULL,
	};
	return check_main("rule_counts", tests);
}
