#include "dataplane/inspect/answers.h"
#include "dataplane/runtime/witness.h"
#include "tests/unit/check.h"

#include <stdlib.h>
#include <string.h>

enum { PLENTY = 100000, TAKERS = 3 };

// A copy is its own, and has nothing to be counted.
static void test_copy(void)
{
	static const size_t lens[] = {0, 1, ANSWER_BYTES_MAX, ANSWER_BYTES_MAX + 2, 9000};
	static uint8_t wire[9000];
	struct witnesses *w = witnesses_new();

	for (size_t i = 0; i < ROWS(lens); i++) {
		struct packet p = {.payload = wire,
				      .payload_len = (uint32_t)lens[i],
				      .frames = 1,
				      .frame_bytes = 77,
				      .ts_ns = 5},
			      copy;
		size_t want = lens[i] < ANSWER_BYTES_MAX + 2 ? lens[i] : ANSWER_BYTES_MAX + 2;
		memset(wire, (int)i + 1, sizeof(wire));
		CHECK(witness_make(w, &p, 1, &copy), "%zu", i);
		memset(wire, 0, sizeof(wire));
		CHECK(copy.payload_len == want && copy.frames == 0 && copy.frame_bytes == 0 &&
				copy.ts_ns == 5 && (copy.flags & PACKET_WITNESS) != 0,
			"%zu: %u bytes", i, copy.payload_len);
		CHECK(want == 0 || copy.payload[want - 1] == i + 1, "%zu", i);
		packet_free(&copy);
	}
	witnesses_free(w);
}

// Bounded: when all are on their way there is none, and one that came back is used again only
// when every taker gave it back.
static void test_bounded(void)
{
	static struct packet copies[PLENTY];
	static const uint8_t wire[4];
	struct witnesses *w = witnesses_new();
	struct packet p = {.payload = wire, .payload_len = 4, .frames = 1}, more;
	unsigned n = 0;

	while (n < PLENTY && witness_make(w, &p, TAKERS, &copies[n]))
		n++;
	CHECK(n > 0 && n < PLENTY, "%u", n);
	for (unsigned taker = 0; taker < TAKERS; taker++) {
		CHECK(!witness_make(w, &p, TAKERS, &more), "taker %u has it still", taker);
		struct packet mine = copies[n / 2];
		packet_free(&mine);
	}
	CHECK(witness_make(w, &p, 1, &more), "all gave it back");
	CHECK(more.buf == copies[n / 2].buf, "the one that is free");
	packet_free(&more);
	witnesses_free(w);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"copy", test_copy},
		{"bounded", test_bounded},
		CU_TEST_INFO_NULL,
	};
	return check_main("witness", tests);
}
