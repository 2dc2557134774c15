// What rules remember, against a model that keeps all and works each answer out from the begin.

#include "tests/unit/rule_states.h"

#include <stdlib.h>

enum { OPS = 100000, NAMES = 6, KEYS = 8, HISTORY = 4096, RULES = 12 };

static struct model {
	bool bit[FLOWS][NAMES];
	bool has_number[FLOWS][NAMES];
	uint32_t number[FLOWS][NAMES];
	uint64_t until_ns[KEYS][NAMES];
	uint64_t matches_ns[RULES][KEYS][HISTORY];
	unsigned n_matches[RULES][KEYS];
} model;

static uint64_t rng;

static uint32_t any(uint32_t below)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (uint32_t)(rng >> 20) % below;
}

static void model_flow_end(uint32_t flow)
{
	memset(model.bit[flow], 0, sizeof(model.bit[flow]));
	memset(model.has_number[flow], 0, sizeof(model.has_number[flow]));
	for (unsigned rule = 1; flow < KEYS && rule < RULES; rule += 2)
		model.n_matches[rule][flow] = 0;
}

// A bit before `op`: its answer.
static bool model_answer(enum bit_op op, bool was)
{
	return op == BIT_ISSET ? was : op == BIT_ISNOTSET ? !was : true;
}

// and what it is afterwards.
static bool model_bit(enum bit_op op, bool was)
{
	return op == BIT_SET || (op == BIT_TOGGLE ? !was : op != BIT_UNSET && was);
}

static bool model_number(uint32_t flow, enum number_op op, uint32_t name, uint32_t value)
{
	bool has = model.has_number[flow][name];
	int64_t have = has ? model.number[flow][name] : 0;
	int64_t v = value;
	const bool tests[] = {
		[NUMBER_LT] = have<v, [NUMBER_LE] = have <= v, [NUMBER_EQ] = have == v,
			[NUMBER_NE] = have != v, [NUMBER_GE] = have >= v, [NUMBER_GT] = have>
			v};

	if (op == NUMBER_ISSET || op == NUMBER_NOTSET)
		return has == (op == NUMBER_ISSET);
	if (op >= NUMBER_LT)
		return has && tests[op];
	v = op == NUMBER_SET ? v : op == NUMBER_ADD ? have + v : have - v;
	v = v < 0 ? 0 : v > UINT32_MAX ? UINT32_MAX : v;
	model.has_number[flow][name] = true;
	model.number[flow][name] = (uint32_t)v;
	return true;
}

static bool apart(uint64_t a, uint64_t b, uint64_t seconds)
{
	return (a > b ? a - b : b - a) > seconds * second;
}

static bool model_rate(const struct limit *l, const uint64_t *at, unsigned n)
{
	uint64_t begun = at[0], since = 0;
	unsigned nth = 0;
	bool on = false;

	for (unsigned i = 0; i < n; i++) {
		if (on && !apart(at[i], since, l->timeout))
			continue;
		if (on || apart(at[i], begun, l->seconds)) {
			on = false;
			begun = at[i];
			nth = 0;
		}
		if (++nth == l->count + 1) {
			on = true;
			since = at[i];
		}
	}
	return on;
}

// Does the last of `n` matches alert?
static bool model_limit(const struct limit *l, const uint64_t *at, unsigned n)
{
	uint64_t begun = at[0];
	unsigned nth = 0; // of the window

	if (l->kind == LIMIT_RATE)
		return model_rate(l, at, n);
	if (l->kind == LIMIT_BACKOFF) {
		for (; n % l->multiplier == 0 && n > l->count; n /= l->multiplier)
			;
		return n == l->count;
	}
	for (unsigned i = 0; i < n; i++) {
		if (apart(at[i], begun, l->seconds)) {
			begun = at[i];
			nth = 0;
		}
		nth++;
	}
	return l->kind == LIMIT_LIMIT	     ? nth <= l->count
		: l->kind == LIMIT_THRESHOLD ? nth % l->count == 0
		: l->kind == LIMIT_BOTH	     ? nth == l->count
					     : nth > l->count;
}

