#include "control/reload_impl.h"

#include "dataplane/base/clock.h"
#include "dataplane/base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void begin_next(evutil_socket_t fd, short what, void *ctx);

struct reload *reload_new(struct event_base *base, const struct control_config *config,
	struct cache *cache, struct disabled_store *disabled)
{
	struct reload *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	r->base = base;
	r->config = config;
	r->cache = cache;
	r->disabled = disabled;
	r->history.max = config->keep_generations;
	load_queue_init(&r->queue);
	r->on_next = evtimer_new(base, begin_next, r);
	if (r->on_next == NULL) {
		free(r);
		return NULL;
	}
	return r;
}

void reload_bind(struct reload *r, struct link *link, const struct stats *stats)
{
	r->link = link;
	r->stats = stats;
}

static void log_diags(const struct compile_report *report)
{
	for (uint32_t i = 0; i < report->n; i++) {
		const struct compile_diag *d = &report->diags[i];
		log_message(d->level == DIAG_ERROR ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING,
			"%s:%u:%u: %s", d->file, d->line, d->column, d->text);
	}
}

void reload_tell_done(struct reload *r, struct load *l, struct load_outcome *outcome)
{
	const uint64_t begun_ns = l->begun_ns != 0 ? l->begun_ns : clock_monotonic_ns();

	if (l->purpose == LOAD_TO_RUN)
		snprintf(r->last_error, sizeof(r->last_error), "%s", outcome->error);
	outcome->id = l->id;
	outcome->purpose = l->purpose;
	outcome->uid = l->uid;
	outcome->rollback = l->set != NULL && !l->promotes;
	outcome->promoted = l->promotes;
	outcome->share = l->share;
	outcome->queued_ns = begun_ns - l->asked_ns;
	if (l->caller.done != NULL)
		l->caller.done(l->caller.ctx, outcome);
	else if (outcome->report != NULL)
		log_diags(outcome->report);
	load_free(l);
}

void reload_finish(struct reload *r, int status, const char *error,
	const struct compile_report *report, const struct link_receipt *receipt)
{
	struct load_outcome outcome = {.status = status,
		.error = error,
		.report = report,
		.receipt = receipt,
		.cached = r->found == CACHE_HIT || r->found == CACHE_HELD,
		.n_examples = r->n_examples,
		.sides = {r->sides[0], r->sides[1]},
		.compile_ns = r->compile_ns};
	struct load *l = r->current;

	if (status < 0 && (l == NULL || l->purpose == LOAD_TO_RUN)) {
		log_error("pattern set not loaded: %s", error);
		snprintf(r->last_error, sizeof(r->last_error), "%s", error);
	}
	r->current = NULL;
	disabled_free(&r->wanted);
	r->state = LOAD_IDLE;
	if (l != NULL)
		reload_tell_done(r, l, &outcome);
	event_active(r->on_next, EV_TIMEOUT, 0);
}

static void drop_next(struct reload *r)
{
	pattern_set_drop(r->next);
	r->next = NULL;
}

// The report lives as long as it is needed.
void reload_finish_without(struct reload *r, int status, const char *error)
{
	struct pattern_set *set = r->next;

	r->next = NULL;
	reload_finish(r, status, error, set != NULL ? &set->report : NULL, NULL);
	pattern_set_drop(set);
}

void reload_free(struct reload *r)
{
	static const char why[] = "the daemon is stopping; what is live stays live";
	struct load *l;

	if (r == NULL)
		return;
	compile_job_cancel(r->job);
	if (r->current != NULL)
		reload_finish_without(r, -ECANCELED, why);
	if (r->parked != NULL)
		load_free(r->parked);
	pattern_set_drop(r->parked_set);
	while ((l = load_queue_pop(&r->queue)) != NULL)
		reload_tell_done(r, l, &(struct load_outcome){.status = -ECANCELED, .error = why});
	pattern_set_drop(r->live);
	shadow_drop(&r->shadow);
	drop_next(r);
	history_drop_all(&r->history);
	event_free(r->on_next);
	free(r);
}

static bool somebody_waits(const struct reload *r)
{
	return r->current != NULL && r->current->caller.done != NULL;
}

void reload_sending(struct reload *r)
{
	r->state = LOAD_SENDING;
	if (r->current == NULL)
		return;
	if (r->current->on_deadline != NULL)
		event_del(r->current->on_deadline);
	load_tell(r->current, LOAD_SENDING, 0);
}

