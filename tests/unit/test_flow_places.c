// Buckets that are crowded.

#include "tests/unit/flow_bench.h"

#include "dataplane/inspect/flow_bucket.h"

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

// A datagram each way, or one only, of a flow whose buckets are those of all others here.
static struct flow *datagrams(struct bench *b, uint32_t c, bool answered, uint64_t now)
{
	struct flow *f = NULL;
	enum counter cause;

	for (unsigned side = 0; side <= answered; side++) {
		struct packet p = packet(c, side == 1, IPPROTO_UDP, 0, now);
		p.flow_hash = 5;
		f = look(b, &p, &cause);
	}
	return f;
}

// Both buckets are full: who got no answer goes, though others were idle for longer.
static void test_who_goes(void)
{
	enum { PLACES = 2 * BUCKET_WAYS };
	struct flow_options o = flow_defaults();
	struct bench *b = bench_new(&o);

	for (uint32_t c = 0; c < PLACES; c++)
		datagrams(b, c, c != 7 && c != 9, start + c);
	for (uint32_t c = PLACES; c < PLACES + 3; c++)
		datagrams(b, c, true, start + c);
	CHECK(b->ended[FLOW_SHED] == 3 && b->first_ended == 7, "one without an answer: %u",
		b->first_ended);
	CHECK(flow_table_count(b->t) == PLACES, "as many as there is room for");
	CHECK(datagrams(b, 1, false, start + 99)->packets[0] == 2, "who was answered is there");
	CHECK(datagrams(b, 9, false, start + 99)->packets[0] == 1, "who was not is gone");
	CHECK(datagrams(b, 0, false, start + 99)->packets[0] == 1,
		"all were answered: the one idle longest is gone");
	bench_free(b);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"crowded", test_crowded},
		{"who goes", test_who_goes},
		CU_TEST_INFO_NULL,
	};
	return check_main("flow_places", tests);
}
