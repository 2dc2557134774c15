// Which detectors are active, by segment of the network: set by one thread while workers read it. None is
// when it is all zero, and then nothing is made for them.

#pragma once

#include "dataplane/api/leaks.h"

struct leak_switch {
	_Atomic uint64_t active[LEAK_SEGMENTS];
	_Atomic uint64_t any; // of all segments
};

static inline void leak_switch_set(struct leak_switch *s, const struct leak_policy *policy)
{
	uint64_t any = 0;

	for (unsigned i = 0; i < LEAK_SEGMENTS; i++) {
		uint64_t active = policy->active[i] & (UINT64_MAX >> (64 - DETECTOR_COUNT));
		any |= active;
		atomic_store_explicit(&s->active[i], active, memory_order_relaxed);
	}
	atomic_store_explicit(&s->any, any, memory_order_relaxed);
}

static inline uint64_t leak_switch_any(const struct leak_switch *s)
{
	return atomic_load_explicit(&s->any, memory_order_relaxed);
}

static inline uint64_t leak_switch_active(const struct leak_switch *s, unsigned segment)
{
	return atomic_load_explicit(
		&s->active[segment < LEAK_SEGMENTS ? segment : 0], memory_order_relaxed);
}
