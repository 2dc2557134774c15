// Scenario handshakes: what a new flow costs that says who its server is, with its name, JA3 and JA4 made and
// matched: TLS in six packets, QUIC in one; beside them what OpenSSL takes of it.

#include "dataplane/base/clock.h"
#include "dataplane/base/log.h"
#include "dataplane/inspect/proto/digest.h"
#include "tools/bench/hello_source.h"
#include "tools/bench/quic_hello.h"
#include "tools/bench/report.h"
#include "tools/bench/rig.h"
#include "tools/bench/rule_mix.h"

#include <stdio.h>

enum { FLOWS = 5000, PATTERNS = 10000, MAX_FLOWS = 1 << 20, LOOPS = 4 };

struct kind {
	const char *name;
	double bound; // cycles a flow
	enum counter told;
	struct loop_source *(*source)(unsigned flows);
	double (*bare)(void); // cycles a flow that OpenSSL takes
	const char *bare_name;
};

// The text of a JA3, and the two lists of a JA4, are about so long.
static double bare_digests(void)
{
	static const uint8_t text[200] = "771,4865-4866-4867-49195";
	char md5[MD5_TEXT];
	uint8_t sha[SHA256_LEN];
	uint64_t start = clock_cycles();

	for (unsigned i = 0; i < FLOWS; i++) {
		digest_md5_text((struct bytes){.p = text, .len = 180}, md5);
		digest_sha256((struct bytes){.p = text, .len = 80}, sha);
		digest_sha256((struct bytes){.p = text, .len = 120}, sha);
	}
	return (double)(clock_cycles() - start) / FLOWS;
}

static double bare_initials(void)
{
	static uint8_t datagrams[64][QUIC_HELLO_LEN];
	struct quic_crypto *q = quic_crypto_new();
	unsigned opened = 0;

	for (unsigned i = 0; i < 64 && q != NULL; i++) {
		if (!hello_datagram(i, datagrams[i]))
			log_error("OpenSSL does not seal");
	}
	uint64_t start = clock_cycles();
	for (unsigned i = 0; i < FLOWS && q != NULL; i++)
		opened += quic_hello_open(q, datagrams[i % 64]);
	double cycles = (double)(clock_cycles() - start) / FLOWS;
	quic_crypto_free(q);
	return opened == FLOWS ? cycles + bare_digests() : 0;
}

static const struct kind kinds[] = {
	{"TLS", 8000, CTR_TX_APP_TLS, hello_source_tls, bare_digests, "digests of JA3 and JA4"},
	{"QUIC", 16000, CTR_TX_APP_QUIC, hello_source_quic, bare_initials,
		"keys, ciphers, digests"},
};

struct figures { // cycles a flow, by run
	double all[BENCH_RUNS_MAX], source[BENCH_RUNS_MAX], crypto[BENCH_RUNS_MAX];
	double stage[STAGE_COUNT][BENCH_RUNS_MAX];
};

static void tell(struct report *r, const struct kind *k, struct figures *f, unsigned runs)
{
	char name[96];
	const struct {
		const char *what, *more;
		double *values, bound;
	} rows[] = {
		{"a new flow", "", f->all, k->bound},
		{"bare source", "", f->source, 0},
		{"bare OpenSSL: ", k->bare_name, f->crypto, 0},
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(name, sizeof(name), "%s: %s%s", k->name, rows[i].what, rows[i].more);
		report_add(r, &(struct measure){name, "cycles", rows[i].bound, false},
			rows[i].values, runs);
	}
	for (unsigned i = 0; i < STAGE_COUNT; i++) {
		snprintf(name, sizeof(name), "%s: %s", k->name, stage_names[i]);
		report_add(r, &(struct measure){name, "cycles", 0, false}, f->stage[i], runs);
	}
}

static int measure(const struct bench_options *o, const struct kind *k, struct loop_source *l,
	const struct swdb *set, struct report *report)
{
	static struct figures f;
	uint64_t loop = loop_source_packets(l);
	struct rig rig;
	struct cost cost;

	int status = rig_open(&rig, set, MAX_FLOWS, loop_source(l));
	if (status != 0)
		return status;
	rig_run(&rig, loop, &cost); // warm
	uint64_t hellos = rig.worker->counters[k->told];
	for (unsigned run = 0; run < o->runs; run++) {
		rig_bare(loop_source(l), loop, &cost);
		f.source[run] = cost.cycles / FLOWS;
		f.crypto[run] = k->bare();
		rig_run(&rig, LOOPS * loop, &cost);
		f.all[run] = cost.cycles / (LOOPS * FLOWS);
		for (unsigned i = 0; i < STAGE_COUNT; i++)
			f.stage[i][run] = cost.stage[i] / (LOOPS * FLOWS);
	}
	hellos = rig.worker->counters[k->told] - hellos;
	rig_close(&rig);
	tell(report, k, &f, o->runs);
	if (hellos + 64 >= (uint64_t)o->runs * LOOPS * FLOWS)
		return 0;
	log_error("%s: %llu of %llu hellos were told", k->name, (unsigned long long)hellos,
		(unsigned long long)o->runs * LOOPS * FLOWS);
	return 1;
}

static int with_kind(const struct bench_options *o, const struct kind *k, const struct swdb *set,
	struct report *report)
{
	struct loop_source *l = k->source(FLOWS);

	if (l == NULL) {
		log_error("memory is short");
		return 1;
	}
	int status = loop_source_fill(l);
	if (status == 0)
		status = measure(o, k, l, set, report);
	loop_source_free(l);
	return status;
}

int scenario_handshakes(const struct bench_options *o)
{
	enum { MBUF_MB = 128 };
	struct swdb set = {0};
	struct report report;

	int status = o->n_rules > 0 ? rig_compile(o->rules, o->n_rules, &set)
				    : rule_mix_compile(PATTERNS, &set);
	if (status == 0)
		status = rig_start(o, MBUF_MB);
	if (status == 0) {
		report_open(&report, "handshakes", o->json);
		for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && status == 0; i++)
			status = with_kind(o, &kinds[i], &set, &report);
		report_close(&report);
	}
	swdb_free(&set);
	rig_stop();
	return status;
}