// Odd rules are by flow.
static void random_limit(struct rule_state *s, unsigned i, uint64_t now_ns)
{
	unsigned rule = any(RULES);
	uint32_t k = any(KEYS);
	struct limit l = {.kind = (uint8_t)(LIMIT_LIMIT + rule / 2),
		.track = rule % 2 ? TRACK_BY_FLOW : TRACK_BY_SRC,
		.count = 1 + rule % 4,
		.seconds = 20 + rule,
		.multiplier = 3,
		.timeout = 60};
	struct state_key key = rule % 2 ? state_key_flow(k) : host(k);
	unsigned n = ++model.n_matches[rule][k];

	if (n > HISTORY)
		abort();
	model.matches_ns[rule][k][n - 1] = now_ns;
	bool got = rule_limit(s, 1, rule, &l, &key, now_ns);
	CHECK(got == model_limit(&l, model.matches_ns[rule][k], n), "step %u: rule %u", i, rule);
}

static void random_key(struct rule_state *s, unsigned i, uint64_t now_ns)
{
	uint32_t k = any(KEYS), name = any(NAMES);
	enum bit_op op = any(BIT_ISNOTSET + 1);
	uint64_t expire_ns = any(4) ? now_ns + (1 + any(100)) * (second / 4) : 0;
	uint64_t *until_ns = &model.until_ns[k][name];
	bool was = now_ns < *until_ns;
	struct state_key key = host(k);

	CHECK(rule_bits_key(s, &key, op, name, now_ns, expire_ns) == model_answer(op, was),
		"step %u: op %d", i, op);
	if (op == BIT_SET || (op == BIT_TOGGLE && !was))
		*until_ns = expire_ns ? expire_ns : now_ns + 30 * second;
	else if (op == BIT_UNSET || op == BIT_TOGGLE)
		*until_ns = 0;
}

static void random_flow(struct rule_state *s, unsigned i)
{
	static const uint32_t values[] = {0, 1, 2, 1000, UINT32_MAX};
	uint32_t flow = any(4) ? any(KEYS) : any(FLOWS);
	uint32_t name = any(NAMES), value = values[any(ROWS(values))], got = 0;

	if (any(20) == 0) {
		rule_state_flow_end(s, flow);
		model_flow_end(flow);
	} else if (any(2)) {
		enum bit_op op = any(BIT_ISNOTSET + 1);
		bool *bit = &model.bit[flow][name];
		CHECK(rule_bits_flow(s, flow, op, name) == model_answer(op, *bit), "step %u: op %d",
			i, op);
		*bit = model_bit(op, *bit);
	} else {
		enum number_op op = any(NUMBER_NOTSET + 1);
		CHECK(rule_bits_number(s, flow, op, name, value) ==
				model_number(flow, op, name, value),
			"step %u: op %d", i, op);
		CHECK(rule_bits_number_get(s, flow, name, &got) == model.has_number[flow][name] &&
				(!model.has_number[flow][name] || got == model.number[flow][name]),
			"step %u: value", i);
	}
}

static void test_random(void)
{
	for (uint64_t seed = 1; seed <= 4; seed++) {
		struct rule_state *s = defaults();
		uint64_t now_ns = noon;

		memset(&model, 0, sizeof(model));
		rng = seed * 0x9e3779b97f4a7c15;
		for (unsigned i = 0; i < OPS / 4; i++) {
			// Steps of whole half seconds meet the edges; now and then it goes back.
			now_ns =
				any(10) ? now_ns + any(3) * (second / 2) : now_ns - any(4) * second;
			switch (any(4)) {
			case 0:
				random_key(s, i, now_ns);
				break;
			case 1:
				random_limit(s, i, now_ns);
				break;
			default:
				random_flow(s, i);
			}
		}
		CHECK(shed() == 0, "nothing was shed");
		state_free(s);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"random", test_random},
		CU_TEST_INFO_NULL,
	};
	return check_main("rule_model", tests);
}
