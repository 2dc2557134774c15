// Which servers offered STARTTLS: so that one which offers it no more is noticed. By a keyed hash of the
// server's address, port and protocol; nothing else is kept. Bounded: of a full bucket the entry that was
// used longest ago goes.
//
// All workers share it, without a lock: an entry is one word.

#pragma once

#include "dataplane/inspect/flow.h"

enum { POSTURE_HISTORY_SERVERS = 32768 };

struct posture_history;

// NULL: short of memory. seed: nobody outside can foresee it.
struct posture_history *posture_history_new(uint64_t seed);
void posture_history_free(struct posture_history *h);

// The flow's server offers it. True: another server was forgotten for it.
bool posture_history_offered(struct posture_history *h, const struct flow *flow, uint8_t app_proto);
// Did it before?
bool posture_history_has(
	const struct posture_history *h, const struct flow *flow, uint8_t app_proto);
