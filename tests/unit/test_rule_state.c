// Bits and numbers, and the memory they stand in.

#include "tests/unit/rule_states.h"

#include <pthread.h>

// One bit, in order of the rows.
static const struct {
	const char *name;
	enum bit_op op;
	bool want;
} bit_rows[] = {
	{"never set: isset", BIT_ISSET, false},
	{"never set: isnotset", BIT_ISNOTSET, true},
	{"unset of nothing succeeds", BIT_UNSET, true},
	{"set", BIT_SET, true},
	{"is set", BIT_ISSET, true},
	{"is not not set", BIT_ISNOTSET, false},
	{"set twice", BIT_SET, true},
	{"is set still", BIT_ISSET, true},
	{"unset", BIT_UNSET, true},
	{"is unset, once was enough", BIT_ISSET, false},
	{"toggle sets", BIT_TOGGLE, true},
	{"toggled on", BIT_ISSET, true},
	{"toggle unsets", BIT_TOGGLE, true},
	{"toggled off", BIT_ISNOTSET, true},
};

static void test_bits(void)
{
	struct rule_state *s = defaults();
	struct state_key key = host(1);
	struct state_key other = host(2);

	for (size_t i = 0; i < ROWS(bit_rows); i++) {
		bool flow = rule_bits_flow(s, 3, bit_rows[i].op, 77);
		bool addr = rule_bits_key(s, &key, bit_rows[i].op, 77, noon, noon + second);

		CHECK(flow == bit_rows[i].want, "%s, of a flow", bit_rows[i].name);
		CHECK(addr == bit_rows[i].want, "%s, of an address", bit_rows[i].name);
		CHECK(rule_bits_flow(s, 4, BIT_ISNOTSET, 77), "%s: other flow", bit_rows[i].name);
		CHECK(rule_bits_flow(s, 3, BIT_ISNOTSET, 78), "%s: other name", bit_rows[i].name);
		CHECK(rule_bits_flow(s, 3, BIT_ISNOTSET, 77) !=
				rule_bits_key(s, &key, BIT_ISSET, 77, noon, 0),
			"%s: both alike", bit_rows[i].name);
		CHECK(rule_bits_key(s, &other, BIT_ISNOTSET, 77, noon, 0), "%s: other address",
			bit_rows[i].name);
		CHECK(rule_bits_key(s, &key, BIT_ISNOTSET, 78, noon, 0), "%s: other name",
			bit_rows[i].name);
	}
	CHECK(shed() == 0, "nothing was shed");
	state_free(s);
}

// A bit of an address ends. Times since noon; rows in order, on one bit.
static const struct {
	const char *name;
	uint64_t at_ns;
	enum bit_op op;
	uint64_t expire_ns; // since noon, 0: the default
	bool want;
} expiry_rows[] = {
	{"set for ten seconds", 0, BIT_SET, 10000000000, true},
	{"one ns before", 9999999999, BIT_ISSET, 0, true},
	{"its end", 10000000000, BIT_ISSET, 0, false},
	{"time back: not over yet", 5000000000, BIT_ISSET, 0, true},
	{"set anew for longer", 9000000000, BIT_SET, 20000000000, true},
	{"longer", 15000000000, BIT_ISSET, 0, true},
	{"set anew for less", 15000000000, BIT_SET, 16000000000, true},
	{"less", 16000000000, BIT_ISNOTSET, 0, true},
	{"a toggle of what is over sets", 16000000000, BIT_TOGGLE, 18000000000, true},
	{"toggled", 17000000000, BIT_ISSET, 0, true},
	{"unset", 17000000000, BIT_UNSET, 0, true},
	{"gone", 17000000000, BIT_ISSET, 0, false},
	{"set without a time", 20000000000, BIT_SET, 0, true},
	{"29.9 s", 49999999999, BIT_ISSET, 0, true},
	{"30 s", 50000000000, BIT_ISSET, 0, false},
};

static void test_expiry(void)
{
	struct rule_state *s = defaults();
	struct state_key key = host(1);

	for (size_t i = 0; i < ROWS(expiry_rows); i++) {
		uint64_t expire = expiry_rows[i].expire_ns;
		bool got = rule_bits_key(s, &key, expiry_rows[i].op, 5, noon + expiry_rows[i].at_ns,
			expire != 0 ? noon + expire : 0);
		CHECK(got == expiry_rows[i].want, "%s", expiry_rows[i].name);
	}
	CHECK(rule_bits_key(s, &key, BIT_SET, 6, UINT64_MAX - 1, 0), "at the end of time");
	CHECK(rule_bits_key(s, &key, BIT_ISSET, 6, UINT64_MAX - 1, 0), "it does not wrap");
	state_free(s);
}

