// Scenario flow: settled flows, 64-byte frames; against the bare source and a bare bulk lookup of the
// same keys.

#include "dataplane/base/log.h"
#include "tools/bench/bare_lookup.h"
#include "tools/bench/flow_source.h"
#include "tools/bench/report.h"
#include "tools/bench/rig.h"

#include <stdio.h>
#include <stdlib.h>

enum { PACKETS = 4000000, MBUF_MB = 64 };

struct figures { // per packet, by run
	double all[BENCH_RUNS_MAX], bare[BENCH_RUNS_MAX], lookup[BENCH_RUNS_MAX],
		ratio[BENCH_RUNS_MAX];
	double stage[STAGE_COUNT][BENCH_RUNS_MAX];
};

static void one_run(struct rig *rig, struct source *s, struct bare_lookup *lookup, uint64_t packets,
	struct figures *f, unsigned run)
{
	struct cost cost;

	rig_bare(s, packets, &cost);
	f->bare[run] = cost.cycles / (double)cost.packets;
	f->lookup[run] = bare_lookup_run(lookup, packets);
	rig_run(rig, packets, &cost);
	f->all[run] = cost.cycles / (double)cost.packets;
	for (unsigned i = 0; i < STAGE_COUNT; i++)
		f->stage[i][run] = cost.stage[i] / (double)cost.packets;
	f->ratio[run] = f->all[run] / (f->bare[run] + f->lookup[run]);
}

static void tell(struct report *r, uint32_t flows, struct figures *f, unsigned runs, double *all)
{
	bool million = flows == 1000000;
	char name[64];
	const struct {
		const char *what, *unit;
		double *values, bound;
	} rows[] = {
		{"all", "cycles/packet", f->all, million ? 150 : 0},
		{"bare source", "cycles/packet", f->bare, 0},
		{"bare bulk lookup", "cycles/packet", f->lookup, 0},
		{"all against the bare parts", "times", f->ratio, million ? 1.5 : 0},
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(name, sizeof(name), "%u flows: %s", flows, rows[i].what);
		double median =
			report_add(r, &(struct measure){name, rows[i].unit, rows[i].bound, false},
				rows[i].values, runs);
		if (i == 0)
			*all = median;
	}
	for (unsigned i = 0; i < STAGE_COUNT; i++) {
		snprintf(name, sizeof(name), "%u flows: %s", flows, stage_names[i]);
		report_add(
			r, &(struct measure){name, "cycles/packet", 0, false}, f->stage[i], runs);
	}
}

static int with_flows(
	const struct bench_options *o, uint32_t flows, struct report *report, double *all)
{
	static struct figures figures;
	uint64_t packets = o->packets != 0 ? o->packets : PACKETS;
	struct rig rig;
	struct cost cost;
	struct flow_source *source = flow_source_new(flows, 1);
	struct bare_lookup *lookup = bare_lookup_new(flows);
	int status = source != NULL && lookup != NULL ? 0 : 1;

	if (status != 0)
		log_error("memory is short for %u flows", flows);
	else
		status = rig_open(&rig, NULL, flows + flows / 4 + 1024, flow_source(source));
	if (status == 0) {
		rig_run(&rig, flow_source_prelude(source), &cost);
		rig_run(&rig, packets, &cost); // warm
		for (unsigned run = 0; run < o->runs; run++)
			one_run(&rig, flow_source(source), lookup, packets, &figures, run);
		const uint64_t *counters = rig.worker->counters;
		if (counters[CTR_FLOWS_NEW] != flows || counters[CTR_SESSIONS_ACTIVE] != 0) {
			log_error("%u flows: %llu begun, %llu not settled", flows,
				(unsigned long long)counters[CTR_FLOWS_NEW],
				(unsigned long long)counters[CTR_SESSIONS_ACTIVE]);
			status = 1;
		}
		rig_close(&rig);
		tell(report, flows, &figures, o->runs, all);
	}
	bare_lookup_free(lookup);
	flow_source_free(source);
	return status;
}

int scenario_flow(const struct bench_options *o)
{
	static const uint32_t all_flows[] = {1000, 100000, 1000000, 4000000};
	double all[4] = {0};
	struct report report;

	int status = rig_start(o, MBUF_MB + (o->hugepages ? 1024 : 1536));
	if (status != 0)
		return status;
	report_open(&report, "flow", o->json);
	for (unsigned i = 0; i < 4 && status == 0; i++) {
		uint32_t flows = o->flows != 0 ? (uint32_t)o->flows : all_flows[i];
		status = with_flows(o, flows, &report, &all[i]);
		if (o->flows != 0)
			break;
	}
	if (status == 0 && o->flows == 0)
		report_one(&report,
			&(struct measure){"4000000 flows against 1000000", "times", 1.3, false},
			all[3] / all[2]);
	report_close(&report);
	rig_stop();
	return status;
}
