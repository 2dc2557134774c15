// Decoded packets from the thread that received them to the worker that owns them: a bounded
// ring per worker, many producers, one consumer. Lives in plain memory: no EAL is needed.

#pragma once

#include "dataplane/runtime/source.h"

struct handover;

// n_packets: a power of two. single_producer: only one thread ever puts.
struct handover *handover_new(unsigned n_packets, bool single_producer);
// Frees what is still in it.
void handover_free(struct handover *h);

// Takes as many as fit of packets[0..n), in order; returns how many.
unsigned handover_put(struct handover *h, const struct packet *packets, unsigned n);
// The producer will put nothing more (single producer only). end_ns: packet time of the latest
// packet of all, wherever it went.
void handover_end(struct handover *h, uint64_t end_ns);

// The consumer's end, as a source. Its life is the handover's.
struct source *handover_source(struct handover *h);
