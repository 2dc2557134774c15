// What `sealctl top` makes of the daemon's answers.

#include "control/cli/top_threads.h"
#include "tests/unit/check.h"

#include <string.h>

#define THREAD(name, rx, in, bytes, busy, timed, decode, match)                                    \
	"{\"thread\":" name ",\"rx_packets\":" #rx ",\"handed_in\":" #in ",\"rx_bytes\":" #bytes   \
	",\"busy_ns\":" #busy ",\"stage_packets\":" #timed ",\"cycles\":{\"decode\":" #decode      \
	",\"match\":" #match "}}"
#define ANSWER(ns, threads) "{\"ok\":true,\"time_ns\":" #ns ",\"threads\":[" threads "]}"

static struct top_threads read_both(const char *now, const char *before)
{
	json_t *a = json_loads(now, 0, NULL);
	json_t *b = before != NULL ? json_loads(before, 0, NULL) : NULL;
	struct top_threads t;

	CHECK(a != NULL && (before == NULL || b != NULL), "%.60s", now);
	top_threads_read(a, b, &t);
	json_decref(a);
	json_decref(b);
	return t;
}

static void test_in_all(void)
{
	struct top_threads t =
		read_both(ANSWER(9,
				  THREAD("\"reader\"", 100, 0, 5000, 7, 10, 300, 0) "," THREAD(
					  "1", 0, 60, 0, 8, 20, 0, 4000)),
			NULL);

	CHECK(t.n == 2 && t.ns == 0, "%u threads, %f ns", t.n, t.ns);
	CHECK(strcmp(t.threads[0].name, "reader") == 0 && strcmp(t.threads[1].name, "1") == 0,
		"names: %s, %s", t.threads[0].name, t.threads[1].name);
	CHECK(t.threads[0].packets == 100 && t.threads[1].packets == 60, "packets");
	CHECK(t.threads[1].received == 0, "what was handed in was received by another");
	CHECK(top_thread_stage(&t.threads[0], STAGE_DECODE) == 30, "decode");
	CHECK(top_thread_all(&t.threads[1]) == 200, "all of thread 1");
	// 60 packets of 200 cycles for 100 that were received.
	CHECK(top_threads_stage(&t, STAGE_MATCH) == 120, "match: %f",
		top_threads_stage(&t, STAGE_MATCH));
	CHECK(top_threads_stage(&t, STAGE_PARSE) == 0, "a stage that nobody tells");
}

static void test_since(void)
{
	static const struct {
		const char *name, *before;
		double packets, match;
	} rows[] = {
		{"the difference", ANSWER(1000, THREAD("3", 40, 0, 0, 5, 10, 0, 1000)), 60, 300},
		{"it began anew", ANSWER(1000, THREAD("3", 400, 0, 0, 50, 100, 0, 9000)), 100, 200},
		{"a thread that was not there", ANSWER(1000, THREAD("4", 40, 0, 0, 5, 10, 0, 1)),
			100, 200},
		{"not at the same place",
			ANSWER(1000,
				THREAD("0", 9, 9, 9, 9, 9, 9, 9) "," THREAD(
					"3", 40, 0, 0, 5, 10, 0, 1000)),
			60, 300},
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct top_threads t = read_both(
			ANSWER(3000, THREAD("3", 100, 0, 0, 15, 20, 0, 4000)), rows[i].before);
		CHECK(t.n == 1 && t.ns == 2000, "%s: %u threads, %f ns", rows[i].name, t.n, t.ns);
		CHECK(t.threads[0].packets == rows[i].packets, "%s: %f packets", rows[i].name,
			t.threads[0].packets);
		CHECK(top_thread_stage(&t.threads[0], STAGE_MATCH) == rows[i].match, "%s: %f",
			rows[i].name, top_thread_stage(&t.threads[0], STAGE_MATCH));
	}
}

// What is no answer of ours is no threads, or threads that did nothing.
static void test_odd(void)
{
	static const char *const texts[] = {"{}", "{\"threads\":7}",
		"{\"threads\":[1,null,\"x\",{}]}",
		"{\"threads\":[{\"thread\":[],\"cycles\":5,\"rx_packets\":\"many\"}]}",
		ANSWER(0,
			THREAD("\"a name that is longer than there is room for\"", 0, 0, 0, 0, 0, 5,
				5))};

	for (size_t i = 0; i < ROWS(texts); i++) {
		struct top_threads t = read_both(texts[i], NULL);
		for (unsigned k = 0; k < t.n; k++)
			CHECK(t.threads[k].packets == 0 && top_thread_all(&t.threads[k]) == 0,
				"%zu", i);
		t = read_both(texts[i], texts[i]);
		CHECK(top_threads_stage(&t, STAGE_MATCH) == 0, "%zu", i);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"in all", test_in_all},
		{"since the last answer", test_since},
		{"no answer of ours", test_odd},
		CU_TEST_INFO_NULL,
	};
	return check_main("top_threads", tests);
}
