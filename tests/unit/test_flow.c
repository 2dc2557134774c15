#include "tests/unit/flow_bench.h"

static void test_find(void)
{
	struct flow_options o = flow_defaults();
	struct bench *b = bench_new(&o);
	enum counter cause;

	for (uint32_t round = 0; round < 3; round++) {
		for (uint32_t c = 0; c < 50000; c++) {
			struct packet p = packet(c, round == 1, IPPROTO_TCP, ACK, start + round);
			struct flow *f = look(b, &p, &cause);
			if (f == NULL || f->packets[0] + f->packets[1] != round + 1)
				CU_FAIL("a flow was not found again");
		}
	}
	CHECK(b->counters[CTR_FLOWS_NEW] == 50000, "each flow is one");
	CHECK(flow_table_count(b->t) == 50000, "all are there");
	struct packet p = packet(7, false, IPPROTO_TCP, ACK, start);
	struct flow *f = look(b, &p, &cause);
	CHECK(f->packets[0] == 3 && f->packets[1] == 1, "by sender");
	CHECK(f->bytes[0] == 300 && f->bytes[1] == 100, "bytes");
	bench_free(b);
}

static void test_client(void)
{
	static const struct {
		const char *name;
		bool back;
		uint8_t flags;
		bool a_is_client, known;
	} cases[] = {
		{"SYN", false, SYN, true, true},
		{"SYN of b", true, SYN, false, true},
		{"SYN+ACK of the server", true, SYN | ACK, true, true},
		{"midstream from the client", false, ACK, true, false},
		{"midstream from the server's port", true, ACK, true, false},
	};

	for (size_t i = 0; i < ROWS(cases); i++) {
		struct flow_options o = flow_defaults();
		struct bench *b = bench_new(&o);
		enum counter cause;
		struct packet p = packet(1, cases[i].back, IPPROTO_TCP, cases[i].flags, start);
		struct flow *f = look(b, &p, &cause);
		CHECK(((f->flags & FLOW_A_IS_CLIENT) != 0) == cases[i].a_is_client, "%s",
			cases[i].name);
		CHECK(((f->flags & FLOW_CLIENT_KNOWN) != 0) == cases[i].known, "%s", cases[i].name);
		enum dir want = cases[i].back == cases[i].a_is_client ? DIR_S2C : DIR_C2S;
		CHECK(flow_dir(f, &p) == want, "%s: direction", cases[i].name);
		bench_free(b);
	}
}

static void test_timeouts(void)
{
	static const struct {
		const char *name;
		uint8_t l4, flags, back_flags; // back_flags 0: nothing comes back
		uint64_t timeout_s;
		enum flow_reason reason;
	} cases[] = {
		{"bare SYN", IPPROTO_TCP, SYN, 0, 60, FLOW_TIMEOUT},
		{"established", IPPROTO_TCP, ACK, ACK, 600, FLOW_TIMEOUT},
		{"reset", IPPROTO_TCP, ACK, RST, 10, FLOW_CLOSED},
		{"finished", IPPROTO_TCP, FIN | ACK, FIN | ACK, 10, FLOW_CLOSED},
		{"UDP", IPPROTO_UDP, 0, 0, 60, FLOW_TIMEOUT},
		{"ICMP", IPPROTO_ICMP, 0, 0, 30, FLOW_TIMEOUT},
	};

	for (size_t i = 0; i < ROWS(cases); i++) {
		struct flow_options o = flow_defaults();
		struct bench *b = bench_new(&o);
		enum counter cause;
		struct packet p = packet(1, false, cases[i].l4, cases[i].flags, start);
		look(b, &p, &cause);
		if (cases[i].back_flags != 0) {
			struct packet q = packet(1, true, cases[i].l4, cases[i].back_flags, start);
			look(b, &q, &cause);
		}
		uint64_t end = start + cases[i].timeout_s * second;
		for (uint64_t t = start; t < end; t += second)
			flow_table_expire(b->t, t);
		CHECK(flow_table_count(b->t) == 1, "%s: not before its time", cases[i].name);
		for (uint64_t t = end; t < end + 3 * second; t += second)
			flow_table_expire(b->t, t);
		CHECK(b->ended[cases[i].reason] == 1, "%s: then, for this reason", cases[i].name);
		bench_free(b);
	}
}

