// A worker with all detectors active, fed with conversations that are made here: what it counted of them.

#pragma once

#include "dataplane/runtime/engine.h"
#include "tests/unit/check.h"

// Both craft and inspect have a session, with sides.
#define session craft_session
#define side craft_side
#include "tools/craft/session.h"
#undef session
#undef side

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { RIG_FRAMES = 200000, RIG_BYTES = 64 << 20 };

struct rig {
	struct source source; // first
	struct engine engine;
	struct worker *worker;
	struct rng rng;
	uint64_t now_ns;
	uint32_t runs;
	unsigned n, at;
	size_t n_bytes;
	struct frame frames[RIG_FRAMES];
	uint8_t bytes[RIG_BYTES];
};

// What was found of each kind.
struct rig_counts {
	uint64_t values[DETECTOR_COUNT][DETECT_CONFIDENCES];
	uint64_t test_data[DETECTOR_COUNT];
};

static inline unsigned rig_rx(struct source *s, struct packet *packets, unsigned n)
{
	struct rig *r = (struct rig *)s;
	unsigned given = 0;

	for (; given < n && given < BURST_MAX && r->at < r->n; r->at++, given++) {
		const struct frame *f = &r->frames[r->at];
		packets[given] = (struct packet){.data = f->data,
			.ts_ns = f->ts_ns,
			.len = f->len,
			.wire_len = f->wire_len,
			.link = LINK_ETHERNET};
	}
	return given;
}

static inline int rig_put(void *ctx, const struct frame *f)
{
	struct rig *r = ctx;

	if (r->n == RIG_FRAMES || f->len > RIG_BYTES - r->n_bytes)
		return -ENOMEM;
	memcpy(r->bytes + r->n_bytes, f->data, f->len);
	r->frames[r->n] = *f;
	r->frames[r->n++].data = r->bytes + r->n_bytes;
	r->n_bytes += f->len;
	return 0;
}

static inline struct rig *rig_new(void)
{
	struct engine_options o = engine_defaults();
	const struct leak_policy all = leak_policy_all();
	struct rig *r = calloc(1, sizeof(*r));

	o.max_flows = 4096;
	o.events = true;
	o.ring_size = 1 << 20;
	if (r == NULL || engine_open(&r->engine, &o) < 0)
		abort();
	engine_leak_policy(&r->engine, &all);
	r->worker = &r->engine.workers[0];
	r->source.rx = rig_rx;
	r->rng.state = 1;
	r->now_ns = 1700000000000000000ull;
	worker_add_source(r->worker, &r->source, DEAL_NONE);
	ruleset_online(r->engine.rulesets, 0);
	return r;
}

static inline void rig_free(struct rig *r)
{
	worker_end(r->worker);
	engine_close(&r->engine);
	free(r);
}

// A conversation of a client that nothing was heard of before. mss: bytes of a segment.
static inline struct craft_session rig_session(struct rig *r, uint16_t port, uint16_t mss)
{
	struct craft_session s = {.put = rig_put,
		.put_ctx = r,
		.rng = &r->rng,
		.now_ns = r->now_ns,
		.step_ns = 1000,
		.mss = mss};
	char client[32];
	uint32_t run = r->runs++;

	snprintf(client, sizeof(client), "10.%u.%u.%u", 1 + run / 60000, run / 250 % 240,
		1 + run % 250);
	s.host[CLIENT] = host_of(client, (uint16_t)(20000 + run % 20000));
	s.host[SERVER] = host_of("192.0.2.1", port);
	return s;
}

static inline struct rig_counts rig_totals(const struct rig *r)
{
	struct rig_counts c = {0};

	for (unsigned i = 0; i < DETECTOR_COUNT; i++) {
		struct leak_count *count = &r->worker->page->leaks[i];
		for (unsigned k = 0; k < DETECT_CONFIDENCES; k++)
			c.values[i][k] = atomic_load(&count->values[k]);
		c.test_data[i] = atomic_load(&count->test_data);
	}
	return c;
}

// Lets the worker see all frames, and hours go by; what it counted of them.
static inline struct rig_counts rig_run(struct rig *r)
{
	struct rig_counts before = rig_totals(r);

	while (r->at < r->n)
		worker_turn(r->worker);
	r->now_ns += 4 * 3600 * 1000000000ull;
	inspect_idle(r->worker->inspector, r->now_ns);
	r->now_ns += 1000000000;
	r->n = r->at = 0;
	r->n_bytes = 0;
	struct rig_counts after = rig_totals(r);
	for (unsigned i = 0; i < DETECTOR_COUNT; i++) {
		for (unsigned k = 0; k < DETECT_CONFIDENCES; k++)
			after.values[i][k] -= before.values[i][k];
		after.test_data[i] -= before.test_data[i];
	}
	return after;
}
