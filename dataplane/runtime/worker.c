#include "dataplane/runtime/worker.h"

#include "dataplane/runtime/evidence.h"
#include "dataplane/runtime/shadow.h"

#include "dataplane/base/clock.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>

enum {
	IDLE_SPINS = 2000, // turns without a packet before the processor is let go
	IDLE_SLEEP_NS =
		50000, // a 10 Gbit/s queue of 1,024 descriptors holds 70 us of small packets
	HEARTBEAT_TURNS = 64, // idle ones,
	PUBLISH_TURNS = 16, // busy ones between two looks at the counters
	BUSY_LEAST_NS = 10000000,
};

static struct inspect_wants on_wants(void *ctx)
{
	struct worker *w = ctx;
	struct inspect_wants wants = judge_wants(&w->judge);

	wants.countries = w->countries;
	leaks_wants(w->leaks, &wants);
	return wants;
}

static void on_match(void *ctx, const struct find *finds, unsigned n)
{
	struct worker *w = ctx;

	// What both remember beyond a flow is asked in the order of packets: neither goes ahead of the other.
	for (unsigned i = 0, next; i < n; i = next) {
		next = w->judge.order == NULL ? n : i + 1;
		while (next < n && finds[next].serial == finds[i].serial)
			next++;
		judge_finds(&w->judge, finds + i, next - i);
		posture_stage_finds(&w->posture, finds + i, next - i);
	}
	enum stage before = stage_enter(&w->clock, STAGE_DETECT);
	for (unsigned i = 0; i < n; i++)
		leaks_find(w->leaks, &finds[i]);
	stage_enter(&w->clock, before);
}

static void on_leak(void *ctx, const struct leak_place *place, const struct leak *leak)
{
	struct worker *w = ctx;
	bool lure = strcmp(detector_table[leak->detector].class, "lure") == 0;
	uint64_t generation = w->judge.rules != NULL ? w->judge.rules->generation : 0;

	enum stage before = stage_enter(&w->clock, STAGE_REPORT);
	emit_leak(w->judge.emitter, place, leak, lure, generation);
	if (w->judge.evidence != NULL && !lure)
		evidence_keep_leak(
			w->judge.evidence, w->judge.emitter, w->judge.rules, place, leak);
	stage_enter(&w->clock, before);
}

static void on_streams_close(void *ctx, struct session *s)
{
	struct worker *w = ctx;

	leaks_session_end(w->leaks, s);
	judge_close_streams(s);
}

static void on_flow_end(void *ctx, struct flow *flow, enum flow_reason reason)
{
	struct worker *w = ctx;
	uint64_t generation = w->judge.rules != NULL ? w->judge.rules->generation : 0;
	struct known_name name = inspect_server_name(w->inspector, flow);
	struct flow_note *note = inspect_note(w->inspector, flow);

	enum stage before = stage_enter(&w->clock, STAGE_JUDGE);
	judge_flow_end(&w->judge, inspect_flow_number(w->inspector, flow), flow, note);
	posture_stage_flow_end(&w->posture, flow, note);
	stage_enter(&w->clock, STAGE_REPORT);
	borders_flow(w->borders, flow, note);
	emit_posture(w->judge.emitter, flow, note, generation);
	emit_flow(w->judge.emitter, flow, note, inspect_tunnel(w->inspector, flow), &name, reason,
		generation, w->countries);
	stage_enter(&w->clock, before);
}

static void open_intake(struct worker *w, const struct worker_options *options)
{
	struct inspect_options inspect = options->inspect;
	const struct inspect_hooks hooks = {
		.ctx = w,
		.wants = on_wants,
		.match = on_match,
		.streams_close = on_streams_close,
		.flow_end = on_flow_end,
	};

	inspect.services = w->page->services;
	inspect.seed = options->decoder.seed;
	inspect.clock = &w->clock;
	w->inspector = inspector_new(&inspect, &hooks, w->counters);
	w->intake.decoder = decoder_new(&options->decoder, w->counters);
	w->intake.counters = w->counters;
	w->intake.clock = &w->clock;
	w->intake.self = options->id;
	w->intake.inspector = w->inspector;
	w->intake.stop = &w->stop;
}

static void open_shadow(struct worker *w)
{
	w->judge.shadow = &w->shadow;
	w->shadow.worker = w->id;
	w->shadow.clock = &w->clock;
	w->shadow.set = 1;
	w->shadow.page = w->page;
	match_counts_init(&w->shadow.counts, &w->page->shadow);
}

