#include "dataplane/runtime/engine.h"

#include "dataplane/base/clock.h"
#include "dataplane/base/lines.h"
#include "dataplane/runtime/shadow.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { HANDOVER_PACKETS = 4096, POOL_SLACK = 2048 };

struct engine_options engine_defaults(void)
{
	return (struct engine_options){
		.n_workers = 1,
		.events = true,
		.verify_checksum = true,
		.ring_size = 8 << 20,
		.inspect = inspect_defaults(),
		.stages_every = STAGE_CLOCK_EVERY,
	};
}

// Laboratory runs are the same each time; otherwise nobody can foresee a hash or a pseudonym.
static int fill_secrets(const struct engine_options *o, uint64_t *seed, struct emit_options *emit,
	uint8_t leak_secret[TOKEN_SECRET_LEN])
{
	memset(leak_secret, 0x5e, TOKEN_SECRET_LEN);
	*seed = 0x5ea1;
	memset(emit->id_key, 0x5e, sizeof(emit->id_key));
	if (o->clear)
		return 0;
	if (getrandom(seed, sizeof(*seed), 0) != sizeof(*seed) ||
		getrandom(emit->id_key, SIPHASH_KEY_LEN, 0) != SIPHASH_KEY_LEN ||
		getrandom(leak_secret, TOKEN_SECRET_LEN, 0) != TOKEN_SECRET_LEN)
		return -EIO;
	if (o->mask_key != NULL)
		memcpy(emit->mask_key, o->mask_key, MASK_KEY_LEN);
	else if (getrandom(emit->mask_key, MASK_KEY_LEN, 0) != MASK_KEY_LEN)
		return -EIO;
	return 0;
}

struct opening {
	struct worker *worker;
	struct worker_options options;
	struct engine *engine;
};

static int open_one(void *ctx)
{
	struct opening *o = ctx;

	return worker_open(o->worker, &o->options, o->engine->rulesets, &o->engine->shared);
}

static bool open_on_threads(
	struct engine *e, const struct engine_options *o, const struct worker_options *w)
{
	struct opening *openings = calloc(e->n_workers, sizeof(*openings));
	void *args[LINK_WORKERS_MAX];

	if (openings == NULL)
		return false;
	for (unsigned i = 0; i < e->n_workers; i++) {
		openings[i] = (struct opening){&e->workers[i], *w, e};
		openings[i].options.id = i;
		args[i] = &openings[i];
	}
	inspect_set_up();
	bool ok = (o->on_workers != NULL ? o->on_workers : own_threads_run)(
		e->n_workers, open_one, args);
	explicit_bzero(openings, e->n_workers * sizeof(*openings));
	free(openings);
	return ok;
}

static int open_workers(struct engine *e, const struct engine_options *o)
{
	struct worker_options w = {
		.decoder = decoder_defaults(),
		.inspect = o->inspect,
		.emit = {.clear = o->clear, .full = o->full, .full_ctx = o->full_ctx},
		.events = o->events,
		.seal_keys = o->seal_keys,
		.capture = o->capture,
		.stages_every = o->stages_every,
		.leaks = &e->leaks,
		.leak_from_ns = o->capture ? 0 : clock_wall_ns(),
	};
	int err = fill_secrets(o, &w.decoder.seed, &w.emit, w.leak_secret);
	if (err < 0)
		return err;
	w.inspect.segments = w.emit.segments = o->segments;
	w.decoder.drop_bad_checksum = o->drop_bad_checksum;
	w.decoder.verify_checksum = o->verify_checksum;
	w.decoder.late_checksum = !o->drop_bad_checksum;
	if (o->max_flows != 0)
		w.inspect.flow.max_flows = o->max_flows;
	w.rule_state = rule_state_defaults();
	w.rule_state.seed = w.decoder.seed;
	e->rule_state = w.rule_state;
	e->max_flows = w.inspect.flow.max_flows;
	e->rule_shares = rule_shares_new(&w.rule_state);
	if (e->rule_shares == NULL)
		return -ENOMEM;
	w.rule_shares = e->rule_shares;
	e->servers = posture_history_new(w.decoder.seed);
	if (e->servers == NULL)
		return -ENOMEM;
	w.servers = e->servers;
	w.border_keys = &e->border_keys;
	bool deals = o->capture && e->n_workers > 1;
	if (deals) {
		e->order = order_new(e->n_workers);
		if (e->order == NULL)
			return -ENOMEM;
	}
	w.order = e->order;

	e->workers = lines_calloc(e->n_workers, sizeof(*e->workers));
	if (e->workers == NULL)
		return -ENOMEM;
	bool opened = open_on_threads(e, o, &w);
	explicit_bzero(w.leak_secret, sizeof(w.leak_secret));
	if (!opened)
		return -ENOMEM;
	if (!deals)
		return 0;
	e->reader = lines_calloc(1, sizeof(*e->reader));
	if (e->reader == NULL)
		return -ENOMEM;
	return reader_open(e->reader, &w.decoder, e->order, &e->shared);
}

