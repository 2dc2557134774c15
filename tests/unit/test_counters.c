#include "dataplane/api/counters.h"
#include "tests/unit/check.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static void test_law(void)
{
	static const struct {
		const char *name;
		struct {
			enum counter counter;
			uint64_t n;
		} add[6];
		int64_t unaccounted;
	} cases[] = {
		{"nothing", {{CTR_RX_PACKETS, 0}}, 0},
		{"delivered", {{CTR_RX_PACKETS, 3}, {CTR_DELIVERED, 3}}, 0},
		{"held and dropped",
			{{CTR_RX_PACKETS, 5}, {CTR_DELIVERED, 1}, {CTR_HELD_FRAGMENTS, 1},
				{CTR_HELD_OUT_OF_ORDER, 1}, {CTR_NOT_IP, 1}, {CTR_FRAG_TIMEOUT, 1}},
			0},
		{"handed over", {{CTR_HANDED_IN, 2}, {CTR_RX_PACKETS, 2}, {CTR_HANDED_OUT, 4}}, 0},
		{"one is missing", {{CTR_RX_PACKETS, 5}, {CTR_DELIVERED, 4}}, 1},
		{"one too many", {{CTR_RX_PACKETS, 5}, {CTR_DELIVERED, 5}, {CTR_IP4_BAD, 1}}, -1},
		{"facts do not count",
			{{CTR_MISSED, 9}, {CTR_BAD_CHECKSUM, 9}, {CTR_FLOWS_ACTIVE, 9}}, 0},
	};

	for (size_t i = 0; i < ROWS(cases); i++) {
		uint64_t v[CTR_COUNT] = {0};
		for (size_t j = 0; j < ROWS(cases[i].add); j++)
			v[cases[i].add[j].counter] += cases[i].add[j].n;
		CHECK(counters_unaccounted(v) == cases[i].unaccounted, "%s", cases[i].name);
	}
}

static void test_names(void)
{
	for (unsigned i = 0; i < CTR_COUNT; i++) {
		CHECK(strspn(counter_table[i].name, "abcdefghijklmnopqrstuvwxyz0123456789_") ==
				strlen(counter_table[i].name),
			"%s", counter_table[i].name);
		for (unsigned j = 0; j < i; j++)
			CHECK(strcmp(counter_table[i].name, counter_table[j].name) != 0, "%s",
				counter_table[i].name);
	}
}

static struct counter_page *page;
static _Atomic bool stop;

// Each state that is published keeps the law; a mixture of two does not.
static void *writer(void *arg)
{
	uint64_t v[CTR_COUNT] = {0};

	(void)arg;
	while (!atomic_load(&stop)) {
		v[CTR_RX_PACKETS] += 7;
		v[CTR_DELIVERED] += 4;
		v[CTR_NOT_IP] += 3;
		counter_page_publish(page, v);
	}
	return NULL;
}

static void test_snapshots(void)
{
	uint64_t v[CTR_COUNT];
	uint64_t last = 0;
	unsigned torn = 0, back = 0, read = 0;
	pthread_t thread;

	page = aligned_alloc(64, sizeof(*page));
	memset(page, 0, sizeof(*page));
	pthread_create(&thread, NULL, writer, NULL);
	// The writer may be slow to begin on a busy machine.
	while (read < 20000 || last == 0) {
		if (!counter_page_read(page, v))
			continue;
		read++;
		torn += counters_unaccounted(v) != 0;
		back += v[CTR_RX_PACKETS] < last;
		last = v[CTR_RX_PACKETS];
	}
	atomic_store(&stop, true);
	pthread_join(thread, NULL);
	CHECK(torn == 0, "%u of %u snapshots break the law", torn, read);
	CHECK(back == 0, "%u of %u snapshots go back", back, read);
	free(page);
}

// A dataplane's numbers for one rule after each step.
static void test_rule_counts(void)
{
	struct rule_counts *t = aligned_alloc(64, sizeof(*t));
	static const uint32_t slots[] = {0, 1, RULE_BLOCK - 1, RULE_BLOCK, RULE_SLOTS - 1};

	memset(t, 0, sizeof(*t));
	for (size_t i = 0; i < ROWS(slots); i++) {
		struct rule_count *c = &t->of[slots[i]];
		struct rule_numbers n = rule_counts_read(t, slots[i]);
		CHECK(n.checks == 0, "slot %u: nothing yet", slots[i]);
		rule_counts_check(t, slots[i], LED_BY_PREFILTER);
		rule_counts_check(t, slots[i], LED_OTHERWISE);
		rule_count_hit(c, 70);
		rule_count_hit(c, 50); // a packet that came late
		rule_count_add(&c->alerts, 1);
		n = rule_counts_read(t, slots[i]);
		CHECK(n.checks == 2 && n.prefilter == 1 && n.hits == 2 && n.alerts == 1, "slot %u",
			slots[i]);
		CHECK(n.last_hit_ns == 70, "slot %u: the latest hit", slots[i]);
	}
	CHECK(rule_counts_read(t, 2).checks == 0, "a neighbour");
	// What nobody marked is not looked at.
	t->of[5 * RULE_BLOCK].hits = 9;
	CHECK(rule_counts_read(t, 5 * RULE_BLOCK).hits == 0, "an untouched block");
	free(t);
}

static void test_rule_numbers(void)
{
	struct rule_numbers a = {1, 2, 3, 4, 500, 2, 7 * 2 * RULE_COST_STRIDE};
	const struct rule_numbers b = {10, 20, 30, 40, 400, 1, 1 * RULE_COST_STRIDE};

	CHECK(rule_numbers_check_ns(&a) == 7, "a step");
	rule_numbers_add(&a, &b);
	CHECK(a.checks == 11 && a.prefilter == 22 && a.hits == 33 && a.alerts == 44, "added");
	CHECK(a.last_hit_ns == 500, "the later one");
	CHECK(rule_numbers_check_ns(&a) == 5, "the mean of three steps");
	CHECK(rule_numbers_check_ns(&(struct rule_numbers){.checks = 5}) == 0, "none timed");
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"the accounting law", test_law},
		{"names", test_names},
		{"the law holds in every snapshot", test_snapshots},
		{"records of rules", test_rule_counts},
		{"numbers of rules", test_rule_numbers},
		CU_TEST_INFO_NULL,
	};
	return check_main("counters", tests);
}
