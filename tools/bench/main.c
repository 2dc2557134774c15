// sealwatch-bench: what a packet costs, stage by stage, and what it costs others.

#include "dataplane/base/clock.h"
#include "dataplane/base/log.h"
#include "dataplane/runtime/capture_file.h"
#include "dataplane/runtime/engine.h"
#include "tools/bench/parse_stage.h"
#include "tools/bench/peer.h"
#include "tools/bench/swap.h"
#include "tools/replay/rules.h"

#include <jansson.h>

#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RULES_MAX = 256, RUNS_MAX = 101, CAPTURES_MAX = 8192 };

struct bench_options {
	const char *captures[CAPTURES_MAX];
	unsigned n_captures;
	const char *rules[RULES_MAX];
	unsigned n_rules;
	unsigned runs;
	const char *replay; // path of sealwatch-replay, for --peers
	bool peers;
	bool parse; // --stage parse
	bool swap; // --stage swap
	unsigned swaps;
	bool json;
};

enum stage { STAGE_RECEIVE, STAGE_DECODE, STAGE_FLOW, STAGE_PARSE, STAGE_MATCH, STAGE_COUNT };

static const char *const stage_names[STAGE_COUNT] = {"receive", "decode", "flow", "parse", "match"};

struct result {
	double ns[STAGE_COUNT]; // per packet
	double total_ns; // per packet, wall clock of the whole run
	double bare_ns; // per packet, libpcap alone
	uint64_t packets;
	uint64_t bytes;
	uint64_t flows;
	uint64_t alerts;
};

static double cycles_per_ns(void)
{
	uint64_t ns = clock_monotonic_ns(), cycles = clock_cycles();

	while (clock_monotonic_ns() - ns < 20000000)
		;
	return (double)(clock_cycles() - cycles) / (double)(clock_monotonic_ns() - ns);
}

// The raw cost below us: libpcap reading the same file and nothing else.
static int read_bare(const char *path, double *ns_per_packet)
{
	struct capture_file *c;
	struct capture_frame frame;
	char error[256];
	uint64_t n = 0;

	if (capture_file_open(path, NULL, &c, error) < 0) {
		log_error("%s: %s", path, error);
		return 3;
	}
	uint64_t start = clock_monotonic_ns();
	while (capture_file_next(c, &frame) == CAPTURE_FRAME)
		n++;
	*ns_per_packet = n > 0 ? (double)(clock_monotonic_ns() - start) / (double)n : 0;
	capture_file_close(c);
	return 0;
}

static void measure(struct engine *e, double per_ns, struct result *r)
{
	struct worker *w = &e->workers[0];
	uint64_t totals[CTR_COUNT];

	ruleset_online(e->rulesets, 0);
	uint64_t start = clock_monotonic_ns();
	while (!worker_ended(w))
		worker_turn(w);
	worker_end(w);
	uint64_t ns = clock_monotonic_ns() - start;

	const struct inspect_cycles *cycles = inspect_cycles(w->inspector);
	engine_totals(e, totals);
	r->packets = totals[CTR_RX_PACKETS];
	r->bytes = totals[CTR_RX_BYTES];
	r->flows = totals[CTR_FLOWS_NEW];
	r->alerts = totals[CTR_ALERTS];
	double unit = per_ns * (double)(r->packets != 0 ? r->packets : 1);
	r->ns[STAGE_RECEIVE] = (double)w->intake.receive_cycles / unit;
	r->ns[STAGE_DECODE] = (double)w->intake.decode_cycles / unit;
	r->ns[STAGE_FLOW] = (double)cycles->flow / unit;
	r->ns[STAGE_PARSE] = (double)cycles->parse / unit;
	r->ns[STAGE_MATCH] = (double)cycles->match / unit;
	r->total_ns = (double)ns / (double)(r->packets != 0 ? r->packets : 1);
}

static int run_once(const struct bench_options *o, double per_ns, struct result *r)
{
	struct engine_options options = engine_defaults();
	struct tool_rules rules = {.paths = o->rules, .n_paths = o->n_rules};
	struct capture_plan plan = {.paths = (const char **)o->captures, .n_paths = 1, .loops = 1};
	struct rule_list list = {0};
	struct engine e;
	char error[256] = "";
	int status = 0;

	options.capture = true;
	options.events = false;
	if (engine_open(&e, &options) < 0)
		status = 1;
	if (status == 0 && rules.n_paths > 0)
		status = tool_rules_load(&rules, &e, &list);
	if (status == 0 && engine_capture(&e, &plan, error) < 0) {
		log_error("%s: %s", o->captures[0], error);
		status = 3;
	}
	if (status == 0)
		measure(&e, per_ns, r);
	engine_close(&e);
	rule_list_free(&list);
	return status;
}

