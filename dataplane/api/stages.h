// The stages of a packet, in its order. Their counters stand in this order, from CTR_CYCLES on.

#pragma once

// X(id, name, what it is)
#define STAGES(X)                                                                                  \
	X(STAGE_RECEIVE, "receive", "taking frames, and giving back what held them")               \
	X(STAGE_DECODE, "decode", "from frame to packet")                                          \
	X(STAGE_FLOW, "flow", "finding flows, ending them")                                        \
	X(STAGE_ORDER, "order", "putting TCP in order")                                            \
	X(STAGE_PARSE, "parse", "recognising and parsing protocols")                               \
	X(STAGE_MATCH, "match", "scanning and confirming")                                         \
	X(STAGE_JUDGE, "judge", "what rules remember, and verdicts")                               \
	X(STAGE_DETECT, "detect", "looking for personal data")                                     \
	X(STAGE_REPORT, "report", "counting hits, writing events")

#define X(id, name, help) id,
enum stage { STAGES(X) STAGE_COUNT };
#undef X

static const char *const stage_names[STAGE_COUNT] __attribute__((unused)) = {
#define X(id, name, help) [id] = name,
	STAGES(X)
#undef X
};
