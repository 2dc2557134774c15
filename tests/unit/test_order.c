// Packets of a capture that are dealt to workers are judged in their order.

#include "dataplane/runtime/order.h"
#include "tests/unit/check.h"

#include <pthread.h>
#include <stdlib.h>

enum { WORKERS = 4, PACKETS = 20000 };

static struct order *order;
static _Atomic bool stop;
static uint64_t judged[PACKETS];
static unsigned n_judged; // not atomic: who judges is alone

static unsigned owner_of(uint64_t number)
{
	return (unsigned)(number * 0x9e3779b97f4a7c15ull >> 62);
}

// Takes its packets when they are dealt; without any it says how far the dealing is.
static void *work(void *ctx)
{
	unsigned self = *(const unsigned *)ctx;

	for (uint64_t next = 1; next <= PACKETS;) {
		uint64_t dealt = order_dealt(order);
		for (; next < dealt && next <= PACKETS; next++) {
			if (owner_of(next) != self)
				continue;
			if (next % 3 != 0 && order_wait(order, self, next, &stop))
				judged[n_judged++] = next;
		}
		order_reach(order, self, next);
	}
	order_reach(order, self, UINT64_MAX);
	return NULL;
}

static void test_in_order(void)
{
	static const unsigned ids[WORKERS] = {0, 1, 2, 3};
	pthread_t threads[WORKERS];

	order = order_new(WORKERS);
	n_judged = 0;
	for (unsigned i = 0; i < WORKERS; i++)
		pthread_create(&threads[i], NULL, work, (void *)&ids[i]);
	for (uint64_t number = 1; number <= PACKETS; number++)
		order_deal(order, number + 1);
	order_deal(order, UINT64_MAX);
	for (unsigned i = 0; i < WORKERS; i++)
		pthread_join(threads[i], NULL);
	CHECK(n_judged == PACKETS - PACKETS / 3, "%u", n_judged);
	for (unsigned i = 1; i < n_judged; i++)
		CHECK(judged[i - 1] < judged[i], "%u: %u after %u", i, (unsigned)judged[i],
			(unsigned)judged[i - 1]);
	free(order);
}

static void *late(void *ctx)
{
	bool *got = ctx;

	*got = order_wait(order, 0, 5, &stop);
	return NULL;
}

// A worker that waits can be stopped, and does not come back.
static void test_stop(void)
{
	pthread_t thread;
	bool got = true;

	order = order_new(2);
	atomic_store(&stop, false);
	pthread_create(&thread, NULL, late, &got);
	order_reach(order, 1, 4);
	order_reach(order, 1, 2); // changes nothing
	atomic_store(&stop, true);
	pthread_join(thread, NULL);
	CHECK(!got, "it gave up");
	CHECK(atomic_load(&order->judged[1].number) == 4, "the larger number stays");
	atomic_store(&stop, false);
	order_reach(order, 1, 5);
	CHECK(order_wait(order, 0, 5, &stop), "all before it is done");
	free(order);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"in order", test_in_order},
		{"stop", test_stop},
		CU_TEST_INFO_NULL,
	};
	return check_main("order", tests);
}
