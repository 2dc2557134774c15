#include "dataplane/runtime/source_capture.h"

#include "dataplane/api/counters.h"
#include "dataplane/base/clock.h"
#include "dataplane/base/log.h"
#include "dataplane/runtime/capture_file.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { LOOP_GAP_NS = 1000000, BURST_NS_MIN = 1000000 };

struct source_capture {
	struct source source; // first: a source is its capture
	struct capture_plan plan;
	struct packet_pool *pool;
	uint64_t *counters;
	struct capture_file *file; // NULL: at the end
	unsigned at; // file number
	unsigned loop;
	uint64_t pcap_cnt;
	uint64_t filtered;
	uint64_t shift_ns; // added to the file's time
	uint64_t first_ns; // of this turn, unshifted
	uint64_t last_ns;
	uint64_t start_ns; // CLOCK_MONOTONIC of the first packet, for the rate
	uint64_t sent;
	uint64_t sent_before; // this turn of the loop
	uint64_t total_bytes;
	_Atomic uint64_t done_files; // bytes of the files behind us; reader: rw, others: ro
	_Atomic uint64_t done_here;
	_Atomic bool held;
	bool failed;
	char error[256];
};

static void note_filtered(struct source_capture *c)
{
	uint64_t now = capture_file_filtered(c->file);

	c->counters[CTR_RX_PACKETS] += now - c->filtered;
	c->counters[CTR_FILTERED] += now - c->filtered;
	c->filtered = now;
}

static int open_file(struct source_capture *c, char error[256])
{
	return capture_file_open(c->plan.paths[c->at], c->plan.filter, packet_pool_windows(c->pool),
		&c->file, error);
}

// Go on with the next file, or with the first one again. False: this was the end.
static bool next_file(struct source_capture *c)
{
	note_filtered(c);
	atomic_store(&c->done_files, atomic_load(&c->done_files) + capture_file_size(c->file));
	atomic_store(&c->done_here, 0);
	capture_file_close(c->file);
	c->file = NULL;
	c->filtered = 0;
	c->pcap_cnt = 0;
	if (++c->at == c->plan.n_paths) {
		// Files without a frame must not be looped over for ever.
		if (++c->loop == c->plan.loops || c->sent == c->sent_before)
			return false;
		c->sent_before = c->sent;
		c->at = 0;
		atomic_store(&c->done_files, 0);
		if (c->last_ns >= c->first_ns)
			c->shift_ns += c->last_ns - c->first_ns + LOOP_GAP_NS;
		c->last_ns = 0;
		c->first_ns = UINT64_MAX;
	}
	if (open_file(c, c->error) < 0) {
		log_error("%s: %s", c->plan.paths[c->at], c->error);
		c->failed = true;
		return false;
	}
	return true;
}

static bool next_frame(struct source_capture *c, struct capture_frame *frame)
{
	while (c->file != NULL) {
		switch (capture_file_next(c->file, frame)) {
		case CAPTURE_FRAME:
			return true;
		case CAPTURE_TRUNCATED:
			log_warning("%s: broken after frame %llu: %s", c->plan.paths[c->at],
				(unsigned long long)c->pcap_cnt, capture_file_error(c->file));
			c->counters[CTR_CAPTURE_TRUNCATED]++;
			break;
		case CAPTURE_END:
			break;
		}
		if (!next_file(c))
			return false;
	}
	return false;
}

// Where the packet's bytes are from here on; false: there is no room for them.
static bool place(struct source_capture *c, const struct capture_frame *frame, struct packet *p)
{
	uint8_t *data = NULL;

	if (frame->window != NULL) {
		p->data = frame->data;
		p->buf = packet_window_keep(frame->window);
		return true;
	}
	p->buf = NULL;
	if (frame->len <= PACKET_BYTES_MAX)
		p->buf = packet_pool_take(c->pool, frame->len, &data);
	if (p->buf == NULL)
		return false;
	if (frame->len > 0)
		memcpy(data, frame->data, frame->len);
	p->data = data;
	return true;
}

static bool fill(struct source_capture *c, const struct capture_frame *frame, struct packet *p)
{
	if (!place(c, frame, p))
		return false;
	p->ts_ns = frame->ts_ns + c->shift_ns;
	p->pcap_cnt = c->pcap_cnt;
	p->l4_sound = false;
	p->len = frame->len;
	p->wire_len = frame->wire_len;
	p->port = 0;
	p->link = frame->link;
	return true;
}

// How many may be sent now without going over the rate.
static unsigned allowed(struct source_capture *c, unsigned n)
{
	if (c->plan.rate_pps == 0)
		return n;
	uint64_t now = clock_monotonic_ns();
	if (c->start_ns == 0)
		c->start_ns = now;
	uint64_t due = (uint64_t)((double)(now - c->start_ns) / 1e9 * (double)c->plan.rate_pps) + 1;
	if (due <= c->sent)
		return 0;
	return due - c->sent < n ? (unsigned)(due - c->sent) : n;
}

static unsigned rx(struct source *s, struct packet *packets, unsigned n)
{
	struct source_capture *c = (struct source_capture *)s;
	struct capture_frame frame;
	unsigned got = 0;

	if (atomic_load_explicit(&c->held, memory_order_acquire))
		return 0;
	n = allowed(c, n);
	while (got < n && next_frame(c, &frame)) {
		c->pcap_cnt++;
		c->sent++;
		if (frame.ts_ns < c->first_ns)
			c->first_ns = frame.ts_ns;
		if (frame.ts_ns > c->last_ns)
			c->last_ns = frame.ts_ns;
		if (fill(c, &frame, &packets[got])) {
			got++;
			continue;
		}
		c->counters[CTR_RX_PACKETS]++;
		c->counters[CTR_TOO_BIG]++;
	}
	if (c->file != NULL) {
		note_filtered(c);
		atomic_store_explicit(
			&c->done_here, capture_file_position(c->file), memory_order_relaxed);
	}
	return got;
}

static bool has_ended(struct source *s)
{
	return ((struct source_capture *)s)->file == NULL;
}

int source_capture_open(const struct capture_plan *plan, struct packet_pool *pool,
	uint64_t *counters, struct source_capture **out, char error[256])
{
	struct source_capture *c = calloc(1, sizeof(*c));
	struct stat st;

	if (c == NULL)
		return -ENOMEM;
	c->source = (struct source){.rx = rx, .ended = has_ended};
	c->plan = *plan;
	atomic_store(&c->held, plan->held);
	c->pool = pool;
	c->counters = counters;
	c->first_ns = UINT64_MAX;
	int err = open_file(c, error);
	if (err < 0) {
		free(c);
		return err;
	}
	for (unsigned i = 0; i < plan->n_paths; i++) {
		if (stat(plan->paths[i], &st) == 0)
			c->total_bytes += (uint64_t)st.st_size;
	}
	*out = c;
	return 0;
}

void source_capture_close(struct source_capture *c)
{
	if (c == NULL)
		return;
	capture_file_close(c->file);
	free(c);
}

struct source *source_capture_source(struct source_capture *c)
{
	return &c->source;
}

void source_capture_release(struct source_capture *c)
{
	atomic_store_explicit(&c->held, false, memory_order_release);
}

const char *source_capture_failed(const struct source_capture *c)
{
	return c->failed ? c->error : NULL;
}

void source_capture_progress(const struct source_capture *c, uint64_t *done, uint64_t *total)
{
	*done = atomic_load(&c->done_files) + atomic_load(&c->done_here);
	*total = c->total_bytes;
}