// Ports: what arrives on the wrong worker is given to the right one.
static int open_handovers(struct engine *e)
{
	for (unsigned i = 0; i < e->n_workers; i++) {
		e->handovers[i] = handover_new(HANDOVER_PACKETS, false);
		if (e->handovers[i] == NULL)
			return -ENOMEM;
		handover_source(e->handovers[i])->live = true;
		worker_add_source(&e->workers[i], handover_source(e->handovers[i]), DEAL_NONE);
		e->workers[i].intake.witnesses = witnesses_new();
		if (e->workers[i].intake.witnesses == NULL)
			return -ENOMEM;
		e->workers[i].intake.workers = e->handovers;
		e->workers[i].intake.n_workers = e->n_workers;
	}
	return 0;
}

static int open_pool(struct engine *e, const struct engine_options *o)
{
	// Every place where a frame can be kept, and a burst each.
	unsigned n = POOL_SLACK;
	unsigned need = e->n_workers * (o->inspect.order.max_held + 2048) + POOL_SLACK;

	while (n < need)
		n *= 2;
	e->pool = packet_pool_new(n, e->reader == NULL);
	return e->pool == NULL ? -ENOMEM : 0;
}

static void name_segments(struct directory_page *directory, const struct segments *segments)
{
	directory->n_segments = segments_count(segments);
	for (unsigned i = 0; i < directory->n_segments; i++)
		strncpy(directory->segments[i], segments_name(segments, i), SEGMENT_NAME_LEN - 1);
}

int engine_open(struct engine *e, const struct engine_options *o)
{
	// One page more than workers: the capture reader's, or what ports tell.
	bool more = !o->capture || o->n_workers > 1;

	memset(e, 0, sizeof(*e));
	e->shared.fd = -1;
	border_keys_open(&e->border_keys, o->clear);
	e->n_workers = o->n_workers;
	e->clear = o->clear;
	int err = shared_open(
		&e->shared, o->shared_name, o->n_workers + (more ? 1 : 0), o->ring_size);
	if (err < 0)
		return err;
	e->shared.layout.n_workers = o->n_workers;
	name_segments(shared_directory(&e->shared), o->segments);
	e->rulesets = rulesets_new(o->n_workers, shared_directory(&e->shared));
	if (e->rulesets == NULL)
		return -ENOMEM;
	rulesets_segments(e->rulesets, o->segments);
	err = engine_purposes(e, NULL);
	if (err == 0)
		err = open_workers(e, o);
	if (err < 0)
		return err;
	if (o->capture)
		return open_pool(e, o);
	return o->n_workers > 1 ? open_handovers(e) : 0;
}

void engine_close(struct engine *e)
{
	// What is still in a ring may be another worker's memory.
	for (unsigned i = 0; i < e->n_workers; i++)
		handover_free(e->handovers[i]);
	for (unsigned i = 0; e->workers != NULL && i < e->n_workers; i++)
		worker_close(&e->workers[i]);
	if (e->reader != NULL)
		reader_close(e->reader);
	source_capture_close(e->capture);
	free(e->reader);
	free(e->order);
	rule_shares_free(e->rule_shares);
	posture_history_free(e->servers);
	free(e->workers);
	packet_pool_free(e->pool);
	rulesets_free(e->rulesets);
	border_keys_close(&e->border_keys);
	if (e->shared.base != NULL)
		shared_close(&e->shared);
	memset(e, 0, sizeof(*e));
	e->shared.fd = -1;
}

int engine_capture(struct engine *e, const struct capture_plan *plan, char error[256])
{
	uint64_t *counters = e->reader != NULL ? e->reader->counters : e->workers[0].counters;
	int err = source_capture_open(plan, e->pool, counters, &e->capture, error);

	if (err < 0)
		return err;
	if (e->reader == NULL) {
		worker_add_source(&e->workers[0], source_capture_source(e->capture), DEAL_NONE);
		return 0;
	}
	e->reader->source = source_capture_source(e->capture);
	for (unsigned i = 0; i < e->n_workers; i++)
		worker_add_source(&e->workers[i], reader_ring(e->reader, i), DEAL_NONE);
	return 0;
}

