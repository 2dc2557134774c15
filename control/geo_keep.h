// The years of the ledger, kept in the state directory (file "borders", as ledger_file.h has it): with a
// geo_key_file they go on when both processes were started anew. Without one nothing is kept.

#pragma once

#include "control/config.h"
#include "control/ledger_file.h"

struct geo_keep {
	int dir; // -1: nothing is kept
	bool complained;
	uint64_t saved; // ledger_changes() then
	struct ledger_file head;
};

// A ledger with what is kept, or an empty one: a file that is none of ours is put aside ("borders.bad"), and
// that is logged. NULL: short of memory.
struct ledger *geo_keep_open(struct geo_keep *k, const struct control_config *config);
void geo_keep_close(struct geo_keep *k);

// The run of the dataplane that was met: what the file told of it is settled.
void geo_keep_run(struct geo_keep *k, struct ledger *l, uint64_t run_ns);
// Atomically, when something is new. 0 or -errno, which is logged once.
int geo_keep_save(struct geo_keep *k, const struct ledger *l);
