// The same traffic in another form must tell the same: every capture through every variant.
//
//   metamorphic [--all | --share PERCENT] [--only TEXT] [--variant NAME] [--show N] [--self-test]
//
// A capture of at most 1 MB is read once. Its frames go through the decoder and the inspector as
// they are, and then through each variant of sealwatch-craft's operations, tunnels, numbers of
// workers and ports. What is compared is the set of transactions: protocol, direction, fields and
// values, by the flow's innermost addresses. All runs are in one process. Without --all the
// captures are a sample by the hash of their path.
//
// A variant may not be the same traffic any more: where the capture itself has holes, was cut by a
// snap length or says two things of the same bytes, it depends on what comes first. Such captures
// go through the variants that only put something around the packets; and where an IP packet is
// not as long as it says, through those that leave packets as they are.
//
// Exit status: 0 the same everywhere, 1 a difference, 77 there is no corpus.

#include "dataplane/base/hash.h"
#include "dataplane/inspect/decode.h"
#include "dataplane/inspect/inspect.h"
#include "dataplane/runtime/capture_file.h"
#include "tests/captures/frames.h"
#include "tests/captures/told.h"
#include "tools/craft/locate.h"
#include "tools/craft/op.h"

#include <dirent.h>
#include <getopt.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CAPTURE_MAX = 1 << 20, WORKERS_MAX = 4, PORTS = 2, CHAIN = 2, SHARE = 12 };

struct variant {
	const char *name;
	struct {
		const char *op;
		uint64_t arg;
	} ops[CHAIN];
	bool reversed; // what comes of one frame comes in reverse order
	unsigned workers;
	bool two_ports;
	bool around; // only puts something around packets
};

static const struct variant variants[] = {
	{"segment 1", {{"segment", 1}}, .workers = 1},
	{"segment 7", {{"segment", 7}}, .workers = 1},
	{"segment 536", {{"segment", 536}}, .workers = 1},
	{"reorder", {{"reorder", 0}}, .workers = 1},
	{"segment and reorder", {{"segment", 100}, {"reorder", 0}}, .workers = 1},
	{"duplicate", {{"duplicate", 2}}, .workers = 1},
	{"overlap", {{"overlap", 0}}, .workers = 1},
	{"fragment", {{"fragment", 64}}, .workers = 1},
	{"fragment, reversed", {{"fragment", 256}}, .reversed = true, .workers = 1},
	{"vlan", {{"vlan", 7}}, .workers = 1, .around = true},
	{"qinq", {{"vlan", 7}, {"vlan", 9}}, .workers = 1, .around = true},
	{"mpls", {{"mpls", 100}}, .workers = 1, .around = true},
	{"gre", {{"gre", 0}}, .workers = 1, .around = true},
	{"vxlan", {{"vxlan", 42}}, .workers = 1, .around = true},
	{"geneve", {{"geneve", 42}}, .workers = 1, .around = true},
	{"gtpu", {{"gtpu", 77}}, .workers = 1, .around = true},
	{"ipip", {{"ipip", 0}}, .workers = 1, .around = true},
	{"2 workers", {{0}}, .workers = 2, .around = true},
	{"4 workers", {{0}}, .workers = 4, .around = true},
	{"two ports by direction", {{0}}, .workers = 2, .two_ports = true},
};

static struct options {
	unsigned share;
	const char *only;
	const char *variant;
	unsigned show;
	bool self_test;
} options = {.share = SHARE, .only = "", .show = 3};

static uint8_t link_of(int dlt)
{
	return dlt == DLT_EN10MB ? LINK_ETHERNET : dlt == DLT_LINUX_SLL ? LINK_SLL : LINK_RAW_IP;
}

// The text of a transaction: flow, protocol, direction, fields.
struct text {
	size_t len;
	char p[1 << 18];
};

