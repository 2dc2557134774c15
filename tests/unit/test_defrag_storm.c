// Many datagrams at once, and buffers that are freed on another thread.

#include "tests/unit/fragments.h"

#include <pthread.h>
#include <stdatomic.h>

static uint32_t seed;

static uint32_t random_below(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)seed * n >> 32);
}

enum { STORM_IDS = 40, STORM_CUTS = 5 };

// One datagram of the storm cut in random places; `cuts` are in blocks.
static void storm_cut(size_t len, size_t cuts[STORM_CUTS + 1])
{
	cuts[0] = 0;
	for (unsigned i = 1; i < STORM_CUTS; i++)
		cuts[i] = cuts[i - 1] + 8 * (1 + random_below((uint32_t)len / 8 / STORM_CUTS - 1));
	cuts[STORM_CUTS] = len;
}

// Fragments of many datagrams, shuffled, some of them twice: each datagram comes out once,
// with its own bytes, and the law holds all the time.
static void test_shuffled(void)
{
	static const unsigned n = STORM_IDS * STORM_CUTS;
	size_t cuts[STORM_IDS][STORM_CUTS + 1];
	unsigned order[STORM_IDS * STORM_CUTS];
	struct packet p;

	for (unsigned round = 0; round < 50; round++) {
		struct decoder *d = decoder_open(STORM_IDS, 1 << 20);
		unsigned delivered = 0;
		unsigned wrong = 0;
		seed = round;
		for (unsigned i = 0; i < n; i++)
			order[i] = i;
		for (unsigned i = n - 1; i > 0; i--) {
			unsigned j = random_below(i + 1);
			unsigned was = order[i];
			order[i] = order[j];
			order[j] = was;
		}
		for (unsigned id = 0; id < STORM_IDS; id++)
			storm_cut(400 + id * 50, cuts[id]);
		for (unsigned i = 0; i < n; i++) {
			unsigned id = order[i] / STORM_CUTS;
			unsigned c = order[i] % STORM_CUTS;
			size_t len = 400 + id * 50;
			make_body(len, (uint8_t)id);
			enum counter got = send_one(d, &p, round & 1 ? 4 : 6, id, cuts[id][c],
				cuts[id][c + 1] - cuts[id][c], c < STORM_CUTS - 1);
			if (got == CTR_HELD_FRAGMENTS && random_below(4) == 0)
				got = send_one(d, &p, round & 1 ? 4 : 6, id, cuts[id][c],
					cuts[id][c + 1] - cuts[id][c], c < STORM_CUTS - 1);
			if (got != CTR_DELIVERED)
				continue;
			delivered++;
			wrong += !is_whole(&p, len);
			packet_free(&p);
		}
		CHECK(delivered == STORM_IDS && wrong == 0, "round %u: %u", round, delivered);
		CHECK(counters[CTR_HELD_FRAGMENTS] == 0, "round %u", round);
		decoder_free(d);
	}
}

// Any offsets and lengths, in a table that is too small: run() checks the law each time.
static void test_storm(void)
{
	struct decoder *d = decoder_open(6, 20000);
	struct packet kept[8] = {0};
	struct packet p;
	uint64_t seen[CTR_COUNT] = {0};

	make_body(20000, 0);
	seed = 1;
	for (unsigned i = 0; i < 60000; i++) {
		size_t at = 8 * random_below(40);
		size_t len = random_below(16) ? 8 * (1 + random_below(40)) : random_below(12000);
		enum counter got = send_at(d, &p, i * 10, random_below(2) ? 4 : 6, random_below(12),
			at, len, random_below(8) != 0);
		seen[got]++;
		if (got == CTR_DELIVERED) {
			struct packet *slot = &kept[random_below(8)];
			packet_free(slot);
			*slot = p;
		}
		if (random_below(50) == 0)
			decoder_expire(d, i * 10);
	}
	for (unsigned i = 0; i < ROWS(kept); i++)
		packet_free(&kept[i]);
	decoder_flush(d);
	CHECK(counters[CTR_HELD_FRAGMENTS] == 0, "flush");
	CHECK(counters_unaccounted(counters) == 0, "law");
	// All ways were gone.
	CHECK(seen[CTR_DELIVERED] && seen[CTR_HELD_FRAGMENTS] && seen[CTR_FRAG_BAD], "storm");
	CHECK(seen[CTR_FRAG_DUPLICATE] && counters[CTR_FRAG_SHED], "storm");
	CHECK(counters[CTR_FRAG_TIMEOUT], "storm");
	decoder_free(d);
}

enum { RING = 64, PASSED = 5000 };

static struct packet ring[RING];
static _Atomic unsigned put;
static _Atomic unsigned got_back;
static unsigned spoilt; // read after the thread has ended

static void *consume(void *arg)
{
	(void)arg;
	for (unsigned i = 0; i < PASSED; i++) {
		while (atomic_load_explicit(&put, memory_order_acquire) == i)
			sched_yield();
		struct packet *p = &ring[i % RING];
		for (uint32_t at = 0; at < p->payload_len; at++)
			spoilt += p->payload[at] != (uint8_t)p->pcap_cnt;
		packet_free(p);
		atomic_store_explicit(&got_back, i + 1, memory_order_release);
	}
	return NULL;
}

// Buffers go back on another thread, while this one takes new ones from the same pool.
static void test_freed_elsewhere(void)
{
	struct decoder *d = decoder_open(8, 65536);
	pthread_t thread;
	struct packet p;

	spoilt = 0;
	pthread_create(&thread, NULL, consume, NULL);
	for (unsigned i = 0; i < PASSED;) {
		size_t len = 1008 + i % 7 * 1600;
		if (i == atomic_load_explicit(&got_back, memory_order_acquire) + RING) {
			sched_yield();
			continue;
		}
		make_body(len, 0);
		memset(body + 8, (uint8_t)i, len - 8);
		send_one(d, &p, 4, i & 0xffff, 0, 1000, true);
		if (send_one(d, &p, 4, i & 0xffff, 1000, len - 1000, false) != CTR_DELIVERED)
			continue; // the pool is empty: the other thread is behind
		p.pcap_cnt = i;
		ring[i % RING] = p;
		atomic_store_explicit(&put, ++i, memory_order_release);
	}
	pthread_join(thread, NULL);
	CHECK(spoilt == 0, "%u bytes", spoilt);
	CHECK(counters_unaccounted(counters) == 0, "law");
	decoder_free(d);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"shuffled", test_shuffled},
		{"storm", test_storm},
		{"freed elsewhere", test_freed_elsewhere},
		CU_TEST_INFO_NULL,
	};
	return check_main("defrag storm", tests);
}
