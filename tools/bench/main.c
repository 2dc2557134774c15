// sealwatch-bench: what a packet costs, and what of it is ours.

#include "dataplane/base/log.h"
#include "tools/bench/parse_stage.h"
#include "tools/bench/scenario.h"
#include "tools/bench/swap.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int scenario_parse(const struct bench_options *o)
{
	return parse_stage(&(struct parse_stage_options){.captures = o->captures,
		.n_captures = o->n_captures,
		.rules = o->rules,
		.n_rules = o->n_rules,
		.runs = o->runs,
		.json = o->json});
}

int scenario_swap(const struct bench_options *o)
{
	return swap_stage(&(struct swap_options){.capture = o->captures[0],
		.rules = o->rules,
		.n_rules = o->n_rules,
		.swaps = o->swaps,
		.json = o->json});
}

static const struct scenario {
	const char *name;
	const char *help;
	unsigned captures; // at least so many are wanted
	bool more; // of them are taken
	int (*run)(const struct bench_options *o);
} scenarios[] = {
	{"stages", "each stage of one worker over a capture", 1, false, scenario_stages},
	{"parse", "the parse stage over captures, by protocol and by field", 1, true,
		scenario_parse},
	{"swap", "how long bursts wait while sets are swapped", 1, false, scenario_swap},
	{"io", "frames taken and given back, nothing else", 0, false, scenario_io},
	{"flow", "64-byte frames of settled flows: 1k, 100k, 1M, 4M", 0, false, scenario_flow},
	{"im-mix", "a capture with 10 to 100,000 patterns, or with these rules", 1, false,
		scenario_mix},
	{"clear", "pages of HTTP, scanned in full, under 1,000 patterns or these rules", 0, false,
		scenario_clear},
	{"handshakes", "new TLS and QUIC flows, with 10,000 patterns or these rules", 0, false,
		scenario_handshakes},
	{"scale", "settled flows with one worker, two, four ...", 0, false, scenario_scale},
	{"sizing", "cores and memory for 10 to 400 Gbit/s of a capture", 1, false, scenario_sizing},
	{"flood", "SYNs, then datagrams, from anywhere: nothing grows, nobody is lost", 0, false,
		scenario_flood},
	{"memory", "10 million flows, then 100 million that come and go", 0, false,
		scenario_memory},
};
enum { SCENARIOS = sizeof(scenarios) / sizeof(scenarios[0]) };

static void help(void)
{
	printf("usage: sealwatch-bench [SCENARIO] [options]\n"
	       "Measures what packets cost, in one run on one machine: medians, and ratios to the\n"
	       "bare parts.\n\n");
	for (unsigned i = 0; i < SCENARIOS; i++)
		printf("  %-12s %s%s\n", scenarios[i].name, scenarios[i].help,
			i == 0 ? " (the default)" : "");
	printf("\n"
	       "  -r, --read CAPTURE   the capture (sealwatch-craft load makes a good one)\n"
	       "  -S, --rules RULES    pattern set; may be given several times\n"
	       "  -n, --runs N         runs, the median counts (default 5)\n"
	       "      --flows N        flow: this number only\n"
	       "      --patterns N     im-mix: this number only\n"
	       "      --packets N      of one measurement\n"
	       "      --swaps N        swap: at least so many (default 10000)\n"
	       "      --hugepages      mbufs in hugepages, where some are reserved\n"
	       "      --peers REPLAY   stages: also the CPU time of this sealwatch-replay and of\n"
	       "                       ndpiReader, where it is installed, start-up taken off\n"
	       "      --json           as JSON\n"
	       "  -h, --help           this text\n\n"
	       "exit status: 0, 1 memory is short or something was lost, 2 usage,\n"
	       "             3 a capture can not be read, 4 rules\n");
}

static bool count(const char *text, uint64_t max, uint64_t *out)
{
	char *end;
	unsigned long long v = strtoull(text, &end, 10);

	*out = v;
	return *text >= '0' && *text <= '9' && *end == '\0' && v > 0 && v <= max;
}

static const struct scenario *scenario_of(const char *name)
{
	for (unsigned i = 0; i < SCENARIOS; i++) {
		if (strcmp(scenarios[i].name, name) == 0)
			return &scenarios[i];
	}
	log_error("there is no scenario \"%s\"; try --help", name);
	return NULL;
}