static int prepare(
	struct engine *e, const void *blob, size_t len, struct ruleset **next, char error[256])
{
	struct pattern_db *db = NULL;

	int err = pattern_db_load(blob, len, e->n_workers, &db, error);
	if (err < 0)
		return err;
	err = ruleset_prepare(e->rulesets, db, next);
	if (err < 0) {
		pattern_db_free(db);
		snprintf(error, 256, "not enough memory for the set's tables");
	}
	return err;
}

static int still_held(char error[256])
{
	snprintf(error, 256, "a worker still holds the set before the live one");
	return -EBUSY;
}

static struct leak_policy detectors_of(const struct rulesets *r, const struct purpose_table *t)
{
	struct leak_policy p = {0};

	for (uint32_t i = 0; i < t->n; i++) {
		const uint64_t segments = rulesets_where(r, &t->rows[i]);
		uint64_t active = 0;
		for (unsigned d = 0; d < DETECTOR_COUNT; d++) {
			const struct detector_name *name = &detector_table[d];
			if (purpose_covers_detector(&t->rows[i], name->name, name->class))
				active |= 1ull << d;
		}
		for (unsigned s = 0; s < LEAK_SEGMENTS; s++)
			p.active[s] |= segments >> s & 1 ? active : 0;
	}
	return p;
}

int engine_purposes(struct engine *e, const struct purpose_table *purposes)
{
	struct purpose_table *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return -ENOMEM;
	if (e->clear)
		purpose_table_laboratory(t);
	for (uint32_t i = 0; purposes != NULL && i < purposes->n && t->n < PURPOSES_MAX; i++)
		t->rows[t->n++] = purposes->rows[i];
	int err = rulesets_purposes(e->rulesets, t);
	if (err == 0) {
		struct leak_policy leaks = detectors_of(e->rulesets, t);
		engine_leak_policy(e, &leaks);
	}
	free(t);
	return err;
}

int engine_load(
	struct engine *e, const void *blob, size_t len, uint64_t *generation, char error[256])
{
	struct ruleset *next = NULL;

	int err = prepare(e, blob, len, &next, error);
	if (err < 0)
		return err;
	int64_t published = ruleset_publish(e->rulesets, next);
	if (published < 0) {
		ruleset_free(next);
		return still_held(error);
	}
	*generation = (uint64_t)published;
	return 0;
}

int engine_shadow(struct engine *e, const void *blob, size_t len, uint32_t share,
	uint64_t *generation, char error[256])
{
	struct ruleset *rules = NULL;

	int err = prepare(e, blob, len, &rules, error);
	if (err < 0)
		return err;
	struct shadow *next = shadow_new(rules, e->n_workers, e->max_flows, &e->rule_state, share);
	if (next == NULL) {
		ruleset_free(rules);
		snprintf(error, 256, "not enough memory for what the set's rules remember");
		return -ENOMEM;
	}
	int64_t published = shadow_publish(e->rulesets, next);
	if (published < 0) {
		shadow_free(next);
		return still_held(error);
	}
	*generation = (uint64_t)published;
	return 0;
}

int engine_shadow_drop(struct engine *e)
{
	if (shadow_borrow(e->rulesets) == NULL)
		return 0;
	return (int)shadow_publish(e->rulesets, NULL);
}

void engine_leak_policy(struct engine *e, const struct leak_policy *policy)
{
	leak_switch_set(&e->leaks, policy);
}

int engine_geo(struct engine *e, const void *bytes, size_t len, char error[256])
{
	struct geo_map *next = NULL;

	int err = geo_map_load(bytes, len, &next, error);
	if (err == -ENOMEM)
		snprintf(error, 256, "not enough memory for the map of countries");
	if (err < 0)
		return err;
	err = geo_publish(e->rulesets, next);
	if (err < 0) {
		geo_map_free(next);
		snprintf(error, 256, "a worker still holds the map before the live one");
	}
	return err;
}

void engine_stop(struct engine *e)
{
	if (e->reader != NULL)
		atomic_store(&e->reader->stop, true);
	for (unsigned i = 0; i < e->n_workers; i++)
		atomic_store(&e->workers[i].stop, true);
}

bool engine_totals(const struct engine *e, uint64_t values[CTR_COUNT])
{
	uint64_t page[CTR_COUNT];

	memset(values, 0, CTR_COUNT * sizeof(*values));
	for (unsigned i = 0; i < e->shared.layout.n_pages; i++) {
		if (!counter_page_read(shared_page(&e->shared, i), page))
			return false;
		for (unsigned c = 0; c < CTR_COUNT; c++)
			values[c] += page[c];
	}
	return true;
}
