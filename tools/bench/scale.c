// Scenario scale: what several workers do together, each on a core of its own with a source of its own,
// against one. The main thread sleeps meanwhile.

#include "dataplane/base/clock.h"
#include "dataplane/base/log.h"
#include "tools/bench/flow_source.h"
#include "tools/bench/report.h"
#include "tools/bench/rig.h"

#include <rte_launch.h>
#include <rte_lcore.h>

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { FLOWS = 100000, MAX_WORKERS = 16, MBUF_MB = 32, RUN_S = 1 };

struct lane {
	_Alignas(64) struct worker *worker;
	struct rulesets *rulesets;
	struct flow_source *source;
	int core;
	double rate; // packets a cycle
};

struct road {
	struct engine engine;
	struct lane lanes[MAX_WORKERS];
	unsigned n;
};

static _Atomic unsigned ready;
static _Atomic bool go, halt;

// The cores that this process may use, in order; their number.
static unsigned cores_of(int cores[MAX_WORKERS])
{
	cpu_set_t set;
	unsigned n = 0;

	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return 0;
	for (int i = 0; i < CPU_SETSIZE && n < MAX_WORKERS; i++) {
		if (CPU_ISSET(i, &set))
			cores[n++] = i;
	}
	return n;
}

static int drive(void *ctx)
{
	struct lane *l = ctx;
	cpu_set_t set;
	uint64_t done = 0;

	CPU_ZERO(&set);
	CPU_SET(l->core, &set);
	pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
	ruleset_online(l->rulesets, l->worker->id);
	while (done < 2 * flow_source_prelude(l->source)) // settled, and warm
		done += worker_turn(l->worker);
	ready++;
	while (!go)
		;
	uint64_t start = clock_cycles();
	for (done = 0; !halt;)
		done += worker_turn(l->worker);
	l->rate = (double)done / (double)(clock_cycles() - start);
	worker_end(l->worker);
	return 0;
}

static void close_road(struct road *r)
{
	engine_close(&r->engine);
	for (unsigned i = 0; i < r->n; i++)
		flow_source_free(r->lanes[i].source);
}

static int open_road(struct road *r, const int *cores, unsigned n)
{
	struct engine_options options = engine_defaults();

	*r = (struct road){.n = n};
	options.n_workers = n;
	options.events = false;
	options.max_flows = FLOWS + FLOWS / 4;
	bool room = engine_open(&r->engine, &options) == 0;
	for (unsigned i = 0; i < n && room; i++) {
		struct lane *l = &r->lanes[i];
		l->source = flow_source_new(FLOWS, i + 1);
		room = l->source != NULL;
		if (!room)
			break;
		l->worker = &r->engine.workers[i];
		l->rulesets = r->engine.rulesets;
		l->core = cores[i];
		worker_add_source(l->worker, flow_source(l->source), DEAL_NONE);
	}
	if (!room)
		log_error("memory is short for %u workers", n);
	return room ? 0 : 1;
}

// *rate: packets a cycle of all together.
static int run_road(struct road *r, double *rate)
{
	static const struct timespec whole = {.tv_sec = RUN_S}, moment = {.tv_nsec = 1000000};

	ready = 0;
	go = false;
	halt = false;
	for (unsigned i = 0; i < r->n; i++) {
		if (rte_eal_remote_launch(drive, &r->lanes[i], i + 1) < 0) {
			go = halt = true; // for those that run
			rte_eal_mp_wait_lcore();
			log_error("a worker could not be started");
			return 1;
		}
	}
	while (ready < r->n)
		nanosleep(&moment, NULL);
	go = true;
	nanosleep(&whole, NULL);
	halt = true;
	rte_eal_mp_wait_lcore();
	*rate = 0;
	for (unsigned i = 0; i < r->n; i++)
		*rate += r->lanes[i].rate;
	return 0;
}

static int with_workers(
	const struct bench_options *o, const int *cores, unsigned n, double rates[BENCH_RUNS_MAX])
{
	int status = 0;

	for (unsigned run = 0; run < o->runs && status == 0; run++) {
		struct road road;
		status = open_road(&road, cores, n);
		if (status == 0)
			status = run_road(&road, &rates[run]);
		close_road(&road);
	}
	return status;
}

static void tell(
	struct report *r, unsigned n, unsigned runs, const double *one, const double *rates)
{
	double cycles[BENCH_RUNS_MAX], times[BENCH_RUNS_MAX], cost[BENCH_RUNS_MAX];
	char name[64];

	for (unsigned i = 0; i < runs; i++) {
		cycles[i] = n / rates[i];
		times[i] = rates[i] / one[i];
		cost[i] = n / times[i];
	}
	snprintf(name, sizeof(name), "%u worker%s: a packet", n, n > 1 ? "s" : "");
	report_add(r, &(struct measure){name, "cycles/packet", 0, false}, cycles, runs);
	if (n == 1)
		return;
	snprintf(name, sizeof(name), "%u workers: packets against one", n);
	report_add(r, &(struct measure){name, "fold", 0, false}, times, runs);
	snprintf(name, sizeof(name), "%u workers: cost against %u times one", n, n);
	report_add(r, &(struct measure){name, "times", n == 2 ? 2 / 1.9 : 0, false}, cost, runs);
}

int scenario_scale(const struct bench_options *o)
{
	double one[BENCH_RUNS_MAX], rates[BENCH_RUNS_MAX];
	struct bench_options with = *o;
	int cores[MAX_WORKERS];
	struct report report;

	with.workers = cores_of(cores);
	int status = rig_start(&with, MBUF_MB * with.workers);
	if (status != 0)
		return status;
	report_open(&report, "scale", o->json);
	status = with_workers(o, cores, 1, one);
	if (status == 0)
		tell(&report, 1, o->runs, one, one);
	for (unsigned n = 2; n <= with.workers && status == 0; n *= 2) {
		status = with_workers(o, cores, n, rates);
		if (status == 0)
			tell(&report, n, o->runs, one, rates);
	}
	report_close(&report);
	rig_stop();
	return status;
}
