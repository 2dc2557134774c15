// Values that rules add to sets and take out of them.

#include "tests/unit/rule_states.h"

static bool in(struct rule_state *s, uint64_t set, const char *value, bool listed)
{
	return rule_values_has(s, set, value, strlen(value), listed);
}

static void put(struct rule_state *s, uint64_t set, const char *value, bool there, uint64_t now_ns)
{
	rule_values_change(s, set, value, strlen(value), there, now_ns);
}

// One step after the other, over one state.
static const struct {
	const char *name;
	bool change;
	bool to; // what it is changed to, or shall be
	uint64_t set;
	const char *value;
	bool listed;
} steps[] = {
	{"nothing is in it", false, false, 1, "a", false},
	{"but what the list has", false, true, 1, "a", true},
	{"added", true, true, 1, "a", false},
	{"it is in", false, true, 1, "a", false},
	{"not in another set", false, false, 2, "a", false},
	{"nor another value", false, false, 1, "ab", false},
	{"an empty value is one, too", false, false, 1, "", false},
	{"added, empty", true, true, 1, "", false},
	{"in, empty", false, true, 1, "", false},
	{"taken out", true, false, 1, "a", false},
	{"it is out", false, false, 1, "a", false},
	{"also when the list has it", false, false, 1, "a", true},
	{"added again", true, true, 1, "a", true},
	{"in again", false, true, 1, "a", true},
};

static void test_steps(void)
{
	struct rule_state *s = defaults();

	for (size_t i = 0; i < ROWS(steps); i++) {
		if (steps[i].change)
			put(s, steps[i].set, steps[i].value, steps[i].to, noon + i);
		else
			CHECK(in(s, steps[i].set, steps[i].value, steps[i].listed) == steps[i].to,
				"%s", steps[i].name);
	}
	CHECK(shed() == 0, "all had room");
	state_free(s);
}

// Eight places, where each value may stand in any: the one longest there goes, and is counted.
static void test_full(void)
{
	struct rule_state *s = state_new(8, 8, 8);
	char value[2] = "0";

	for (unsigned i = 0; i < 8; i++) {
		value[0] = (char)('0' + i);
		put(s, 1, value, true, noon + i);
	}
	put(s, 1, "0", true, noon + 100); // young again
	CHECK(shed() == 0, "all have a place");
	put(s, 1, "8", true, noon + 200);
	CHECK(shed() == 1, "one went");
	for (unsigned i = 0; i < 9; i++) {
		value[0] = (char)('0' + i);
		CHECK(in(s, 1, value, false) == (i != 1), "%u", i);
	}
	state_free(s);
}

// A bit, a limit and a value are told apart, whatever their names.
static void test_kinds(void)
{
	struct rule_state *s = defaults();
	struct state_key key = host(1);
	struct limit limit = {
		.kind = LIMIT_LIMIT, .track = TRACK_BY_SRC, .count = 1, .seconds = 10};

	put(s, 1, "a", true, noon);
	CHECK(!rule_bits_key(s, &key, BIT_ISSET, 1, noon, 0), "no bit");
	CHECK(rule_limit(s, 0, 1, &limit, &key, noon), "the first match");
	CHECK(in(s, 1, "a", false), "still there");
	state_free(s);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"added and taken out", test_steps},
		{"full", test_full},
		{"among other things", test_kinds},
		CU_TEST_INFO_NULL,
	};

	return check_main("rule_values", tests);
}