static void open_judge(
	struct worker *w, const struct worker_options *options, const struct shared *shared)
{
	struct emit_options emit = options->emit;
	struct judge *j = &w->judge;

	j->worker = options->id;
	j->clock = &w->clock;
	j->page = w->page;
	j->counters = w->counters;
	j->order = options->order;
	j->stop = &w->stop;
	j->naming = (struct naming){.page = w->page,
		.counters = w->counters,
		.applications = applications_new(options->decoder.seed)};
	match_counts_init(&j->counts, &w->page->rules);
	j->state = rule_state_new(&options->rule_state, options->rule_shares,
		options->inspect.flow.max_flows, w->counters);
	emit.applications = j->naming.applications;
	j->emitter = emitter_new(&emit, options->events ? shared_ring(shared, options->id) : NULL,
		shared->layout.ring_size, rulesets_directory(w->rulesets), (uint16_t)options->id,
		w->counters);
	if (options->events)
		j->evidence = evidence_new(options->seal_keys, options->capture, w->counters);
	open_shadow(w);
}

// What flows and texts are looked at for besides rules.
static void open_findings(struct worker *w, const struct worker_options *options)
{
	struct leak_options leaks = {.active = options->leaks,
		.counts = w->page->leaks,
		.counters = w->counters,
		.seed = options->decoder.seed,
		.from_ns = options->leak_from_ns,
		.ctx = w,
		.tell = on_leak};

	memcpy(leaks.secret, options->leak_secret, sizeof(leaks.secret));
	w->leaks = leaks_new(&leaks);
	explicit_bzero(leaks.secret, sizeof(leaks.secret));
	w->posture = (struct posture_stage){.worker = options->id,
		.page = &w->page->posture,
		.history = options->servers,
		.order = options->order,
		.stop = &w->stop,
		.clock = &w->clock,
		.counters = w->counters};
	w->borders = borders_new(&w->page->borders, options->border_keys);
}

int worker_open(struct worker *w, const struct worker_options *options, struct rulesets *rulesets,
	const struct shared *shared)
{
	const struct judge *j = &w->judge;

	w->id = options->id;
	w->rulesets = rulesets;
	w->page = shared_page(shared, options->id);
	w->page->thread = options->id;
	w->clock = stage_clock_new(w->counters, options->stages_every);
	w->since = clock_pair_now();
	open_intake(w, options);
	open_judge(w, options, shared);
	open_findings(w, options);
	if (w->inspector == NULL || w->intake.decoder == NULL || j->emitter == NULL ||
		j->state == NULL || j->naming.applications == NULL ||
		(options->events && j->evidence == NULL) || w->leaks == NULL ||
		w->borders == NULL) {
		worker_close(w);
		return -ENOMEM;
	}
	return 0;
}

void worker_close(struct worker *w)
{
	inspector_free(w->inspector);
	leaks_free(w->leaks);
	decoder_free(w->intake.decoder);
	witnesses_free(w->intake.witnesses);
	emitter_free(w->judge.emitter);
	evidence_free(w->judge.evidence);
	w->judge.evidence = NULL;
	rule_state_free(w->judge.state);
	applications_free(w->judge.naming.applications);
	w->judge.naming.applications = NULL;
	borders_free(w->borders);
	w->inspector = NULL;
	w->leaks = NULL;
	w->intake.decoder = NULL;
	w->intake.witnesses = NULL;
	w->judge.emitter = NULL;
	w->judge.state = NULL;
	w->borders = NULL;
}

void worker_add_source(struct worker *w, struct source *s, enum deal deal)
{
	assert(w->n_sources < WORKER_SOURCES_MAX);
	w->sources[w->n_sources++] = (struct worker_source){s, deal};
	w->live |= s->live;
}

// What a cycle is worth is known well enough after some milliseconds; until then they add up.
static void count_busy(struct worker *w, uint64_t least_ns)
{
	struct clock_pair now = clock_pair_now();

	if (now.ns - w->since.ns < least_ns)
		return;
	uint64_t per = clock_cycle_q32(w->since, now);
	w->counters[CTR_BUSY_NS] += (uint64_t)((unsigned __int128)w->busy_cycles * per >> 32);
	w->busy_cycles = 0;
	w->since = now;
}

static void publish(struct worker *w)
{
	count_busy(w, BUSY_LEAST_NS);
	counter_page_publish(w->page, w->counters);
	atomic_store_explicit(&w->page->heartbeat_ns, clock_monotonic_ns(), memory_order_relaxed);
}

