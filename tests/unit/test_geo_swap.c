// Maps of countries swapped under workers that look up all the time. With the wait for the grace period taken
// out of geo_poll(), this test reads freed memory.

#include "dataplane/api/geo_map.h"
#include "dataplane/runtime/ruleset.h"
#include "patterns/geo.h"
#include "patterns/geo_map_make.h"
#include "tests/unit/check.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

enum { WORKERS = 2, SWAPS = 200 };

static struct rulesets *sets;
static _Atomic bool stop;
static _Atomic uint64_t found[WORKERS], wrong;

// One address, in every map of the same country, among ranges that differ.
static void *worker(void *arg)
{
	static const uint8_t address[16] = {192, 0, 2, 77};
	unsigned id = (unsigned)(uintptr_t)arg;

	ruleset_online(sets, id);
	while (!atomic_load(&stop)) {
		const struct geo_map *m = geo_borrow(sets);
		if (m != NULL && geo_map_find(m, 4, address) != geo_code_parse("NL"))
			atomic_fetch_add(&wrong, 1);
		atomic_fetch_add(&found[id], m != NULL);
		ruleset_quiesce(sets, id);
	}
	ruleset_offline(sets, id);
	return NULL;
}

static struct geo_map *make_map(uint32_t n)
{
	static const uint8_t digest[32];
	struct geo_table t = {0};
	struct geo_map *m = NULL;
	char error[256];
	void *bytes = NULL;
	size_t len = 0;

	for (uint32_t i = 0; i < n; i++)
		geo_add4(&t, i * 16, i * 16 + 3, (uint16_t)(i % GEO_COUNTRIES));
	geo_add4(&t, 0xc0000200, 0xc00002ff, geo_country("NL", 2));
	if (geo_sort(&t) && geo_map_make(&t, digest, &bytes, &len) == 0)
		geo_map_load(bytes, len, &m, error);
	geo_table_free(&t);
	free(bytes);
	return m;
}

static void test_swaps(void)
{
	struct directory_page *directory = calloc(1, sizeof(*directory));
	pthread_t threads[WORKERS];

	sets = rulesets_new(WORKERS, directory);
	for (unsigned i = 0; i < WORKERS; i++)
		pthread_create(&threads[i], NULL, worker, (void *)(uintptr_t)i);
	for (uint32_t i = 0; i < SWAPS; i++) {
		struct geo_map *next = make_map(1 + i * 7 % 500);
		while (geo_publish(sets, next) == -EBUSY)
			sched_yield();
		// Half of the time the next one comes while the last is waited for.
		while (i % 2 == 0 && geo_poll(sets) == 0)
			sched_yield();
	}
	while (found[0] == 0 || found[1] == 0)
		sched_yield();
	atomic_store(&stop, true);
	for (unsigned i = 0; i < WORKERS; i++)
		pthread_join(threads[i], NULL);
	CHECK(wrong == 0, "%llu wrong", (unsigned long long)wrong);
	rulesets_free(sets);
	free(directory);
}

int main(void)
{
	CU_TestInfo tests[] = {{"swaps", test_swaps}, CU_TEST_INFO_NULL};
	return check_main("geo_swap", tests);
}
