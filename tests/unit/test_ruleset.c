// Sets swapped under workers that match all the time. With the wait for the grace period taken
// out of ruleset_poll(), this test reads freed memory.

#include "dataplane/runtime/ruleset.h"
#include "tests/unit/pattern_rules.h"

#include <pthread.h>

enum { WORKERS = 3, SWAPS = 300 };

static struct rulesets *sets;
static _Atomic bool stop;
static _Atomic uint64_t matched[WORKERS];
static _Atomic uint64_t wrong;

static void *worker(void *arg)
{
	unsigned id = (unsigned)(uintptr_t)arg;
	struct match_env env = test_env(IPPROTO_TCP);
	struct match_value value = {.field = FIELD_TLS_SNI, .value = text_bytes("a.example")};

	ruleset_online(sets, id);
	while (!atomic_load(&stop)) {
		const struct ruleset *rs = ruleset_borrow(sets, id);
		if (rs != NULL) {
			struct match_hits hits = {0};
			pattern_db_match_tx(rs->db, id, &env, &value, 1, &hits);
			if (hits.n != 1 || pattern_db_rule(rs->db, 0)->sid != 7)
				atomic_fetch_add(&wrong, 1);
			atomic_fetch_add(&matched[id], 1);
		}
		ruleset_quiesce(sets, id);
	}
	ruleset_offline(sets, id);
	return NULL;
}

static struct pattern_db *make_db(uint32_t rev)
{
	struct test_rule rule = {
		.rule = {ANY, .proto = RULE_TCP, .sid = 7, .rev = rev, .service = "x"},
		.conditions = {CONTENT(FIELD_TLS_SNI, "example")}};
	struct swdb swdb = {0};
	struct pattern_db *db = NULL;
	char error[256];

	if (compile_rules(&rule, 1, &swdb, NULL) == 0)
		pattern_db_load(swdb.data, swdb.len, WORKERS, &db, error);
	swdb_free(&swdb);
	return db;
}

static bool swap(uint32_t rev)
{
	struct pattern_db *db = make_db(rev);
	struct ruleset *next = NULL;
	int64_t generation;

	if (db == NULL || ruleset_prepare(sets, db, &next) < 0)
		return false;
	while ((generation = ruleset_publish(sets, next)) < 0)
		sched_yield();
	while (ruleset_poll(sets) == 0)
		sched_yield();
	for (unsigned i = 0; i < WORKERS; i++) {
		while (ruleset_taken_ns(sets, i, (uint64_t)generation) == 0)
			sched_yield();
	}
	return true;
}

static void test_swaps(void)
{
	struct directory_page *directory = calloc(1, sizeof(*directory));
	pthread_t threads[WORKERS];

	sets = rulesets_new(WORKERS, directory);
	for (unsigned i = 0; i < WORKERS; i++)
		pthread_create(&threads[i], NULL, worker, (void *)(uintptr_t)i);
	for (uint32_t i = 0; i < SWAPS; i++)
		CHECK(swap(i % 5), "swap %u", i);
	atomic_store(&stop, true);
	for (unsigned i = 0; i < WORKERS; i++) {
		pthread_join(threads[i], NULL);
		CHECK(atomic_load(&matched[i]) > 0, "worker %u matched", i);
	}
	CHECK(atomic_load(&wrong) == 0, "no match was wrong");
	CHECK(ruleset_live(sets)->generation == SWAPS, "generations count");
	// Five revisions and slot 0, however often they came; one service.
	CHECK(atomic_load(&directory->n_rules) == 6, "slots of rules: %u",
		atomic_load(&directory->n_rules));
	CHECK(atomic_load(&directory->n_services) == 2, "slots of services");
	CHECK(strcmp(directory->services[1], "x") == 0, "by name");
	rulesets_free(sets);
	free(directory);
}

// What control writes into the shared directory changes nothing here.
static void test_hostile_directory(void)
{
	struct directory_page *directory = calloc(1, sizeof(*directory));

	sets = rulesets_new(1, directory);
	struct ruleset *next = NULL;
	CHECK(ruleset_prepare(sets, make_db(1), &next) == 0, "first");
	CHECK(ruleset_publish(sets, next) == 1, "first");
	uint32_t slot = next->rule_slot[0];
	atomic_store(&directory->n_rules, UINT32_MAX);
	atomic_store(&directory->n_services, UINT32_MAX);
	memset(directory->rules, 0xff, sizeof(directory->rules));
	CHECK(ruleset_prepare(sets, make_db(1), &next) == 0, "second");
	CHECK(next->rule_slot[0] == slot, "the slot is kept");
	CHECK(ruleset_publish(sets, next) == 2, "second");
	CHECK(strcmp(rulesets_directory(sets)->services[1], "x") == 0, "our own names");
	rulesets_free(sets);
	free(directory);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"swaps under matching workers", test_swaps},
		{"a directory that was written over", test_hostile_directory},
		CU_TEST_INFO_NULL,
	};
	return check_main("ruleset", tests);
}
