// What `sealctl top rules` makes of the daemon's answers.

#include "control/cli/top_rows.h"
#include "tests/unit/check.h"

#include <stdlib.h>
#include <string.h>

#define ROW(sid, checks, prefilter, hits, cost)                                                    \
	"{\"gid\":1,\"sid\":" #sid ",\"rev\":1,\"checks\":" #checks ",\"prefilter\":" #prefilter   \
	",\"hits\":" #hits ",\"alerts\":0,\"last_hit_ns\":" #hits                                  \
	",\"timed\":1,\"cost_ns\":" #cost ",\"set\":\"s\",\"msg\":\"m" #sid "\"}"
#define ANSWER(counted, total, rows)                                                               \
	"{\"ok\":true,\"counted\":" #counted ",\"total\":" total ",\"rules\":[" rows "]}"

static json_t *parse(const char *text)
{
	json_t *json = json_loads(text, 0, NULL);

	CHECK(json != NULL, "%.40s", text);
	return json;
}

static void test_read(void)
{
	json_t *json = parse(ANSWER(2, "{\"checks\":9,\"cost_ns\":64000}",
		ROW(1, 5, 4, 3, 6400) "," ROW(2, 4, 0, 0, 57600)));
	struct top_rows t;

	CHECK(top_rows_read(json, &t) == 0 && t.n == 2 && t.complete, "rows");
	CHECK(t.rows[0].sid == 1 && t.rows[0].n.checks == 5 && t.rows[0].n.hits == 3, "numbers");
	CHECK(strcmp(t.rows[1].msg, "m2") == 0 && strcmp(t.rows[1].set, "s") == 0, "texts");
	CHECK(t.total.checks == 9 && t.total.cost_ns == 64000, "total");
	CHECK(rule_numbers_check_ns(&t.rows[0].n) == 100, "of a step");
	top_rows_free(&t);
	json_decref(json);
}

// What is no answer of ours is no rows, or rows of nothing.
static void test_odd(void)
{
	static const char *const texts[] = {"{}", "{\"rules\":{}}", "{\"rules\":[1,null,\"x\",{}]}",
		"{\"rules\":[{\"gid\":-1,\"checks\":\"x\",\"msg\":5}],\"total\":[]}"};

	for (size_t i = 0; i < ROWS(texts); i++) {
		json_t *json = parse(texts[i]);
		struct top_rows t, before;
		CHECK(top_rows_read(json, &t) == 0 && top_rows_read(json, &before) == 0, "%zu", i);
		for (size_t k = 0; k < t.n; k++)
			CHECK(strcmp(t.rows[k].msg, "-") == 0, "%zu", i);
		top_rows_since(&t, &before);
		CHECK(t.n == 0, "%zu: no difference", i);
		top_rows_free(&t);
		top_rows_free(&before);
		json_decref(json);
	}
}

static void test_sort(void)
{
	static const struct {
		const char *by;
		uint32_t sids[3];
	} cases[] = {
		{"cost", {3, 1, 2}},
		{"hits", {1, 2, 3}},
		{"checks", {2, 1, 3}},
		{"prefilter", {3, 2, 1}},
	};
	json_t *json = parse(ANSWER(
		3, "{}", ROW(1, 5, 0, 9, 50) "," ROW(2, 6, 1, 8, 40) "," ROW(3, 4, 2, 0, 60)));

	for (size_t i = 0; i < ROWS(cases); i++) {
		struct top_rows t;
		CHECK(top_rows_read(json, &t) == 0, "read");
		CHECK(top_is_key(cases[i].by), "%s", cases[i].by);
		top_rows_sort(&t, cases[i].by);
		for (unsigned k = 0; k < 3; k++)
			CHECK(t.rows[k].sid == cases[i].sids[k], "%s: %u. is %u", cases[i].by, k,
				t.rows[k].sid);
		top_rows_free(&t);
	}
	CHECK(!top_is_key("name") && !top_is_key(""), "no keys");
	json_decref(json);
}

#define OLD ROW(1, 10, 10, 5, 640) "," ROW(2, 3, 0, 0, 0) "," ROW(4, 7, 7, 7, 70)
#define NOW ROW(3, 2, 2, 1, 64) "," ROW(1, 15, 12, 6, 1280) "," ROW(4, 7, 7, 7, 70)

static void test_since(void)
{
	static const struct {
		const char *name, *before;
		size_t n;
		uint32_t sids[2];
	} cases[] = {
		{"all was told before", ANSWER(3, "{\"checks\":20}", OLD), 2, {1, 3}},
		{"the new one may have stood behind", ANSWER(9, "{\"checks\":20}", OLD), 1, {1}},
	};
	json_t *json = parse(ANSWER(3, "{\"checks\":24}", NOW));

	for (size_t i = 0; i < ROWS(cases); i++) {
		json_t *old = parse(cases[i].before);
		struct top_rows t, before;
		CHECK(top_rows_read(json, &t) == 0 && top_rows_read(old, &before) == 0, "read");
		top_rows_since(&t, &before);
		CHECK(t.n == cases[i].n, "%s: %zu rows", cases[i].name, t.n);
		for (size_t k = 0; k < t.n && k < cases[i].n; k++)
			CHECK(t.rows[k].sid == cases[i].sids[k], "%s: %u", cases[i].name,
				t.rows[k].sid);
		CHECK(t.rows[0].n.checks == 5 && t.rows[0].n.prefilter == 2 &&
				t.rows[0].n.hits == 1 && t.rows[0].n.cost_ns == 640,
			"%s: what came since", cases[i].name);
		CHECK(t.rows[0].n.last_hit_ns == 6, "%s: the last hit stays", cases[i].name);
		CHECK(t.total.checks == 4, "%s: in all", cases[i].name);
		top_rows_free(&t);
		top_rows_free(&before);
		json_decref(old);
	}
	json_decref(json);
}

static void test_texts(void)
{
	static const struct {
		uint64_t then_s, now_s;
		const char *want;
	} cases[] = {{0, 50, "-"}, {50, 50, "0s"}, {60, 50, "0s"}, {50, 169, "119s"},
		{50, 170, "2m"}, {50, 7249, "119m"}, {50, 7250, "2h"}, {50, 172849, "47h"},
		{50, 172850, "2d"}, {1, 18000000000, "208333d"}};

	for (size_t i = 0; i < ROWS(cases); i++) {
		char text[TOP_AGO_MAX];
		top_ago(cases[i].then_s * 1000000000, cases[i].now_s * 1000000000, text);
		CHECK(strcmp(text, cases[i].want) == 0, "%zu: %s", i, text);
	}
	CHECK(top_share(0, 0) == 0 && top_share(1, 8) == 1250 && top_share(9, 8) == 10000, "share");
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"read", test_read},
		{"odd answers", test_odd},
		{"sort", test_sort},
		{"since", test_since},
		{"texts", test_texts},
		CU_TEST_INFO_NULL,
	};
	return check_main("top_rows", tests);
}
