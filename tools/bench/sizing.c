// Scenario sizing: how many cores, and how much memory, a line of a given speed wants, from what this
// machine did with this capture under these rules.

#include "dataplane/base/log.h"
#include "tools/bench/loop_source.h"
#include "tools/bench/memory.h"
#include "tools/bench/rig.h"
#include "tools/bench/rule_mix.h"
#include "tools/bench/tracked.h"

#include <jansson.h>

#include <stdio.h>
#include <stdlib.h>

enum { PATTERNS = 1000, MAX_FLOWS = 1 << 20, LOOPS = 3, MANY = 1 << 20 };

static const double GBIT[] = {10, 25, 40, 100, 200, 400};
static const double LOAD = 0.7; // of a core that is wanted at most: bursts, and what comes tomorrow
static const double REMEMBERED_S =
	60; // flows that begin in so many seconds are in the table at once

struct basis {
	double cycles; // a packet, the median
	double bytes; // a packet
	double flow_bytes; // of traffic, a flow
	double flow_memory; // bytes, a flow
	double worker_memory; // bytes, without flows
	double ghz;
};

struct need {
	double gbit, mpps, cores, flows, memory;
};

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

static double whole(double x)
{
	double down = (double)(uint64_t)x;

	return down < x ? down + 1 : down;
}

static struct need need_of(const struct basis *b, double gbit)
{
	struct need n = {.gbit = gbit, .mpps = gbit * 1e3 / 8 / b->bytes};

	n.cores = whole(n.mpps * 1e6 * b->cycles / (b->ghz * 1e9 * LOAD));
	n.flows = gbit * 1e9 / 8 / b->flow_bytes * REMEMBERED_S;
	n.memory = n.cores * b->worker_memory + n.flows * b->flow_memory;
	return n;
}

static void print(const struct basis *b)
{
	printf("%.0f cycles a packet of %.0f bytes at %.2f GHz: %.2f Mpps, %.1f Gbit/s a core\n"
	       "a flow: %.0f kB of traffic, %.0f bytes of memory; a worker without flows: %.0f MB\n"
	       "cores at %.0f %% load; flows that begin within %.0f s at once\n\n"
	       "Gbit/s     Mpps  cores   M flows  GB memory\n",
		b->cycles, b->bytes, b->ghz, b->ghz * 1e3 / b->cycles,
		b->ghz * b->bytes * 8 / b->cycles, b->flow_bytes / 1e3, b->flow_memory,
		b->worker_memory / 1e6, LOAD * 100, REMEMBERED_S);
	for (unsigned i = 0; i < sizeof(GBIT) / sizeof(GBIT[0]); i++) {
		struct need n = need_of(b, GBIT[i]);
		printf("%6.0f %8.2f %6.0f %9.2f %10.1f\n", n.gbit, n.mpps, n.cores, n.flows / 1e6,
			n.memory / 1e9);
	}
}

static void print_json(const struct basis *b)
{
	json_t *rows = json_array();

	for (unsigned i = 0; i < sizeof(GBIT) / sizeof(GBIT[0]); i++) {
		struct need n = need_of(b, GBIT[i]);
		json_array_append_new(rows,
			json_pack("{s:f, s:f, s:f, s:f, s:f}", "gbit_per_s", n.gbit, "mpps", n.mpps,
				"cores", n.cores, "flows", n.flows, "memory_bytes", n.memory));
	}
	json_t *all = json_pack("{s:s, s:f, s:f, s:f, s:f, s:f, s:o}", "scenario", "sizing",
		"cycles_per_packet", b->cycles, "bytes_per_packet", b->bytes, "ghz", b->ghz,
		"flow_memory_bytes", b->flow_memory, "worker_memory_bytes", b->worker_memory,
		"rows", rows);
	json_dumpf(all, stdout, JSON_INDENT(1));
	printf("\n");
	json_decref(all);
}

// What MANY flows more take: tables are made for their number.
static int measure_flow(struct basis *b)
{
	double held[2] = {0};
	struct tracked t;
	int status = 0;

	for (unsigned i = 0; i < 2 && status == 0; i++) {
		status = tracked_open(&t, (i + 1) * MANY, (i + 1) * MANY);
		held[i] = (double)memory_resident() - (double)t.before;
		tracked_close(&t);
	}
	b->flow_memory = (held[1] - held[0]) / MANY;
	return status;
}

static int measure(const struct bench_options *o, struct loop_source *l, const struct swdb *set,
	struct basis *b)
{
	double cycles[BENCH_RUNS_MAX];
	uint64_t loop = loop_source_packets(l), before = memory_resident();
	struct rig rig;
	struct cost cost;

	int status = rig_open(&rig, set, MAX_FLOWS, loop_source(l));
	if (status != 0)
		return status;
	rig_run(&rig, loop, &cost); // warm
	const uint64_t *counters = rig.worker->counters;
	uint64_t flows = counters[CTR_FLOWS_NEW];
	b->worker_memory = (double)(memory_resident() - before) - (double)flows * b->flow_memory;
	b->bytes = (double)cost.bytes / (double)cost.packets;
	b->flow_bytes = (double)cost.bytes / (double)(flows != 0 ? flows : 1);
	for (unsigned run = 0; run < o->runs; run++) {
		rig_run(&rig, LOOPS * loop, &cost);
		cycles[run] = cost.cycles / (double)cost.packets;
	}
	rig_close(&rig);
	qsort(cycles, o->runs, sizeof(cycles[0]), by_value);
	b->cycles = cycles[o->runs / 2];
	b->ghz = cycles_per_ns();
	return 0;
}

int scenario_sizing(const struct bench_options *o)
{
	struct swdb set = {0};
	struct loop_source *l;
	struct basis b;

	int status = loop_source_read(o->captures[0], &l);
	if (status != 0)
		return status;
	status = o->n_rules > 0 ? rig_compile(o->rules, o->n_rules, &set)
				: rule_mix_compile(PATTERNS, &set);
	if (status == 0)
		status = rig_start(o, loop_source_mb(l));
	if (status == 0) {
		status = loop_source_fill(l);
		if (status == 0)
			status = measure_flow(&b);
		if (status == 0)
			status = measure(o, l, &set, &b);
		if (status == 0 && o->json)
			print_json(&b);
		else if (status == 0)
			print(&b);
	}
	loop_source_free(l);
	swdb_free(&set);
	rig_stop();
	return status;
}
