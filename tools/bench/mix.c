// Scenario im-mix: a capture with more and more patterns, against the sum of the bare parts: the source, a
// lookup of as many keys, Hyperscan over the bytes that are scanned.

#include "tools/bench/mix.h"

#include "dataplane/base/log.h"
#include "tools/bench/bare_lookup.h"
#include "tools/bench/bare_scan.h"
#include "tools/bench/report.h"
#include "tools/bench/rig.h"
#include "tools/bench/rule_mix.h"

#include <stdio.h>
#include <stdlib.h>

enum { MAX_FLOWS = 1 << 20, LOOPS = 3 };

struct figures { // per packet, by run
	double all[BENCH_RUNS_MAX], source[BENCH_RUNS_MAX], lookup[BENCH_RUNS_MAX],
		scan[BENCH_RUNS_MAX], ratio[BENCH_RUNS_MAX];
	double scan_ratio[BENCH_RUNS_MAX];
	double told[BENCH_RUNS_MAX], told_ratio[BENCH_RUNS_MAX]; // checksums are the NIC's work
	double stage[STAGE_COUNT][BENCH_RUNS_MAX];
};

struct bench {
	struct rig rig;
	struct loop_source *source;
	struct pattern_db *db; // the same set once more, for the bare scan
	struct bare_scan *scan;
	struct bare_lookup *lookup;
};

static void one_run(struct bench *b, struct figures *f, unsigned run)
{
	uint64_t loop = loop_source_packets(b->source);
	double bare;
	struct cost cost;

	loop_source_tell_sums(b->source, true);
	rig_run(&b->rig, LOOPS * loop, &cost);
	f->told[run] = cost.cycles / (double)cost.packets;
	loop_source_tell_sums(b->source, false);
	rig_bare(loop_source(b->source), loop, &cost);
	f->source[run] = cost.cycles / (double)cost.packets;
	f->lookup[run] = bare_lookup_run(b->lookup, loop);
	f->scan[run] = (double)bare_scan_run(b->scan, b->db) / (double)loop;
	rig_run(&b->rig, LOOPS * loop, &cost);
	f->all[run] = cost.cycles / (double)cost.packets;
	for (unsigned i = 0; i < STAGE_COUNT; i++)
		f->stage[i][run] = cost.stage[i] / (double)cost.packets;
	bare = f->source[run] + f->lookup[run] + f->scan[run];
	f->ratio[run] = f->all[run] / bare;
	f->scan_ratio[run] = f->all[run] / f->scan[run];
	f->told_ratio[run] = f->told[run] / bare;
}

static double tell(
	struct report *r, const struct mix_asked *asked, struct figures *f, unsigned runs)
{
	char name[96];
	double all = 0;
	const struct {
		const char *what, *unit;
		double *values, bound;
	} rows[] = {
		{"all", "cycles/packet", f->all, asked->all},
		{"bare source", "cycles/packet", f->source, 0},
		{"bare bulk lookup", "cycles/packet", f->lookup, 0},
		{"bare hs_scan", "cycles/packet", f->scan, 0},
		{"all against the bare parts", "times", f->ratio, asked->parts},
		{"all, the NIC does checksums", "cycles/packet", f->told, 0},
		{"that against the bare parts", "times", f->told_ratio, asked->parts},
		{"all against bare hs_scan", "times", f->scan_ratio, asked->scan},
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(name, sizeof(name), "%s: %s", asked->what, rows[i].what);
		double median =
			report_add(r, &(struct measure){name, rows[i].unit, rows[i].bound, false},
				rows[i].values, runs);
		all = i == 0 ? median : all;
	}
	for (unsigned i = 0; i < STAGE_COUNT; i++) {
		snprintf(name, sizeof(name), "%s: %s", asked->what, stage_names[i]);
		report_add(
			r, &(struct measure){name, "cycles/packet", 0, false}, f->stage[i], runs);
	}
	return all;
}

static int open_bench(struct bench *b, const struct swdb *set)
{
	char error[256];
	uint32_t flows;
	struct cost cost;

	if (pattern_db_load(set->data, set->len, 1, &b->db, error) < 0) {
		log_error("%s", error);
		return 1;
	}
	b->scan = bare_scan_record(b->db, b->source);
	if (b->scan == NULL) {
		log_error("memory is short");
		return 1;
	}
	int status = rig_open(&b->rig, set, MAX_FLOWS, loop_source(b->source));
	if (status != 0)
		return status;
	rig_run(&b->rig, loop_source_packets(b->source), &cost); // warm
	flows = (uint32_t)b->rig.worker->counters[CTR_FLOWS_ACTIVE];
	b->lookup = bare_lookup_new(flows != 0 ? flows : 1);
	return b->lookup != NULL ? 0 : 1;
}

int mix_measure(const struct bench_options *o, struct loop_source *source,
	const struct mix_asked *asked, const struct swdb *set, struct report *report, double *all)
{
	static struct figures figures;
	struct bench b = {.source = source};

	int status = open_bench(&b, set);
	for (unsigned run = 0; status == 0 && run < o->runs; run++)
		one_run(&b, &figures, run);
	if (status == 0)
		*all = tell(report, asked, &figures, o->runs);
	if (b.rig.worker != NULL)
		rig_close(&b.rig);
	bare_lookup_free(b.lookup);
	bare_scan_free(b.scan);
	pattern_db_free(b.db);
	return status;
}

static int with_patterns(const struct bench_options *o, struct loop_source *source, unsigned n,
	struct report *report, double *all)
{
	struct swdb set = {0};
	char what[32];
	struct mix_asked asked = {.what = what};

	if (n == 10000) {
		asked.all = 700;
		asked.parts = 1.5;
	}
	snprintf(what, sizeof(what), "%u patterns", n);
	int status = rule_mix_compile(n, &set);
	if (status == 0)
		status = mix_measure(o, source, &asked, &set, report, all);
	swdb_free(&set);
	return status;
}

static int with_rules(
	const struct bench_options *o, struct loop_source *source, struct report *report)
{
	struct swdb set = {0};
	double all;

	int status = rig_compile(o->rules, o->n_rules, &set);
	if (status == 0)
		status = mix_measure(
			o, source, &(struct mix_asked){.what = "these rules"}, &set, report, &all);
	swdb_free(&set);
	return status;
}

static int measure_all(
	const struct bench_options *o, struct loop_source *source, struct report *report)
{
	static const unsigned sizes[] = {10, 100, 1000, 10000, 100000};
	double all[5] = {0};
	int status = 0;

	if (o->n_rules > 0)
		return with_rules(o, source, report);
	if (o->patterns != 0)
		return with_patterns(o, source, (unsigned)o->patterns, report, &all[0]);
	for (unsigned i = 0; i < 5 && status == 0; i++)
		status = with_patterns(o, source, sizes[i], report, &all[i]);
	if (status == 0)
		report_one(report,
			&(struct measure){"100000 patterns against 1000", "times", 1.3, false},
			all[4] / all[2]);
	return status;
}

int scenario_mix(const struct bench_options *o)
{
	struct loop_source *source;
	struct report report;

	int status = loop_source_read(o->captures[0], &source);
	if (status != 0)
		return status;
	status = rig_start(o, loop_source_mb(source));
	if (status == 0) {
		status = loop_source_fill(source);
		report_open(&report, "im-mix", o->json);
		if (status == 0)
			status = measure_all(o, source, &report);
		report_close(&report);
	}
	loop_source_free(source);
	rig_stop();
	return status;
}