// A burst sees one pattern set, one shadow, and one map of countries.
static void borrow(struct worker *w)
{
	struct shadow *shadow = shadow_borrow(w->rulesets);

	w->judge.rules = ruleset_borrow(w->rulesets, w->id);
	w->countries = geo_borrow(w->rulesets);
	if (shadow == NULL)
		return;
	w->shadow.rules = shadow->rules;
	w->shadow.share = shadow->share;
	w->shadow.state = shadow->workers[w->id].state;
	w->shadow.counters = shadow->workers[w->id].counters;
}

static void give_back(struct worker *w)
{
	w->judge.rules = NULL;
	w->countries = NULL;
	w->shadow.rules = NULL;
	w->shadow.state = NULL;
}

static uint64_t frames_taken(const struct worker *w)
{
	return w->counters[CTR_RX_PACKETS] + w->counters[CTR_HANDED_IN];
}

static unsigned burst(
	struct worker *w, const struct worker_source *from, struct packet packets[BURST_MAX])
{
	uint64_t taken = frames_taken(w);

	stage_clock_begin(&w->clock);
	unsigned n = intake_burst(&w->intake, from->source, from->deal, packets);
	inspect_burst(w->inspector, packets, n);
	stage_clock_end(&w->clock, (unsigned)(frames_taken(w) - taken));
	return n;
}

unsigned worker_turn(struct worker *w)
{
	struct packet packets[BURST_MAX];
	struct order *order = w->judge.order;
	uint64_t dealt = order != NULL ? order_dealt(order) : 0;
	uint64_t start = clock_cycles(), taken = frames_taken(w);
	unsigned total = 0;

	borrow(w);
	for (unsigned i = 0; i < w->n_sources; i++) {
		unsigned n = burst(w, &w->sources[i], packets);
		if (order != NULL)
			order_reach(order, w->id, n > 0 ? packets[n - 1].serial + 1 : dealt);
		total += n;
	}
	if (total == 0 && w->live && w->idle_turns % IDLE_SPINS == 0) {
		uint64_t now = clock_wall_ns();
		inspect_idle(w->inspector, now);
		leaks_time(w->leaks, now);
	}
	// Frames that are another worker's, or held, are work, too. What is known stands in the page at once
	// when there is a pause.
	bool busy = total > 0 || frames_taken(w) != taken;
	w->busy_cycles += busy ? clock_cycles() - start : 0;
	w->busy_turns = busy ? w->busy_turns + 1 : 0;
	w->idle_turns = busy ? 0 : w->idle_turns + 1;
	if (busy ? w->busy_turns % PUBLISH_TURNS == 0 : w->idle_turns % HEARTBEAT_TURNS == 1)
		publish(w);
	give_back(w);
	ruleset_quiesce(w->rulesets, w->id); // the sets may be freed from here on
	return total;
}

bool worker_ended(const struct worker *w)
{
	for (unsigned i = 0; i < w->n_sources; i++) {
		struct source *s = w->sources[i].source;
		if (s->ended == NULL || !s->ended(s))
			return false;
	}
	return true;
}

// Flows that are over by the end of the whole input end for that reason, whichever worker has
// them: each one's own last packet may be older.
static void expire_at_end(struct worker *w)
{
	uint64_t latest_ns = w->intake.latest_ns;

	for (unsigned i = 0; i < w->n_sources; i++) {
		const struct source *s = w->sources[i].source;
		latest_ns = s->end_ns > latest_ns ? s->end_ns : latest_ns;
	}
	if (latest_ns != 0)
		inspect_idle(w->inspector, latest_ns);
}

void worker_end(struct worker *w)
{
	borrow(w);
	intake_finish(&w->intake);
	expire_at_end(w);
	if (w->judge.order != NULL)
		order_reach(w->judge.order, w->id, SERIAL_END);
	inspect_finish(w->inspector);
	if (w->judge.order != NULL)
		order_reach(w->judge.order, w->id, UINT64_MAX);
	count_busy(w, 0);
	publish(w);
	give_back(w);
	ruleset_offline(w->rulesets, w->id);
}

int worker_run(void *worker)
{
	static const struct timespec pause = {.tv_nsec = IDLE_SLEEP_NS};
	struct worker *w = worker;

	prctl(PR_SET_TIMERSLACK, 1); // the kernel adds 50 us to each sleep else
	ruleset_online(w->rulesets, w->id);
	while (!atomic_load_explicit(&w->stop, memory_order_relaxed)) {
		worker_turn(w);
		if (w->idle_turns == 0)
			continue;
		if (worker_ended(w))
			break;
		if (w->idle_turns > IDLE_SPINS)
			nanosleep(&pause, NULL);
	}
	worker_end(w);
	return 0;
}
