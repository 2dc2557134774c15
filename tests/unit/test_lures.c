#include "control/lures.h"
#include "dataplane/api/detectors.h"
#include "tests/unit/check.h"
#include "tests/unit/event_maker.h"

static struct lures lures;

static void lure(uint32_t server, unsigned detector, enum dir dir, uint8_t flags, uint64_t ts_ns)
{
	static struct maker m;
	struct event_head *h = make(&m, EVENT_LEAK, 6);
	struct event_leak leak = {.detector = (uint8_t)detector,
		.confidence = DETECT_MEDIUM,
		.flags = flags,
		.count = 1};

	memset(h->src, 0, 16);
	memset(h->dst, 0, 16);
	memcpy(dir == DIR_C2S ? h->dst : h->src, &server, sizeof(server));
	h->dir = (uint8_t)dir;
	h->ts_ns = ts_ns;
	put_value(&m, TAG_LEAK, &leak, sizeof(leak));
	done(&m);
	lures_take(&lures, m.data, m.len);
	for (uint32_t n = 0; n < m.len; n += 8) // cut anywhere: no record
		lures_take(&lures, m.data, n);
}

static void test_counts(void)
{
	memset(&lures, 0, sizeof(lures));
	lure(1, DETECT_LURE_LOAN, DIR_S2C, LEAK_NO_CLIENT, 5);
	lure(2, DETECT_LURE_LOAN, DIR_S2C, LEAK_NO_CLIENT, 6);
	lure(2, DETECT_LURE_SCAM, DIR_C2S, LEAK_NO_CLIENT, 9);
	lure(2, DETECT_LURE_SCAM, DIR_S2C, LEAK_NO_CLIENT, 7);
	lure(3, DETECT_EMAIL, DIR_S2C, LEAK_NO_CLIENT, 8);
	lure(3, DETECT_LURE_SCAM, DIR_S2C, 0, 8);
	lures_sort(&lures);
	CHECK(lures.places[0].address[0] == 2 && lures.places[0].texts[1] == 1 &&
			lures.places[0].texts[2] == 2,
		"the busiest");
	CHECK(lures.places[0].last_ns == 9, "the last time, not the time of the last");
	CHECK(lures.places[1].address[0] == 1 && lures.places[1].texts[1] == 1, "the other");
	CHECK(lures.places[2].ip_version == 0, "no lure, no place");
}

static void test_full(void)
{
	memset(&lures, 0, sizeof(lures));
	for (uint32_t i = 1; i <= LURE_PLACES; i++)
		lure(i, DETECT_LURE_LOAN, DIR_S2C, LEAK_NO_CLIENT, i);
	CHECK(lures.forgotten == 0, "there is room");
	lure(1, DETECT_LURE_LOAN, DIR_S2C, LEAK_NO_CLIENT, LURE_PLACES + 1);
	lure(LURE_PLACES + 1, DETECT_LURE_LOAN, DIR_S2C, LEAK_NO_CLIENT, LURE_PLACES + 2);
	CHECK(lures.forgotten == 1, "one made room");
	lures_sort(&lures);
	CHECK(lures.places[0].address[0] == 1 && lures.places[0].texts[1] == 2,
		"not who came again");
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"counts", test_counts},
		{"full", test_full},
		CU_TEST_INFO_NULL,
	};
	return check_main("lures", tests);
}
