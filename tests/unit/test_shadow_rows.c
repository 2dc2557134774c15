// What `sealctl patterns shadow show` tells: the rules of both sets beside each other.

#include "control/cli/cli.h"
#include "control/shadow_rows.h"
#include "tests/unit/check.h"

#include <string.h>

static struct pattern_entry live_rules[] = {
	{.gid = 1, .sid = 1, .rev = 1},
	{.gid = 1, .sid = 2, .rev = 1},
	{.gid = 1, .sid = 3, .rev = 1},
	{.gid = 1, .sid = 4, .rev = 1},
	{.gid = 2, .sid = 1, .rev = 1},
};
static struct pattern_entry shadow_rules[] = {
	{.gid = 1, .sid = 1, .rev = 1},
	{.gid = 1, .sid = 2, .rev = 2},
	{.gid = 1, .sid = 3, .rev = 1},
	{.gid = 1, .sid = 5, .rev = 1},
	{.gid = 2, .sid = 1, .rev = 1},
};
static const struct pattern_index live = {.n = ROWS(live_rules), .entries = live_rules};
static const struct pattern_index beside = {.n = ROWS(shadow_rules), .entries = shadow_rules};

static struct rule_tally live_tallies[] = {
	{0, 0, 0, {.checks = 1, .hits = 1}}, // no room for them
	{1, 1, 1, {.checks = 50, .hits = 20, .cost_ns = 100}},
	{1, 2, 1, {.checks = 50, .hits = 10, .cost_ns = 100}},
	{1, 3, 1, {.checks = 10, .hits = 3, .cost_ns = 100}},
	{1, 4, 1, {.checks = 5, .hits = 4}},
};
static struct rule_tally shadow_tallies[] = {
	{1, 1, 1, {.checks = 50, .hits = 20, .cost_ns = 101}},
	{1, 2, 2, {.checks = 40, .hits = 3, .cost_ns = 80}},
	{1, 3, 1, {.checks = 10, .hits = 3, .cost_ns = 300}},
	{1, 5, 1, {.checks = 9, .hits = 4, .cost_ns = 10}},
};

static const struct shadow_counts counts = {
	.sides = {{ROWS(live_tallies), live_tallies}, {ROWS(shadow_tallies), shadow_tallies}}};

static void test_rows(void)
{
	static const struct {
		const char *name;
		uint32_t gid, sid;
		bool live, shadow;
		int64_t hits, cost_ns;
	} want[] = {
		{"other revision", 1, 2, true, true, -7, -20},
		{"in the shadow only", 1, 5, false, true, 4, 10},
		{"in the live one only", 1, 4, true, false, -4, 0},
		{"costs more", 1, 3, true, true, 0, 200},
		{"costs a bit more", 1, 1, true, true, 0, 1},
		{"was never looked at", 2, 1, true, true, 0, 0},
	};
	const struct pattern_index *const indexes[SHADOW_SIDES] = {&live, &beside};
	struct shadow_rows t;

	CHECK(shadow_rows_make(indexes, &counts, &t) == 0, "made");
	CHECK(t.n == ROWS(want), "%u rows", t.n);
	for (size_t i = 0; i < ROWS(want) && i < t.n; i++) {
		const struct shadow_row *row = &t.rows[i];
		const struct pattern_entry *e = row->rules[row->rules[SHADOW_LIVE] == NULL];
		CHECK(e->gid == want[i].gid && e->sid == want[i].sid, "%s: is %u:%u", want[i].name,
			e->gid, e->sid);
		CHECK((row->rules[SHADOW_LIVE] != NULL) == want[i].live &&
				(row->rules[SHADOW_BESIDE] != NULL) == want[i].shadow,
			"%s: in", want[i].name);
		CHECK(shadow_row_hits(row) == want[i].hits, "%s: hits", want[i].name);
		CHECK(shadow_row_cost_ns(row) == want[i].cost_ns, "%s: cost", want[i].name);
	}
	CHECK(t.both == 4 && t.live_only == 1 && t.shadow_only == 1, "how many");
	CHECK(t.total[SHADOW_LIVE].hits == 38 && t.total[SHADOW_BESIDE].hits == 30, "in all");
	shadow_rows_free(&t);
}

