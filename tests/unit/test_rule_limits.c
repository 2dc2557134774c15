// Limits: when a rule that matched shall alert. Where a row has the name of one of Suricata's own
// tests (suricata-verify), the number is what that test expects. None of these meets the end of a
// window: there rows are our reading of its documentation ("within N seconds").

#include "tests/unit/rule_states.h"

// A sequence of matches, in seconds (or to the ns) since noon.
enum outcome { END, ALERT, QUIET };

struct step {
	uint64_t at_ns;
	enum outcome want;
};

static const struct {
	const char *name;
	struct limit limit;
	struct step steps[16];
} limit_rows[] = {
	{"limit: the first two of a window, its end is in it", {LIMIT_LIMIT, 0, 2, 10, 0, 0},
		{{S(0), ALERT}, {S(1), ALERT}, {S(2), QUIET}, {S(10) - 1, QUIET}, {S(10), QUIET},
			{S(10) + 1, ALERT}, {S(11), ALERT}, {S(12), QUIET}, {S(20) + 1, QUIET},
			{S(20) + 2, ALERT}}},
	{"limit: the window begins with a match, not with the one before it",
		{LIMIT_LIMIT, 0, 1, 10, 0, 0},
		{{S(0), ALERT}, {S(9), QUIET}, {S(18), ALERT}, {S(27), QUIET}, {S(29), ALERT}}},
	{"limit: no seconds, no end", {LIMIT_LIMIT, 0, 1, 0, 0, 0},
		{{S(0), ALERT}, {S(1000000), QUIET}}},
	{"limit: time back by less than a window, by more", {LIMIT_LIMIT, 0, 1, 10, 0, 0},
		{{S(100), ALERT}, {S(95), QUIET}, {S(90), QUIET}, {S(110), QUIET},
			{S(90) - 1, ALERT}, {S(95), QUIET}, {S(100), ALERT}}},
	{"threshold: each third", {LIMIT_THRESHOLD, 0, 3, 10, 0, 0},
		{{S(0), QUIET}, {S(1), QUIET}, {S(2), ALERT}, {S(3), QUIET}, {S(4), QUIET},
			{S(5), ALERT}, {S(6), QUIET}}},
	{"threshold: the third at the window's end", {LIMIT_THRESHOLD, 0, 3, 10, 0, 0},
		{{S(0), QUIET}, {S(1), QUIET}, {S(10), ALERT}, {S(10), QUIET}}},
	{"threshold: the third comes too late", {LIMIT_THRESHOLD, 0, 3, 10, 0, 0},
		{{S(0), QUIET}, {S(9), QUIET}, {S(10) + 1, QUIET}, {S(11), QUIET}, {S(12), ALERT}}},
	{"threshold: an alert does not end the window", {LIMIT_THRESHOLD, 0, 2, 10, 0, 0},
		{{S(0), QUIET}, {S(8), ALERT}, {S(9), QUIET}, {S(11), QUIET}, {S(12), ALERT}}},
	{"threshold: of one is each", {LIMIT_THRESHOLD, 0, 1, 10, 0, 0},
		{{S(0), ALERT}, {S(0), ALERT}, {S(11), ALERT}}},
	{"threshold: time back", {LIMIT_THRESHOLD, 0, 2, 10, 0, 0},
		{{S(100), QUIET}, {S(91), ALERT}, {S(50), QUIET}, {S(51), ALERT}}},
	{"both: once a window, at the third", {LIMIT_BOTH, 0, 3, 10, 0, 0},
		{{S(0), QUIET}, {S(1), QUIET}, {S(2), ALERT}, {S(3), QUIET}, {S(4), QUIET},
			{S(5), QUIET}, {S(10), QUIET}, {S(10) + 1, QUIET}, {S(11), QUIET},
			{S(20), ALERT}, {S(20) + 1, QUIET}, {S(21), QUIET}}},
	{"both: the third at the window's end", {LIMIT_BOTH, 0, 3, 10, 0, 0},
		{{S(0), QUIET}, {S(0), QUIET}, {S(10), ALERT}}},
	{"both: of one is once a window", {LIMIT_BOTH, 0, 1, 10, 0, 0},
		{{S(0), ALERT}, {S(1), QUIET}, {S(11), ALERT}}},
	{"detection_filter: after two", {LIMIT_DETECTION_FILTER, 0, 2, 10, 0, 0},
		{{S(0), QUIET}, {S(1), QUIET}, {S(2), ALERT}, {S(3), ALERT}, {S(10), ALERT},
			{S(10) + 1, QUIET}, {S(11), QUIET}, {S(12), ALERT}}},
	{"detection_filter: never as many", {LIMIT_DETECTION_FILTER, 0, 2, 10, 0, 0},
		{{S(0), QUIET}, {S(6), QUIET}, {S(12), QUIET}, {S(18), QUIET}, {S(24), QUIET}}},
	{"rate: two, then for five seconds", {LIMIT_RATE, 0, 2, 10, 0, 5},
		{{S(0), QUIET}, {S(1), QUIET}, {S(2), ALERT}, {S(3), ALERT}, {S(7), ALERT},
			{S(7) + 1, QUIET}, {S(8), QUIET}, {S(9), ALERT}}},
	{"rate: outlasts its window", {LIMIT_RATE, 0, 1, 2, 0, 100},
		{{S(0), QUIET}, {S(1), ALERT}, {S(50), ALERT}, {S(101), ALERT}, {S(102), QUIET}}},
	{"rate: exceeded at the window's end", {LIMIT_RATE, 0, 1, 10, 0, 5},
		{{S(0), QUIET}, {S(10), ALERT}, {S(15), ALERT}, {S(16), QUIET}}},
	{"rate: not exceeded", {LIMIT_RATE, 0, 1, 10, 0, 5},
		{{S(0), QUIET}, {S(10) + 1, QUIET}, {S(21), QUIET}}},
	{"rate: time back", {LIMIT_RATE, 0, 1, 10, 0, 5},
		{{S(100), QUIET}, {S(99), ALERT}, {S(94), ALERT}, {S(93), QUIET}, {S(94), ALERT}}},
	{"backoff: 1, 2, 4, 8", {LIMIT_BACKOFF, 0, 1, 0, 2, 0},
		{{S(0), ALERT}, {S(1), ALERT}, {S(2), QUIET}, {S(3), ALERT}, {S(4), QUIET},
			{S(5), QUIET}, {S(6), QUIET}, {S(7), ALERT}, {S(8), QUIET}}},
	{"backoff: 1, 10", {LIMIT_BACKOFF, 0, 1, 0, 10, 0},
		{{S(0), ALERT}, {S(1), QUIET}, {S(2), QUIET}, {S(3), QUIET}, {S(4), QUIET},
			{S(5), QUIET}, {S(6), QUIET}, {S(7), QUIET}, {S(8), QUIET}, {S(9), ALERT},
			{S(10), QUIET}}},
	{"backoff: 2, 6, 18; time has no part in it", {LIMIT_BACKOFF, 0, 2, 1, 3, 0},
		{{S(0), QUIET}, {S(1000), ALERT}, {S(50), QUIET}, {S(0), QUIET}, {S(0), QUIET},
			{S(9000), ALERT}, {S(9000), QUIET}}},
	{"backoff: without a multiplier once", {LIMIT_BACKOFF, 0, 2, 0, 0, 0},
		{{S(0), QUIET}, {S(1), ALERT}, {S(2), QUIET}, {S(3), QUIET}, {S(4), QUIET}}},
};