static void text_bytes(struct text *t, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n && t->len + 4 < sizeof(t->p); i++) {
		if (p[i] > 0x20 && p[i] < 0x7f)
			t->p[t->len++] = (char)p[i];
		else
			t->len += (size_t)sprintf(t->p + t->len, "\\%02x", p[i]);
	}
}

static void text_add(struct text *t, const char *s)
{
	text_bytes(t, (const uint8_t *)s, strlen(s));
	t->p[t->len++] = ' ';
}

static void on_match(void *ctx, const struct find *finds, unsigned n)
{
	static struct text t;
	struct set *set = ctx;

	for (unsigned i = 0; i < n; i++) {
		const struct find *f = &finds[i];
		const struct flow_key *k = &f->flow->key;
		char ports[64];
		if (f->kind != FIND_TX || f->quiet)
			continue;
		t.len = 0;
		snprintf(ports, sizeof(ports), "%u:%u-%u", k->l4, k->aport, k->bport);
		text_bytes(&t, k->a, k->ip_version == 4 ? 4 : 16);
		text_bytes(&t, k->b, k->ip_version == 4 ? 4 : 16);
		text_add(&t, ports);
		text_add(&t, app_proto_table[f->app_proto].name);
		text_add(&t, f->dir == DIR_C2S ? ">" : "<");
		for (unsigned v = 0; v < f->n_fields && t.len < sizeof(t.p) / 2; v++) {
			text_add(&t, field_table[f->fields[v].field].name);
			text_bytes(&t, f->fields[v].value.p, f->fields[v].value.len);
			t.p[t.len++] = ' ';
		}
		set_add(set, t.p, t.len);
	}
}

static struct inspect_wants on_wants(void *ctx)
{
	(void)ctx;
	return (struct inspect_wants){0};
}

static void on_close(void *ctx, struct session *s)
{
	(void)ctx;
	(void)s;
}

static void on_flow_end(void *ctx, struct flow *f, enum flow_reason reason)
{
	(void)ctx;
	(void)f;
	(void)reason;
}

// Frames live as long as the run: nothing is to be freed.
static void keep(struct pktbuf *buf)
{
	(void)buf;
}
static struct pktbuf lasting = {.free = keep};

// The machine of all runs: made once.
static struct machine {
	struct decoder *decoders[PORTS];
	struct inspector *workers[WORKERS_MAX];
	struct inspect_hooks hooks[WORKERS_MAX];
	struct packet bursts[WORKERS_MAX][BURST_MAX];
	unsigned n_burst[WORKERS_MAX];
	uint64_t counters[CTR_COUNT];
	struct set told;
} machine;

static void machine_open(void)
{
	struct inspect_options inspect = inspect_defaults();
	struct decoder_options decode = decoder_defaults();

	inspect.flow.max_flows = 16384;
	inspect.max_sessions = 16384;
	for (unsigned i = 0; i < PORTS; i++)
		machine.decoders[i] = must(decoder_new(&decode, machine.counters));
	for (unsigned i = 0; i < WORKERS_MAX; i++) {
		machine.hooks[i] = (struct inspect_hooks){.ctx = &machine.told,
			.wants = on_wants,
			.match = on_match,
			.streams_close = on_close,
			.flow_end = on_flow_end};
		machine.workers[i] =
			must(inspector_new(&inspect, &machine.hooks[i], machine.counters));
	}
}

static void machine_close(void)
{
	for (unsigned i = 0; i < WORKERS_MAX; i++)
		inspector_free(machine.workers[i]);
	for (unsigned i = 0; i < PORTS; i++)
		decoder_free(machine.decoders[i]);
}

static void flush(unsigned worker)
{
	packets_tick(machine.bursts[worker], machine.n_burst[worker]);
	inspect_burst(machine.workers[worker], machine.bursts[worker], machine.n_burst[worker]);
	machine.n_burst[worker] = 0;
}