// One number, in order of the rows; value afterwards, or UNSET.
static const uint64_t UNSET = UINT64_MAX;
static const struct {
	const char *name;
	enum number_op op;
	uint32_t value;
	bool want;
	uint64_t after;
} number_rows[] = {
	{"never set: isset", NUMBER_ISSET, 0, false, UNSET},
	{"never set: notset", NUMBER_NOTSET, 0, true, UNSET},
	{"never set: equals nothing", NUMBER_EQ, 0, false, UNSET},
	{"never set: differs from nothing", NUMBER_NE, 1, false, UNSET},
	{"never set: lt", NUMBER_LT, 1, false, UNSET},
	{"never set: ge", NUMBER_GE, 0, false, UNSET},
	{"add begins at 0", NUMBER_ADD, 1, true, 1},
	{"is set", NUMBER_ISSET, 0, true, 1},
	{"is not not set", NUMBER_NOTSET, 0, false, 1},
	{"set", NUMBER_SET, 5, true, 5},
	{"5 < 5", NUMBER_LT, 5, false, 5},
	{"5 < 6", NUMBER_LT, 6, true, 5},
	{"5 <= 4", NUMBER_LE, 4, false, 5},
	{"5 <= 5", NUMBER_LE, 5, true, 5},
	{"5 == 5", NUMBER_EQ, 5, true, 5},
	{"5 == 6", NUMBER_EQ, 6, false, 5},
	{"5 != 5", NUMBER_NE, 5, false, 5},
	{"5 != 6", NUMBER_NE, 6, true, 5},
	{"5 >= 5", NUMBER_GE, 5, true, 5},
	{"5 >= 6", NUMBER_GE, 6, false, 5},
	{"5 > 5", NUMBER_GT, 5, false, 5},
	{"5 > 4", NUMBER_GT, 4, true, 5},
	{"sub", NUMBER_SUB, 2, true, 3},
	{"sub stops at 0", NUMBER_SUB, 9, true, 0},
	{"0 is set", NUMBER_ISSET, 0, true, 0},
	{"add 0", NUMBER_ADD, 0, true, 0},
	{"largest", NUMBER_SET, UINT32_MAX, true, UINT32_MAX},
	{"add stops there", NUMBER_ADD, 2, true, UINT32_MAX},
	{"sub from there", NUMBER_SUB, UINT32_MAX, true, 0},
	{"add up to it", NUMBER_ADD, UINT32_MAX, true, UINT32_MAX},
};

static void test_numbers(void)
{
	struct rule_state *s = defaults();

	for (size_t i = 0; i < ROWS(number_rows); i++) {
		uint32_t value = 12345;
		bool got = rule_bits_number(s, 3, number_rows[i].op, 77, number_rows[i].value);
		bool set = rule_bits_number_get(s, 3, 77, &value);

		CHECK(got == number_rows[i].want, "%s", number_rows[i].name);
		CHECK(set == (number_rows[i].after != UNSET), "%s", number_rows[i].name);
		CHECK(value == (set ? number_rows[i].after : 12345), "%s: %u", number_rows[i].name,
			value);
		CHECK(!rule_bits_number_get(s, 4, 77, &value), "other flow");
		CHECK(rule_bits_flow(s, 3, BIT_ISNOTSET, 77), "a number is no bit");
	}
	CHECK(rule_bits_number(s, 9, NUMBER_SUB, 1, 5) && rule_bits_number(s, 9, NUMBER_EQ, 1, 0),
		"sub begins at 0, too");
	state_free(s);
}

