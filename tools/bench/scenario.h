// What sealwatch-bench can measure: one row in the table of main.c each.

#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { BENCH_RULES_MAX = 256, BENCH_RUNS_MAX = 101, BENCH_CAPTURES_MAX = 8192 };

struct bench_options {
	const char *captures[BENCH_CAPTURES_MAX];
	unsigned n_captures;
	const char *rules[BENCH_RULES_MAX];
	unsigned n_rules;
	unsigned runs; // of which the median counts
	unsigned swaps;
	unsigned workers;
	uint64_t flows; // 0: the scenario's own list
	uint64_t patterns; // 0: the scenario's own list
	uint64_t packets; // of one measurement; 0: the scenario's own number
	const char
		*replay; // path of sealwatch-replay, for its CPU time and that of others; or NULL
	bool hugepages;
	bool json;
};

// Measures and prints. The program's exit status: 0, 1 memory is short or something was lost, 3 a
// capture can not be read, 4 rules.
int scenario_stages(const struct bench_options *o);
int scenario_parse(const struct bench_options *o);
int scenario_swap(const struct bench_options *o);

int scenario_io(const struct bench_options *o);
int scenario_scale(const struct bench_options *o);
int scenario_flow(const struct bench_options *o);
int scenario_clear(const struct bench_options *o);
int scenario_mix(const struct bench_options *o);
int scenario_handshakes(const struct bench_options *o);
int scenario_flood(const struct bench_options *o);
int scenario_memory(const struct bench_options *o);
int scenario_sizing(const struct bench_options *o);
