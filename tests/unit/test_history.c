// What a rollback can bring back, and the line of loads that wait.

#include "control/history.h"
#include "control/load_queue.h"
#include "tests/unit/check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct pattern_set *set_of(uint8_t first, uint64_t generation)
{
	struct pattern_set *set = calloc(1, sizeof(*set));

	if (set == NULL)
		abort();
	set->held = 1;
	set->blob_fd = memfd_create("test", MFD_CLOEXEC);
	set->digest[0] = first;
	set->generation = generation;
	return set;
}

// Held by the history only.
static void put(struct history *h, uint8_t first, uint64_t generation)
{
	struct pattern_set *set = set_of(first, generation);

	history_put(h, set);
	pattern_set_drop(set);
}

static bool order_is(const struct history *h, const char *firsts)
{
	if (h->n != strlen(firsts))
		return false;
	for (unsigned i = 0; i < h->n; i++) {
		if (h->sets[i]->digest[0] != (uint8_t)firsts[i])
			return false;
	}
	return true;
}

static void test_order(void)
{
	struct history h = {.max = 3};

	put(&h, 'a', 1);
	put(&h, 'b', 2);
	CHECK(order_is(&h, "ba"), "the newest first");
	put(&h, 'c', 3);
	put(&h, 'd', 4);
	CHECK(order_is(&h, "dcb"), "the oldest goes");
	put(&h, 'c', 5);
	CHECK(order_is(&h, "cdb") && h.sets[0]->generation == 5, "the same rules again");
	history_put(&h, h.sets[2]);
	CHECK(order_is(&h, "bcd"), "one that is in it already");
	CHECK(h.sets[0]->held == 1, "is held once");
	history_drop_all(&h);
	CHECK(h.n == 0, "empty");

	struct history one = {.max = 1};
	put(&one, 'a', 1);
	put(&one, 'b', 2);
	CHECK(order_is(&one, "b"), "room for one");
	history_drop_all(&one);
}

static void test_find(void)
{
	struct history h = {.max = 5};
	struct pattern_set *got = NULL;

	CHECK(history_before(&h, NULL) == NULL, "nothing");
	put(&h, 0x10, 1);
	CHECK(history_before(&h, h.sets[0]) == NULL, "nothing before the first");
	CHECK(history_before(&h, NULL) == h.sets[0], "what is live is not ours");
	put(&h, 0x11, 2);
	put(&h, 0x20, 3);
	CHECK(history_before(&h, h.sets[0]) == h.sets[1], "the one before");
	CHECK(history_generation(&h, 2) == h.sets[1], "by generation");
	CHECK(history_generation(&h, 9) == NULL && history_generation(&h, 0) == NULL, "none");
	CHECK(history_digest(&h, "20", &got) == 0 && got == h.sets[0], "by digest");
	CHECK(history_digest(&h, "1", &got) == -EEXIST, "two begin like that");
	CHECK(history_digest(&h, "30", &got) == -ENOENT, "none begins like that");
	CHECK(history_digest(&h, "", &got) == -EEXIST, "all begin like that");
	history_new_run(&h);
	CHECK(history_generation(&h, 2) == NULL, "numbers of another run");
	CHECK(history_digest(&h, "11000000", &got) == 0, "digests stay");
	history_drop_all(&h);
}

static void test_names(void)
{
	struct history h = {.max = 5};
	uint8_t names[HISTORY_MAX][32];

	put(&h, 'a', 1);
	put(&h, 'b', 2);
	CHECK(history_names(&h, names) == 0, "compiled without a cache");
	h.sets[1]->report.has_digest = true;
	h.sets[1]->report.digest[31] = 7;
	CHECK(history_names(&h, names) == 1 && names[0][31] == 7, "one has a name");
	CHECK(history_named(&h, names[0]) == h.sets[1], "by name");
	names[0][0] ^= 1;
	CHECK(history_named(&h, names[0]) == NULL, "another name");
	CHECK(history_named(&h, h.sets[0]->report.digest) == NULL, "no name is no name");
	history_drop_all(&h);
}

struct told {
	unsigned n, place;
};

static void note(void *ctx, const struct load_progress *p)
{
	struct told *t = ctx;

	t->n++;
	t->place = p->place;
}

static void test_queue(void)
{
	const char *const paths[] = {"/a", "/b"};
	struct pattern_set *set = set_of('a', 1);
	const struct load_request by_paths = {.paths = paths, .n_paths = 2}, by_set = {.set = set};
	struct told told[3] = {0};
	struct load *loads[3];
	struct load_queue q;

	load_queue_init(&q);
	CHECK(load_queue_pop(&q) == NULL, "empty");
	for (unsigned i = 0; i < 3; i++) {
		const struct load_caller caller = {.progress = note, .ctx = &told[i]};
		loads[i] = load_new(i == 1 ? &by_set : &by_paths, &caller);
		loads[i]->id = i + 1;
		load_queue_push(&q, loads[i]);
	}
	CHECK(strcmp(loads[0]->paths[1], "/b") == 0 && loads[0]->paths[1] != paths[1], "copied");
	CHECK(set->held == 2, "held");
	load_queue_tell(&q);
	CHECK(told[0].place == 1 && told[2].place == 3, "places");
	CHECK(load_queue_find(&q, 2) == loads[1] && load_queue_find(&q, 4) == NULL, "found");
	load_queue_remove(&q, loads[1]);
	load_free(loads[1]);
	CHECK(set->held == 1, "let go");
	load_queue_tell(&q);
	CHECK(told[2].place == 2 && told[1].n == 1, "moved up");
	CHECK(load_queue_pop(&q) == loads[0] && load_queue_pop(&q) == loads[2] && q.n == 0,
		"in order");
	load_free(loads[0]);
	load_free(loads[2]);
	load_free(NULL);
	pattern_set_drop(set);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"order", test_order},
		{"find", test_find},
		{"names", test_names},
		{"queue", test_queue},
		CU_TEST_INFO_NULL,
	};
	return check_main("history", tests);
}
