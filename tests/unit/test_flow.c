#include "dataplane/base/hash.h"
#include "dataplane/inspect/flow.h"
#include "tests/unit/check.h"

#include <stdlib.h>
#include <string.h>

enum { SYN = 2, ACK = 16, FIN = 1, RST = 4 };
static const uint64_t second = 1000000000;
static const uint64_t start = 1700000000ull * 1000000000;

struct bench {
	struct flow_table *t;
	uint64_t counters[CTR_COUNT];
	uint32_t burst;
	unsigned ended[5]; // by reason
	uint64_t last_first_ns;
	unsigned disorder;
};

static void on_end(void *ctx, struct flow *f, enum flow_reason reason)
{
	struct bench *b = ctx;
	b->ended[reason]++;
	b->disorder += f->first_ns < b->last_first_ns;
	b->last_first_ns = f->first_ns;
}

static struct bench *bench_new(const struct flow_options *o)
{
	struct bench *b = calloc(1, sizeof(*b));
	b->t = flow_table_new(o, b->counters, on_end, b);
	return b;
}

static void bench_free(struct bench *b)
{
	flow_table_flush(b->t);
	CHECK(flow_table_count(b->t) == 0, "empty after the flush");
	CHECK(b->counters[CTR_FLOWS_NEW] == b->counters[CTR_FLOWS_ENDED], "each flow ends once");
	flow_table_free(b->t);
	free(b);
}

// client number c to the server: from 10.c port 40000 to 192.0.2.1 port 443; back when `back`.
static struct packet packet(uint32_t c, bool back, uint8_t l4, uint8_t flags, uint64_t ts_ns)
{
	struct packet p = {.ts_ns = ts_ns, .frames = 1, .frame_bytes = 100, .tcp_flags = flags};

	memset(&p.tunnel, 0xff, sizeof(p.tunnel));
	p.key.a[0] = 10;
	memcpy(p.key.a + 1, &c, 3);
	p.key.aport = (uint16_t)(40000 + (c >> 24));
	p.key.b[0] = 192;
	p.key.b[2] = 2;
	p.key.bport = l4 == IPPROTO_ICMP ? 0 : 443;
	p.key.l4 = l4;
	p.key.ip_version = 4;
	p.flags = back ? PACKET_SWAPPED : 0;
	p.flow_hash = (uint32_t)(hash_words(&p.key, sizeof(p.key), 1) >> 32);
	return p;
}

static struct flow *look(struct bench *b, const struct packet *p, enum counter *cause)
{
	return flow_lookup(b->t, p, ++b->burst, cause);
}

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
	// The flush tells them in the order in which they began.
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
		struct packet p = packet(1, false, IPPROTO_UDP, 0, start);
		look(b, &p, &cause);
		p.ts_ns = start + 61 * second;
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
		struct packet p = packet(c, false, IPPROTO_UDP, 0, start + c);
		look(b, &p, &cause);
	}
	flow_table_expire(b->t, start + 1000000 * second);
	CHECK(b->ended[FLOW_TIMEOUT] == 1000, "all ended: %u", b->ended[FLOW_TIMEOUT]);
	flow_table_expire(b->t, start); // time goes back: nothing happens
	struct packet p = packet(5, false, IPPROTO_UDP, 0, start);
	CHECK(look(b, &p, &cause) != NULL, "and goes on");
	bench_free(b);
}

static void test_port_reuse(void)
{
	struct flow_options o = flow_defaults();
	struct bench *b = bench_new(&o);
	enum counter cause;
	struct packet p = packet(1, false, IPPROTO_TCP, SYN, start);
	struct packet q = packet(1, true, IPPROTO_TCP, RST, start + 1);

	look(b, &p, &cause);
	look(b, &q, &cause);
	struct flow *f = look(b, &p, &cause);
	CHECK(b->ended[FLOW_CLOSED] == 1 && f->packets[0] == 1, "a new flow on the same ports");
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

static void test_flush_order(void)
{
	struct flow_options o = flow_defaults();
	struct bench *b = bench_new(&o);
	enum counter cause;

	for (uint32_t c = 0; c < 5000; c++) {
		struct packet p = packet(c, false, IPPROTO_UDP, 0, start + (c * 7919 % 5000));
		look(b, &p, &cause);
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
		CU_TEST_INFO_NULL,
	};
	return check_main("flow", tests);
}
