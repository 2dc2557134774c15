#include "dataplane/runtime/verdict.h"

static const uint64_t NS_PER_S = 1000000000;

static bool is_test(const struct rule_memory *m)
{
	if (m->kind == MEMORY_FLOWINT)
		return m->op >= NUMBER_LT;
	return m->op == BIT_ISSET || m->op == BIT_ISNOTSET;
}

unsigned verdict_rank(const struct pattern_rule *rule)
{
	bool tests = (rule->sets & PATTERN_SETS_TEST) != 0;
	bool changes = (rule->sets & PATTERN_SETS_CHANGE) != 0;

	if (rule->pass)
		return 0;
	for (uint32_t i = 0; i < rule->n_memories; i++) {
		bool test = is_test(&rule->memories[i]);
		tests |= test;
		changes |= !test;
	}
	return changes ? (tests ? 2 : 1) : tests ? 3 : 4;
}

static bool limit_is_wide(const struct rule_limit *l)
{
	return l->kind != LIMIT_NONE && l->track != TRACK_BY_FLOW;
}

bool verdict_is_wide(const struct pattern_rule *rule)
{
	for (uint32_t i = 0; i < rule->n_memories; i++) {
		uint8_t kind = rule->memories[i].kind;
		if (kind == MEMORY_XBITS || kind == MEMORY_HOSTBITS)
			return true;
	}
	return rule->sets != 0 || limit_is_wide(rule->limit) || limit_is_wide(rule->filter) ||
		limit_is_wide(rule->rate);
}

// Addresses of who sent what was found, and of who got it.
static void ends(const struct find *find, const uint8_t **src, const uint8_t **dst)
{
	const struct flow *f = find->flow;
	bool a_is_client = (f->flags & FLOW_A_IS_CLIENT) != 0;
	bool from_a = (find->dir == DIR_C2S) == a_is_client;

	*src = from_a ? f->key.a : f->key.b;
	*dst = from_a ? f->key.b : f->key.a;
}

static struct state_key key_of(const struct find *find, uint8_t track)
{
	const uint8_t *src, *dst;
	uint8_t version = find->flow->key.ip_version;

	ends(find, &src, &dst);
	switch ((enum limit_track)track) {
	case TRACK_BY_SRC:
		return state_key_address(version, src);
	case TRACK_BY_DST:
		return state_key_address(version, dst);
	case TRACK_BY_BOTH:
		return state_key_pair(version, src, dst);
	case TRACK_BY_FLOW:
		return state_key_flow(find->flow_number);
	case TRACK_BY_RULE:
		break;
	}
	return (struct state_key){0};
}

static bool number(struct rule_state *state, const struct rule_memory *m, uint32_t flow)
{
	uint32_t value = m->value;

	if (m->value_name != 0 && !rule_bits_number_get(state, flow, m->value_name, &value))
		return false;
	return rule_bits_number(state, flow, (enum number_op)m->op, m->name, value);
}

// Of a test its answer; a change is made.
static bool remember(struct rule_state *state, const struct rule_memory *m, const struct find *find)
{
	struct state_key key;

	switch ((enum memory_kind)m->kind) {
	case MEMORY_FLOWBITS:
		return rule_bits_flow(state, find->flow_number, (enum bit_op)m->op, m->name);
	case MEMORY_FLOWINT:
		return number(state, m, find->flow_number);
	case MEMORY_XBITS:
	case MEMORY_HOSTBITS:
		key = key_of(find, m->track);
		return rule_bits_key(state, &key, (enum bit_op)m->op, m->name, find->ts_ns,
			find->ts_ns + m->seconds * NS_PER_S);
	case MEMORY_KINDS:
		break;
	}
	return false;
}

// isset of several names: one is enough; isnotset: all must be so.
static bool tests_hold(
	struct rule_state *state, const struct pattern_rule *rule, const struct find *find)
{
	for (uint32_t i = 0; i < rule->n_memories; i++) {
		const struct rule_memory *m = &rule->memories[i];
		if (!is_test(m))
			continue;
		bool any = m->kind != MEMORY_FLOWINT && m->op == BIT_ISSET;
		bool holds = remember(state, m, find);
		while (m->or_next && i + 1 < rule->n_memories) {
			m = &rule->memories[++i];
			bool next = remember(state, m, find);
			holds = any ? holds || next : holds && next;
		}
		if (!holds)
			return false;
	}
	return true;
}

static struct limit limit_of(const struct rule_limit *l)
{
	struct limit limit = {
		.kind = l->kind, .track = l->track, .count = l->count, .seconds = l->seconds};

	if (l->kind == LIMIT_RATE)
		limit.timeout = l->timeout;
	else
		limit.multiplier = l->multiplier;
	return limit;
}

static bool within(struct rule_state *state, const struct pattern_rule *rule,
	const struct rule_limit *l, const struct find *find)
{
	if (l->kind == LIMIT_NONE)
		return true;
	const struct limit limit = limit_of(l);
	const struct state_key key = key_of(find, l->track);
	return rule_limit(state, rule->gid, rule->sid, &limit, &key, find->ts_ns);
}

// TLS and SSH flows are one transaction: what an earlier message of the direction led to is not told
// again (a second ClientHello, after a HelloRetryRequest).
static bool told_before(
	struct rule_state *state, const struct pattern_rule *rule, const struct find *find)
{
	uint32_t id[3] = {rule->gid, rule->sid, find->dir};
	uint64_t name = rule_name_hash((const char *)id, sizeof(id));

	if (find->kind != FIND_TX || (find->app_proto != APP_TLS && find->app_proto != APP_SSH))
		return false;
	if (!find->first && rule_bits_flow(state, find->flow_number, BIT_ISSET, name))
		return true;
	rule_bits_flow(state, find->flow_number, BIT_SET, name);
	return false;
}

static bool suppressed(const struct pattern_rule *rule, const struct find *find)
{
	const uint8_t *src, *dst;

	if (rule->n_suppress == 0)
		return false;
	ends(find, &src, &dst);
	return pattern_rule_suppressed(rule, find->flow->key.ip_version, src, dst);
}

// A hit. What is suppressed does not count for a threshold.
static enum verdict alert_of(
	struct rule_state *state, const struct pattern_rule *rule, const struct find *find)
{
	if (rule->noalert)
		return VERDICT_QUIET;
	if (suppressed(rule, find))
		return VERDICT_SUPPRESSED;
	if (rule->rate->kind != LIMIT_NONE && within(state, rule, rule->rate, find))
		return VERDICT_SUPPRESSED; // it says whether the rate is exceeded
	return within(state, rule, rule->limit, find) ? VERDICT_ALERT : VERDICT_LIMITED;
}

enum verdict verdict_of(
	struct rule_state *state, const struct pattern_rule *rule, const struct find *find)
{
	if (!tests_hold(state, rule, find) || told_before(state, rule, find) ||
		!within(state, rule, rule->filter, find))
		return VERDICT_NO;
	for (uint32_t i = 0; i < rule->n_memories; i++) {
		if (!is_test(&rule->memories[i]))
			remember(state, &rule->memories[i], find);
	}
	return alert_of(state, rule, find);
}