// What needs no dataplane, and is next, need not wait for it.
static void become_waiting(struct reload *r)
{
	r->state = LOAD_WAITING;
	event_active(r->on_next, EV_TIMEOUT, 0);
}

static int send_to_run(struct reload *r)
{
	const struct pattern_set *set = r->next != NULL ? r->next : r->live;

	int err = link_load(r->link, set->blob_fd, set->blob_len);
	if (err == 0)
		r->owed = r->owed && set != r->live;
	return err;
}

static void send_set(struct reload *r)
{
	const bool beside = r->current != NULL && r->current->purpose == LOAD_TO_SHADOW;

	if (r->shadow_dropping) {
		r->send_due = true;
		reload_sending(r);
		return;
	}
	int err = beside ? reload_shadow_send(r) : send_to_run(r);
	if (err == 0) {
		reload_sending(r);
		return;
	}
	// The configured set, and one that was live before, wait for the dataplane.
	if (!somebody_waits(r)) {
		become_waiting(r);
		return;
	}
	reload_finish_without(r, err,
		err == -ENOTCONN ? "the dataplane is down; start it and load again"
				 : strerror(-err));
}

static bool dataplane_has(const struct reload *r, const struct pattern_set *set)
{
	return r->met_generation != 0 && memcmp(r->met_digest, set->digest, 32) == 0;
}

static void become_live(struct reload *r, struct pattern_set *set, uint64_t generation, uid_t uid)
{
	pattern_set_hold(set);
	pattern_set_drop(r->live);
	r->live = set;
	set->generation = generation;
	set->loaded_ns = clock_wall_ns();
	set->uid = uid;
	history_put(&r->history, set);
	log_info("pattern set %llu is live: %u rules, loaded by uid %u",
		(unsigned long long)generation, set->index->n, (unsigned)uid);
}

static void adopt_next(struct reload *r, uint64_t generation)
{
	become_live(r, r->next, generation, r->current->uid);
	if (r->current->change.n > 0)
		reload_change_done(r);
	drop_next(r);
}

// A daemon that was started again finds its configured set running.
void reload_send(struct reload *r)
{
	if (somebody_waits(r) || r->next == NULL || !link_is_up(r->link) ||
		!dataplane_has(r, r->next)) {
		send_set(r);
		return;
	}
	adopt_next(r, r->met_generation);
	reload_finish(r, 0, "", &r->live->report, NULL);
}

// The child has the names of what we hold, and may say one of them; it is not trusted to.
static int take_held(struct reload *r, const uint8_t name[32])
{
	struct pattern_set *set = history_named(&r->history, name);

	if (set == NULL)
		return -EBADMSG;
	r->next = pattern_set_hold(set);
	return 0;
}

static void compiled(void *ctx, struct compile_result *result)
{
	struct reload *r = ctx;

	r->job = NULL;
	r->compile_ns = result->compile_ns;
	if (result->status < 0 || r->current->purpose == LOAD_TO_LINT) {
		reload_finish(r, result->status, result->error, &result->report, NULL);
		return;
	}
	const bool beside = result->report.examples_beside;
	r->found = result->report.found;
	int err = r->found == CACHE_HELD ? take_held(r, result->report.digest)
					 : pattern_set_new(result, &r->next);
	if (err == 0)
		err = pattern_set_paths(r->next, r->current->paths, r->current->n_paths);
	if (err < 0)
		reload_finish_without(r, err, strerror(-err));
	else
		reload_test(r, beside);
}

static int start_compiling(struct reload *r, const struct load *l)
{
	struct companions companions;
	uint8_t held[HISTORY_MAX][32];
	const bool lint = l->purpose == LOAD_TO_LINT;
	const struct compile_request request = {.work = lint ? COMPILE_LINT : COMPILE_SET,
		.budget = lint ? l->budget : r->config->budget,
		.paths = (const char *const *)l->paths,
		.n_paths = l->n_paths,
		.variables = r->config->variables,
		.companions = &companions,
		.lab = r->config->lab,
		.geoip_database = r->config->geoip_database,
		.limits = r->config->compile,
		.cache = r->cache,
		.held = (const uint8_t(*)[32])held,
		.n_held = history_names(&r->history, held)};

	char *text = reload_beside(r, &companions);
	if (text == NULL)
		return -ENOMEM;
	int err = compile_job_start(r->base, &request, compiled, r, &r->job);
	free(text); // the child has its own
	return err;
}