// A daemon that does not know what is live, and sets without rules.
static void test_unknown(void)
{
	static const struct pattern_index empty;
	static const struct {
		const char *name;
		const struct pattern_index *indexes[SHADOW_SIDES];
		uint32_t both, live_only, shadow_only;
	} cases[] = {
		{"live is not known", {NULL, &beside}, 0, 0, 5},
		{"nothing is live", {&empty, &beside}, 0, 0, 5},
		{"an empty shadow", {&live, &empty}, 0, 5, 0},
		{"the same", {&live, &live}, 5, 0, 0},
		{"nothing", {NULL, NULL}, 0, 0, 0},
	};

	for (size_t i = 0; i < ROWS(cases); i++) {
		struct shadow_rows t;
		CHECK(shadow_rows_make(cases[i].indexes, &counts, &t) == 0, "%s", cases[i].name);
		CHECK(t.both == cases[i].both && t.live_only == cases[i].live_only &&
				t.shadow_only == cases[i].shadow_only &&
				t.n == t.both + t.live_only + t.shadow_only,
			"%s: %u rows", cases[i].name, t.n);
		CHECK(t.total[SHADOW_LIVE].hits == 38, "%s: in all", cases[i].name);
		shadow_rows_free(&t);
	}
}

// Rules that are the same in both tell how much cheaper it is to come second.
static void test_factor(void)
{
	static const struct {
		const char *name;
		uint64_t timed, cost_ns, changed_ns; // of the shadow
		uint64_t digest; // of the first rule in the shadow
		double factor;
		int64_t more; // of the rule that is another
	} cases[] = {
		{"half the time", 200, 500, 500, 7, 2, 0},
		{"half the time, and what changed costs twice", 200, 500, 1000, 7, 2, 1000},
		{"as long", 200, 1000, 1500, 7, 1, 500},
		{"too few were timed", 99, 500, 500, 7, 1, -500},
		{"none is the same", 200, 500, 500, 8, 1, -500},
		{"no time at all", 200, 0, 500, 7, 1, -500},
	};

	for (size_t i = 0; i < ROWS(cases); i++) {
		struct pattern_entry a[] = {{.gid = 1, .sid = 1, .digest.parts[0] = 7},
			{.gid = 1, .sid = 2, .digest.parts[1] = 7}};
		struct pattern_entry b[] = {
			{.gid = 1, .sid = 1, .digest.parts[0] = cases[i].digest},
			{.gid = 1, .sid = 2, .digest.parts[1] = 9}};
		const struct pattern_index x = {.n = 2, .entries = a}, y = {.n = 2, .entries = b};
		const struct pattern_index *const indexes[SHADOW_SIDES] = {&x, &y};
		struct rule_tally l[] = {{1, 1, 0, {.timed = 200, .cost_ns = 1000}},
			{1, 2, 0, {.timed = 1, .cost_ns = 1000}}};
		struct rule_tally s[] = {
			{1, 1, 0, {.timed = cases[i].timed, .cost_ns = cases[i].cost_ns}},
			{1, 2, 0, {.timed = 1, .cost_ns = cases[i].changed_ns}}};
		const struct shadow_counts c = {.sides = {{2, l}, {2, s}}};
		struct shadow_rows t;
		CHECK(shadow_rows_make(indexes, &c, &t) == 0, "%s", cases[i].name);
		CHECK(t.factor == cases[i].factor, "%s: %f", cases[i].name, t.factor);
		for (uint32_t k = 0; k < t.n; k++)
			CHECK(t.rows[k].rules[SHADOW_LIVE]->sid == 1 ||
					shadow_row_cost_ns(&t.rows[k]) == cases[i].more,
				"%s: %lld", cases[i].name,
				(long long)shadow_row_cost_ns(&t.rows[k]));
		shadow_rows_free(&t);
	}
}

static void test_share(void)
{
	static const struct {
		const char *text;
		unsigned want; // 0: refused
	} cases[] = {{"10", 100}, {"0.1", 1}, {"100", 1000}, {"100.0", 1000}, {"12.5", 125},
		{"1", 10}, {"007", 70}, {"", 0}, {"0", 0}, {"0.0", 0}, {"0.05", 0}, {"100.1", 0},
		{"101", 0}, {"1000", 0}, {"5.", 0}, {".5", 0}, {"1.2.3", 0}, {"-1", 0}, {"+1", 0},
		{"5%", 0}, {" 5", 0}, {"1e1", 0}, {"99999999999999999999", 0}};

	for (size_t i = 0; i < ROWS(cases); i++) {
		unsigned got = 0;
		CHECK(cli_parse_share(cases[i].text, &got) == (cases[i].want != 0) &&
				got == cases[i].want,
			"\"%s\": %u", cases[i].text, got);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"rows", test_rows},
		{"unknown", test_unknown},
		{"factor", test_factor},
		{"share", test_share},
		CU_TEST_INFO_NULL,
	};
	return check_main("shadow_rows", tests);
}
