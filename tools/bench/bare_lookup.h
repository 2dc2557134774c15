// DPDK's own table, with as many keys of the size of ours: what a lookup costs at least.

#pragma once

#include <stdint.h>

struct bare_lookup;

// NULL: memory is short. The EAL is up.
struct bare_lookup *bare_lookup_new(uint32_t keys);
void bare_lookup_free(struct bare_lookup *b);
// Cycles a lookup, of n keys at random, a burst at a time.
double bare_lookup_run(struct bare_lookup *b, uint64_t n);