static int by_total(const void *a, const void *b)
{
	const struct result *x = a, *y = b;
	return x->total_ns < y->total_ns ? -1 : x->total_ns > y->total_ns;
}

static void print(const struct result *r, const struct peer_result *peers, unsigned n_peers)
{
	double sum = 0;

	printf("%llu packets, %.1f MB, %llu flows, %llu alerts; median of the runs, one worker\n\n",
		(unsigned long long)r->packets, (double)r->bytes / 1e6,
		(unsigned long long)r->flows, (unsigned long long)r->alerts);
	printf("stage        ns/packet\n");
	for (unsigned i = 0; i < STAGE_COUNT; i++) {
		printf("%-12s %9.1f\n", stage_names[i], r->ns[i]);
		sum += r->ns[i];
	}
	printf("%-12s %9.1f   %.2f Mpps, %.2f Gbit/s\n", "all", r->total_ns, 1e3 / r->total_ns,
		(double)r->bytes * 8 / (r->total_ns * (double)r->packets));
	printf("%-12s %9.1f   between the stages: clocks, counters, loop\n", "rest",
		r->total_ns - sum);
	printf("%-12s %9.1f   libpcap reading the file, nothing else: all is %.1f times that\n",
		"bare", r->bare_ns, r->bare_ns > 0 ? r->total_ns / r->bare_ns : 0);
	for (unsigned i = 0; i < n_peers; i++)
		printf("%-20s CPU %.3f s, start-up %.3f s taken off%s\n", peers[i].name,
			peers[i].cpu_s, peers[i].start_s, i == 0 ? "" : peers[i].ratio_text);
}

static void print_json(const struct result *r, const struct peer_result *peers, unsigned n_peers)
{
	json_t *stages = json_object();
	json_t *list = json_array();

	for (unsigned i = 0; i < STAGE_COUNT; i++)
		json_object_set_new(stages, stage_names[i], json_real(r->ns[i]));
	for (unsigned i = 0; i < n_peers; i++)
		json_array_append_new(list,
			json_pack("{s:s, s:f, s:f}", "name", peers[i].name, "cpu_s", peers[i].cpu_s,
				"start_s", peers[i].start_s));
	json_t *all = json_pack("{s:I, s:I, s:I, s:I, s:o, s:f, s:f, s:o}", "packets",
		(json_int_t)r->packets, "bytes", (json_int_t)r->bytes, "flows",
		(json_int_t)r->flows, "alerts", (json_int_t)r->alerts, "ns_per_packet", stages,
		"ns_per_packet_all", r->total_ns, "ns_per_packet_libpcap", r->bare_ns, "peers",
		list);
	json_dumpf(all, stdout, JSON_INDENT(1));
	printf("\n");
	json_decref(all);
}

static int bench(const struct bench_options *o)
{
	struct result results[RUNS_MAX];
	struct peer_result peers[PEERS_MAX];
	unsigned n_peers = 0;
	double per_ns = cycles_per_ns();
	double bare = 0;

	for (unsigned i = 0; i < o->runs; i++) {
		int status = run_once(o, per_ns, &results[i]);
		if (status == 0)
			status = read_bare(o->captures[0], &bare);
		if (status != 0)
			return status;
		results[i].bare_ns = bare;
	}
	qsort(results, o->runs, sizeof(results[0]), by_total);
	const struct result *median = &results[o->runs / 2];
	if (o->peers)
		n_peers = peers_measure(
			o->replay, o->rules, o->n_rules, o->captures[0], o->runs, peers);
	if (o->json)
		print_json(median, peers, n_peers);
	else
		print(median, peers, n_peers);
	return 0;
}

