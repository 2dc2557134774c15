#include "dataplane/runtime/reader.h"

#include "dataplane/base/clock.h"

#include <errno.h>
#include <string.h>
#include <time.h>

enum { RING_PACKETS = 1024 };

int reader_open(struct reader *r, const struct decoder_options *decoder, struct order *order,
	const struct shared *shared)
{
	unsigned n_workers = order->n_workers;

	memset(r, 0, sizeof(*r));
	r->page = shared_page(shared, n_workers);
	r->page->thread = THREAD_READER;
	r->clock = stage_clock_new(r->counters, STAGE_CLOCK_EVERY);
	r->intake = (struct intake){
		.decoder = decoder_new(decoder, r->counters),
		.counters = r->counters,
		.clock = &r->clock,
		.workers = r->rings,
		.witnesses = witnesses_new(),
		.order = order,
		.n_workers = n_workers,
		.self = n_workers,
		.lossless = true,
		.stop = &r->stop,
	};
	if (r->intake.decoder == NULL || r->intake.witnesses == NULL) {
		reader_close(r);
		return -ENOMEM;
	}
	for (unsigned i = 0; i < n_workers; i++) {
		r->rings[i] = handover_new(RING_PACKETS, true);
		if (r->rings[i] == NULL) {
			reader_close(r);
			return -ENOMEM;
		}
	}
	return 0;
}

void reader_close(struct reader *r)
{
	for (unsigned i = 0; i < r->intake.n_workers; i++)
		handover_free(r->rings[i]);
	decoder_free(r->intake.decoder);
	witnesses_free(r->intake.witnesses);
	memset(&r->intake, 0, sizeof(r->intake));
}

struct source *reader_ring(struct reader *r, unsigned i)
{
	return handover_source(r->rings[i]);
}

static void publish(struct reader *r)
{
	counter_page_publish(r->page, r->counters);
	atomic_store_explicit(&r->page->heartbeat_ns, clock_monotonic_ns(), memory_order_relaxed);
}

int reader_run(void *reader)
{
	static const struct timespec pause = {.tv_nsec = 1000000};
	struct reader *r = reader;
	struct packet packets[BURST_MAX];

	while (!atomic_load_explicit(&r->stop, memory_order_relaxed)) {
		uint64_t before = r->counters[CTR_RX_PACKETS];
		stage_clock_begin(&r->clock);
		intake_burst(&r->intake, r->source, DEAL_ALL, packets);
		stage_clock_end(&r->clock, (unsigned)(r->counters[CTR_RX_PACKETS] - before));
		publish(r);
		if (r->counters[CTR_RX_PACKETS] != before)
			continue;
		if (r->source->ended(r->source))
			break;
		nanosleep(&pause, NULL); // held back by the rate
	}
	intake_finish(&r->intake);
	publish(r);
	order_deal(r->intake.order, UINT64_MAX);
	for (unsigned i = 0; i < r->intake.n_workers; i++)
		handover_end(r->rings[i], r->intake.latest_ns);
	return 0;
}
