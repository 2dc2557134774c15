#include "patterns/example.h"

#include "patterns/db_impl.h"
#include "patterns/field_app.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

struct numbered {
	uint32_t gid, sid;
	uint32_t rule; // index
};

enum { HEADER_LEN = 16 }; // room for numbers within a field

struct message {
	uint32_t n;
	struct match_value values[EXAMPLE_VALUES_MAX];
	uint8_t numbers[EXAMPLE_VALUES_MAX][HEADER_LEN]; // of values that are made up
};

struct example_runner {
	const struct pattern_db *db;
	uint32_t n;
	struct numbered *rules; // by gid, sid
	struct match_hits hits;
};

static int by_id(const void *a, const void *b)
{
	const struct numbered *x = a, *y = b;

	if (x->gid != y->gid)
		return x->gid < y->gid ? -1 : 1;
	return (x->sid > y->sid) - (x->sid < y->sid);
}

struct example_runner *example_runner_new(const struct pattern_db *db)
{
	struct example_runner *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	r->db = db;
	r->n = pattern_db_n_rules(db);
	r->rules = calloc(r->n + 1u, sizeof(*r->rules));
	if (r->rules == NULL) {
		free(r);
		return NULL;
	}
	for (uint32_t i = 0; i < r->n; i++)
		r->rules[i] = (struct numbered){db->rules[i].gid, db->rules[i].sid, i};
	qsort(r->rules, r->n, sizeof(*r->rules), by_id);
	return r;
}

void example_runner_free(struct example_runner *r)
{
	if (r != NULL)
		free(r->rules);
	free(r);
}

// The first of those with this number: the halves of a rule with "=>" have the same.
static uint32_t find(const struct example_runner *r, uint32_t gid, uint32_t sid)
{
	const struct numbered key = {.gid = gid, .sid = sid};
	uint32_t lo = 0, hi = r->n;

	while (lo < hi) {
		uint32_t middle = lo + (hi - lo) / 2;
		if (by_id(&r->rules[middle], &key) < 0)
			lo = middle + 1;
		else
			hi = middle;
	}
	return lo;
}

static bool is_it(const struct example_runner *r, uint32_t at, uint32_t gid, uint32_t sid)
{
	return at < r->n && r->rules[at].gid == gid && r->rules[at].sid == sid;
}

bool example_has_rule(const struct example_runner *r, uint32_t gid, uint32_t sid)
{
	return is_it(r, find(r, gid, sid), gid, sid);
}

// Bit 0: version 4, bit 1: version 6.
static unsigned versions(const struct pattern_db *db, struct swdb_span span)
{
	unsigned found = span.n == 0 ? 3 : 0;

	for (uint32_t i = 0; i < span.n; i++)
		found |= db->addrs[span.first + i].ip_version == 4 ? 1 : 2;
	return found;
}

static const uint8_t *address(
	const struct pattern_db *db, struct swdb_span span, uint8_t version, const uint8_t *any)
{
	for (uint32_t i = 0; i < span.n; i++) {
		const struct swdb_addr *a = &db->addrs[span.first + i];
		if (a->ip_version == version)
			return a->lo;
	}
	return any;
}

static void set_addresses(const struct pattern_db *db, const struct swdb_rule *rule,
	const struct example *e, struct match_env *env)
{
	static const uint8_t v4[2][16] = {{192, 0, 2, 1}, {198, 51, 100, 1}};
	static const uint8_t v6[2][16] = {
		{0x20, 0x01, 0x0d, 0xb8, [15] = 1}, {0x20, 0x01, 0x0d, 0xb8, [15] = 2}};
	unsigned both = versions(db, rule->src) & versions(db, rule->dst);
	bool six = !(both & 1) || rule->proto == RULE_IPV6 || rule->proto == RULE_ICMPV6;

	if (e->dst_version != 0)
		six = e->dst_version == 6;
	env->ip_version = six ? 6 : 4;
	env->src = address(db, rule->src, env->ip_version, six ? v6[0] : v4[0]);
	env->dst = e->dst_version != 0
		? e->dst
		: address(db, rule->dst, env->ip_version, six ? v6[1] : v4[1]);
	env->sport = rule->sport.n > 0 ? db->ports[rule->sport.first].lo : 49152;
	env->dport = rule->dport.n > 0 ? db->ports[rule->dport.first].lo : 443;
}

static uint8_t l4_of(const struct swdb_rule *rule, bool stream, uint8_t ip_version)
{
	switch ((enum rule_proto)rule->proto) {
	case RULE_TCP:
	case RULE_TCP_PKT:
		return IPPROTO_TCP;
	case RULE_ICMP:
	case RULE_ICMPV4:
	case RULE_ICMPV6:
		return ip_version == 6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	case RULE_SCTP:
		return IPPROTO_SCTP;
	case RULE_UDP:
		return IPPROTO_UDP;
	default:
		return stream ? IPPROTO_TCP : IPPROTO_UDP;
	}
}

static uint8_t app_of(const struct swdb_rule *rule, uint16_t field)
{
	uint8_t app = field_app(field);

	if (rule->proto != RULE_APP || (app != APP_UNKNOWN && (rule->apps >> app & 1)))
		return app;
	for (app = 0; app < APP_COUNT - 1 && !(rule->apps >> app & 1);)
		app++;
	return app;
}

