// The capture reader: one thread that reads, decodes, and deals packets to the workers that
// own them. Only where there is more than one worker; a single one reads for itself.

#pragma once

#include "dataplane/runtime/intake.h"
#include "dataplane/runtime/shared.h"
#include "dataplane/runtime/source_capture.h"

struct reader {
	_Atomic bool stop; // control: wo, reader: ro
	struct source *source;
	struct intake intake;
	struct stage_clock clock;
	struct counter_page *page;
	struct handover *rings[LINK_WORKERS_MAX]; // owned
	uint64_t counters[CTR_COUNT];
};

// Page and ring number n_workers of `shared`; order: the workers', borrowed. The reader stays where it
// is. 0 or -ENOMEM.
int reader_open(struct reader *r, const struct decoder_options *decoder, struct order *order,
	const struct shared *shared);
void reader_close(struct reader *r);
// The worker's end of the ring to worker i.
struct source *reader_ring(struct reader *r, unsigned i);

// Reads `r->source` to its end, or until stop; `reader` is a struct reader; returns 0.
int reader_run(void *reader);
