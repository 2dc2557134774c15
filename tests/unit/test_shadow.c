// A set beside the live one: it is counted what it would do, and nothing comes of it.

#include "dataplane/runtime/shadow.h"
#include "tests/unit/judge_bench.h"

#include <errno.h>

// A live set and a shadow of it.
struct pair {
	struct bench *live;
	struct judge judge; // the shadow's
	struct shadow *shadow;
};

static struct pair *pair_new(const char *live, const char *shadow, uint32_t share)
{
	struct pair *p = calloc(1, sizeof(*p));
	struct rule_state_options state = rule_state_defaults();
	struct ruleset *rules = NULL;

	p->live = bench_new(live);
	CHECK(ruleset_prepare(p->live->sets, load_text(shadow), &rules) == 0, "prepare");
	p->shadow = shadow_new(rules, 1, 16, &state, share);
	CHECK(shadow_publish(p->live->sets, p->shadow) == 1, "the first shadow");
	CHECK(shadow_borrow(p->live->sets) == p->shadow, "it is there");
	p->judge = (struct judge){.set = 1,
		.clock = stage_clock_none(),
		.share = share,
		.rules = p->shadow->rules,
		.page = p->live->judge.page,
		.state = p->shadow->workers[0].state,
		.counters = p->shadow->workers[0].counters};
	match_counts_init(&p->judge.counts, &p->judge.page->shadow);
	p->live->judge.shadow = &p->judge;
	return p;
}

static void pair_free(struct pair *p)
{
	bench_free(p->live);
	free(p);
}

static uint64_t hits_in(const struct pair *p, const struct rule_counts *table, uint32_t sid)
{
	return numbers_in(p->live, table, sid).hits;
}

// Hits of sid 1 in the three tables, after two messages "/chat" and one "/mail".
static void test_counts(void)
{
	static const struct {
		const char *name, *live, *shadow;
		uint64_t rules, beside, shadowed; // hits
		uint64_t alerts; // that were told
	} rows[] = {
		{"the same", HTTP "(http.uri; content:\"/chat\"; sid:1;)",
			HTTP "(http.uri; content:\"/chat\"; sid:1;)", 2, 2, 2, 2},
		{"it would hit more", HTTP "(http.uri; content:\"/chat\"; sid:1;)",
			HTTP "(http.uri; content:\"/\"; sid:1;)", 2, 2, 3, 2},
		{"it would hit less", HTTP "(http.uri; content:\"/\"; sid:1;)",
			HTTP "(http.uri; content:\"/mail\"; sid:1;)", 3, 3, 1, 3},
		{"a pass of its own", HTTP "(http.uri; content:\"/chat\"; sid:1;)",
			HTTP "(http.uri; content:\"/chat\"; sid:1;)\n"
			     "pass http any any -> any any (http.uri; content:\"/\"; sid:2;)",
			2, 2, 0, 2},
		{"a pass of the live one",
			HTTP "(http.uri; content:\"/chat\"; sid:1;)\n"
			     "pass http any any -> any any (http.uri; content:\"/\"; sid:2;)",
			HTTP "(http.uri; content:\"/chat\"; sid:1;)", 0, 0, 2, 0},
		{"a bit that only the live one sets",
			HTTP "(http.uri; content:\"/\"; flowbits:set,b; noalert; sid:2;)\n" HTTP
			     "(http.uri; content:\"/chat\"; flowbits:isset,b; sid:1;)",
			HTTP "(http.uri; content:\"/chat\"; flowbits:isset,b; sid:1;)", 2, 2, 0, 2},
		{"a limit counts for each",
			HTTP "(http.uri; content:\"/chat\"; threshold:type limit, track by_rule, "
			     "count 1, seconds 60; sid:1;)",
			HTTP "(http.uri; content:\"/chat\"; threshold:type limit, track by_rule, "
			     "count 1, seconds 60; sid:1;)",
			2, 2, 2, 1},
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct pair *p = pair_new(rows[i].live, rows[i].shadow, SHADOW_SHARE_MAX);
		const struct counter_page *page = p->judge.page;
		for (uint64_t n = 1; n <= 3; n++)
			tell(p->live, FIND_TX, DIR_C2S, FIELD_HTTP_URI, n < 3 ? "/chat" : "/mail",
				n);
		CHECK(hits_in(p, &page->rules, 1) == rows[i].rules, "%s: live", rows[i].name);
		CHECK(hits_in(p, &page->beside, 1) == rows[i].beside, "%s: beside", rows[i].name);
		CHECK(hits_in(p, &page->shadow, 1) == rows[i].shadowed, "%s: %u in the shadow",
			rows[i].name, (unsigned)hits_in(p, &page->shadow, 1));
		CHECK(p->live->counters[CTR_ALERTS] == rows[i].alerts, "%s: alerts", rows[i].name);
		CHECK(p->live->counters[CTR_SHADOW_FINDS] == 3, "%s: finds", rows[i].name);
		pair_free(p);
	}
}