static void begin(struct reload *r, struct load *l)
{
	char error[RELOAD_ERROR_MAX] = "";
	int err = 0;

	r->current = l;
	r->compile_ns = 0;
	r->n_examples = 0;
	r->sides[0] = r->sides[1] = NULL;
	r->found = CACHE_NONE;
	l->begun_ns = clock_monotonic_ns();
	if (l->set != NULL) {
		r->next = pattern_set_hold(l->set);
		send_set(r);
		return;
	}
	if (l->purpose == LOAD_TO_DIFF) {
		reload_diff(r);
		return;
	}
	if (l->change.n > 0)
		err = reload_change(r, l, error);
	if (err == 0)
		err = start_compiling(r, l);
	if (err < 0 && error[0] == '\0')
		snprintf(error, sizeof(error), "%s", strerror(-err));
	if (err != 0) {
		reload_finish(r, err < 0 ? err : 0, error, NULL, NULL);
		return;
	}
	r->state = LOAD_COMPILING;
	load_tell(l, LOAD_COMPILING, 0);
}

static void begin_next(evutil_socket_t fd, short what, void *ctx)
{
	struct reload *r = ctx;

	(void)fd;
	(void)what;
	// What made room just now is not tried again before that room was used.
	const bool made_room = reload_park(r);
	if (r->state != LOAD_IDLE)
		return;
	const bool may_send = link_is_up(r->link) && !made_room;
	reload_shadow_drop_due(r);
	if (may_send && reload_unpark(r))
		return;
	// Another load was under way when the dataplane came back, and has failed.
	if (may_send && r->owed) {
		send_set(r);
		return;
	}
	if (may_send && r->shadow_owed && !r->shadow_dropping) {
		reload_shadow_again(r);
		return;
	}
	struct load *l = load_queue_pop(&r->queue);
	if (l == NULL) {
		reload_unpark(r);
		return;
	}
	load_queue_tell(&r->queue);
	begin(r, l);
}

static void meet(struct reload *r, const struct link_hello *hello)
{
	r->met_generation = hello->generation;
	memcpy(r->met_digest, hello->digest, sizeof(r->met_digest));
	r->owed = r->live != NULL && hello->generation == 0;
	if (r->met_start_ns != hello->start_ns)
		history_new_run(&r->history);
	r->met_start_ns = hello->start_ns;
}

void reload_link_up(struct reload *r, const struct link_hello *hello)
{
	meet(r, hello);
	if (r->state == LOAD_COMPILING || r->state == LOAD_TESTING)
		return;
	r->state = LOAD_IDLE;
	if (reload_unpark(r))
		return;
	if (r->next != NULL || r->owed) {
		reload_send(r);
		return;
	}
	if (r->live == NULL)
		return;
	if (dataplane_has(r, r->live)) {
		r->live->generation = hello->generation;
		return;
	}
	log_warning("the dataplane runs a pattern set that is not ours");
	pattern_set_drop(r->live);
	r->live = NULL;
}

static void take_receipt(struct reload *r, const struct link_receipt *receipt)
{
	r->owed = false;
	r->met_generation = 0; // it has another one now
	if (r->next == NULL) {
		r->live->generation = receipt->generation;
		return;
	}
	adopt_next(r, receipt->generation);
	reload_shadow_live(r);
}

void reload_receipt(struct reload *r, int status, const struct link_receipt *receipt)
{
	const char *error = "";

	if (r->state != LOAD_SENDING)
		return;
	if (r->shadow_sent) {
		reload_shadow_receipt(r, status, receipt);
		return;
	}
	if (status == -ECONNRESET && !somebody_waits(r)) {
		become_waiting(r);
		return;
	}
	if (status < 0)
		error = receipt->error[0] != '\0' ? receipt->error : strerror(-status);
	// A worker that is late with its acknowledgement is an error, but the set is live.
	if (status != 0 && (status != -ETIMEDOUT || receipt->generation == 0)) {
		reload_finish_without(r, status, error);
		return;
	}
	take_receipt(r, receipt);
	reload_finish(r, status, error, &r->live->report, receipt);
}

enum load_state reload_state(const struct reload *r)
{
	return r->state;
}

const struct load *reload_current(const struct reload *r)
{
	return r->current;
}

const struct load_queue *reload_queue(const struct reload *r)
{
	return &r->queue;
}

const struct history *reload_history(const struct reload *r)
{
	return &r->history;
}

const struct pattern_set *reload_live(const struct reload *r)
{
	return r->live;
}

const struct shadow *reload_shadow(const struct reload *r)
{
	return &r->shadow;
}

const char *reload_last_error(const struct reload *r)
{
	return r->last_error;
}
