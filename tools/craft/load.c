// The command load: a capture for measuring.

#include "dataplane/base/clock.h"
#include "dataplane/base/log.h"
#include "tools/craft/capture_out.h"
#include "tools/craft/load_flow.h"
#include "tools/craft/options.h"

#include <pcap/dlt.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define START_NS 1704067200000000000ull // 2024-01-01
#define PROGRESS_NS 200000000ull

enum {
	ACTIVE = 500,
	GAP_MIN_NS = 500000, // with ACTIVE conversations: about a gigabit a second
	GAP_MAX_NS = 7500000,
	RECORD_HEADER_LEN = 16, // of pcap
	FLOW_BYTES_MIN = 5000,
	OPEN_AND_CLOSE_BYTES = 3500, // of a conversation, in the file
	PROGRESS_EVERY = 4096,
};

struct load {
	struct load_source source;
	struct load_flow flows[ACTIVE];
	struct load_flow *heap[ACTIVE]; // the earliest first
	unsigned n_active;
	uint32_t started;
	uint32_t n_flows;
	uint64_t bytes; // wanted
	uint64_t written;
	uint64_t promised; // to the active conversations
	uint64_t n_packets;
	uint64_t progress_ns;
	bool progress;
};

// The conversation at `i` moves down to where its time belongs.
static void sift(struct load *l, unsigned i)
{
	struct load_flow *f = l->heap[i];

	for (;;) {
		unsigned child = 2 * i + 1;
		if (child + 1 < l->n_active &&
			l->heap[child + 1]->next_ns < l->heap[child]->next_ns)
			child++;
		if (child >= l->n_active || l->heap[child]->next_ns >= f->next_ns)
			break;
		l->heap[i] = l->heap[child];
		i = child;
	}
	l->heap[i] = f;
}

// Many small conversations, few large: each gets this share of the mean, in percent.
static uint64_t draw_bytes(struct load *l)
{
	static const uint16_t shares[] = {10, 20, 30, 50, 80, 120, 200, 290};
	uint64_t gone = l->written + l->promised;
	uint64_t mean = gone < l->bytes ? (l->bytes - gone) / (l->n_flows - l->started) : 0;
	uint64_t all = mean * shares[rng_below(&l->source.rng, 8)] / 100;

	// Headers and acknowledgements are 7 % of a full segment.
	return all > OPEN_AND_CLOSE_BYTES ? (all - OPEN_AND_CLOSE_BYTES) * 93 / 100 : 500;
}

static void start(struct load *l, struct load_flow *f)
{
	load_flow_start(f, &l->source, l->started, draw_bytes(l));
	l->started++;
	l->promised += f->left;
}

static void start_first(struct load *l)
{
	l->n_active = l->n_flows < ACTIVE ? l->n_flows : ACTIVE;
	for (unsigned i = 0; i < l->n_active; i++) {
		l->heap[i] = &l->flows[i];
		l->flows[i].next_ns =
			START_NS + (uint64_t)rng_below(&l->source.rng, GAP_MAX_NS) * 10;
		start(l, &l->flows[i]);
	}
	for (unsigned i = l->n_active; i-- > 0;)
		sift(l, i);
}

static void show_progress(struct load *l)
{
	uint64_t now = clock_monotonic_ns();

	if (!l->progress || l->n_packets % PROGRESS_EVERY != 0 ||
		now - l->progress_ns < PROGRESS_NS)
		return;
	l->progress_ns = now;
	double share = (double)l->written / (double)l->bytes;
	fprintf(stderr, "\r%3.0f %%  %.0f MB", share < 1 ? share * 100 : 100,
		(double)l->written / 1e6);
}

// One packet of the earliest conversation; when that is over, the next takes its place.
static int step(struct load *l, struct capture_out *out)
{
	struct load_flow *f = l->heap[0];
	uint8_t buf[LOAD_PACKET_MAX];
	struct wire w = wire_over(buf, sizeof(buf));
	uint64_t before = f->left;
	int err = 0;

	if (load_flow_next(f, &l->source, &w)) {
		struct frame frame = {.data = buf,
			.ts_ns = f->next_ns,
			.len = (uint32_t)w.len,
			.wire_len = (uint32_t)w.len};
		err = w.full ? -EMSGSIZE : capture_out_put(out, &frame);
		l->n_packets++;
		l->written += w.len + RECORD_HEADER_LEN;
	} else if (l->started < l->n_flows) {
		start(l, f);
		before = f->left;
	} else {
		l->heap[0] = l->heap[--l->n_active];
	}
	l->promised -= before - f->left;
	f->next_ns += rng_between(&l->source.rng, GAP_MIN_NS, GAP_MAX_NS);
	if (l->n_active > 0)
		sift(l, 0);
	return err;
}

static int write_load(struct load *l, const char *path)
{
	struct capture_out *out;
	int err = capture_out_open(path, DLT_EN10MB, &out);

	if (err < 0)
		return err;
	start_first(l);
	while (l->n_active > 0 && err == 0) {
		err = step(l, out);
		show_progress(l);
	}
	if (l->progress)
		fprintf(stderr, "\r%40s\r", "");
	int closed = capture_out_close(out);
	return err < 0 ? err : closed;
}

enum craft_status craft_load(const struct craft_options *o)
{
	if (o->n_words > 0)
		return craft_usage("load takes options only, not", o->words[0]);
	if (o->bytes / o->flows < FLOW_BYTES_MIN)
		return craft_usage("--bytes must be 5,000 for each of the --flows at least", NULL);
	struct load *l = calloc(1, sizeof(*l));
	if (l == NULL) {
		log_error("out of memory");
		return CRAFT_OUTPUT;
	}
	load_source_init(&l->source, o->seed);
	l->n_flows = (uint32_t)o->flows;
	l->bytes = o->bytes;
	l->progress = !o->quiet && isatty(STDERR_FILENO);
	int err = write_load(l, o->output);
	if (err < 0)
		log_error("%s: %s", o->output, strerror(-err));
	free(l);
	return err < 0 ? CRAFT_OUTPUT : CRAFT_OK;
}