// A share of the flows: whole ones, and the live set beside it on the same.
static void test_share(void)
{
	enum { FLOWS = 2000, SHARE = 250 };
	static const char rule[] = HTTP "(http.uri; content:\"/chat\"; sid:1;)";
	struct pair *p = pair_new(rule, rule, SHARE);
	const struct counter_page *page = p->judge.page;

	for (uint64_t n = 1; n <= FLOWS; n++) {
		p->live->flow.hash = (uint32_t)(n * 0x9e3779b1u);
		tell(p->live, FIND_TX, DIR_C2S, FIELD_HTTP_URI, "/chat", 2 * n);
		tell(p->live, FIND_TX, DIR_C2S, FIELD_HTTP_URI, "/chat", 2 * n + 1);
	}
	uint64_t seen = hits_in(p, &page->shadow, 1);
	CHECK(hits_in(p, &page->rules, 1) == 2 * FLOWS, "all");
	CHECK(seen % 2 == 0 && seen > FLOWS / 2 * 0.9 && seen < FLOWS / 2 * 1.1, "%u of a quarter",
		(unsigned)seen);
	CHECK(hits_in(p, &page->beside, 1) == seen, "the same flows");
	CHECK(numbers_in(p->live, &page->beside, 1).checks == seen, "their checks");
	pair_free(p);
}

// Each set has its streams: what begins in one piece and ends in the next is found by both.
static void test_stream(void)
{
	static const char *const pieces[] = {"..sec", "ret"};
	struct pair *p = pair_new("alert tcp any any -> any any (content:\"secret\"; sid:1;)",
		"alert tcp any any -> any any (content:\"secre\"; sid:1;)", SHADOW_SHARE_MAX);
	uint64_t offset = 0;

	for (size_t i = 0; i < ROWS(pieces); i++) {
		struct find find = {.kind = FIND_STREAM,
			.flow = &p->live->flow,
			.session = p->live->session,
			.ts_ns = i + 1,
			.offset = offset,
			.bytes = {.p = (const uint8_t *)pieces[i], .len = strlen(pieces[i])}};
		offset += find.bytes.len;
		judge_finds(&p->live->judge, &find, 1);
	}
	CHECK(hits_in(p, &p->judge.page->rules, 1) == 1, "live");
	CHECK(hits_in(p, &p->judge.page->shadow, 1) == 1, "shadow");
	pair_free(p);
}

// What either set asks for is wanted; without a shadow, what the live one asks for.
static void test_wants(void)
{
	struct pair *p = pair_new(HTTP "(http.uri; content:\"/chat\"; sid:1;)",
		"alert tcp any any -> any any (content:\"abc\"; sid:1;)\n"
		"alert http any any -> any any (http.cookie; content:\"abc\"; sid:2;)",
		SHADOW_SHARE_MAX);
	struct inspect_wants both = judge_wants(&p->live->judge);

	CHECK(both.stream_depth > 0 && both.fields[FIELD_HTTP_URI] &&
			both.fields[FIELD_HTTP_COOKIE],
		"both");
	p->judge.rules = NULL;
	struct inspect_wants one = judge_wants(&p->live->judge);
	CHECK(one.stream_depth == 0 && one.fields[FIELD_HTTP_URI] && !one.fields[FIELD_HTTP_COOKIE],
		"one");
	pair_free(p);
}

// It is replaced and dropped as the live set is; a worker that holds one keeps it.
static void test_publish(void)
{
	static const char rule[] = HTTP "(http.uri; content:\"/chat\"; sid:1;)";
	struct pair *p = pair_new(rule, rule, 1);
	struct rulesets *sets = p->live->sets;

	CHECK(ruleset_poll(sets) == 1, "no worker is online");
	ruleset_online(sets, 0);
	CHECK(shadow_publish(sets, NULL) == 0 && shadow_borrow(sets) == NULL, "dropped");
	CHECK(ruleset_poll(sets) == 0, "a worker may hold it");
	CHECK(shadow_publish(sets, NULL) == -EBUSY, "one at a time");
	ruleset_quiesce(sets, 0);
	CHECK(ruleset_poll(sets) == 1, "it is freed");
	ruleset_offline(sets, 0);
	pair_free(p);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"counts", test_counts},
		{"share", test_share},
		{"stream", test_stream},
		{"wants", test_wants},
		{"publish", test_publish},
		CU_TEST_INFO_NULL,
	};
	return check_main("shadow", tests);
}
