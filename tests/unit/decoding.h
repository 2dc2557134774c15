// Decoding as the caller of decode_packet() does it, with the accounting law checked after
// every frame.

#pragma once

#include "dataplane/inspect/decode.h"
#include "tests/unit/check.h"
#include "tests/unit/frames.h"

static uint64_t counters[CTR_COUNT];

static inline struct decoder *decoding_open(const struct decoder_options *options)
{
	memset(counters, 0, sizeof(counters));
	return decoder_new(options, counters);
}

static inline enum counter decoding_count(struct decoder *d, struct packet *p)
{
	counters[CTR_RX_PACKETS]++;
	enum counter verdict = decode_packet(d, p);
	if (verdict == CTR_DELIVERED)
		counters[verdict] += p->frames;
	else if (verdict != CTR_HELD_FRAGMENTS)
		counters[verdict]++;
	CHECK(counters_unaccounted(counters) == 0, "%s", counter_table[verdict].name);
	return verdict;
}