static void take_frame(const struct frame *f, int link, unsigned port, unsigned workers)
{
	struct packet p = {.data = f->data,
		.buf = &lasting,
		.ts_ns = f->ts_ns,
		.len = f->len,
		.wire_len = f->wire_len,
		.link = link_of(link)};

	if (decode_packet(machine.decoders[port], &p) != CTR_DELIVERED)
		return;
	unsigned owner = (unsigned)((uint64_t)p.owner_hash * workers >> 32);
	machine.bursts[owner][machine.n_burst[owner]++] = p;
	if (machine.n_burst[owner] == BURST_MAX)
		flush(owner);
}

// Frames of one direction, as a tap with two ports gives them.
static unsigned port_of(const struct frame *f, int link)
{
	struct located at;

	if (!locate_ip(link, f, &at))
		return 0;
	unsigned len = at.version == 4 ? 4 : 16;
	const uint8_t *src = f->data + at.ip + (at.version == 4 ? 12 : 8);
	return memcmp(src, src + len, len) > 0 ? 1 : 0;
}

// IP packets that say to be longer than their frame, or otherwise are not what they say: what they
// are inside of something else is another matter.
static bool says_wrong(const struct frames *in)
{
	struct located at;

	for (size_t i = 0; i < in->n && in->link == DLT_EN10MB; i++) {
		const struct frame *f = &in->all[i];
		bool ip = f->len > 14 &&
			((f->data[12] == 0x08 && f->data[13] == 0x00) ||
				(f->data[12] == 0x86 && f->data[13] == 0xdd));
		if (ip && (!locate_ip(in->link, f, &at) || !at.whole))
			return true;
	}
	return false;
}

static struct set run(const struct frames *in, unsigned workers, bool two_ports)
{
	machine.told = (struct set){0};
	memset(machine.counters, 0, sizeof(machine.counters));
	for (size_t i = 0; i < in->n; i++)
		take_frame(&in->all[i], in->link, two_ports ? port_of(&in->all[i], in->link) : 0,
			workers);
	for (unsigned i = 0; i < WORKERS_MAX; i++) {
		flush(i);
		inspect_finish(machine.workers[i]);
	}
	for (unsigned i = 0; i < PORTS; i++)
		decoder_flush(machine.decoders[i]);
	struct set told = machine.told;
	set_close(&told);
	return told;
}

static struct totals {
	unsigned captures, runs, differ, around_only, over_budget;
} totals;

static bool same_in(const char *path, const struct frames *base, const struct set *want,
	const struct variant *v)
{
	struct frames now = *base, next;
	bool made = false;

	for (unsigned i = 0; i < CHAIN && v->ops[i].op != NULL; i++) {
		next = frames_transformed(&now, v->ops[i].op, v->ops[i].arg, v->reversed);
		if (made)
			frames_free(&now);
		now = next;
		made = true;
	}
	struct set got = run(&now, v->workers, v->two_ports);
	if (options.self_test && got.n > 0)
		free(got.all[--got.n].text); // a transaction is lost: it must be noticed
	// Smaller segments of a stream that was out of order are more segments to hold: beyond the
	// budget for them it has holes.
	bool over =
		machine.counters[CTR_OOO_SHED] + machine.counters[CTR_TCP_GAPS] > 0 && !v->around;
	totals.over_budget += over;
	unsigned lost = set_missing(want, &got, "lost ", 0),
		 more = set_missing(&got, want, "new  ", 0);
	if (lost + more > 0 && !over && !options.self_test) {
		printf("%s, %s: %u lost, %u new, of %zu\n", path, v->name, lost, more, want->n);
		set_missing(want, &got, "lost ", options.show);
		set_missing(&got, want, "new  ", options.show);
	}
	set_free(&got);
	if (made)
		frames_free(&now);
	return lost + more == 0 || (over && !options.self_test);
}

