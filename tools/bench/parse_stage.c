#include "tools/bench/parse_stage.h"

#include "dataplane/base/log.h"
#include "dataplane/inspect/parse_costs.h"
#include "dataplane/runtime/capture_file.h"
#include "dataplane/runtime/engine.h"
#include "tools/replay/rules.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

// All captures, several times in one run: what an appliance pays that is up, not one that starts.
enum { LOOPS = 8 };

struct run {
	uint64_t packets;
	uint64_t cycles; // of order, recognition, parsers, fields
};

// Read whole and without an error? Then it is part of every run.
static bool readable(const char *path)
{
	struct capture_file *c;
	struct capture_frame frame;
	char error[256];

	if (capture_file_open(path, NULL, NULL, &c, error) < 0) {
		log_warning("%s is left out: %s", path, error);
		return false;
	}
	int got;
	do
		got = capture_file_next(c, &frame);
	while (got == CAPTURE_FRAME);
	capture_file_close(c);
	return true;
}

// costs: NULL, or what the time is told apart in. Reading the clock around every parser costs
// some 30 cycles a packet itself, so the figure for the whole stage comes from runs without.
static int run_once(const struct parse_stage_options *o, struct run *r, struct parse_costs *costs)
{
	struct engine_options options = engine_defaults();
	struct tool_rules rules = {.paths = (const char **)o->rules, .n_paths = o->n_rules};
	struct capture_plan plan = {
		.paths = (const char **)o->captures, .n_paths = o->n_captures, .loops = LOOPS};
	struct rule_list list = {0};
	struct engine e;
	char error[256] = "";
	uint64_t totals[CTR_COUNT];
	int status = 0;

	memset(r, 0, sizeof(*r));
	options.capture = true;
	options.events = false;
	options.inspect.costs = costs;
	options.stages_every = 1;
	if (engine_open(&e, &options) < 0)
		status = 1;
	if (status == 0 && rules.n_paths > 0)
		status = tool_rules_load(&rules, &e, &list);
	if (status == 0 && engine_capture(&e, &plan, error) < 0) {
		log_error("%s", error);
		status = 3;
	}
	if (status == 0) {
		struct worker *w = &e.workers[0];
		ruleset_online(e.rulesets, 0);
		while (!worker_ended(w))
			worker_turn(w);
		worker_end(w);
		engine_totals(&e, totals);
		r->packets = totals[CTR_RX_PACKETS];
		r->cycles =
			w->counters[CTR_CYCLES_STAGE_ORDER] + w->counters[CTR_CYCLES_STAGE_PARSE];
	}
	engine_close(&e);
	rule_list_free(&list);
	return status;
}

static int by_cycles(const void *a, const void *b)
{
	const struct run *x = a, *y = b;
	return x->cycles < y->cycles ? -1 : x->cycles > y->cycles;
}

static double per(double cycles, uint64_t n)
{
	return n > 0 ? cycles / (double)n : 0;
}

static void print(const struct run *r, const struct parse_costs *c, unsigned n_captures)
{
	printf("%u captures, %llu packets: %.1f cycles a packet in the parse stage (order, "
	       "recognition, parsers, fields)\n\n",
		n_captures, (unsigned long long)r->packets, per((double)r->cycles, r->packets));
	printf("%-12s %10s %10s %14s %14s %14s\n", "protocol", "calls", "messages", "cycles/call",
		"cycles/message", "cycles/packet");
	for (unsigned i = 0; i < APP_COUNT; i++) {
		if (c->calls[i] == 0)
			continue;
		printf("%-12s %10llu %10llu %14.0f %14.0f %14.1f\n", app_proto_table[i].name,
			(unsigned long long)c->calls[i], (unsigned long long)c->messages[i],
			per((double)c->cycles[i], c->calls[i]),
			per((double)c->cycles[i], c->messages[i]),
			per((double)c->cycles[i], r->packets));
	}
	printf("\n%-28s %10s %14s\n", "field", "values", "cycles/value");
	for (unsigned i = 0; i < FIELD_COUNT; i++) {
		if (c->fields[i] > 0)
			printf("%-28s %10llu %14.0f\n", field_table[i].name,
				(unsigned long long)c->fields[i],
				per(c->field_cycles[i], c->fields[i]));
	}
}

static void print_json(const struct run *r, const struct parse_costs *c, unsigned n_captures)
{
	json_t *protocols = json_object(), *fields = json_object();

	for (unsigned i = 0; i < APP_COUNT; i++) {
		if (c->calls[i] > 0)
			json_object_set_new(protocols, app_proto_table[i].name,
				json_pack("{s:I, s:I, s:f}", "calls", (json_int_t)c->calls[i],
					"messages", (json_int_t)c->messages[i], "cycles_per_packet",
					per((double)c->cycles[i], r->packets)));
	}
	for (unsigned i = 0; i < FIELD_COUNT; i++) {
		if (c->fields[i] > 0)
			json_object_set_new(fields, field_table[i].name,
				json_pack("{s:I, s:f}", "values", (json_int_t)c->fields[i],
					"cycles", per(c->field_cycles[i], c->fields[i])));
	}
	json_t *all = json_pack("{s:i, s:I, s:f, s:o, s:o}", "captures", (int)n_captures, "packets",
		(json_int_t)r->packets, "cycles_per_packet", per((double)r->cycles, r->packets),
		"protocols", protocols, "fields", fields);
	json_dumpf(all, stdout, JSON_INDENT(1));
	printf("\n");
	json_decref(all);
}

// Captures are short: without it, what is measured is the kernel handing out fresh pages.
static void touch_memory(void)
{
	if (mlockall(MCL_CURRENT | MCL_FUTURE) < 0)
		log_warning("memory is not locked (%s): page faults are part of the figures",
			strerror(errno));
}

int parse_stage(const struct parse_stage_options *o)
{
	const char **captures = calloc(o->n_captures, sizeof(*captures));
	struct run *runs = calloc(o->runs, sizeof(*runs));
	struct parse_stage_options good = *o;
	struct parse_costs costs = {0};
	struct run told_apart;
	int status = captures != NULL && runs != NULL ? 0 : 1;

	touch_memory();
	good.n_captures = 0;
	good.captures = captures;
	for (unsigned i = 0; i < o->n_captures && status == 0; i++) {
		if (readable(o->captures[i]))
			captures[good.n_captures++] = o->captures[i];
	}
	if (status == 0 && good.n_captures == 0)
		status = 3;
	for (unsigned i = 0; i < o->runs && status == 0; i++)
		status = run_once(&good, &runs[i], NULL);
	if (status == 0)
		status = run_once(&good, &told_apart, &costs);
	if (status == 0) {
		qsort(runs, o->runs, sizeof(*runs), by_cycles);
		if (o->json)
			print_json(&runs[o->runs / 2], &costs, good.n_captures);
		else
			print(&runs[o->runs / 2], &costs, good.n_captures);
	}
	free(runs);
	free(captures);
	return status;
}
