#include "dataplane/base/hash.h"
#include "tests/unit/check.h"

// A word an outsider writes, whatever it is, must not cancel those before it: all keys that end in it
// would fall into one bucket. The first rows are the constants of the mixer.
static void test_no_word_cancels(void)
{
	static const uint64_t last[] = {0xd6e8feb86659fd93, 0x9e3779b97f4a7c15, 0, UINT64_MAX};
	const uint64_t seed = 0x243f6a8885a308d3;

	for (size_t i = 0; i < ROWS(last); i++) {
		uint64_t one[] = {1, last[i]}, two[] = {2, last[i]};
		CHECK(hash_words(one, sizeof(one), seed) != hash_words(two, sizeof(two), seed),
			"last word %016llx", (unsigned long long)last[i]);
	}
}

static void test_seed_counts(void)
{
	uint64_t key[] = {3, 4, 5};

	CHECK(hash_words(key, sizeof(key), 6) != hash_words(key, sizeof(key), 7), "two seeds");
	CHECK(hash_words(key, sizeof(key), 6) == hash_words(key, sizeof(key), 6), "one seed");
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"no word cancels those before it", test_no_word_cancels},
		{"the seed counts", test_seed_counts},
		CU_TEST_INFO_NULL,
	};
	return check_main("hash", tests);
}
