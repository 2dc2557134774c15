// Copies of packets that tell something to all workers, not only to the one that owns them:
// answers of DNS. One thread makes them, any thread frees them.

#pragma once

#include "dataplane/inspect/packet.h"

struct witnesses;

// NULL: short of memory.
struct witnesses *witnesses_new(void);
// Every copy must be back.
void witnesses_free(struct witnesses *w);

// *out is a copy of p that n_takers may have: each frees it once. False: no memory is free now.
bool witness_make(
	struct witnesses *w, const struct packet *p, unsigned n_takers, struct packet *out);
