// The bound is the issue's; numbers of persons are counted out, so the oracle is the loop. A hundred
// million take some seconds: they come with SEALWATCH_LONG=1.

#include "dataplane/base/hll.h"
#include "dataplane/base/siphash.h"
#include "tests/unit/check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t key[SIPHASH_KEY_LEN] = "sixteen of bytes";

struct sketch {
	unsigned size;
	uint32_t used;
	void *block;
};

static struct sketch sketch_new(void)
{
	return (struct sketch){.block = calloc(1, hll_bytes(0))};
}

static void add_point(struct sketch *s, struct hll_point p)
{
	while (hll_add(s->block, s->size, &s->used, p) == HLL_FULL) {
		void *more = calloc(1, hll_bytes(s->size + 1));
		hll_grow(s->block, s->size, more);
		free(s->block);
		s->block = more;
		s->size++;
	}
}

static void add(struct sketch *s, uint32_t person)
{
	add_point(s, hll_point(siphash(key, &person, sizeof(person))));
}

static double estimate(const struct sketch *s)
{
	static uint8_t registers[HLL_REGISTERS];

	memset(registers, 0, sizeof(registers));
	hll_merge(registers, s->block, s->size);
	return hll_estimate(registers);
}

static const struct {
	uint32_t persons;
	double error; // relative
	bool is_long;
} rows[] = {
	{0, 0, false},
	{1, 0.001, false},
	{9, 0.01, false},
	{10, 0.01, false},
	{11, 0.01, false}, // k of small cells stands here
	{100, 0.02, false},
	{1000, 0.02, false},
	{10000, 0.02, false},
	{40000, 0.02, false}, // 2.5 m: where others change from one estimate to another
	{60000, 0.02, false},
	{100000, 0.02, false},
	{1000000, 0.02, false},
	{100000000, 0.02, true},
};

static void test_error(void)
{
	bool is_long = getenv("SEALWATCH_LONG") != NULL;

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct sketch s = sketch_new();
		if (rows[i].is_long && !is_long) {
			free(s.block);
			continue;
		}
		for (uint32_t p = 0; p < rows[i].persons; p++)
			add(&s, p * 2654435761u); // all different: odd
		double got = estimate(&s), want = rows[i].persons;
		CHECK(fabs(got - want) <= want * rows[i].error, "%u persons: %f", rows[i].persons,
			got);
		if (rows[i].is_long)
			printf("%u persons: %.0f, %+.3f %%\n", rows[i].persons, got,
				(got / want - 1) * 100);
		free(s.block);
	}
}

// Many keys: the error's root mean square is what the paper says, so no estimate is good by luck.
static void test_spread(void)
{
	enum { KEYS = 200 };
	static const uint32_t sizes[] = {50, 2000, 20000, 50000};

	for (size_t i = 0; i < ROWS(sizes); i++) {
		double sum = 0, squares = 0;
		for (unsigned k = 0; k < KEYS; k++) {
			uint8_t other[SIPHASH_KEY_LEN] = {(uint8_t)k, 1};
			struct sketch s = sketch_new();
			for (uint32_t p = 0; p < sizes[i]; p++)
				add_point(&s, hll_point(siphash(other, &p, sizeof(p))));
			double off = estimate(&s) / sizes[i] - 1;
			sum += off;
			squares += off * off;
			free(s.block);
		}
		CHECK(sqrt(squares / KEYS) < HLL_ERROR * 1.15, "%u: %f", sizes[i],
			sqrt(squares / KEYS));
		CHECK(fabs(sum / KEYS) < HLL_ERROR / 4, "%u: biased by %f", sizes[i], sum / KEYS);
	}
}

static void test_merged_is_whole(void)
{
	enum { PARTS = 4 };
	static const uint32_t counts[] = {5, 40, 500, 3000, 20000, 300000};

	for (size_t i = 0; i < ROWS(counts); i++) {
		uint8_t merged[HLL_REGISTERS] = {0}, whole[HLL_REGISTERS] = {0};
		struct sketch all = sketch_new(), parts[PARTS];
		for (unsigned j = 0; j < PARTS; j++)
			parts[j] = sketch_new();
		for (uint32_t p = 0; p < counts[i]; p++) {
			add(&all, p);
			add(&parts[p % PARTS], p);
			add(&parts[p % 3], p); // some are seen by two
		}
		hll_merge(whole, all.block, all.size);
		for (unsigned j = 0; j < PARTS; j++) {
			hll_merge(merged, parts[j].block, parts[j].size);
			free(parts[j].block);
		}
		CHECK(memcmp(merged, whole, sizeof(whole)) == 0, "%u persons", counts[i]);
		free(all.block);
	}
}

// Small cells are many.
static void test_small_is_cheap(void)
{
	struct sketch s = sketch_new();

	for (uint32_t p = 0; p < 10; p++)
		add(&s, p);
	CHECK(s.size == 0, "ten persons: size %u", s.size);
	for (uint32_t p = 0; p < 10; p++)
		add(&s, p);
	CHECK(s.size == 0 && s.used <= 10, "again: %u", s.used);
	for (uint32_t p = 0; p < 5000; p++)
		add(&s, p);
	CHECK(s.size == HLL_ALL, "five thousand: size %u", s.size);
	free(s.block);
}

static const struct {
	const char *name;
	uint64_t hash;
	struct hll_point want;
} points[] = {
	{"nothing", 0, {0, 51}},
	{"all", UINT64_MAX, {16383, 1}},
	{"the last bit", 1, {0, 50}},
	{"the first behind the index", 1ull << 49, {0, 1}},
	{"the last of the index", 1ull << 50, {1, 51}},
};

static void test_points(void)
{
	for (size_t i = 0; i < ROWS(points); i++) {
		struct hll_point p = hll_point(points[i].hash);
		CHECK(p.index == points[i].want.index && p.rank == points[i].want.rank, "%s: %u %u",
			points[i].name, p.index, p.rank);
	}
}

// What another process wrote is not believed.
static void test_any_bytes(void)
{
	static uint8_t registers[HLL_REGISTERS];

	for (unsigned size = 0; size < HLL_SIZES; size++) {
		for (unsigned fill = 0; fill < 256; fill += 5) {
			uint8_t *block = malloc(hll_bytes(size)); // ASan sees its end
			memset(block, (int)fill, hll_bytes(size));
			hll_merge(registers, block, size);
			free(block);
		}
	}
	for (unsigned i = 0; i < HLL_REGISTERS; i++)
		CHECK(registers[i] <= HLL_RANK_MAX, "register %u: %u", i, registers[i]);
	double got = hll_estimate(registers);
	CHECK(got >= 0 && !isnan(got), "%f", got);
	memset(registers, HLL_RANK_MAX, sizeof(registers));
	CHECK(hll_estimate(registers) > 0, "all at their end: %f", hll_estimate(registers));
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"error", test_error},
		{"spread", test_spread},
		{"merged is whole", test_merged_is_whole},
		{"small is cheap", test_small_is_cheap},
		{"points", test_points},
		{"any bytes", test_any_bytes},
		CU_TEST_INFO_NULL,
	};
	return check_main("hll", tests);
}
