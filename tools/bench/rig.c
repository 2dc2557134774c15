#include "tools/bench/rig.h"

#include "dataplane/base/clock.h"
#include "dataplane/base/log.h"
#include "dataplane/runtime/eal.h"
#include "tools/replay/rules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

double cycles_per_ns(void)
{
	uint64_t ns = clock_monotonic_ns(), cycles = clock_cycles();

	while (clock_monotonic_ns() - ns < 20000000)
		;
	return (double)(clock_cycles() - cycles) / (double)(clock_monotonic_ns() - ns);
}

int rig_start_port(const struct bench_options *o, unsigned mb, struct port_config *port)
{
	struct eal_config eal = {.hugepages = o->hugepages, .memory_mb = mb};
	struct dataplane_config config = {
		.workers = o->workers, .eal = &eal, .ports = port, .ports_count = port != NULL};
	char error[256];

	if (eal_start(&config, "sealwatch-bench", error) == 0)
		return 0;
	log_error("%s", error);
	return 1;
}

int rig_start(const struct bench_options *o, unsigned mb)
{
	return rig_start_port(o, mb, NULL);
}

void rig_stop(void)
{
	eal_stop();
}

int rig_compile(const char *const *rules, unsigned n_rules, struct swdb *set)
{
	struct tool_rules files = {.paths = (const char **)rules, .n_paths = n_rules};
	struct rule_list list = {0};
	int status = tool_rules_compile(&files, &list, set);

	rule_list_free(&list);
	return status;
}

int rig_purposes(struct engine *e)
{
	struct purpose_table *t = malloc(sizeof(*t));

	if (t == NULL)
		return -ENOMEM;
	purpose_table_laboratory(t);
	t->rows[0].n_detectors = 0;
	int err = engine_purposes(e, t);
	free(t);
	return err;
}

int rig_open(struct rig *r, const struct swdb *set, uint32_t max_flows, struct source *s)
{
	struct engine_options options = engine_defaults();
	char error[256] = "memory is short";
	uint64_t generation;

	memset(r, 0, sizeof(*r));
	options.events = false;
	options.max_flows = max_flows;
	int err = engine_open(&r->engine, &options);
	if (err == 0)
		err = rig_purposes(&r->engine);
	if (err == 0 && set != NULL)
		err = engine_load(&r->engine, set->data, set->len, &generation, error);
	if (err < 0) {
		log_error("%s", error);
		rig_close(r);
		return 1;
	}
	r->worker = &r->engine.workers[0];
	worker_add_source(r->worker, s, DEAL_NONE);
	ruleset_online(r->engine.rulesets, 0);
	return 0;
}

void rig_close(struct rig *r)
{
	if (r->worker != NULL)
		worker_end(r->worker);
	engine_close(&r->engine);
}

void rig_stages(const uint64_t before[CTR_COUNT], const uint64_t after[CTR_COUNT], double packets,
	double stage[STAGE_COUNT])
{
	double timed = (double)(after[CTR_STAGE_PACKETS] - before[CTR_STAGE_PACKETS]);

	for (unsigned i = 0; i < STAGE_COUNT; i++) {
		double cycles = (double)(after[CTR_CYCLES + i] - before[CTR_CYCLES + i]);
		stage[i] = timed > 0 ? cycles * packets / timed : 0;
	}
}

void rig_run(struct rig *r, uint64_t packets, struct cost *cost)
{
	struct worker *w = r->worker;
	uint64_t before[CTR_COUNT];
	uint64_t done = 0, bytes = w->counters[CTR_RX_BYTES];

	memcpy(before, w->counters, sizeof(before));
	uint64_t start = clock_cycles();
	while (done < packets)
		done += worker_turn(w);
	*cost = (struct cost){.packets = done,
		.bytes = w->counters[CTR_RX_BYTES] - bytes,
		.cycles = (double)(clock_cycles() - start)};
	rig_stages(before, w->counters, (double)done, cost->stage);
}

void rig_bare(struct source *s, uint64_t packets, struct cost *cost)
{
	struct packet burst[BURST_MAX];
	uint64_t done = 0, bytes = 0, start = clock_cycles();

	while (done < packets) {
		unsigned n = s->rx(s, burst, BURST_MAX);
		for (unsigned i = 0; i < n; i++) {
			bytes += burst[i].wire_len;
			packet_free(&burst[i]);
		}
		done += n;
	}
	*cost = (struct cost){
		.packets = done, .bytes = bytes, .cycles = (double)(clock_cycles() - start)};
}
