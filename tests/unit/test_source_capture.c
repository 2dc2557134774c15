#include "dataplane/api/counters.h"
#include "dataplane/runtime/handover.h"
#include "dataplane/runtime/source_capture.h"
#include "tests/unit/scratch.h"

#include <pthread.h>
#include <sched.h>
#include <string.h>

enum { FRAME = 1000, BURST = 32, N_MAX = 1 << 16 };

static uint64_t counters[CTR_COUNT];

// n frames that begin with their number, counted from `first` on.
static const char *make(const char *name, uint32_t first, uint32_t n)
{
	const uint32_t head[] = {0xa1b2c3d4, 0x00040002, 0, 0, 65535, 1};
	const char *path = in_scratch(name);
	FILE *f = fopen(path, "w");
	uint8_t frame[FRAME];

	if (f == NULL || fwrite(head, sizeof(head), 1, f) != 1)
		abort();
	for (uint32_t i = 0; i < n; i++) {
		uint32_t number = first + i;
		const uint32_t record[] = {1700000000, number * 10, FRAME, FRAME};
		memset(frame, (int)number, sizeof(frame));
		memcpy(frame, &number, sizeof(number));
		if (fwrite(record, sizeof(record), 1, f) != 1 ||
			fwrite(frame, sizeof(frame), 1, f) != 1)
			abort();
	}
	if (fclose(f) != 0)
		abort();
	return path;
}

static bool is_whole(const struct packet *p, uint32_t number)
{
	uint8_t frame[FRAME];

	memset(frame, (int)number, sizeof(frame));
	memcpy(frame, &number, sizeof(number));
	return p->len == FRAME && memcmp(p->data, frame, FRAME) == 0;
}

static struct source_capture *open_plan(const struct capture_plan *plan, struct packet_pool *pool)
{
	struct source_capture *c = NULL;
	char error[256] = "";

	memset(counters, 0, sizeof(counters));
	if (source_capture_open(plan, pool, counters, &c, error) < 0) {
		fprintf(stderr, "%s\n", error);
		abort();
	}
	return c;
}

// All packets there are, none given back.
static uint32_t take_all(struct source_capture *c, struct packet *packets)
{
	struct source *s = source_capture_source(c);
	uint32_t n = 0;
	unsigned got;

	while (n + BURST <= N_MAX && (got = s->rx(s, packets + n, BURST)) > 0)
		n += got;
	CHECK(s->ended(s), "the end, after %u", n);
	return n;
}

static struct packet packets[N_MAX];

// Packets outlive windows, files and turns; with no window left they are copied, with no slot
// left they are counted.
static void test_kept(void)
{
	static const struct {
		const char *name;
		unsigned slots, loops;
		uint32_t first, second; // frames of two files
		bool too_big;
	} cases[] = {
		{"in one window", 16, 1, 100, 0, false},
		{"two files, three times", 16, 3, 100, 50, false},
		{"more than windows hold", 16384, 1, 12000, 6000, false},
		{"more than slots hold too", 64, 1, 12000, 0, true},
	};
	const uint32_t in_windows = (uint32_t)PACKET_WINDOWS * (PACKET_WINDOW_BYTES / (FRAME + 16));

	for (size_t i = 0; i < ROWS(cases); i++) {
		uint32_t n_all = (cases[i].first + cases[i].second) * cases[i].loops;
		const char *paths[2] = {make("first", 0, cases[i].first),
			make("second", cases[i].first, cases[i].second)};
		struct capture_plan plan = {.paths = paths, .n_paths = 2, .loops = cases[i].loops};
		struct packet_pool *pool = packet_pool_new(cases[i].slots, true);
		struct source_capture *c = open_plan(&plan, pool);
		uint32_t n = take_all(c, packets), wrong = 0;

		for (uint32_t k = 0; k < n; k++)
			wrong += !is_whole(&packets[k], k % (cases[i].first + cases[i].second));
		CHECK(wrong == 0, "%s: %u are not as they were", cases[i].name, wrong);
		CHECK(n + counters[CTR_TOO_BIG] == n_all, "%s: %u", cases[i].name, n);
		CHECK((counters[CTR_TOO_BIG] > 0) == cases[i].too_big, "%s: %llu", cases[i].name,
			(unsigned long long)counters[CTR_TOO_BIG]);
		CHECK(!cases[i].too_big || n <= in_windows + cases[i].slots + PACKET_WINDOWS,
			"%s: %u", cases[i].name, n);
		source_capture_close(c);
		for (uint32_t k = 0; k < n; k++)
			packet_free(&packets[k]);
		packet_pool_free(pool);
	}
}

