// Scenarios flood and memory: what a worker holds, and that it does not grow.

#include "tools/bench/memory.h"
#include "tools/bench/report.h"
#include "tools/bench/tracked.h"

enum { MBUF_MB = 64, FLOOD_FLOWS = 100000, FLOOD_PACKETS = 10000000, MEMORY_FLOWS = 10000000 };

static const double MB = 1 << 20;

// Who does not answer the roll call begins anew.
static uint64_t lost(struct tracked *f)
{
	const uint64_t *counters = f->rig.worker->counters;
	struct cost cost;
	uint64_t new = counters[CTR_FLOWS_NEW];

	flow_source_load(f->source, LOAD_ROLL_CALL);
	rig_run(&f->rig, f->flows, &cost);
	return counters[CTR_FLOWS_NEW] - new;
}

static void flood_with(struct tracked *f, const char *what, enum flow_load load, uint64_t packets,
	struct report *report)
{
	const uint64_t *counters = f->rig.worker->counters;
	uint64_t shed = counters[CTR_FLOWS_SHED] + counters[CTR_SYN_BUDGET], held, grown;
	struct cost cost;
	char name[96];
	double cycles;

	flow_source_load(f->source, load);
	rig_run(&f->rig, packets / 10, &cost); // by then its budget is full
	held = memory_resident();
	rig_run(&f->rig, packets - packets / 10, &cost);
	cycles = cost.cycles / (double)cost.packets;
	grown = memory_resident() - held;
	const struct {
		const char *what, *unit;
		double value, bound;
		bool none;
	} rows[] = {
		{"all", "cycles/packet", cycles, 0, false},
		{"shed or refused, and counted", "flows",
			(double)(counters[CTR_FLOWS_SHED] + counters[CTR_SYN_BUDGET] - shed), 0,
			false},
		{"memory grown after its first tenth", "MB", (double)(int64_t)grown / MB, 1, false},
		{"established flows lost", "flows", (double)lost(f), 0, load == LOAD_SYN_FLOOD},
	};
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(name, sizeof(name), "%s: %s", what, rows[i].what);
		report_one(report,
			&(struct measure){name, rows[i].unit, rows[i].bound, rows[i].none},
			rows[i].value);
	}
}

int scenario_flood(const struct bench_options *o)
{
	uint64_t packets = o->packets != 0 ? o->packets : FLOOD_PACKETS;
	struct tracked f = {0};
	struct report report;

	int status = rig_start(o, MBUF_MB);
	if (status != 0)
		return status;
	report_open(&report, "flood", o->json);
	status = tracked_open(&f, FLOOD_FLOWS, 0);
	if (status == 0) {
		flood_with(&f, "SYNs", LOAD_SYN_FLOOD, packets, &report);
		flood_with(&f, "datagrams", LOAD_UDP_FLOOD, packets, &report);
	}
	tracked_close(&f);
	report_close(&report);
	rig_stop();
	return status;
}

static void churn(struct tracked *f, uint64_t flows, struct report *report)
{
	const uint64_t *counters = f->rig.worker->counters;
	struct cost cost;

	flow_source_load(f->source, LOAD_CHURN);
	rig_run(&f->rig, flows / 10, &cost);
	uint64_t held = memory_resident(), new = counters[CTR_FLOWS_NEW];
	rig_run(&f->rig, flows - flows / 10, &cost);
	report_one(report, &(struct measure){"flows begun and over", "flows", 0, false},
		(double)(counters[CTR_FLOWS_NEW] - new));
	report_one(report, &(struct measure){"a flow begun and over", "cycles", 0, false},
		cost.cycles / (double)cost.packets);
	report_one(report, &(struct measure){"memory grown meanwhile", "MB", 1, false},
		(double)(int64_t)(memory_resident() - held) / MB);
}

int scenario_memory(const struct bench_options *o)
{
	uint32_t flows = o->flows != 0 ? (uint32_t)o->flows : MEMORY_FLOWS;
	struct tracked f = {0};
	struct report report;

	int status = rig_start(o, MBUF_MB);
	if (status != 0)
		return status;
	report_open(&report, "memory", o->json);
	report_one(&report, &(struct measure){"record of a flow", "bytes", 128, false},
		sizeof(struct flow));
	status = tracked_open(&f, flows, flows);
	if (status == 0) {
		double held = (double)memory_resident();
		report_one(&report, &(struct measure){"flows tracked", "flows", 0, false},
			(double)f.rig.worker->counters[CTR_FLOWS_ACTIVE]);
		report_one(&report, &(struct measure){"memory for each", "bytes", 0, false},
			(held - (double)f.before) / flows);
		report_one(&report,
			&(struct measure){
				"the whole process", "MB", flows == MEMORY_FLOWS ? 2500 : 0, false},
			held / MB);
	}
	tracked_close(&f);
	f = (struct tracked){0};
	if (status == 0)
		status = tracked_open(&f, 1000, 1 << 20);
	if (status == 0)
		churn(&f, o->packets != 0 ? o->packets : 100000000, &report);
	tracked_close(&f);
	report_close(&report);
	rig_stop();
	return status;
}
