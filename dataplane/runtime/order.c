#include "dataplane/runtime/order.h"

#include <immintrin.h>
#include <sched.h>
#include <stdlib.h>

enum { SPINS = 100 }; // before the processor is left to the one that is waited for

struct order *order_new(unsigned n_workers)
{
	struct order *o = aligned_alloc(64, sizeof(*o));

	if (o != NULL)
		*o = (struct order){.n_workers = n_workers};
	return o;
}

void order_reach(struct order *o, unsigned worker, uint64_t number)
{
	_Atomic uint64_t *mine = &o->judged[worker].number;

	if (number > atomic_load_explicit(mine, memory_order_relaxed))
		atomic_store_explicit(mine, number, memory_order_release);
}

bool order_wait(struct order *o, unsigned worker, uint64_t number, const _Atomic bool *stop)
{
	order_reach(o, worker, number);
	for (unsigned i = 0; i < o->n_workers; i++) {
		unsigned spins = 0;
		// This packet is ours: who has all before it has all before the next, too.
		while (i != worker &&
			atomic_load_explicit(&o->judged[i].number, memory_order_acquire) < number) {
			if (atomic_load_explicit(stop, memory_order_relaxed))
				return false;
			_mm_pause();
			if (++spins % SPINS == 0)
				sched_yield();
		}
	}
	return true;
}