enum {
	OPTION_FLOWS = 256,
	OPTION_PATTERNS,
	OPTION_PACKETS,
	OPTION_SWAPS,
	OPTION_PEERS,
	OPTION_STAGE,
	OPTION_HUGE
};

static bool number_option(struct bench_options *o, int option, const char *text)
{
	uint64_t value;
	const uint64_t max = option == 'n' ? BENCH_RUNS_MAX
		: option == OPTION_FLOWS   ? 1 << 24
					   : 1u << 31;

	if (!count(text, max, &value)) {
		log_error("a number from 1 to %llu is wanted, not \"%s\"", (unsigned long long)max,
			text);
		return false;
	}
	if (option == 'n')
		o->runs = (unsigned)value;
	else if (option == OPTION_FLOWS)
		o->flows = value;
	else if (option == OPTION_PATTERNS)
		o->patterns = value;
	else if (option == OPTION_PACKETS)
		o->packets = value;
	else
		o->swaps = (unsigned)value;
	return true;
}

// One option. False: the program ends with *status.
static bool take(struct bench_options *o, const struct scenario **s, int option, int *status)
{
	switch (option) {
	case 'r':
		if (o->n_captures < BENCH_CAPTURES_MAX)
			o->captures[o->n_captures++] = optarg;
		return true;
	case 'S':
		if (o->n_rules < BENCH_RULES_MAX)
			o->rules[o->n_rules++] = optarg;
		return true;
	case 'n':
	case OPTION_FLOWS:
	case OPTION_PATTERNS:
	case OPTION_PACKETS:
	case OPTION_SWAPS:
		return number_option(o, option, optarg);
	case OPTION_PEERS:
		o->replay = optarg;
		return true;
	case OPTION_STAGE:
		*s = scenario_of(optarg);
		return *s != NULL;
	case OPTION_HUGE:
		o->hugepages = true;
		return true;
	case 'j':
		o->json = true;
		return true;
	case 'h':
		help();
		*status = 0;
		return false;
	default:
		return false;
	}
}

// False: the program ends with *status.
static bool options(
	int argc, char **argv, struct bench_options *o, const struct scenario **s, int *status)
{
	static const struct option longs[] = {{"read", required_argument, NULL, 'r'},
		{"rules", required_argument, NULL, 'S'}, {"runs", required_argument, NULL, 'n'},
		{"flows", required_argument, NULL, OPTION_FLOWS},
		{"patterns", required_argument, NULL, OPTION_PATTERNS},
		{"packets", required_argument, NULL, OPTION_PACKETS},
		{"swaps", required_argument, NULL, OPTION_SWAPS},
		{"peers", required_argument, NULL, OPTION_PEERS},
		{"stage", required_argument, NULL, OPTION_STAGE},
		{"hugepages", no_argument, NULL, OPTION_HUGE}, {"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'}, {0}};
	int option;

	*status = 2;
	*s = &scenarios[0];
	if (argc > 1 && argv[1][0] != '-') {
		*s = scenario_of(argv[1]);
		if (*s == NULL)
			return false;
		optind = 2;
	}
	while ((option = getopt_long(argc, argv, "r:S:n:h", longs, NULL)) != -1) {
		if (!take(o, s, option, status))
			return false;
	}
	for (; (*s)->more && optind < argc && o->n_captures < BENCH_CAPTURES_MAX; optind++)
		o->captures[o->n_captures++] = argv[optind];
	if (optind != argc) {
		log_error("what is \"%s\"? try --help", argv[optind]);
		return false;
	}
	if (o->n_captures < (*s)->captures || (o->n_captures > 1 && !(*s)->more)) {
		log_error("%s wants %s (-r); try --help", (*s)->name,
			(*s)->captures > 0 ? "a capture" : "no more than one capture");
		return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	static struct bench_options o = {.runs = 5, .swaps = 10000, .workers = 1};
	const struct scenario *s;
	int status;

	log_open("sealwatch-bench", LOG_LEVEL_INFO);
	if (!options(argc, argv, &o, &s, &status))
		return status;
	return s->run(&o);
}