// A window is used anew when its last packet is free, in whatever order they are freed.
static void test_windows(void)
{
	for (unsigned one_thread = 0; one_thread < 2; one_thread++) {
		struct packet_windows *windows = packet_windows_new(one_thread);
		struct packet_window *w[PACKET_WINDOWS];
		struct pktbuf *buf[PACKET_WINDOWS][2];

		for (unsigned i = 0; i < PACKET_WINDOWS; i++) {
			w[i] = packet_windows_idle(windows);
			CHECK(w[i] != NULL && packet_windows_idle(windows) == w[i], "%u", i);
			memset(packet_window_data(w[i]), (int)i, PACKET_WINDOW_BYTES);
			for (unsigned k = 0; k < 2; k++)
				buf[i][k] = packet_window_keep(w[i]);
		}
		CHECK(packet_windows_idle(windows) == NULL, "all have packets");
		buf[3][1]->free(buf[3][1]);
		CHECK(packet_windows_idle(windows) == NULL, "one of two");
		buf[3][0]->free(buf[3][0]);
		CHECK(packet_windows_idle(windows) == w[3], "both");
		for (unsigned i = 0; i < PACKET_WINDOWS; i++) {
			const uint8_t *data = packet_window_data(w[i]);
			CHECK(data[0] == i && data[PACKET_WINDOW_BYTES - 1] == i, "%u", i);
		}
		packet_windows_free(windows);
	}
}

struct taker {
	struct handover *ring;
	uint32_t n, wrong;
};

static void *taker_run(void *arg)
{
	struct taker *t = arg;
	struct source *s = handover_source(t->ring);
	struct packet p[BURST];

	while (!s->ended(s)) {
		unsigned n = s->rx(s, p, BURST);
		for (unsigned i = 0; i < n; i++) {
			t->wrong += !is_whole(&p[i], (uint32_t)p[i].pcap_cnt - 1);
			packet_free(&p[i]);
		}
		t->n += n;
	}
	return NULL;
}

// One thread reads, two look at packets and free them.
static void test_threads(void)
{
	enum { N = 20000, LOOPS = 4 };
	const char *path = make("threads", 0, N);
	struct capture_plan plan = {.paths = &path, .n_paths = 1, .loops = LOOPS};
	struct packet_pool *pool = packet_pool_new(1024, false);
	struct source_capture *c = open_plan(&plan, pool);
	struct source *s = source_capture_source(c);
	struct taker takers[2] = {{0}};
	pthread_t threads[2];
	unsigned n;

	for (unsigned i = 0; i < 2; i++) {
		takers[i].ring = handover_new(256, true);
		if (pthread_create(&threads[i], NULL, taker_run, &takers[i]) != 0)
			abort();
	}
	while ((n = s->rx(s, packets, BURST)) > 0) {
		for (unsigned i = 0; i < n; i++) {
			while (handover_put(takers[i % 2].ring, &packets[i], 1) == 0)
				sched_yield();
		}
	}
	for (unsigned i = 0; i < 2; i++) {
		handover_end(takers[i].ring, 0);
		pthread_join(threads[i], NULL);
		handover_free(takers[i].ring);
	}
	CHECK(takers[0].n + takers[1].n == N * LOOPS, "%u and %u", takers[0].n, takers[1].n);
	CHECK(takers[0].wrong + takers[1].wrong == 0, "%u and %u", takers[0].wrong,
		takers[1].wrong);
	source_capture_close(c);
	packet_pool_free(pool);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"windows", test_windows},
		{"packets that are kept", test_kept},
		{"several threads", test_threads},
		CU_TEST_INFO_NULL,
	};

	if (!scratch_open())
		return 2;
	int status = check_main("source_capture", tests);
	scratch_sweep();
	return status;
}
