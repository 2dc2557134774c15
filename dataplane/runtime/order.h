// The order of a capture's packets over all workers: where one reader deals a capture to several, what
// rules remember beyond a flow is judged in the order of the packets, so that the answer is the same
// for any number of workers. A worker that comes to such a hit waits until the others have judged all
// that came before. Of those that wait, the one with the earliest packet goes on, and the reader has
// dealt what is before it: nobody waits for ever.
//
// On ports there is no such order.

#pragma once

#include "dataplane/api/link.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct order_mark { // all before `number` is done
	_Alignas(64) _Atomic uint64_t number;
};

struct order {
	unsigned n_workers;
	struct order_mark dealt; // reader: wo, workers: ro; UINT64_MAX: there is no more
	struct order_mark judged[LINK_WORKERS_MAX]; // each worker its own
};

struct order *order_new(unsigned n_workers); // free() takes it; NULL: short of memory

// Reader: all packets before `number`, which count up from 1, lie in the rings of their workers.
static inline void order_deal(struct order *o, uint64_t number)
{
	atomic_store_explicit(&o->dealt.number, number, memory_order_release);
}

// Worker, before it looks into its ring: when that is empty then, all before the result is done.
static inline uint64_t order_dealt(const struct order *o)
{
	return atomic_load_explicit(&o->dealt.number, memory_order_acquire);
}

// Worker: all of its packets before `number` are judged. A smaller one than before changes nothing.
void order_reach(struct order *o, unsigned worker, uint64_t number);

// Worker: reach `number` and wait until all others have; false when *stop was set meanwhile.
bool order_wait(struct order *o, unsigned worker, uint64_t number, const _Atomic bool *stop);