static void capture(const char *path, const char *name)
{
	struct frames frames;

	if (!frames_read(path, &frames))
		return;
	struct set want = run(&frames, 1, false);
	const uint64_t *c = machine.counters;
	bool wrong = says_wrong(&frames);
	bool around = c[CTR_TCP_GAPS] + c[CTR_SNAPPED] + c[CTR_OOO_SHED] + c[CTR_FRAG_TIMEOUT] > 0;

	totals.captures++;
	totals.around_only += around || wrong;
	for (size_t i = 0; i < sizeof(variants) / sizeof(variants[0]); i++) {
		const struct variant *v = &variants[i];
		if ((around && !v->around) || (wrong && v->ops[0].op != NULL) ||
			(options.variant != NULL && strcmp(options.variant, v->name) != 0))
			continue;
		totals.runs++;
		if (!same_in(name, &frames, &want, v))
			totals.differ++;
	}
	set_free(&want);
	frames_free(&frames);
}

static bool chosen(const char *name)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (const char *p = name; *p != '\0'; p++)
		hash = (hash ^ (uint8_t)*p) * 0x100000001b3;
	return hash_mix(hash, 0) % 100 < options.share && strstr(name, options.only) != NULL;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void walk(const char *dir, size_t root)
{
	struct dirent **entries;
	int n = scandir(dir, &entries, NULL, by_name);

	for (int i = 0; i < n; i++) {
		char path[4096];
		struct stat st;
		int len = snprintf(path, sizeof(path), "%s/%s", dir, entries[i]->d_name);
		bool hidden = entries[i]->d_name[0] == '.';
		free(entries[i]);
		if (hidden || len <= 0 || (size_t)len >= sizeof(path) || stat(path, &st) < 0)
			continue;
		if (S_ISDIR(st.st_mode))
			walk(path, root);
		else if (st.st_size <= CAPTURE_MAX && chosen(path + root))
			capture(path, path + root);
	}
	if (n >= 0)
		free(entries);
}

static int usage(void)
{
	fprintf(stderr,
		"usage: metamorphic [--all | --share PERCENT] [--only TEXT] "
		"[--variant NAME] [--show N] [--self-test]\n");
	return 2;
}

static bool read_options(int argc, char **argv)
{
	static const struct option longs[] = {{"all", no_argument, NULL, 'a'},
		{"share", required_argument, NULL, 's'}, {"only", required_argument, NULL, 'o'},
		{"variant", required_argument, NULL, 'v'}, {"show", required_argument, NULL, 'n'},
		{"self-test", no_argument, NULL, 't'}, {0}};
	int option;

	while ((option = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (option) {
		case 'a':
			options.share = 100;
			break;
		case 's':
			options.share = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'o':
			options.only = optarg;
			break;
		case 'v':
			options.variant = optarg;
			break;
		case 'n':
			options.show = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 't':
			options.self_test = true;
			break;
		default:
			return false;
		}
	}
	return optind == argc;
}

int main(int argc, char **argv)
{
	const char *shared = getenv("SEALWATCH_SHARED");
	const char *source = getenv("SEALWATCH_SOURCE");
	char root[4096];

	if (!read_options(argc, argv))
		return usage();
	if (shared != NULL)
		snprintf(root, sizeof(root), "%s/corpus/captures", shared);
	else
		snprintf(root, sizeof(root), "%s/../shared/corpus/captures",
			source != NULL ? source : ".");
	if (access(root, R_OK) != 0) {
		printf("skipped: no captures at %s (SEALWATCH_SHARED tells where the corpus is)\n",
			root);
		return 77;
	}
	machine_open();
	walk(root, strlen(root) + 1);
	machine_close();
	printf("%u captures (%u with holes or lies of their own: fewer variants), %u runs (%u "
	       "beyond the "
	       "budget "
	       "for what is out of order), %u differ\n",
		totals.captures, totals.around_only, totals.runs, totals.over_budget,
		totals.differ);
	if (options.self_test)
		return totals.differ > 0 ? 0 : 1;
	return totals.differ == 0 ? 0 : 1;
}