// In all ways to track, several at once in one memory: none knows of another.
static void test_limits(void)
{
	struct rule_state *s = defaults();
	static const uint8_t a[16] = {192, 0, 2, 1};
	static const uint8_t b[16] = {192, 0, 2, 2};
	struct state_key keys[] = {
		[TRACK_BY_SRC] = state_key_address(4, a),
		[TRACK_BY_DST] = state_key_address(4, a),
		[TRACK_BY_BOTH] = state_key_pair(4, a, b),
		[TRACK_BY_RULE] = {.len = 0},
		[TRACK_BY_FLOW] = state_key_flow(7),
	};

	for (uint32_t i = 0; i < ROWS(limit_rows); i++) {
		const struct step *steps = limit_rows[i].steps;
		for (size_t k = 0; steps[k].want != END; k++) {
			for (uint8_t track = 0; track <= TRACK_BY_FLOW; track++) {
				struct limit limit = limit_rows[i].limit;
				limit.track = track;
				bool got = rule_limit(
					s, 1, 100 + i, &limit, &keys[track], noon + steps[k].at_ns);
				CHECK(got == (steps[k].want == ALERT), "%s: match %zu, track %u",
					limit_rows[i].name, k + 1, track);
			}
		}
	}
	CHECK(shed() == 0, "nothing was shed");
	state_free(s);
}