// A pool of six notes: bits, numbers and limits of flows.
static void test_flows_full(void)
{
	struct rule_state *s = state_new(6, 0, 0);
	static const struct limit by_flow = {LIMIT_LIMIT, TRACK_BY_FLOW, 1, 10, 0, 0};
	static const struct limit filter = {LIMIT_DETECTION_FILTER, TRACK_BY_FLOW, 1, 10, 0, 0};
	struct state_key key = state_key_flow(2);
	uint32_t value;

	for (uint64_t name = 0; name < 5; name++)
		CHECK(rule_bits_flow(s, 1, BIT_SET, name), "bit %u", (unsigned)name);
	CHECK(rule_bits_number(s, 2, NUMBER_SET, 9, 7), "the sixth");
	CHECK(!rule_bits_flow(s, 2, BIT_SET, 1) && shed() == 1, "a bit finds no room");
	CHECK(!rule_bits_flow(s, 2, BIT_TOGGLE, 1) && shed() == 2, "nor when it is toggled");
	CHECK(!rule_bits_number(s, 2, NUMBER_ADD, 1, 1) && shed() == 3, "nor does a number");
	CHECK(rule_bits_flow(s, 2, BIT_ISNOTSET, 1), "it is not set");
	CHECK(rule_bits_number(s, 2, NUMBER_ADD, 9, 1), "what has a place can change");
	CHECK(rule_bits_number_get(s, 2, 9, &value) && value == 8, "and did");
	CHECK(rule_bits_flow(s, 1, BIT_SET, 3) && shed() == 3, "what is set stays so");
	CHECK(rule_limit(s, 1, 1, &by_flow, &key, noon) &&
			rule_limit(s, 1, 1, &by_flow, &key, noon),
		"each match is the first");
	CHECK(!rule_limit(s, 1, 2, &filter, &key, noon) &&
			!rule_limit(s, 1, 2, &filter, &key, noon),
		"for each kind");
	CHECK(shed() == 7, "counted: %u", (unsigned)shed());

	CHECK(rule_bits_flow(s, 1, BIT_UNSET, 3), "one is given back");
	CHECK(rule_limit(s, 1, 1, &by_flow, &key, noon) &&
			!rule_limit(s, 1, 1, &by_flow, &key, noon),
		"room again");
	for (uint64_t name = 0; name < 5; name++)
		CHECK(rule_bits_flow(s, 1, BIT_ISSET, name) == (name != 3), "%u", (unsigned)name);
	CHECK(shed() == 7, "no more than before");
	state_free(s);
}

// The end of a flow takes all that it has, and nothing else.
static void test_flow_end(void)
{
	struct rule_state *s = state_new(8, 0, 0);
	static const struct limit by_flow = {LIMIT_BACKOFF, TRACK_BY_FLOW, 1, 0, 10, 0};
	struct state_key key = state_key_flow(0);
	struct state_key last = state_key_flow(FLOWS - 1);

	rule_state_flow_end(s, 5); // nobody has anything
	CHECK(rule_bits_flow(s, FLOWS - 1, BIT_SET, 1), "another flow");
	CHECK(rule_limit(s, 1, 1, &by_flow, &last, noon), "its limit");
	rule_state_flow_end(s, 5); // this one has nothing
	for (unsigned round = 0; round < 100; round++) {
		for (uint64_t name = 0; name < 3; name++)
			CHECK(rule_bits_flow(s, 0, BIT_SET, name), "round %u", round);
		for (uint64_t name = 0; name < 2; name++)
			CHECK(rule_bits_number(s, 0, NUMBER_ADD, name, 1), "round %u", round);
		CHECK(rule_limit(s, 1, 1, &by_flow, &key, noon), "round %u", round);
		CHECK(!rule_bits_flow(s, 0, BIT_SET, 4), "now it is full");
		rule_state_flow_end(s, 0);
		CHECK(rule_bits_flow(s, 0, BIT_ISNOTSET, 1), "bits go");
		CHECK(rule_bits_number(s, 0, NUMBER_NOTSET, 1, 0), "numbers go");
	}
	CHECK(rule_limit(s, 1, 1, &by_flow, &key, noon), "limits go");
	CHECK(rule_bits_flow(s, FLOWS - 1, BIT_ISSET, 1), "the other keeps its bit");
	CHECK(!rule_limit(s, 1, 1, &by_flow, &last, noon),
		"and its limit: this is the second match");
	state_free(s);
}

static bool marked(struct rule_state *s, uint32_t n, uint64_t now_ns)
{
	struct state_key key = host(n);

	return rule_bits_key(s, &key, BIT_ISSET, 1, now_ns, 0);
}

static bool mark(struct rule_state *s, uint32_t n, uint64_t now_ns, uint64_t expire_ns)
{
	struct state_key key = host(n);

	return rule_bits_key(s, &key, BIT_SET, 1, now_ns, expire_ns);
}

// Tables of eight places, where each key may stand in any: it is known who goes.
static void test_addresses_full(void)
{
	struct rule_state *s = state_new(0, 0, 0);
	uint64_t late = noon + S(10);

	for (uint32_t i = 0; i < 8; i++)
		CHECK(mark(s, i, noon + i, noon + S(i == 4 ? 5 : 100)), "%u", i);
	CHECK(mark(s, 0, noon + 100, noon + S(100)), "0 is young again");
	CHECK(shed() == 0, "all have a place");
	CHECK(mark(s, 8, late, noon + S(100)) && shed() == 0, "4 was over");
	CHECK(mark(s, 9, late, noon + S(100)) && shed() == 1, "1 was the oldest");
	for (uint32_t i = 0; i < 10; i++)
		CHECK(marked(s, i, late) == (i != 1 && i != 4), "%u", i);
	state_free(s);
}