static uint8_t dir_of(const struct swdb_rule *rule, const struct example *e, uint16_t field)
{
	if (e->dir != EXAMPLE_AS_RULE)
		return e->dir == EXAMPLE_TO_SERVER ? DIR_C2S : DIR_S2C;
	if (rule->flow & (FLOW_TO_SERVER | FLOW_TO_CLIENT))
		return rule->flow & FLOW_TO_SERVER ? DIR_C2S : DIR_S2C;
	return field_table[field].dir == 'S' ? DIR_S2C : DIR_C2S;
}

static uint16_t first_buffer(const struct pattern_db *db, const struct swdb_rule *rule)
{
	return rule->chains.n > 0 ? db->chains[rule->chains.first].field : FIELD_PAYLOAD;
}

// A number that the comparison holds for.
static uint64_t number_for(const struct rule_fact *f)
{
	switch ((enum compare)f->op) {
	case CMP_NE:
	case CMP_GT:
	case CMP_BETWEEN:
		return f->a + 1;
	case CMP_LT:
		return f->a - 1;
	case CMP_MASK_EQ:
		return f->b;
	case CMP_ONE_OF:
		return f->b + (f->a != 0 ? (uint64_t)__builtin_ctzll(f->a) : 0);
	default:
		return f->a;
	}
}

static uint32_t find_value(const struct message *m, uint16_t field)
{
	uint32_t i = 0;

	while (i < m->n && m->values[i].field != field)
		i++;
	return i;
}

// Into the bits that the fact looks at.
static void put_number(struct bytes value, uint8_t *bytes, const struct rule_fact *f)
{
	const uint64_t n = number_for(f) << f->shift;
	const uint32_t end = f->skip + (f->take > 0 ? f->take : sizeof(n));

	for (uint32_t i = 0; i < sizeof(n) && i < end - f->skip && end <= value.len; i++)
		bytes[end - 1 - i] |= (uint8_t)(n >> 8 * i);
}

// Numbers of the message that the example does not give are as the rule wants them: an example of
// dns.query is one of a question.
static void complete(const struct pattern_db *db, const struct swdb_rule *rule, struct message *m)
{
	const uint32_t given = m->n;

	for (uint32_t i = 0; i < rule->facts.n; i++) {
		const struct rule_fact *f = &db->facts[rule->facts.first + i];
		if (f->kind != FACT_FIELD || f->negated)
			continue;
		uint32_t at = find_value(m, f->what);
		if (at < given || at == EXAMPLE_VALUES_MAX)
			continue;
		if (at == m->n) {
			uint32_t len = f->take > 0 ? HEADER_LEN : sizeof(uint64_t);
			m->values[m->n++] =
				(struct match_value){f->what, {.p = m->numbers[at], .len = len}};
		}
		put_number(m->values[at].value, m->numbers[at], f);
	}
}

static bool show_stream(struct example_runner *r, const struct match_env *env, struct bytes payload)
{
	struct pattern_stream *stream = pattern_stream_open(r->db);

	if (stream == NULL)
		return false;
	pattern_db_match_stream(r->db, 0, stream, env, 0, payload, &r->hits);
	pattern_stream_close(stream);
	return true;
}

// A rule about packets and streams is shown both.
static bool show(struct example_runner *r, const struct swdb_rule *rule, const struct example *e)
{
	struct match_packet packet = {0};
	struct match_env env = {.established = !(rule->flow & FLOW_NOT_ESTABLISHED),
		.first = true,
		.first_known = true,
		.packet = &packet};
	struct message m = {.n = e->n_values};
	struct match_value *values = m.values;
	bool done = true;

	for (uint32_t i = 0; i < e->n_values; i++) {
		values[i] = e->values[i];
		if (values[i].field == FIELD_NONE)
			values[i].field = first_buffer(r->db, rule);
		if (values[i].field == FIELD_PAYLOAD)
			packet.payload = values[i].value;
	}
	const uint16_t field = e->n_values > 0 ? values[0].field : FIELD_PAYLOAD;
	set_addresses(r->db, rule, e, &env);
	env.app_proto = app_of(rule, field);
	env.dir = dir_of(rule, e, field);
	env.payload_len = (uint32_t)packet.payload.len;
	env.l4 = l4_of(rule, (rule->at & SWDB_AT_PACKET) == 0, env.ip_version);
	r->hits = (struct match_hits){0};
	complete(r->db, rule, &m);
	if (rule->at & SWDB_AT_TX)
		pattern_db_match_tx(r->db, 0, &env, values, m.n, &r->hits);
	if (rule->at & SWDB_AT_PACKET)
		pattern_db_match_packet(r->db, 0, &env, packet.payload, &r->hits);
	if (rule->at & SWDB_AT_STREAM) {
		env.l4 = IPPROTO_TCP;
		done = show_stream(r, &env, packet.payload);
	}
	return done;
}

static bool is_hit(const struct match_hits *hits, uint32_t rule)
{
	for (uint32_t i = 0; i < hits->n; i++) {
		if (hits->hits[i].rule == rule)
			return true;
	}
	return false;
}

bool example_hits(struct example_runner *r, const struct example *e, bool *failed)
{
	bool any = false;

	*failed = false;
	for (uint32_t at = find(r, e->gid, e->sid); is_it(r, at, e->gid, e->sid); at++) {
		if (!show(r, &r->db->rules[r->rules[at].rule], e))
			*failed = true;
		any |= is_hit(&r->hits, r->rules[at].rule);
	}
	return any;
}