// Whether the wheel was turned in between or not, the packets' times decide.
static void test_same_answer_without_wheel(void)
{
	for (unsigned turned = 0; turned < 2; turned++) {
		struct flow_options o = flow_defaults();
		struct bench *b = bench_new(&o);
		enum counter cause;
		look_udp(b, 1, start);
		struct packet p = packet(1, false, IPPROTO_UDP, 0, start + 61 * second);
		if (turned)
			flow_table_expire(b->t, p.ts_ns);
		struct flow *f = look(b, &p, &cause);
		CHECK(f->packets[0] == 1 && b->ended[FLOW_TIMEOUT] == 1, "turned %u", turned);
		bench_free(b);
	}
}

static void test_long_pause(void)
{
	struct flow_options o = flow_defaults();
	struct bench *b = bench_new(&o);
	enum counter cause;

	for (uint32_t c = 0; c < 1000; c++) {
		look_udp(b, c, start + c);
	}
	flow_table_expire(b->t, start + 1000000 * second);
	CHECK(b->ended[FLOW_TIMEOUT] == 1000, "all ended: %u", b->ended[FLOW_TIMEOUT]);
	flow_table_expire(b->t, start); // time goes back: nothing happens
	struct packet p = packet(5, false, IPPROTO_UDP, 0, start);
	CHECK(look(b, &p, &cause) != NULL, "and goes on");
	bench_free(b);
}

// A capture with a gap of hours: all that is due ends, those idle longest first, wherever they
// stood in the wheel, and whether they were busy since they got their place.
static void test_long_pause_order(void)
{
	for (unsigned busy = 0; busy < 2; busy++) {
		struct flow_options o = flow_defaults();
		struct bench *b = bench_new(&o);

		for (uint32_t c = 0; c < 2000; c++) {
			uint64_t now_ns = start + c * second / 20;
			look_udp(b, c, now_ns);
			if (busy && c % 3 == 0 && c > 100)
				look_udp(b, c - 100, now_ns + 1);
			if (c % 32 == 0)
				flow_table_expire(b->t, now_ns);
		}
		flow_table_expire(b->t, start + 36000 * second);
		CHECK(b->counters[CTR_FLOWS_NEW] == b->ended[FLOW_TIMEOUT], "busy %u", busy);
		CHECK(b->idle_disorder == 0, "busy %u: %u out of order", busy, b->idle_disorder);
		bench_free(b);
	}
}

// Against a model: a flow is packets of one key with no pause longer than the timeout.
static void test_model(void)
{
	enum { KEYS = 300, PACKETS = 20000 };
	static uint64_t last[KEYS];

	for (unsigned seed = 0; seed < 8; seed++) {
		struct flow_options o = flow_defaults();
		struct bench *b = bench_new(&o);
		enum counter cause;
		uint64_t now = start;
		uint64_t flows = 0;
		uint32_t wrong = 0;
		static uint32_t packets[KEYS];

		memset(last, 0, sizeof(last));
		srandom(seed);
		for (unsigned i = 0; i < PACKETS; i++) {
			uint32_t c = (uint32_t)random() % KEYS;
			bool udp = c % 2;
			uint64_t timeout_ns = (udp ? 60 : 30) * second;
			now += (uint64_t)random() % (seed % 2 ? second : second / 8);
			now += random() % 1000 == 0 ? 1000 * second : 0;
			if (now - last[c] > timeout_ns) {
				flows++;
				packets[c] = 0;
			}
			last[c] = now;
			struct packet p =
				packet(c, random() % 2, udp ? IPPROTO_UDP : IPPROTO_ICMP, 0, now);
			struct flow *f = look(b, &p, &cause);
			wrong += f == NULL || f->packets[0] + f->packets[1] != ++packets[c];
			if (random() % 8 == 0)
				flow_table_expire(b->t, now);
		}
		CHECK(wrong == 0, "seed %u: %u packets counted elsewhere", seed, wrong);
		CHECK(b->counters[CTR_FLOWS_NEW] == flows, "seed %u: flows", seed);
		uint32_t active = 0;
		for (uint32_t c = 0; c < KEYS; c++)
			active += last[c] != 0 && now - last[c] <= (c % 2 ? 60 : 30) * second;
		// Those due in the last half second may still be there.
		flow_table_expire(b->t, now);
		CHECK(flow_table_count(b->t) >= active &&
				flow_table_count(b->t) <= active + KEYS / 4,
			"seed %u: %u of %u", seed, flow_table_count(b->t), active);
		CHECK(b->counters[CTR_FLOWS_ACTIVE] == flow_table_count(b->t), "seed %u", seed);
		bench_free(b);
	}
}

