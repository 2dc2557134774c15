// Many rules without contents: those that the traffic's addresses and ports choose, and no others.

#include "tests/unit/pattern_rules.h"

enum { RULES = 200, PACKETS = 4000, RANGES = 3 };

static uint64_t rng;

static uint32_t any(uint32_t below)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (uint32_t)(rng >> 20) % below;
}

// Few addresses, so that ranges meet, nest and touch: 10.0.0.0 to 10.0.0.255, or the same of IPv6.
static void put_address(uint8_t out[16], uint8_t ip_version, uint32_t number)
{
	memset(out, 0, 16);
	out[0] = ip_version == 4 ? 10 : 0x20;
	out[ip_version == 4 ? 3 : 15] = (uint8_t)number;
}

// What a rule wants of one end; n = 0: nothing.
struct end {
	uint32_t n;
	struct addr_range ranges[RANGES];
	struct port_range ports[RANGES];
	bool addresses, has_ports;
};

struct made {
	struct end src, dst;
	bool both;
};

static struct made made[RULES];
static struct test_rule rules[RULES];

// Sorted and apart, as the parser leaves them.
static void make_end(struct end *e, bool addresses, bool ports)
{
	uint32_t at = any(40);

	e->n = 1 + any(RANGES);
	e->addresses = addresses;
	e->has_ports = ports;
	for (uint32_t i = 0; i < e->n; i++) {
		uint32_t lo = at, hi = lo + (any(4) == 0 ? any(50) : any(3));
		uint8_t version = i + 1 < e->n || any(3) > 0 ? 4 : 6;
		e->ranges[i].ip_version = version;
		put_address(e->ranges[i].lo, version, lo);
		put_address(e->ranges[i].hi, version, hi);
		e->ports[i] = (struct port_range){(uint16_t)lo, (uint16_t)hi};
		at = hi + 2 + any(20);
	}
}

static void make_rules(void)
{
	for (uint32_t i = 0; i < RULES; i++) {
		struct made *m = &made[i];
		struct rule *r = &rules[i].rule;
		make_end(&m->src, any(3) == 0, any(4) == 0);
		make_end(&m->dst, any(2) == 0, any(3) == 0);
		m->both = any(4) == 0;
		*r = (struct rule){.proto = RULE_UDP, ANY, .bidirectional = m->both};
		r->has_dsize = true; // looked at with each packet, not once a flow
		r->dsize_hi = 65535;
		if (m->src.addresses)
			r->src = (struct addr_set){.n = m->src.n, .ranges = m->src.ranges};
		if (m->dst.addresses)
			r->dst = (struct addr_set){.n = m->dst.n, .ranges = m->dst.ranges};
		if (m->src.has_ports)
			r->sport = (struct port_set){.n = m->src.n, .ranges = m->src.ports};
		if (m->dst.has_ports)
			r->dport = (struct port_set){.n = m->dst.n, .ranges = m->dst.ports};
	}
}

static bool end_holds(
	const struct end *e, uint8_t version, const uint8_t address[16], uint16_t port)
{
	bool address_in = !e->addresses, port_in = !e->has_ports;

	for (uint32_t i = 0; i < e->n; i++) {
		address_in |= e->ranges[i].ip_version == version &&
			memcmp(e->ranges[i].lo, address, 16) <= 0 &&
			memcmp(e->ranges[i].hi, address, 16) >= 0;
		port_in |= e->ports[i].lo <= port && e->ports[i].hi >= port;
	}
	return address_in && port_in;
}

static bool should_hit(const struct made *m, const struct match_env *env)
{
	uint8_t v = env->ip_version;

	return (end_holds(&m->src, v, env->src, env->sport) &&
		       end_holds(&m->dst, v, env->dst, env->dport)) ||
		(m->both && end_holds(&m->src, v, env->dst, env->dport) &&
			end_holds(&m->dst, v, env->src, env->sport));
}

// n_rules below and above what an index is made for: the answers are those of the ranges.
static void check_rules(uint32_t n_rules)
{
	static struct match_hits hits;
	struct pattern_db *db = load_rules(rules, n_rules);
	unsigned n_hits = 0;

	for (unsigned i = 0; i < PACKETS && db != NULL; i++) {
		uint8_t src[16], dst[16];
		struct match_env env = test_env(IPPROTO_UDP);
		env.ip_version = any(4) == 0 ? 6 : 4;
		put_address(src, env.ip_version, any(120));
		put_address(dst, env.ip_version, any(120));
		env.src = src;
		env.dst = dst;
		env.sport = (uint16_t)any(120);
		env.dport = (uint16_t)any(120);
		hits.n = hits.overflow = 0;
		pattern_db_match_packet(db, 0, &env, (struct bytes){0}, &hits);
		for (uint32_t k = 0; k < n_rules; k++) {
			bool want = should_hit(&made[k], &env);
			n_hits += want;
			CHECK(hit(&hits, k) == want, "packet %u, rule %u of %u", i, k, n_rules);
		}
	}
	CHECK(n_hits > PACKETS / 10, "hits: %u", n_hits);
	pattern_db_free(db);
}

static void test_against_ranges(void)
{
	for (unsigned seed = 1; seed <= 3; seed++) {
		rng = seed * 0x9e3779b97f4a7c15;
		make_rules();
		check_rules(30);
		check_rules(32);
		check_rules(RULES);
	}
}

// A rule is a candidate only where its rarest condition holds.
static void test_leaves_out(void)
{
	static struct match_hits hits;
	struct match_env env = test_env(IPPROTO_UDP);

	for (uint32_t i = 0; i < RULES; i++) {
		struct end *e = &made[i].dst;
		*e = (struct end){.n = 1, .ranges = {{.ip_version = 4}}};
		e->ranges[0].lo[0] = e->ranges[0].hi[0] = (uint8_t)(1 + i);
		e->ranges[0].hi[1] = 255;
		rules[i].rule =
			(struct rule){.proto = RULE_IP, ANY, .has_dsize = true, .dsize_hi = 65535};
		rules[i].rule.dst = (struct addr_set){.n = 1, .ranges = e->ranges};
	}
	struct pattern_db *db = load_rules(rules, RULES);
	hits = (struct match_hits){0};
	pattern_db_match_packet(db, 0, &env, (struct bytes){0}, &hits);
	CHECK(hits.n == 1 && hits.hits[0].rule == 191, "%u hits", hits.n); // 192.0.2.1
	CHECK(hits.candidates == 1, "%u candidates", (unsigned)hits.candidates);
	pattern_db_free(db);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"against ranges", test_against_ranges},
		{"what is left out", test_leaves_out},
		CU_TEST_INFO_NULL,
	};
	return check_main("header_index", tests);
}
