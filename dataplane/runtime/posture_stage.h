// The posture of a worker's flows: messages -> bits of a flow's note; at its end its grade, and the numbers
// of its service and segment.

#pragma once

#include "dataplane/inspect/posture/history.h"
#include "dataplane/inspect/posture/posture.h"
#include "dataplane/runtime/order.h"

struct stage_clock;

struct posture_stage {
	unsigned worker;
	struct posture_page *page; // this worker's
	struct posture_history *history; // of all workers, borrowed
	struct order *order; // of a capture that is dealt to several workers; NULL: there is none
	const _Atomic bool *stop; // ends a wait for it
	struct stage_clock *clock;
	uint64_t *counters;
};

void posture_stage_finds(struct posture_stage *s, const struct find *finds, unsigned n);
// Writes note->grade.
void posture_stage_flow_end(
	struct posture_stage *s, const struct flow *flow, struct flow_note *note);
