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

	page = calloc(1, sizeof(*page));
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

int main(void)
{
	CU_TestInfo tests[] = {
		{"the accounting law", test_law},
		{"names", test_names},
		{"the law holds in every snapshot", test_snapshots},
		CU_TEST_INFO_NULL,
	};
	return check_main("counters", tests);
}