static void test_port_reuse(void)
{
	struct flow_options o = flow_defaults();
	struct bench *b = bench_new(&o);
	enum counter cause;
	struct packet p = packet(1, false, IPPROTO_TCP, SYN, start);
	struct packet q = packet(1, true, IPPROTO_TCP, RST, start + 1);

	flow_note(b->t, look(b, &p, &cause))->posture = 1;
	struct flow *f = look(b, &q, &cause);
	CHECK(flow_note(b->t, f)->posture == 1, "a flow keeps its note");
	f = look(b, &p, &cause);
	CHECK(flow_note(b->t, f)->posture == 0, "a new one has an empty one");
	CHECK(b->ended[FLOW_CLOSED] == 1 && f->packets[0] == 1, "a new flow on the same ports");
	look(b, &q, &cause);
	p.payload_len = 5;
	f = look(b, &p, &cause);
	CHECK(b->ended[FLOW_CLOSED] == 2 && f->packets[0] == 1, "with data on the SYN too");
	bench_free(b);
}

static void test_full(void)
{
	struct flow_options o = flow_defaults();
	struct bench *b;
	enum counter cause = 0;

	o.max_flows = 64;
	b = bench_new(&o);
	for (uint32_t c = 0; c < 1000; c++) {
		struct packet p = packet(c, false, IPPROTO_UDP, 0, start + c * 1000);
		CHECK(look(b, &p, &cause) != NULL, "flow %u finds room", c);
	}
	CHECK(flow_table_count(b->t) <= 64, "bounded");
	CHECK(b->counters[CTR_FLOWS_SHED] == b->ended[FLOW_SHED], "counted");
	CHECK(b->ended[FLOW_SHED] == 1000 - flow_table_count(b->t), "each one that went");

	// All flows belong to this very burst: none may go, the packet is refused.
	unsigned refused = 0;
	b->burst++;
	for (uint32_t c = 2000; c < 2200; c++) {
		struct packet p = packet(c, false, IPPROTO_UDP, 0, start + c * 1000);
		if (flow_lookup(b->t, &p, b->burst, &cause) == NULL) {
			refused++;
			CHECK(cause == CTR_FLOW_TABLE_FULL, "for this reason");
		}
	}
	CHECK(refused >= 200 - 64, "refused: %u", refused);
	bench_free(b);
}

// Whoever was idle longest goes; who is busy stays, though it came first; who was over anyway is
// not shed.
static void test_shed(void)
{
	struct flow_options o = flow_defaults();
	struct bench *b;
	enum counter cause;

	o.max_flows = 4096;
	b = bench_new(&o);
	for (uint32_t c = 0; c < 4096; c++) {
		look_udp(b, c, start + c);
	}
	for (uint32_t c = 0; c < 10; c++) {
		look_udp(b, c, start + 5000 + c);
	}
	look_udp(b, 9000, start + 6000);
	CHECK(b->ended[FLOW_SHED] == 1 && b->first_ended == 10, "shed: %u", b->first_ended);
	look_udp(b, 9001, start + 3600 * second);
	CHECK(b->ended[FLOW_SHED] == 1 && b->ended[FLOW_TIMEOUT] == 1, "over since long");
	CHECK(b->counters[CTR_FLOWS_SHED] == 1, "counted so");
	bench_free(b);

	// All that stands first in the wheel is of this burst: the one behind it goes.
	o.max_flows = 64;
	b = bench_new(&o);
	for (uint32_t c = 0; c < 64; c++) {
		look_udp(b, c, start + c);
	}
	b->burst++;
	for (uint32_t c = 0; c < 63; c++) {
		struct packet q = packet(c, false, IPPROTO_UDP, 0, start + 100);
		flow_lookup(b->t, &q, b->burst, &cause);
	}
	struct packet p = packet(9000, false, IPPROTO_UDP, 0, start + 200);
	CHECK(flow_lookup(b->t, &p, b->burst, &cause) != NULL, "there is one to shed");
	CHECK(b->ended[FLOW_SHED] == 1 && b->first_ended == 63, "it: %u", b->first_ended);
	bench_free(b);
}

