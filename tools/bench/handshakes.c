// Scenario handshakes: what a new TLS flow of six packets costs, with its name, JA3 and JA4 made and
// matched.

#include "dataplane/base/log.h"
#include "tools/bench/hello_source.h"
#include "tools/bench/report.h"
#include "tools/bench/rig.h"
#include "tools/bench/rule_mix.h"

enum { FLOWS = 5000, PATTERNS = 10000, MAX_FLOWS = 1 << 20, LOOPS = 4 };

static int measure(const struct bench_options *o, struct loop_source *l, const struct swdb *set,
	struct report *report)
{
	double all[BENCH_RUNS_MAX], bare[BENCH_RUNS_MAX], stage[STAGE_COUNT][BENCH_RUNS_MAX];
	uint64_t loop = loop_source_packets(l);
	struct rig rig;
	struct cost cost;

	int status = rig_open(&rig, set, MAX_FLOWS, loop_source(l));
	if (status != 0)
		return status;
	rig_run(&rig, loop, &cost); // warm
	uint64_t hellos = rig.worker->counters[CTR_TX_APP_TLS];
	for (unsigned run = 0; run < o->runs; run++) {
		rig_bare(loop_source(l), loop, &cost);
		bare[run] = cost.cycles / FLOWS;
		rig_run(&rig, LOOPS * loop, &cost);
		all[run] = cost.cycles / (LOOPS * FLOWS);
		for (unsigned i = 0; i < STAGE_COUNT; i++)
			stage[i][run] = cost.stage[i] / (LOOPS * FLOWS);
	}
	hellos = rig.worker->counters[CTR_TX_APP_TLS] - hellos;
	rig_close(&rig);
	report_add(
		report, &(struct measure){"a new TLS flow", "cycles", 8000, false}, all, o->runs);
	report_add(report, &(struct measure){"bare source", "cycles", 0, false}, bare, o->runs);
	for (unsigned i = 0; i < STAGE_COUNT; i++)
		report_add(report, &(struct measure){stage_names[i], "cycles", 0, false}, stage[i],
			o->runs);
	if (hellos + 64 >= (uint64_t)o->runs * LOOPS * FLOWS)
		return 0;
	log_error("%llu of %llu hellos were told", (unsigned long long)hellos,
		(unsigned long long)o->runs * LOOPS * FLOWS);
	return 1;
}

int scenario_handshakes(const struct bench_options *o)
{
	struct swdb set = {0};
	struct report report;
	struct loop_source *l = hello_source_new(FLOWS);

	if (l == NULL) {
		log_error("memory is short");
		return 1;
	}
	int status = o->n_rules > 0 ? rig_compile(o->rules, o->n_rules, &set)
				    : rule_mix_compile(PATTERNS, &set);
	if (status == 0)
		status = rig_start(o, loop_source_mb(l));
	if (status == 0) {
		report_open(&report, "handshakes", o->json);
		status = loop_source_fill(l);
		if (status == 0)
			status = measure(o, l, &set, &report);
		report_close(&report);
	}
	loop_source_free(l);
	swdb_free(&set);
	rig_stop();
	return status;
}
