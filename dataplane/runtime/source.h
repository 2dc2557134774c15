// Where a worker's packets come from.
//
//   source_port     a queue of an ethdev (undecoded frames)
//   source_capture  capture files, read on the worker's own thread (undecoded frames)
//   source_ring     what another thread decoded and found to be ours (decoded packets)

#pragma once

#include "dataplane/inspect/packet.h"

#include <stdbool.h>

struct source {
	// Up to n packets; 0: none now. Their buffers are the caller's. Never blocks.
	unsigned (*rx)(struct source *s, struct packet *packets, unsigned n);
	// The end was reached: no packet will come any more. NULL: never.
	bool (*ended)(struct source *s);
	bool live; // time goes on without packets
	// Once ended: packet time of the whole input's latest packet; 0: not known.
	uint64_t end_ns;
	bool decoded; // packets were decoded by who gave them
};
