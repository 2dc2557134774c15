// The keys of windows (dataplane/api/borders.h): drawn when a window is first met, shared by all workers,
// forgotten when a later one takes their place. A lock is taken when a worker's window changes, not for a
// flow.

#pragma once

#include "dataplane/api/borders.h"

#include <pthread.h>

struct border_keys {
	pthread_mutex_t lock;
	bool fixed; // a laboratory's: the same in each run
	_Atomic uint32_t serial; // counts up when a key is replaced within its window
	struct border_key of[BORDER_WINDOWS];
	bool has_secret; // keys are derived, not drawn
	uint8_t secret[BORDER_SECRET_LEN];
};

void border_keys_open(struct border_keys *k, bool fixed);
void border_keys_close(struct border_keys *k); // wipes them

// The key of a window. False: a later window has its place, or there is no randomness.
bool border_keys_get(
	struct border_keys *k, unsigned slot, uint64_t number, uint8_t key[BORDER_KEY_LEN]);
// A key from before this run of the dataplane: so that its window goes on. One that cannot be is left.
// With a secret each is: it has them all.
void border_keys_put(struct border_keys *k, unsigned slot, const struct border_key *key);
// The operator's: from here on keys are derived from it, also those of windows that are open.
void border_keys_secret(struct border_keys *k, const uint8_t secret[BORDER_SECRET_LEN]);
void border_keys_copy(struct border_keys *k, struct border_key of[BORDER_WINDOWS]);

static inline uint32_t border_keys_serial(const struct border_keys *k)
{
	return atomic_load_explicit(&k->serial, memory_order_acquire);
}
