// The sets that were live last, the newest first: what a rollback can bring back. In memory: it
// ends with the daemon.

#pragma once

#include "control/pattern_set.h"

#include <stddef.h>

enum { HISTORY_MAX = KEEP_GENERATIONS_MAX };

struct history {
	unsigned n, max; // max: 1..HISTORY_MAX
	struct pattern_set *sets[HISTORY_MAX]; // held
};

// It is live now: goes to the front. Of two with the same digest the newer one stays.
void history_put(struct history *h, struct pattern_set *set);
void history_drop_all(struct history *h);
// Another run of the dataplane counts its generations anew.
void history_new_run(struct history *h);

// Borrowed, or NULL. history_before: what was live before `live` (NULL: nothing of ours is).
struct pattern_set *history_before(const struct history *h, const struct pattern_set *live);
struct pattern_set *history_generation(const struct history *h, uint64_t generation);
// By its name in the cache. history_names: all of them; returns how many.
struct pattern_set *history_named(const struct history *h, const uint8_t name[32]);
unsigned history_names(const struct history *h, uint8_t names[HISTORY_MAX][32]);
// 0 and *out, -ENOENT, or -EEXIST when more than one begins like that. hex: lower case.
int history_digest(const struct history *h, const char *hex, struct pattern_set **out);
