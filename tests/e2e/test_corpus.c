// Every capture of the shared corpus replays without a crash, a leak (where the build looks for
// them) or a broken account. Skipped where the corpus is not at hand.

#include "tests/e2e/process.h"
#include "tests/unit/check.h"

#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { CAPTURES_MAX = 20000, BATCH = 48, TIMEOUT_S = 120 };

static char *captures[CAPTURES_MAX];
static unsigned n_captures;

static int take(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)ftw;
	if (type == FTW_F && n_captures < CAPTURES_MAX)
		captures[n_captures++] = strdup(path);
	return 0;
}

static bool balanced(const struct output *o)
{
	json_t *summary = json_loads(o->out, 0, NULL);
	bool ok =
		summary != NULL && json_integer_value(json_object_get(summary, "unaccounted")) == 0;
	json_decref(summary);
	return ok;
}

static struct output replay(unsigned from, unsigned n, const char *workers, const char *eve)
{
	const char *argv[BATCH + 32] = {program("sealwatch-replay"), "--json", "--lab", "--eve",
		eve, "--workers", workers, "-S", source_path("patterns/sets/im-services.rules")};
	unsigned at = 9;

	for (unsigned i = 0; i < n; i++) {
		argv[at++] = "-r";
		argv[at++] = captures[from + i];
	}
	return run(argv, TIMEOUT_S);
}

static void check_one(unsigned i, const char *workers, const char *eve)
{
	struct output o = replay(i, 1, workers, eve);

	// 3: not a capture; some are broken on purpose.
	CHECK(o.status == 0 || o.status == 3, "%s: status %d: %.60s", captures[i], o.status, o.err);
	if (o.status == 0)
		CHECK(balanced(&o), "%s: %.80s", captures[i], o.out);
	output_free(&o);
}

static void check_all(const char *workers)
{
	char *dir = scratch_new();
	const char *eve = in_dir(dir, "eve.json");

	// Many a process for speed; one by one where a batch tells of trouble.
	for (unsigned i = 0; i < n_captures; i += BATCH / 2) {
		unsigned n = n_captures - i < BATCH / 2 ? n_captures - i : BATCH / 2;
		struct output o = replay(i, n, workers, eve);
		bool fine = o.status == 0 && balanced(&o);
		output_free(&o);
		for (unsigned j = 0; j < n && !fine; j++)
			check_one(i + j, workers, eve);
		remove(eve);
	}
	CU_PASS("all were replayed");
	scratch_remove(dir);
}

static void test_one_worker(void)
{
	check_all("1");
}

static void test_three_workers(void)
{
	check_all("3");
}

int main(void)
{
	const char *corpus = shared_path("corpus/captures");

	if (corpus == NULL) {
		printf("skipped: no corpus; set SEALWATCH_SHARED\n");
		return EXIT_SKIP;
	}
	nftw(corpus, take, 16, 0);
	printf("%u captures\n", n_captures);
	CU_TestInfo tests[] = {
		{"one worker", test_one_worker},
		{"three workers", test_three_workers},
		CU_TEST_INFO_NULL,
	};
	return check_main("corpus", tests);
}