// Tests of Suricata itself (suricata-verify): when their rule matches, and how often it alerts.
// threshold-rule-flow, detection_filter-rule-*: pings of one host, in milliseconds.
static const struct match {
	uint32_t at_ms;
	bool to_server;
} pings[] = {{0, true}, {0, true}, {1000, true}, {1001, true}, {2001, true}, {2001, true},
	{3002, true}, {3002, true}};

// threshold-config-*: TCP segments without payload, of one connection.
static const struct match empty_segments[] = {{0, true}, {911, false}, {911, true}, {1472, false},
	{1813, true}, {2013, true}, {2554, true}, {2814, true}, {3014, true}, {3495, true},
	{3815, true}, {4216, true}, {4356, true}, {4496, true}, {5017, true}, {17906, false},
	{17906, true}, {30063, true}, {30394, false}};

static const struct {
	const char *name;
	struct limit limit;
	bool segments;
	unsigned want;
} verify_rows[] = {
	{"threshold-rule-flow 2", {LIMIT_LIMIT, TRACK_BY_FLOW, 1, 3600, 0, 0}, false, 1},
	{"threshold-rule-flow 3", {LIMIT_LIMIT, TRACK_BY_FLOW, 2, 3600, 0, 0}, false, 2},
	{"threshold-rule-flow 4", {LIMIT_BOTH, TRACK_BY_FLOW, 3, 3600, 0, 0}, false, 1},
	{"detection_filter-rule-flow 2", {LIMIT_DETECTION_FILTER, TRACK_BY_FLOW, 1, 3600, 0, 0},
		false, 7},
	{"detection_filter-rule-flow 3", {LIMIT_DETECTION_FILTER, TRACK_BY_FLOW, 2, 3600, 0, 0},
		false, 6},
	{"detection_filter-rule-flow 4", {LIMIT_DETECTION_FILTER, TRACK_BY_FLOW, 4, 3600, 0, 0},
		false, 4},
	{"detection_filter-rule-flow 5", {LIMIT_DETECTION_FILTER, TRACK_BY_FLOW, 7, 3600, 0, 0},
		false, 1},
	{"detection_filter-rule-flow 6", {LIMIT_DETECTION_FILTER, TRACK_BY_FLOW, 8, 3600, 0, 0},
		false, 0},
	{"detection_filter-rule-hostsrc 5", {LIMIT_DETECTION_FILTER, TRACK_BY_SRC, 7, 3600, 0, 0},
		false, 1},
	{"detection_filter-rule-hostsrc 6", {LIMIT_DETECTION_FILTER, TRACK_BY_SRC, 8, 3600, 0, 0},
		false, 0},
	{"threshold-config-threshold-limit-flow", {LIMIT_LIMIT, TRACK_BY_FLOW, 1, 60, 0, 0}, true,
		1},
	{"threshold-config-threshold-threshold-flow", {LIMIT_THRESHOLD, TRACK_BY_FLOW, 5, 60, 0, 0},
		true, 3},
	{"threshold-config-threshold-both-flow", {LIMIT_BOTH, TRACK_BY_FLOW, 5, 60, 0, 0}, true, 1},
	// Those that the filter's new action meets: all 19 but the blocked ones.
	{"threshold-config-rate-filter-alert-flow", {LIMIT_RATE, TRACK_BY_FLOW, 3, 60, 0, 1000},
		true, 16},
	{"threshold-config-rate-filter-alert-hostsrc", {LIMIT_RATE, TRACK_BY_SRC, 1, 60, 0, 1000},
		true, 17},
	{"threshold-config-rate-filter-alert-hostdst", {LIMIT_RATE, TRACK_BY_DST, 1, 60, 0, 1000},
		true, 17},
	{"threshold-config-rate-filter-alert-pair", {LIMIT_RATE, TRACK_BY_BOTH, 1, 60, 0, 1000},
		true, 18},
	{"threshold-config-rate-filter-alert-rule", {LIMIT_RATE, TRACK_BY_RULE, 1, 60, 0, 1000},
		true, 18},
};