// A flood goes round in its own budget, the oldest first, however many others are due before.
static void test_syn_flood_beside_others(void)
{
	struct flow_options o = flow_defaults();
	struct bench *b;
	enum counter cause;
	unsigned refused = 0;

	o.max_syn_only = 100;
	b = bench_new(&o);
	for (uint32_t c = 0; c < 50000; c++) {
		look_udp(b, c, start + c * second / 1000);
	}
	for (uint32_t c = 100000; c < 103000; c++) {
		struct packet p = packet(c, false, IPPROTO_TCP, SYN, start + 50 * second + c);
		refused += look(b, &p, &cause) == NULL;
	}
	CHECK(refused == 0, "refused: %u", refused);
	CHECK(b->ended[FLOW_SHED] == 2900 && b->first_ended == 100000, "oldest first");
	CHECK(flow_table_count(b->t) == 50100, "nobody else suffers");

	// In one burst none of it may go: refused, for its own reason.
	b->burst++;
	for (uint32_t c = 200000; c < 200300; c++) {
		struct packet p = packet(c, false, IPPROTO_TCP, SYN, start + 51 * second);
		if (flow_lookup(b->t, &p, b->burst, &cause) == NULL) {
			refused++;
			CHECK(cause == CTR_SYN_BUDGET, "the reason");
		}
	}
	CHECK(refused == 200, "beyond the budget: %u", refused);

	// An answered SYN is a connection and leaves the budget.
	for (uint32_t c = 200000; c < 200100; c++) {
		struct packet p = packet(c, true, IPPROTO_TCP, SYN | ACK, start + 52 * second);
		struct flow *f = look(b, &p, &cause);
		CHECK((f->flags & FLOW_SYN_ONLY) == 0, "answered");
	}
	struct packet p = packet(200300, false, IPPROTO_TCP, SYN, start + 52 * second);
	unsigned shed = b->ended[FLOW_SHED];
	CHECK(look(b, &p, &cause) != NULL && b->ended[FLOW_SHED] == shed, "room again");
	// Those left end by their time.
	flow_table_expire(b->t, start + 200 * second);
	CHECK(flow_table_count(b->t) == 0, "left: %u", flow_table_count(b->t));
	bench_free(b);
}

// The SYN was overtaken by the server's data: known from then on.
static void test_late_syn(void)
{
	struct flow_options o = flow_defaults();
	struct bench *b = bench_new(&o);
	enum counter cause;
	struct packet p = packet(1, true, IPPROTO_TCP, ACK, start);
	struct packet q = packet(1, false, IPPROTO_TCP, SYN, start + 1);

	p.key.bport = q.key.bport = 50000; // neither port tells
	q.flow_hash = p.flow_hash;
	struct flow *f = look(b, &p, &cause);
	CHECK(flow_dir(f, &p) == DIR_C2S, "the first sender, for want of better");
	f = look(b, &q, &cause);
	CHECK(f->flags & FLOW_CLIENT_KNOWN && flow_dir(f, &q) == DIR_C2S, "the SYN's sender");
	// Nothing changes it any more.
	q.flags = PACKET_SWAPPED;
	f = look(b, &q, &cause);
	CHECK(flow_dir(f, &q) == DIR_S2C, "once known, known");
	bench_free(b);
}

static void test_options(void)
{
	static const uint32_t flows[] = {0, (1u << 30) + 1, 0xffffffff};
	uint64_t counters[CTR_COUNT] = {0};

	for (size_t i = 0; i < ROWS(flows); i++) {
		struct flow_options o = flow_defaults();
		o.max_flows = flows[i];
		CHECK(flow_table_new(&o, counters, on_end, NULL) == NULL, "%u flows", flows[i]);
	}
}

// Stamps at the end of the numbers: no hang, and each flow ends.
static void test_far_future(void)
{
	struct flow_options o = flow_defaults();
	struct bench *b = bench_new(&o);
	enum counter cause;

	for (uint32_t c = 0; c < 100; c++) {
		struct packet p = packet(
			c, false, c % 2 ? IPPROTO_UDP : IPPROTO_TCP, SYN, UINT64_MAX - c * second);
		look(b, &p, &cause);
		flow_table_expire(b->t, start + c);
	}
	flow_table_expire(b->t, UINT64_MAX);
	struct packet p = packet(500, false, IPPROTO_UDP, 0, start);
	CHECK(look(b, &p, &cause) != NULL, "goes on");
	bench_free(b);
}

