// The readers of a block say the same.

#include "dataplane/inspect/detect/block.h"
#include "tests/unit/check.h"

#include <stdbool.h>
#include <stdlib.h>

static const struct {
	const char *name;
	block_reader *read;
} readers[] = {
	{"plain", block_read_plain},
#if defined(__x86_64__)
	{"SSE2", block_read_sse2},
	{"AVX2", block_read_avx2},
#endif
};

static bool runs_here(size_t reader)
{
#if defined(__x86_64__)
	return reader != 2 || (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi"));
#else
	return reader == 0;
#endif
}

static void check_same(const uint8_t p[64], char angle, const char *name)
{
	struct block want;

	block_read_plain(&want, p, angle);
	for (size_t i = 1; i < ROWS(readers); i++) {
		struct block got;
		if (!runs_here(i))
			continue;
		readers[i].read(&got, p, angle);
		CHECK(memcmp(&want, &got, sizeof(got)) == 0, "%s: %s", readers[i].name, name);
	}
}

static void test_each_byte(void)
{
	for (unsigned c = 0; c < 256; c++) {
		uint8_t p[64];
		char name[16];
		memset(p, (int)c, sizeof(p));
		snprintf(name, sizeof(name), "%02x", c);
		check_same(p, '=', name);
		check_same(p, '>', name);
	}
}

static void test_any_bytes(void)
{
	static const char letters[] = "0189:=>@$-. \xe5\x80\xdf/;azAZ`{[\xc1\xfa";

	srandom(7);
	for (unsigned round = 0; round < 2000; round++) {
		uint8_t p[64];
		for (size_t i = 0; i < sizeof(p); i++)
			p[i] = (uint8_t)letters[(size_t)random() % (sizeof(letters) - 1)];
		check_same(p, round % 2 ? '=' : '>', "letters");
	}
}

// What the plain one says of a text that can be read.
static void test_bits(void)
{
	uint8_t p[64] = "a1:=>@$-. \xc3\xa9\xe5\xbc\xa0";
	struct block b;

	block_read_plain(&b, p, '>');
	CHECK(b.digit == 1 << 1 && b.colon == 1 << 2 && b.key == 7 << 2, "%llx",
		(unsigned long long)b.key);
	CHECK(b.word == 3, "%llx", (unsigned long long)b.word);
	CHECK(b.mark == 3 << 5 && b.dash == 1 << 7 && b.dot == 1 << 8 && b.blank == 1 << 9,
		"marks");
	CHECK(b.high == 0x1f << 10 && b.lead == 1 << 12, "%llx", (unsigned long long)b.high);
	block_read_plain(&b, p, '=');
	CHECK(b.key == 3 << 2, "no '>'");
	CHECK(block_back(1, 0, 3) == 8 && block_back(0, 1ull << 61, 3) == 1, "over the edge");
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"bits", test_bits},
		{"each byte", test_each_byte},
		{"any bytes", test_any_bytes},
		CU_TEST_INFO_NULL,
	};
	return check_main("detect_block", tests);
}