static struct state_key key_of(uint8_t track, bool to_server)
{
	static const uint8_t client[16] = {192, 0, 2, 1};
	static const uint8_t server[16] = {198, 51, 100, 1};
	const uint8_t *src = to_server ? client : server;
	const uint8_t *dst = to_server ? server : client;

	switch (track) {
	case TRACK_BY_SRC:
		return state_key_address(4, src);
	case TRACK_BY_DST:
		return state_key_address(4, dst);
	case TRACK_BY_BOTH:
		return state_key_pair(4, src, dst);
	case TRACK_BY_FLOW:
		return state_key_flow(5);
	default:
		return (struct state_key){.len = 0};
	}
}

static void test_suricata_verify(void)
{
	for (size_t i = 0; i < ROWS(verify_rows); i++) {
		struct rule_state *s = state_new(16, 16, 16);
		bool segments = verify_rows[i].segments;
		const struct match *m = segments ? empty_segments : pings;
		size_t n = segments ? ROWS(empty_segments) : ROWS(pings);
		unsigned alerts = 0;

		for (size_t k = 0; k < n; k++) {
			struct state_key key = key_of(verify_rows[i].limit.track, m[k].to_server);
			alerts += rule_limit(s, 1, 1000001, &verify_rows[i].limit, &key,
				noon + m[k].at_ms * (second / 1000));
		}
		CHECK(alerts == verify_rows[i].want, "%s: %u", verify_rows[i].name, alerts);
		state_free(s);
	}
}

static const struct limit once = {LIMIT_LIMIT, TRACK_BY_SRC, 1, 10, 0, 0};

static bool once_by(
	struct rule_state *s, uint32_t sid, const struct state_key *key, uint64_t now_ns)
{
	return rule_limit(s, 1, sid, &once, key, now_ns);
}

// What counts together, and what does not.
static void test_limit_keys(void)
{
	struct rule_state *s = defaults();
	static const uint8_t a[16] = {192, 0, 2, 1};
	static const uint8_t b[16] = {192, 0, 2, 2};
	static const struct limit filter = {LIMIT_DETECTION_FILTER, TRACK_BY_SRC, 1, 10, 0, 0};
	static const struct limit to = {LIMIT_LIMIT, TRACK_BY_DST, 1, 10, 0, 0};
	static const struct limit twice = {LIMIT_LIMIT, TRACK_BY_SRC, 2, 10, 0, 0};
	static const struct limit second_of = {LIMIT_THRESHOLD, TRACK_BY_SRC, 2, 10, 0, 0};
	static const struct limit by_flow = {LIMIT_LIMIT, TRACK_BY_FLOW, 1, 10, 0, 0};
	struct state_key key = state_key_address(4, a);
	struct state_key other = state_key_address(4, b);
	struct state_key version = state_key_address(6, a);
	struct state_key pair = state_key_pair(4, a, b);
	struct state_key back = state_key_pair(4, b, a);
	struct state_key litter = key;
	struct state_key flow = state_key_flow(1);

	memset(litter.bytes + litter.len, 0xee, sizeof(litter.bytes) - litter.len);
	CHECK(once_by(s, 1, &key, noon) && !once_by(s, 1, &key, noon), "counts");
	CHECK(!once_by(s, 1, &litter, noon), "what lies behind a key is not of it");
	CHECK(once_by(s, 1, &other, noon), "another address");
	CHECK(once_by(s, 1, &version, noon), "another IP version");
	CHECK(once_by(s, 2, &key, noon), "another rule");
	CHECK(rule_limit(s, 2, 1, &once, &key, noon), "another generator");
	CHECK(once_by(s, 1, &pair, noon) && !once_by(s, 1, &back, noon), "a pair is one");
	CHECK(rule_limit(s, 1, 1, &to, &key, noon), "another track");
	CHECK(!rule_limit(s, 1, 1, &filter, &key, noon), "another kind begins by itself");
	CHECK(rule_limit(s, 1, 1, &filter, &key, noon), "and counts by itself");
	CHECK(!rule_limit(s, 1, 1, &second_of, &key, noon), "another kind, another track");
	CHECK(rule_limit(s, 1, 1, &by_flow, &flow, noon), "by flow");
	CHECK(rule_bits_flow(s, 1, BIT_ISNOTSET, 1ull << 32 | 1), "is no bit");
	CHECK(!rule_limit(s, 1, 1, &twice, &key, noon), "new numbers: one of four was for nothing");
	CHECK(rule_limit(s, 1, 1, &twice, &key, noon + 11 * second), "the next window has them");
	state_free(s);
}

