// Time for measuring and for live sources. Packet time is carried by the packets.

#pragma once

#include <stdint.h>
#include <time.h>

static inline uint64_t clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ull + (uint64_t)ts.tv_nsec;
}

static inline uint64_t clock_monotonic_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

static inline uint64_t clock_wall_ns(void)
{
	return clock_ns(CLOCK_REALTIME);
}

// A counter that runs with the processor; what a cycle is worth is for the reader to find out.
static inline uint64_t clock_cycles(void)
{
#if defined(__x86_64__)
	return __builtin_ia32_rdtsc();
#else
	return clock_monotonic_ns();
#endif
}

// The two clocks at one moment.
struct clock_pair {
	uint64_t ns; // CLOCK_MONOTONIC
	uint64_t cycles;
};

static inline struct clock_pair clock_pair_now(void)
{
	return (struct clock_pair){.ns = clock_monotonic_ns(), .cycles = clock_cycles()};
}

// What a cycle was worth between two moments, in 2^-32 ns; 1 ns when there was none.
static inline uint64_t clock_cycle_q32(struct clock_pair from, struct clock_pair to)
{
	uint64_t cycles = to.cycles - from.cycles;

	return cycles == 0 ? 1ull << 32
			   : (uint64_t)((double)(to.ns - from.ns) / (double)cycles * 4294967296.0);
}
