// One worker under measurement, fed by a source in memory; and the EAL that its mbufs need.

#pragma once

#include "dataplane/runtime/config.h"
#include "dataplane/runtime/engine.h"
#include "patterns/compile.h"
#include "tools/bench/scenario.h"

struct cost { // in cycles of the time stamp counter, all packets together
	uint64_t packets, bytes;
	double cycles;
	double stage[STAGE_COUNT]; // of timed turns, scaled to all packets
};

struct rig {
	struct engine engine;
	struct worker *worker;
};

double cycles_per_ns(void);

// The EAL, once for the program. mb: memory for mbufs. Says why it fails.
int rig_start(const struct bench_options *o, unsigned mb);
int rig_start_port(const struct bench_options *o, unsigned mb, struct port_config *port); // with it
void rig_stop(void);

// The rules of these files. 0 or an exit status; says why. The caller frees *set.
int rig_compile(const char *const *rules, unsigned n_rules, struct swdb *set);

// Rules about content count here, as under --lab; detectors do not run. 0 or a negative errno.
int rig_purposes(struct engine *e);

// A worker with a set (NULL: none), its packets from s. 0 or an exit status; says why.
int rig_open(struct rig *r, const struct swdb *set, uint32_t max_flows, struct source *s);
void rig_close(struct rig *r);

// What the stages took between two looks at a worker's counters, scaled to so many packets.
void rig_stages(const uint64_t before[CTR_COUNT], const uint64_t after[CTR_COUNT], double packets,
	double stage[STAGE_COUNT]);

// Turns until so many packets came.
void rig_run(struct rig *r, uint64_t packets, struct cost *cost);

// The source alone: receives and frees.
void rig_bare(struct source *s, uint64_t packets, struct cost *cost);