static void test_limits_full(void)
{
	struct rule_state *s = state_new(0, 0, 0);
	uint64_t late = noon + S(10) + 5; // the window of 4 just ended
	struct state_key keys[10];

	for (uint32_t i = 0; i < 10; i++)
		keys[i] = host(i);
	for (uint32_t i = 0; i < 8; i++)
		CHECK(once_by(s, 1, &keys[i], noon + i + (i == 4 ? 0 : S(1))), "%u", i);
	CHECK(shed() == 0, "all have a place");
	CHECK(once_by(s, 1, &keys[8], late) && shed() == 0, "the window of 4 was over");
	CHECK(once_by(s, 1, &keys[9], late) && shed() == 1, "that of 0 began first");
	for (uint32_t i = 1; i < 10; i++)
		CHECK(i == 4 || !once_by(s, 1, &keys[i], late), "%u is known still", i);
	CHECK(once_by(s, 1, &keys[0], late) && shed() == 2, "0 begins anew");
	state_free(s);
}

// What is still in its window, or in the time for which a rate was exceeded, is not over: when it
// goes, that is counted.
static void test_full_at_the_end(void)
{
	static const struct limit limits[] = {
		{LIMIT_LIMIT, TRACK_BY_SRC, 1, 10, 0, 0},
		{LIMIT_RATE, TRACK_BY_SRC, 1, 2, 0, 10},
	};

	for (size_t i = 0; i < ROWS(limits); i++) {
		for (uint32_t late = 0; late < 2; late++) {
			struct rule_state *s = state_new(0, 0, 0);
			for (uint32_t k = 0; k < 16; k++) {
				struct state_key key = host(k / 2);
				rule_limit(s, 1, 1, &limits[i], &key, noon);
			}
			struct state_key key = host(8);
			rule_limit(s, 1, 1, &limits[i], &key, noon + S(10) + late);
			CHECK(shed() == (late ? 0 : 1), "%zu, %u ns late", i, late);
			state_free(s);
		}
	}
}

// Without a window: who did not match for longest.
static void test_backoff_full(void)
{
	static const struct limit backoff = {LIMIT_BACKOFF, TRACK_BY_SRC, 1, 0, 10, 0};
	struct rule_state *s = state_new(0, 0, 0);
	struct state_key keys[9];

	for (uint32_t i = 0; i < 9; i++)
		keys[i] = host(i);
	for (uint32_t i = 0; i < 8; i++)
		CHECK(rule_limit(s, 1, 1, &backoff, &keys[i], noon + i), "%u", i);
	CHECK(!rule_limit(s, 1, 1, &backoff, &keys[0], noon + 8), "0 matches again");
	CHECK(rule_limit(s, 1, 1, &backoff, &keys[8], noon + S(10000)) && shed() == 1, "1 goes");
	CHECK(!rule_limit(s, 1, 1, &backoff, &keys[0], noon + S(10000)), "0 is known");
	CHECK(rule_limit(s, 1, 1, &backoff, &keys[1], noon + S(10000)), "1 begins anew");
	state_free(s);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"sequences", test_limits},
		{"Suricata's own tests", test_suricata_verify},
		{"what counts together", test_limit_keys},
		{"full", test_limits_full},
		{"full, at the end of windows", test_full_at_the_end},
		{"full, without windows", test_backoff_full},
		CU_TEST_INFO_NULL,
	};
	return check_main("rule_limits", tests);
}
