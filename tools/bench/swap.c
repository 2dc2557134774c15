#include "tools/bench/swap.h"

#include "dataplane/base/clock.h"
#include "dataplane/base/log.h"
#include "dataplane/runtime/engine.h"
#include "tools/bench/memory.h"
#include "tools/bench/rig.h"
#include "tools/replay/rules.h"

#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOOPS = 40, TICK_NS = 100, TICKS = 100000 }; // times up to 10 ms, in steps of 100 ns

// How long things took.
struct times {
	uint64_t n, max_ns;
	uint32_t count[TICKS + 1]; // the last one: longer than that
};

struct run {
	uint64_t received, delivered, alerts, swaps;
	uint64_t memory_first, memory_last; // bytes, at most: in the first half and in the second
	struct times bursts;
	struct times publishes; // pointer stored until every worker let go of the last set
};

static void note(struct times *t, uint64_t ns)
{
	uint64_t tick = ns / TICK_NS;

	t->n++;
	t->count[tick < TICKS ? tick : TICKS]++;
	if (ns > t->max_ns)
		t->max_ns = ns;
}

static void add(struct times *to, const struct times *from)
{
	to->n += from->n;
	to->max_ns = from->max_ns > to->max_ns ? from->max_ns : to->max_ns;
	for (unsigned i = 0; i <= TICKS; i++)
		to->count[i] += from->count[i];
}

// In microseconds, the upper end of its step.
static double quantile(const struct times *t, double q)
{
	uint64_t seen = 0, want = (uint64_t)((double)t->n * q);

	for (unsigned i = 0; i <= TICKS; i++) {
		seen += t->count[i];
		if (seen > want)
			return (i + 1) * (TICK_NS / 1000.0);
	}
	return 0;
}

static void note_memory(struct run *r, bool first_half)
{
	uint64_t now = memory_resident();
	uint64_t *most = first_half ? &r->memory_first : &r->memory_last;

	*most = now > *most ? now : *most;
	if (r->memory_first == 0)
		r->memory_first = now; // one run did it all
}

struct swapper {
	struct engine *engine;
	const struct swdb *set;
	struct run *run;
	_Atomic bool stop;
	bool failed; // read when the thread has ended
};

static void *swap_on(void *arg)
{
	struct swapper *s = arg;
	char error[256];
	uint64_t generation;

	while (!atomic_load(&s->stop)) {
		if (engine_load(s->engine, s->set->data, s->set->len, &generation, error) < 0) {
			log_error("swap: %s", error);
			s->failed = true;
			break;
		}
		uint64_t published = clock_monotonic_ns();
		while (ruleset_poll(s->engine->rulesets) == 0 && !atomic_load(&s->stop))
			;
		note(&s->run->publishes, clock_monotonic_ns() - published);
		s->run->swaps++;
	}
	return NULL;
}

static void work(struct engine *e, struct run *r)
{
	struct worker *w = &e->workers[0];

	ruleset_online(e->rulesets, 0);
	while (!worker_ended(w)) {
		uint64_t start = clock_monotonic_ns();
		if (worker_turn(w) > 0)
			note(&r->bursts, clock_monotonic_ns() - start);
	}
	worker_end(w);
}

static int run_once(
	const struct swap_options *o, const struct swdb *set, bool swapping, struct run *r)
{
	struct engine_options options = engine_defaults();
	struct capture_plan plan = {.paths = &o->capture, .n_paths = 1, .loops = LOOPS};
	struct engine e;
	struct swapper s = {.engine = &e, .set = set, .run = r};
	uint64_t totals[CTR_COUNT], generation;
	char error[256] = "";
	pthread_t thread;

	options.capture = true;
	options.events = false;
	int err = engine_open(&e, &options);
	if (err == 0)
		err = rig_purposes(&e);
	if (err == 0)
		err = engine_load(&e, set->data, set->len, &generation, error);
	if (err == 0)
		err = engine_capture(&e, &plan, error);
	if (err == 0 && swapping)
		err = -pthread_create(&thread, NULL, swap_on, &s);
	if (err == 0) {
		work(&e, r);
		atomic_store(&s.stop, true);
		if (swapping)
			pthread_join(thread, NULL);
		engine_totals(&e, totals);
		r->received += totals[CTR_RX_PACKETS];
		r->delivered += totals[CTR_DELIVERED];
		r->alerts += totals[CTR_ALERTS];
	} else {
		log_error("%s: %s", o->capture, error[0] != '\0' ? error : strerror(-err));
	}
	engine_close(&e);
	return err < 0 ? 3 : s.failed ? 1 : 0;
}

