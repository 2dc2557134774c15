// Buckets that are crowded.

#include "tests/unit/flow_bench.h"

// Flows with one first bucket: what does not fit there stands in second ones, is found there, and its
// place is used again.
static void test_crowded(void)
{
	enum { FLOWS = 40, TURNS = 3 };
	struct flow_options o = flow_defaults();
	struct bench *b = bench_new(&o);
	enum counter cause;

	for (unsigned turn = 0; turn < TURNS; turn++) {
		uint64_t now = start + turn * 1000 * second;
		struct flow *all[FLOWS];
		for (uint32_t c = 0; c < FLOWS; c++) {
			struct packet p = packet(c, false, IPPROTO_UDP, 0, now);
			p.flow_hash = 5 | c << 24;
			all[c] = look(b, &p, &cause);
		}
		for (uint32_t c = 0; c < FLOWS; c++) {
			struct packet p = packet(c, true, IPPROTO_UDP, 0, now + 1);
			p.flow_hash = 5 | c << 24;
			CHECK(look(b, &p, &cause) == all[c], "turn %u, flow %u", turn, c);
		}
		CHECK(flow_table_count(b->t) == FLOWS, "turn %u: all are there", turn);
		flow_table_expire(b->t, now + 500 * second);
		CHECK(flow_table_count(b->t) == 0, "turn %u: all are over", turn);
	}
	CHECK(b->ended[FLOW_SHED] == 0, "none had to make room");
	bench_free(b);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"crowded", test_crowded},
		CU_TEST_INFO_NULL,
	};
	return check_main("flow_places", tests);
}