// How full a table gets before keys are shed, and that each one beyond takes another's place.
static void load_shards(uint32_t n_shards)
{
	enum { SIZE = 4096 };
	static const struct {
		uint32_t n;
		uint64_t at_least, at_most;
	} rows[] = {
		{SIZE / 2, 0, 0},
		{SIZE * 3 / 4, 0, SIZE / 100},
		{SIZE, 0, SIZE / 10},
		{SIZE * 3, SIZE * 2, SIZE * 2 + SIZE / 100},
	};
	struct rule_state *s =
		state_of((struct rule_state_options){.max_addr_bits = SIZE, .shards = n_shards});
	uint32_t i = 0;

	for (size_t row = 0; row < ROWS(rows); row++) {
		for (; i < rows[row].n; i++)
			CHECK(mark(s, i, noon + i, noon + S(100)) && marked(s, i, noon + i), "%u",
				i);
		CHECK(shed() >= rows[row].at_least && shed() <= rows[row].at_most, "%u: %u", i,
			(unsigned)shed());
	}
	state_free(s);
}

static void test_load(void)
{
	load_shards(1);
	load_shards(64);
}

// Two workers mark and count the same keys at once.
enum { SHARED_MATCHES = 100000 };

struct sharing {
	struct rule_state *state;
	uint64_t counters[CTR_COUNT];
	unsigned alerts;
};

static void *run_share(void *ctx)
{
	static const struct limit every_tenth = {LIMIT_THRESHOLD, TRACK_BY_SRC, 10, 0, 0, 0};
	struct sharing *w = ctx;

	for (uint32_t i = 0; i < SHARED_MATCHES; i++) {
		struct state_key key = host(i % 7);
		rule_bits_key(w->state, &key, BIT_SET, 1, noon, 0);
		w->alerts += rule_limit(w->state, 1, 1, &every_tenth, &key, noon);
	}
	return NULL;
}

// What one worker marks the others see, and no match is lost between them.
static void test_shared(void)
{
	struct rule_state_options o = rule_state_defaults();
	struct rule_shares *common = rule_shares_new(&o);
	static struct sharing workers[2];
	pthread_t threads[2];
	struct state_key key = host(3);

	for (unsigned i = 0; i < 2; i++)
		workers[i].state = rule_state_new(&o, common, FLOWS, workers[i].counters);
	rule_bits_key(workers[0].state, &key, BIT_SET, 9, noon, 0);
	CHECK(rule_bits_key(workers[1].state, &key, BIT_ISSET, 9, noon, 0), "one marks, one sees");
	rule_bits_flow(workers[0].state, 1, BIT_SET, 9);
	CHECK(!rule_bits_flow(workers[1].state, 1, BIT_ISSET, 9), "flows are a worker's own");
	for (unsigned i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, run_share, &workers[i]);
	for (unsigned i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	unsigned want = 0;
	for (uint32_t k = 0; k < 7; k++)
		want += 2 * ((SHARED_MATCHES - k + 6) / 7) / 10;
	CHECK(workers[0].alerts + workers[1].alerts == want, "%u + %u, not %u", workers[0].alerts,
		workers[1].alerts, want);
	for (unsigned i = 0; i < 2; i++)
		rule_state_free(workers[i].state);
	rule_shares_free(common);
}

// Addresses that an outsider makes up, with a word in them that would cancel all before it
// if the hash's words were not keyed.
static void test_made_up_addresses(void)
{
	const uint64_t word = 0xd6e8feb86659fd93;
	struct rule_state *s = state_new(0, 4096, 0);

	for (uint32_t i = 0; i < 1000; i++) {
		uint8_t address[16] = {0x20, 1, 0xd, 0xb8, (uint8_t)(i >> 8), (uint8_t)i};
		memcpy(address + 7, &word, sizeof(word));
		struct state_key key = state_key_address(6, address);
		CHECK(rule_bits_key(s, &key, BIT_SET, 1, noon, 0), "%u", i);
	}
	CHECK(shed() == 0, "%u", (unsigned)shed());
	state_free(s);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"bits", test_bits},
		{"bits of addresses end", test_expiry},
		{"numbers", test_numbers},
		{"flows: full", test_flows_full},
		{"flows: end", test_flow_end},
		{"addresses: full", test_addresses_full},
		{"load", test_load},
		{"shared", test_shared},
		{"made-up addresses", test_made_up_addresses},
		CU_TEST_INFO_NULL,
	};
	return check_main("rule_state", tests);
}
