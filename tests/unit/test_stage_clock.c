#include "dataplane/inspect/stage_clock.h"
#include "tests/unit/check.h"

#include <string.h>

enum { WORK = 200000 }; // cycles, much more than anything between two looks at the clock

static uint64_t counters[CTR_COUNT];

static void work(void)
{
	for (uint64_t start = clock_cycles(); clock_cycles() - start < WORK;)
		;
}

static uint64_t spent(enum stage s)
{
	return counters[CTR_CYCLES + s];
}

static uint64_t spent_in_all(void)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < STAGE_COUNT; i++)
		sum += spent((enum stage)i);
	return sum;
}

static struct stage_clock fresh(uint32_t every)
{
	memset(counters, 0, sizeof(counters));
	return stage_clock_new(counters, every);
}

// What runs inside another stage is its own, and each cycle belongs to one stage.
static void test_nested(void)
{
	struct stage_clock c = fresh(1);
	uint64_t start = clock_cycles();

	stage_clock_begin(&c);
	stage_enter(&c, STAGE_FLOW);
	work();
	enum stage before = stage_enter(&c, STAGE_REPORT);
	CHECK(before == STAGE_FLOW, "it was in stage %d", before);
	work();
	work();
	CHECK(stage_enter(&c, before) == STAGE_REPORT, "left another stage");
	work();
	stage_clock_end(&c, 32);
	uint64_t all = clock_cycles() - start;

	CHECK(spent(STAGE_FLOW) >= 2 * (WORK - c.own), "flow: %lu", spent(STAGE_FLOW));
	CHECK(spent(STAGE_REPORT) >= 2 * (WORK - c.own), "report: %lu", spent(STAGE_REPORT));
	CHECK(spent_in_all() <= all, "%lu of %lu cycles", spent_in_all(), all);
	CHECK(spent(STAGE_PARSE) == 0 && spent(STAGE_MATCH) == 0, "a stage that was not entered");
	CHECK(counters[CTR_STAGE_PACKETS] == 32, "%lu frames", counters[CTR_STAGE_PACKETS]);
}

static void test_wait(void)
{
	struct stage_clock c = fresh(1);
	uint64_t waited;

	stage_clock_begin(&c);
	uint64_t start = clock_cycles();
	stage_enter(&c, STAGE_JUDGE);
	stage_clock_pause(&c);
	uint64_t from = clock_cycles();
	work();
	waited = clock_cycles() - from;
	stage_clock_resume(&c);
	stage_clock_end(&c, 1);
	uint64_t all = clock_cycles() - start;
	CHECK(spent(STAGE_JUDGE) <= all - waited, "a wait was work: %lu of %lu", spent(STAGE_JUDGE),
		all);
}

// One turn in so many, by what came in each of them.
static void test_sampling(void)
{
	static const struct {
		const char *name;
		uint32_t every;
		unsigned frames[8];
		uint64_t counted;
	} rows[] = {
		{"all turns", 1, {1, 2, 4, 8, 16, 32, 64, 128}, 255},
		{"the first and each third", 3, {1, 2, 4, 8, 16, 32, 64, 128}, 1 + 8 + 64},
		{"an empty turn gives its place to the next", 3, {0, 2, 4, 8, 0, 32, 64, 0},
			2 + 32},
		{"empty turns are none of three", 3, {1, 0, 0, 2, 0, 4, 0, 8}, 1 + 8},
		{"nothing comes", 3, {0}, 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct stage_clock c = fresh(rows[i].every);
		for (unsigned k = 0; k < 8; k++) {
			uint64_t before = spent_in_all();
			uint64_t frames = counters[CTR_STAGE_PACKETS];
			stage_clock_begin(&c);
			stage_enter(&c, STAGE_DECODE);
			work();
			stage_clock_end(&c, rows[i].frames[k]);
			bool timed = counters[CTR_STAGE_PACKETS] != frames;
			CHECK((spent_in_all() != before) == timed, "%s: turn %u", rows[i].name, k);
		}
		CHECK(counters[CTR_STAGE_PACKETS] == rows[i].counted, "%s: %lu frames",
			rows[i].name, counters[CTR_STAGE_PACKETS]);
	}
}

static void test_none(void)
{
	struct stage_clock *c = stage_clock_none();

	for (unsigned i = 0; i < 100; i++) {
		stage_clock_begin(c);
		stage_enter(c, STAGE_MATCH);
		stage_clock_end(c, 1);
	}
	CHECK(!c->on && c->counters == NULL, "it runs");
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"a stage inside another", test_nested},
		{"a wait is no work", test_wait},
		{"which turns are timed", test_sampling},
		{"without a clock", test_none},
		CU_TEST_INFO_NULL,
	};
	return check_main("stage_clock", tests);
}
