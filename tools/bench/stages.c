// Scenario stages: what a packet of a capture costs, stage by stage, and what it costs others.

#include "dataplane/base/clock.h"
#include "dataplane/base/log.h"
#include "dataplane/runtime/capture_file.h"
#include "tools/bench/peer.h"
#include "tools/bench/rig.h"
#include "tools/replay/rules.h"

#include <jansson.h>
#include <pcap/pcap.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct result {
	double ns[STAGE_COUNT]; // per packet
	double total_ns; // per packet, wall clock of the whole run
	double libpcap_ns; // per packet, libpcap reading the file and nothing else
	double bare_ns; // our reader
	uint64_t packets;
	uint64_t bytes;
	uint64_t flows;
	uint64_t alerts;
};

// What reading the same file and nothing else costs: libpcap, in pieces as large as it is given for
// what it reads for us, and our own reader.
static int read_libpcap(const char *path, double *ns_per_packet)
{
	enum { READ_BUFFER = 256 * 1024 };
	char error[PCAP_ERRBUF_SIZE] = "";
	FILE *file = fopen(path, "rb");
	struct pcap_pkthdr *head;
	const u_char *data;
	uint64_t n = 0;

	if (file == NULL) {
		log_error("%s: %s", path, strerror(errno));
		return 3;
	}
	setvbuf(file, NULL, _IOFBF, READ_BUFFER);
	pcap_t *p = pcap_fopen_offline(file, error);
	if (p == NULL) {
		log_warning("%s: libpcap alone cannot read it: %s", path, error);
		fclose(file);
		*ns_per_packet = 0;
		return 0;
	}
	uint64_t start = clock_monotonic_ns();
	while (pcap_next_ex(p, &head, &data) == 1)
		n++;
	*ns_per_packet = n > 0 ? (double)(clock_monotonic_ns() - start) / (double)n : 0;
	pcap_close(p);
	return 0;
}

static int read_bare(const char *path, double *ns_per_packet)
{
	struct capture_file *c;
	struct capture_frame frame;
	char error[256];
	uint64_t n = 0;

	if (capture_file_open(path, NULL, NULL, &c, error) < 0) {
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

	engine_totals(e, totals);
	r->packets = totals[CTR_RX_PACKETS];
	r->bytes = totals[CTR_RX_BYTES];
	r->flows = totals[CTR_FLOWS_NEW];
	r->alerts = totals[CTR_ALERTS];
	rig_stages((uint64_t[CTR_COUNT]){0}, totals, 1 / per_ns, r->ns);
	r->total_ns = (double)ns / (double)(r->packets != 0 ? r->packets : 1);
}

static int run_once(const struct bench_options *o, double per_ns, struct result *r)
{
	struct engine_options options = engine_defaults();
	struct tool_rules rules = {.paths = (const char **)o->rules, .n_paths = o->n_rules};
	struct capture_plan plan = {.paths = (const char **)o->captures, .n_paths = 1, .loops = 1};
	struct rule_list list = {0};
	struct engine e;
	char error[256] = "";
	int status = 0;

	options.capture = true;
	options.events = false;
	if (engine_open(&e, &options) < 0 || rig_purposes(&e) < 0)
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
		"libpcap", r->libpcap_ns, r->libpcap_ns > 0 ? r->total_ns / r->libpcap_ns : 0);
	printf("%-12s %9.1f   our reader, nothing else\n", "bare", r->bare_ns);
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
	json_t *all = json_pack("{s:I, s:I, s:I, s:I, s:o, s:f, s:f, s:f, s:o}", "packets",
		(json_int_t)r->packets, "bytes", (json_int_t)r->bytes, "flows",
		(json_int_t)r->flows, "alerts", (json_int_t)r->alerts, "ns_per_packet", stages,
		"ns_per_packet_all", r->total_ns, "ns_per_packet_libpcap", r->libpcap_ns,
		"ns_per_packet_bare", r->bare_ns, "peers", list);
	json_dumpf(all, stdout, JSON_INDENT(1));
	printf("\n");
	json_decref(all);
}

int scenario_stages(const struct bench_options *o)
{
	struct result results[BENCH_RUNS_MAX];
	struct peer_result peers[PEERS_MAX];
	unsigned n_peers = 0;
	double per_ns = cycles_per_ns();

	for (unsigned i = 0; i < o->runs; i++) {
		int status = run_once(o, per_ns, &results[i]);
		if (status == 0)
			status = read_libpcap(o->captures[0], &results[i].libpcap_ns);
		if (status == 0)
			status = read_bare(o->captures[0], &results[i].bare_ns);
		if (status != 0)
			return status;
	}
	qsort(results, o->runs, sizeof(results[0]), by_total);
	const struct result *median = &results[o->runs / 2];
	if (o->replay != NULL)
		n_peers = peers_measure(
			o->replay, o->rules, o->n_rules, o->captures[0], o->runs, peers);
	if (o->json)
		print_json(median, peers, n_peers);
	else
		print(median, peers, n_peers);
	return 0;
}