static int compile(const struct swap_options *o, struct swdb *out)
{
	struct tool_rules rules = {.paths = o->rules, .n_paths = o->n_rules};
	struct rule_list list = {0};
	int status = tool_rules_compile(&rules, &list, out);

	rule_list_free(&list);
	return status;
}

// How long the machine itself takes away from a loop that does nothing.
static void spin(struct times *t, uint64_t turns)
{
	for (uint64_t i = 0; i < turns; i++) {
		uint64_t start = clock_monotonic_ns();
		note(t, clock_monotonic_ns() - start);
	}
}

static void print(const struct run *quiet, const struct run *swapped, const struct times *empty,
	unsigned runs)
{
	printf("%llu swaps in %u runs of %llu packets\n", (unsigned long long)swapped->swaps, runs,
		(unsigned long long)quiet->received);
	printf("packets lost   %lld\n", (long long)(quiet->delivered * runs - swapped->delivered));
	printf("matches lost   %lld of %llu\n", (long long)(quiet->alerts * runs - swapped->alerts),
		(unsigned long long)swapped->alerts);
	printf("memory         %.1f MB at most in the first half, %.1f MB in the second\n",
		(double)swapped->memory_first / 1e6, (double)swapped->memory_last / 1e6);
	printf("%-16s %10s %10s %10s %10s\n", "microseconds", "p50", "p99", "p99.9", "max");
	const struct {
		const char *name;
		const struct times *t;
	} rows[] = {{"burst, quiet", &quiet->bursts}, {"burst, swapping", &swapped->bursts},
		{"publish", &swapped->publishes}, {"empty loop", empty}};
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		printf("%-16s %10.1f %10.1f %10.1f %10.1f\n", rows[i].name,
			quantile(rows[i].t, 0.5), quantile(rows[i].t, 0.99),
			quantile(rows[i].t, 0.999), (double)rows[i].t->max_ns / 1000);
}

static json_t *times_json(const struct times *t)
{
	return json_pack("{s:f, s:f, s:f, s:f}", "p50_us", quantile(t, 0.5), "p99_us",
		quantile(t, 0.99), "p999_us", quantile(t, 0.999), "max_us",
		(double)t->max_ns / 1000);
}

static void print_json(const struct run *quiet, const struct run *swapped,
	const struct times *empty, unsigned runs)
{
	json_t *all = json_pack("{s:I, s:i, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o}", "swaps",
		(json_int_t)swapped->swaps, "runs", (int)runs, "packets_lost",
		(json_int_t)(quiet->delivered * runs - swapped->delivered), "matches_lost",
		(json_int_t)(quiet->alerts * runs - swapped->alerts), "memory_first",
		(json_int_t)swapped->memory_first, "memory_last", (json_int_t)swapped->memory_last,
		"burst_quiet", times_json(&quiet->bursts), "burst_swapping",
		times_json(&swapped->bursts), "publish", times_json(&swapped->publishes),
		"empty_loop", times_json(empty));

	json_dumpf(all, stdout, JSON_INDENT(1));
	printf("\n");
	json_decref(all);
}

static int run_swapping(const struct swap_options *o, const struct swdb *set, struct run *sum)
{
	struct run *one = calloc(1, sizeof(*one));
	int status = one != NULL ? run_once(o, set, true, one) : 1;

	if (status == 0 && one->swaps == 0) {
		log_error("%s ended before a set was swapped; take a longer capture", o->capture);
		status = 3;
	}
	if (status == 0) {
		add(&sum->bursts, &one->bursts);
		add(&sum->publishes, &one->publishes);
		sum->received += one->received;
		sum->delivered += one->delivered;
		sum->alerts += one->alerts;
		sum->swaps += one->swaps;
		note_memory(sum, sum->swaps < o->swaps / 2);
	}
	free(one);
	return status;
}

int swap_stage(const struct swap_options *o)
{
	struct run *quiet = calloc(1, sizeof(*quiet)), *swapped = calloc(1, sizeof(*swapped));
	struct times *empty = calloc(1, sizeof(*empty));
	struct swdb set = {0};
	unsigned runs = 0;
	int status = quiet != NULL && swapped != NULL && empty != NULL ? compile(o, &set) : 1;

	if (status == 0)
		status = run_once(o, &set, false, quiet);
	if (status == 0)
		spin(empty, quiet->bursts.n);
	for (; status == 0 && swapped->swaps < o->swaps; runs++)
		status = run_swapping(o, &set, swapped);
	if (status == 0) {
		(o->json ? print_json : print)(quiet, swapped, empty, runs);
		if (swapped->delivered != quiet->delivered * runs ||
			swapped->alerts != quiet->alerts * runs)
			status = 1;
	}
	swdb_free(&set);
	free(empty);
	free(swapped);
	free(quiet);
	return status;
}
