#include "dataplane/api/ring.h"
#include "tests/unit/check.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { SIZE = 4096 };

struct record {
	struct event_head head;
	uint64_t body[40];
};

static struct event_ring *ring_new(void)
{
	struct event_ring *ring = aligned_alloc(64, sizeof(*ring) + SIZE);
	event_ring_init(ring, SIZE);
	return ring;
}

static uint32_t make(struct record *r, uint64_t number)
{
	uint32_t words = (uint32_t)(number * 7 % 41);

	memset(r, 0, sizeof(*r));
	r->head.len = (uint32_t)sizeof(r->head) + words * 8;
	r->head.flow_id = number;
	for (uint32_t i = 0; i < words; i++)
		r->body[i] = number ^ i;
	return r->head.len;
}

static bool is(const void *got, int len, uint64_t number)
{
	struct record want;
	return (uint32_t)len == make(&want, number) && memcmp(got, &want, (size_t)len) == 0;
}

static void test_order(void)
{
	struct event_ring *ring = ring_new();
	uint64_t buf[EVENT_RECORD_MAX / 8];
	struct record r;
	uint64_t put = 0, got = 0;

	// Fill, drain half, fill again: the records wrap around at every offset.
	for (unsigned round = 0; round < 500; round++) {
		while (event_ring_put(ring, SIZE, &r, make(&r, put)) == 0)
			put++;
		for (uint64_t stop = got + (put - got) / 2 + 1; got < stop; got++) {
			int len = event_ring_get(ring, SIZE, buf);
			CHECK(is(buf, len, got), "record %llu", (unsigned long long)got);
		}
	}
	CHECK(put > 1000, "%llu records went through", (unsigned long long)put);
	free(ring);
}

static void test_hostile_tail(void)
{
	static const struct {
		const char *name;
		int64_t tail; // beyond the head
	} cases[] = {{"one ahead", 1}, {"far ahead", 1 << 20}, {"far behind", -(1 << 20)}};
	struct record r;

	for (size_t i = 0; i < ROWS(cases); i++) {
		struct event_ring *ring = ring_new();
		uint32_t len = make(&r, 5);
		event_ring_put(ring, SIZE, &r, len);
		atomic_store(&ring->tail, atomic_load(&ring->head) + (uint64_t)cases[i].tail);
		CHECK(event_ring_put(ring, SIZE, &r, len) == -ENOBUFS, "%s", cases[i].name);
		free(ring);
	}
}

static void test_hostile_records(void)
{
	static const struct {
		const char *name;
		uint32_t len;
	} cases[] = {{"zero", 0}, {"shorter than a head", 8}, {"odd", 97}, {"huge", 0xfffffff8},
		{"beyond the head", 2048}};
	uint64_t buf[EVENT_RECORD_MAX / 8];
	struct record r;

	for (size_t i = 0; i < ROWS(cases); i++) {
		struct event_ring *ring = ring_new();
		event_ring_put(ring, SIZE, &r, make(&r, 3));
		memcpy(ring->data, &cases[i].len, sizeof(uint32_t));
		CHECK(event_ring_get(ring, SIZE, buf) == -EBADMSG, "%s", cases[i].name);
		CHECK(event_ring_get(ring, SIZE, buf) == 0, "%s: emptied", cases[i].name);
		free(ring);
	}
}

static void *writer(void *arg)
{
	struct event_ring *ring = arg;
	struct record r;

	for (uint64_t n = 0; n < 20000; n++) {
		uint32_t len = make(&r, n);
		while (event_ring_put(ring, SIZE, &r, len) != 0)
			;
	}
	return NULL;
}

static void test_two_threads(void)
{
	struct event_ring *ring = ring_new();
	uint64_t buf[EVENT_RECORD_MAX / 8];
	unsigned wrong = 0;
	pthread_t thread;

	pthread_create(&thread, NULL, writer, ring);
	for (uint64_t n = 0; n < 20000;) {
		int len = event_ring_get(ring, SIZE, buf);
		if (len == 0)
			continue;
		wrong += !is(buf, len, n++);
	}
	pthread_join(thread, NULL);
	CHECK(wrong == 0, "%u records were torn", wrong);
	free(ring);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"order and wrap", test_order},
		{"a tail that makes no sense", test_hostile_tail},
		{"records that make no sense", test_hostile_records},
		{"writer and reader", test_two_threads},
		CU_TEST_INFO_NULL,
	};
	return check_main("ring", tests);
}
