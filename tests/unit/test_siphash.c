#include "dataplane/base/siphash.h"
#include "tests/unit/check.h"

#include <stdlib.h>

// vectors_sip64 of the reference implementation (github.com/veorq/SipHash), the row of 15 also the
// paper's appendix A: the key is 00 to 0f, the input 00 and so on. OpenSSL's "mac SIPHASH" gives the
// same.
static void test_vectors(void)
{
	static const struct {
		size_t len;
		uint64_t want;
	} rows[] = {{0, 0x726fdb47dd0e0e31}, {1, 0x74f839c593dc67fd}, {2, 0x0d6c8009d9a94f5a},
		{3, 0x85676696d7fb7e2d}, {4, 0xcf2794e0277187b7}, {5, 0x18765564cd99a68d},
		{6, 0xcbc9466e58fee3ce}, {7, 0xab0200f58b01d137}, {8, 0x93f5f5799a932462},
		{9, 0x9e0082df0ba9e4b0}, {10, 0x7a5dbbc594ddb9f3}, {11, 0xf4b32f46226bada7},
		{12, 0x751e8fbc860ee5fb}, {13, 0x14ea5627c0843d90}, {14, 0xf723ca908e7af2ee},
		{15, 0xa129ca6149be45e5}, {16, 0x3f2acc7f57c29bdb}, {24, 0xb8ad50c6f649af94},
		{48, 0xe612a3cb9ecba951}, {56, 0xb78dbfaf3a8d83bd}, {63, 0x958a324ceb064572}};
	uint8_t key[SIPHASH_KEY_LEN], in[64];

	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)i;
	for (size_t i = 0; i < ROWS(rows); i++) {
		uint8_t *copy = malloc(rows[i].len + 1); // its end is watched
		for (size_t k = 0; k < sizeof(in); k++)
			in[k] = (uint8_t)k;
		memcpy(copy, in, rows[i].len);
		uint64_t got = siphash(key, copy, rows[i].len);
		CHECK(got == rows[i].want, "%zu bytes: %016llx", rows[i].len,
			(unsigned long long)got);
		free(copy);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"vectors", test_vectors},
		CU_TEST_INFO_NULL,
	};
	return check_main("siphash", tests);
}
