// Personal data in clear text: which detectors may look at which segment's traffic, and what is counted.

#pragma once

#include "dataplane/api/detectors.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdint.h>

enum { LEAK_SEGMENTS = 64 }; // segments of the configuration; 0: what is in none of them

// Bit n: detector n is active in the segment. All zero: nothing is looked at, and nothing is made for it.
// A segment beyond the last counts as segment 0.
struct leak_policy {
	uint64_t active[LEAK_SEGMENTS];
};
static_assert(sizeof(struct leak_policy) == 512, "layout is shared");

// What every detector is to be in every segment: a laboratory.
static inline struct leak_policy leak_policy_all(void)
{
	struct leak_policy all;

	for (unsigned i = 0; i < LEAK_SEGMENTS; i++)
		all.active[i] = UINT64_MAX >> (64 - DETECTOR_COUNT);
	return all;
}

// Of one detector. Published values are counted as test data alone.
struct leak_count {
	_Atomic uint64_t values[DETECT_CONFIDENCES]; // different ones in each text
	_Atomic uint64_t test_data;
	_Atomic uint64_t events; // records told
};

// A copy, or a sum of copies.
struct leak_numbers {
	uint64_t values[DETECT_CONFIDENCES];
	uint64_t test_data;
	uint64_t events;
};

// Relaxed reads: each number is right by itself.
static inline void leak_numbers_add(struct leak_numbers *to, const struct leak_count *count)
{
	for (unsigned i = 0; i < DETECT_CONFIDENCES; i++)
		to->values[i] += atomic_load_explicit(&count->values[i], memory_order_relaxed);
	to->test_data += atomic_load_explicit(&count->test_data, memory_order_relaxed);
	to->events += atomic_load_explicit(&count->events, memory_order_relaxed);
}

static inline uint64_t leak_numbers_sum(const struct leak_numbers *n)
{
	return n->values[DETECT_LOW] + n->values[DETECT_MEDIUM] + n->values[DETECT_HIGH] +
		n->test_data;
}
