// Receive and decode: frames of a source -> decoded packets, each with the thread that owns it.

#pragma once

#include "dataplane/inspect/decode.h"
#include "dataplane/inspect/inspect.h"
#include "dataplane/inspect/stage_clock.h"
#include "dataplane/runtime/handover.h"
#include "dataplane/runtime/order.h"
#include "dataplane/runtime/witness.h"

enum deal {
	DEAL_NONE, // one worker: all packets are ours
	DEAL_TUNNELLED, // the NIC dealt by addresses; what is inside tunnels is dealt by us
	DEAL_ALL, // the source has one queue
};

struct intake {
	struct decoder *decoder;
	struct inspector *inspector; // of this thread; NULL: the capture reader has none
	uint64_t *counters;
	struct stage_clock *clock; // of this thread
	struct handover **workers; // by worker number
	struct witnesses *witnesses; // for what all workers are to know; NULL: there is one
	struct order *order; // of a capture that is dealt; NULL: there is none
	uint64_t serial; // of the last frame
	unsigned n_workers;
	unsigned self; // worker number; n_workers: the capture reader, owns nothing
	bool lossless; // wait for room instead of dropping (captures)
	const _Atomic bool *stop; // ends such a wait
	uint64_t expire_ns;
	uint64_t due_ns[LINK_WORKERS_MAX + 1]; // time that went on, by whose next packet tells it
	uint64_t latest_ns; // packet time of the latest packet that was decoded
};

// Take a burst from s into packets[0..BURST_MAX); returns how many stay here, decoded. The
// rest was handed over, held or dropped, and counted. Leaves the clock in STAGE_DECODE when there were frames.
unsigned intake_burst(struct intake *in, struct source *s, enum deal deal, struct packet *packets);

// No more frames: give up unfinished fragments.
void intake_finish(struct intake *in);
