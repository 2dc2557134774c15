// Scenario clear: HTTP in clear text, each page scanned in full, against Hyperscan alone; and what the
// detectors of personal data make of the same pages.

#include "dataplane/base/clock.h"
#include "dataplane/base/log.h"
#include "dataplane/inspect/detect/detect.h"
#include "tools/bench/mix.h"
#include "tools/bench/page_source.h"
#include "tools/bench/rig.h"
#include "tools/bench/rule_mix.h"

#include <stdio.h>
#include <stdlib.h>

enum { FLOWS = 200, PATTERNS = 1000, MBUF_MB = 128, MAX_FLOWS = 1 << 16, LOOPS = 3 };

static const double DETECT_GBITS = 3; // a core, all detectors
static const double SCAN_BOUND = 1 / 0.8; // 80 % of what Hyperscan does alone

// What this thread had of a core: on a busy machine others take their part of the time.
static uint64_t cpu_ns(void)
{
	return clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

// Gbit/s of one core.
static double detect_pages(struct detect *d, char *page)
{
	uint64_t bits = 0, ns = 0;

	for (unsigned i = 0; i < 64; i++) {
		struct detect_result result;
		page_text(i, page);
		uint64_t start = cpu_ns();
		detect_scan(d, (struct bytes){.p = (const uint8_t *)page, .len = PAGE_LEN}, DIR_S2C,
			&result);
		ns += cpu_ns() - start;
		bits += 8 * PAGE_LEN;
	}
	return (double)bits / (double)ns;
}

static int measure_detectors(const struct bench_options *o, struct report *report)
{
	double speed[BENCH_RUNS_MAX];
	struct detect *d = detect_new(1);
	char *page = malloc(PAGE_LEN);
	bool room = d != NULL && page != NULL;

	for (unsigned i = 0; i < o->runs && room; i++)
		speed[i] = detect_pages(d, page);
	if (room)
		report_add(report,
			&(struct measure){"detectors alone, same pages", "Gbit/s", 0, false}, speed,
			o->runs);
	free(page);
	detect_free(d);
	return room ? 0 : 1;
}

// A worker with all detectors and no rules: everything from the frame to the count.
static int measure_worker(
	const struct bench_options *o, struct loop_source *source, struct report *report)
{
	const struct leak_policy active = leak_policy_all();
	uint64_t loop = loop_source_packets(source);
	double speed[BENCH_RUNS_MAX], times[BENCH_RUNS_MAX], stage[STAGE_COUNT][BENCH_RUNS_MAX];
	struct cost cost;
	struct rig rig;
	char name[96];

	int status = rig_open(&rig, NULL, MAX_FLOWS, loop_source(source));
	if (status != 0)
		return status;
	engine_leak_policy(&rig.engine, &active);
	rig_run(&rig, loop, &cost); // warm
	for (unsigned i = 0; i < o->runs; i++) {
		uint64_t start = cpu_ns();
		rig_run(&rig, LOOPS * loop, &cost);
		speed[i] = 8 * (double)cost.bytes / (double)(cpu_ns() - start);
		times[i] = DETECT_GBITS / speed[i];
		for (unsigned k = 0; k < STAGE_COUNT; k++)
			stage[k][i] = cost.stage[k] / (double)cost.packets;
	}
	rig_close(&rig);
	report_add(report, &(struct measure){"worker with all detectors", "Gbit/s", 0, false},
		speed, o->runs);
	report_add(report, &(struct measure){"3 Gbit/s against that", "times", 1, false}, times,
		o->runs);
	for (unsigned k = 0; k < STAGE_COUNT; k++) {
		snprintf(name, sizeof(name), "worker with all detectors: %s", stage_names[k]);
		report_add(report, &(struct measure){name, "cycles/packet", 0, false}, stage[k],
			o->runs);
	}
	return 0;
}

static int measure(const struct bench_options *o, const struct swdb *set, struct report *report)
{
	const struct mix_asked asked = {.what = "pages", .scan = SCAN_BOUND};
	struct loop_source *source = page_source_new(FLOWS);
	double all;

	if (source == NULL) {
		log_error("memory is short");
		return 1;
	}
	int status = loop_source_fill(source);
	if (status == 0)
		status = mix_measure(o, source, &asked, set, report, &all);
	if (status == 0)
		status = measure_worker(o, source, report);
	loop_source_free(source);
	return status == 0 ? measure_detectors(o, report) : status;
}

int scenario_clear(const struct bench_options *o)
{
	struct swdb set = {0};
	struct report report;

	int status = o->n_rules > 0 ? rig_compile(o->rules, o->n_rules, &set)
				    : rule_mix_bodies(PATTERNS, &set);
	if (status == 0)
		status = rig_start(o, MBUF_MB);
	if (status == 0) {
		report_open(&report, "clear", o->json);
		status = measure(o, &set, &report);
		report_close(&report);
	}
	swdb_free(&set);
	rig_stop();
	return status;
}