static void test_syn_flood(void)
{
	struct flow_options o = flow_defaults();
	struct bench *b;
	enum counter cause;

	o.max_syn_only = 100;
	b = bench_new(&o);
	struct packet good = packet(1, false, IPPROTO_TCP, ACK, start);
	look(b, &good, &cause);
	for (uint32_t c = 10; c < 5000; c++) {
		struct packet p = packet(c, false, IPPROTO_TCP, SYN, start + c);
		look(b, &p, &cause);
	}
	CHECK(flow_table_count(b->t) <= 101, "the flood stays in its budget: %u",
		flow_table_count(b->t));
	struct flow *f = look(b, &good, &cause);
	CHECK(f != NULL && f->packets[0] == 2, "and does not touch others");
	bench_free(b);
}

static void test_tunnels(void)
{
	struct flow_options o = flow_defaults();
	struct bench *b;
	enum counter cause;

	o.max_tunnels = 1;
	b = bench_new(&o);
	struct packet p = packet(1, false, IPPROTO_UDP, 0, start);
	struct packet q = packet(2, false, IPPROTO_UDP, 0, start);
	p.tunnel.vlan[0] = 7;
	q.tunnel.vlan[0] = 8;
	struct flow *f = look(b, &p, &cause);
	CHECK(flow_tunnel(b->t, f) != NULL && flow_tunnel(b->t, f)->vlan[0] == 7, "kept");
	f = look(b, &q, &cause);
	CHECK(f != NULL && flow_tunnel(b->t, f) == NULL, "full: the flow goes without");
	flow_table_flush(b->t);
	f = look(b, &q, &cause);
	CHECK(flow_tunnel(b->t, f) != NULL, "given back");
	bench_free(b);
}

// Any id alone is worth a record, and a tunnel without ids too.
static void test_tunnel_ids(void)
{
	struct flow_options o = flow_defaults();
	struct bench *b = bench_new(&o);
	enum counter cause;

	for (uint32_t i = 0; i < 9; i++) {
		struct packet p = packet(i, false, IPPROTO_UDP, 0, start);
		uint32_t *ids[] = {&p.tunnel.vlan[0], &p.tunnel.vlan[1], &p.tunnel.mpls,
			&p.tunnel.gtp_teid, &p.tunnel.vxlan_vni, &p.tunnel.gre_key,
			&p.tunnel.pppoe_session};
		if (i < ROWS(ids))
			*ids[i] = 0;
		if (i == 7)
			p.flags = PACKET_TUNNELLED;
		struct flow *f = look(b, &p, &cause);
		CHECK((flow_tunnel(b->t, f) != NULL) == (i < 8), "id %u", i);
	}
	bench_free(b);
}

static void test_flush_order(void)
{
	struct flow_options o = flow_defaults();
	struct bench *b = bench_new(&o);

	for (uint32_t c = 0; c < 5000; c++) {
		look_udp(b, c, start + (c * 7919 % 5000));
	}
	flow_table_flush(b->t);
	CHECK(b->ended[FLOW_END_OF_INPUT] == 5000 && b->disorder == 0, "%u out of order",
		b->disorder);
	bench_free(b);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"find", test_find},
		{"client", test_client},
		{"timeouts", test_timeouts},
		{"time decides, not the wheel", test_same_answer_without_wheel},
		{"a long pause", test_long_pause},
		{"ports used anew", test_port_reuse},
		{"full", test_full},
		{"SYN flood", test_syn_flood},
		{"tunnels", test_tunnels},
		{"flush in order", test_flush_order},
		{"a long pause, in order", test_long_pause_order},
		{"random packets against a model", test_model},
		{"who is shed", test_shed},
		{"SYN flood beside others", test_syn_flood_beside_others},
		{"a late SYN", test_late_syn},
		{"tunnel ids", test_tunnel_ids},
		{"options out of range", test_options},
		{"the far future", test_far_future},
		CU_TEST_INFO_NULL,
	};
	return check_main("flow", tests);
}
