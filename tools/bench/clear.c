// Scenario clear: HTTP in clear text, each page scanned in full, against Hyperscan alone; and what the
// detectors of personal data make of the same pages.

#include "dataplane/base/clock.h"
#include "dataplane/base/log.h"
#include "dataplane/inspect/detect/detect.h"
#include "tools/bench/mix.h"
#include "tools/bench/page_source.h"
#include "tools/bench/rig.h"
#include "tools/bench/rule_mix.h"

#include <stdlib.h>

enum { FLOWS = 200, PATTERNS = 1000, MBUF_MB = 128 };

static const double SCAN_BOUND = 1 / 0.8; // 80 % of what Hyperscan does alone

// Gbit/s of one core.
static double detect_pages(struct detect *d, char *page)
{
	uint64_t bits = 0, ns = 0;

	for (unsigned i = 0; i < 64; i++) {
		struct detect_result result;
		page_text(i, page);
		uint64_t start = clock_monotonic_ns();
		detect_scan(d, (struct bytes){.p = (const uint8_t *)page, .len = PAGE_LEN}, DIR_S2C,
			&result);
		ns += clock_monotonic_ns() - start;
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