static void help(void)
{
	printf("usage: sealwatch-bench -r CAPTURE [-S RULES]... [options]\n"
	       "       sealwatch-bench --stage parse -r CAPTURE... [-S RULES]... [options]\n"
	       "       sealwatch-bench --stage swap -r CAPTURE -S RULES... [options]\n"
	       "Times each stage of one worker over a capture; or the parse stage over many, by\n"
	       "protocol and by field; or swaps of the pattern set under a replay.\n\n"
	       "  -r, --read CAPTURE   the capture (sealwatch-craft load makes a good one)\n"
	       "  -S, --rules RULES    pattern set; may be given several times\n"
	       "      --stage STAGE    parse: what its protocols and fields cost, in cycles;\n"
	       "                       swap: how long bursts wait while sets are swapped\n"
	       "      --swaps N        at least so many (default 10000)\n"
	       "  -n, --runs N         runs, the median counts (default 5)\n"
	       "      --peers REPLAY   also the CPU time of this sealwatch-replay and of "
	       "ndpiReader,\n"
	       "                       where it is installed, on the same file, start-up taken "
	       "off\n"
	       "      --json           as JSON\n"
	       "  -h, --help           this text\n\n"
	       "exit status: 0, 1 memory is short or a swap lost something, 2 usage,\n"
	       "             3 the capture can not be read, 4 rules\n");
}

static unsigned count(const char *text)
{
	char *end;
	unsigned long v = strtoul(text, &end, 10);

	return *text >= '0' && *text <= '9' && *end == '\0' && v <= UINT_MAX ? (unsigned)v : 0;
}

static bool usable(const struct bench_options *o)
{
	if (o->n_captures == 0 || (o->n_captures > 1 && !o->parse) || o->runs == 0 ||
		o->runs > RUNS_MAX || o->swaps == 0) {
		log_error("a capture (-r), 1 to %d runs (-n) and 1 or more --swaps are wanted; try "
			  "--help",
			RUNS_MAX);
		return false;
	}
	return true;
}

// False: the program ends with *status.
static bool options(int argc, char **argv, struct bench_options *o, int *status)
{
	static const struct option longs[] = {{"read", required_argument, NULL, 'r'},
		{"rules", required_argument, NULL, 'S'}, {"runs", required_argument, NULL, 'n'},
		{"peers", required_argument, NULL, 'p'}, {"stage", required_argument, NULL, 's'},
		{"swaps", required_argument, NULL, 'w'}, {"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'}, {0}};
	int option;

	*status = 2;
	while ((option = getopt_long(argc, argv, "r:S:n:h", longs, NULL)) != -1) {
		switch (option) {
		case 'r':
			if (o->n_captures < CAPTURES_MAX)
				o->captures[o->n_captures++] = optarg;
			break;
		case 's':
			o->parse = strcmp(optarg, "parse") == 0;
			o->swap = strcmp(optarg, "swap") == 0;
			if (!o->parse && !o->swap) {
				log_error("--stage knows parse and swap, not \"%s\"", optarg);
				return false;
			}
			break;
		case 'S':
			if (o->n_rules < RULES_MAX)
				o->rules[o->n_rules++] = optarg;
			break;
		case 'n':
			o->runs = count(optarg);
			break;
		case 'w':
			o->swaps = count(optarg);
			break;
		case 'p':
			o->peers = true;
			o->replay = optarg;
			break;
		case 'j':
			o->json = true;
			break;
		case 'h':
			help();
			*status = 0;
			return false;
		default:
			return false;
		}
	}
	for (; o->parse && optind < argc && o->n_captures < CAPTURES_MAX; optind++)
		o->captures[o->n_captures++] = argv[optind];
	if (optind != argc) {
		log_error("what is \"%s\"? try --help", argv[optind]);
		return false;
	}
	return usable(o);
}

int main(int argc, char **argv)
{
	static struct bench_options o = {.runs = 5, .swaps = 10000};
	int status;

	log_open("sealwatch-bench", LOG_LEVEL_INFO);
	if (!options(argc, argv, &o, &status))
		return status;
	if (o.parse)
		return parse_stage(&(struct parse_stage_options){.captures = o.captures,
			.n_captures = o.n_captures,
			.rules = o.rules,
			.n_rules = o.n_rules,
			.runs = o.runs,
			.json = o.json});
	if (o.swap)
		return swap_stage(&(struct swap_options){.capture = o.captures[0],
			.rules = o.rules,
			.n_rules = o.n_rules,
			.swaps = o.swaps,
			.json = o.json});
	return bench(&o);
}
