#include "control/reload.h"

#include "dataplane/base/clock.h"
#include "dataplane/base/log.h"
#include "patterns/swdb.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct reload {
	struct event_base *base;
	const struct control_config *config;
	struct cache *cache;
	struct link *link;
	enum load_state state;
	struct compile_job *job;
	struct pattern_set *live; // what the dataplane has, or had
	struct pattern_set *next; // compiled, not yet live
	struct compile_report report; // of `next`
	uint64_t compile_ns;
	uid_t uid; // who asks
	bool owed; // the dataplane came back without the live set
	uint64_t met_generation; // what the dataplane had when it was met; 0: nothing
	uint8_t met_digest[32];
	load_done_fn done; // NULL: nobody waits, the log is told
	void *done_ctx;
	char last_error[256];
};

static void set_free(struct pattern_set *set)
{
	if (set == NULL)
		return;
	close(set->blob_fd);
	pattern_index_free(set->index);
	free(set);
}

struct reload *reload_new(
	struct event_base *base, const struct control_config *config, struct cache *cache)
{
	struct reload *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	r->base = base;
	r->config = config;
	r->cache = cache;
	return r;
}

void reload_bind(struct reload *r, struct link *link)
{
	r->link = link;
}

void reload_free(struct reload *r)
{
	const struct load_outcome stopping = {
		.status = -ECANCELED, .error = "the daemon is stopping"};

	if (r == NULL)
		return;
	compile_job_cancel(r->job);
	if (r->done != NULL)
		r->done(r->done_ctx, &stopping);
	compile_report_free(&r->report);
	set_free(r->live);
	set_free(r->next);
	free(r);
}

static void send_set(struct reload *r);

static void log_diags(const struct compile_report *report)
{
	for (uint32_t i = 0; i < report->n; i++) {
		const struct compile_diag *d = &report->diags[i];
		log_message(d->is_error ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING, "%s:%u:%u: %s",
			d->file, d->line, d->column, d->text);
	}
}

// The end of a load, good or bad: whoever asked is told, and the next may come.
static void finish(struct reload *r, int status, const char *error,
	const struct compile_report *report, const struct link_receipt *receipt)
{
	struct load_outcome outcome = {.status = status,
		.error = error,
		.uid = r->uid,
		.report = report,
		.receipt = receipt,
		.compile_ns = r->compile_ns};
	load_done_fn done = r->done;

	// Sending the live set again does not mend a load that failed.
	if (status < 0 || done != NULL)
		snprintf(r->last_error, sizeof(r->last_error), "%s", error);
	r->state = LOAD_IDLE;
	r->done = NULL;
	if (status < 0)
		log_error("pattern set not loaded: %s", error);
	if (done != NULL)
		done(r->done_ctx, &outcome);
	else if (report != NULL)
		log_diags(report);
	compile_report_free(&r->report);
	// Another load was under way when the dataplane came back, and has failed.
	if (r->owed && link_is_up(r->link))
		send_set(r);
}

static void drop_next(struct reload *r)
{
	set_free(r->next);
	r->next = NULL;
}

static void adopt_next(struct reload *r, uint64_t generation)
{
	set_free(r->live);
	r->live = r->next;
	r->next = NULL;
	r->live->generation = generation;
	r->live->loaded_ns = clock_wall_ns();
	log_info("pattern set %llu is live: %u rules, loaded by uid %u",
		(unsigned long long)generation, r->live->index->n, (unsigned)r->live->uid);
}

static struct pattern_set *to_send(struct reload *r)
{
	return r->next != NULL ? r->next : r->live;
}

static void send_set(struct reload *r)
{
	const struct pattern_set *set = to_send(r);

	int err = link_load(r->link, set->blob_fd, set->blob_len);
	if (err == 0) {
		r->owed = r->owed && set != r->live;
		r->state = LOAD_SENDING;
		return;
	}
	// The configured set, and one that was live before, wait for the dataplane.
	if (r->done == NULL) {
		r->state = LOAD_WAITING;
		return;
	}
	drop_next(r);
	finish(r, err, err == -ENOTCONN ? "the dataplane is down" : strerror(-err), &r->report,
		NULL);
}

static bool dataplane_has(const struct reload *r, const struct pattern_set *set)
{
	return r->met_generation != 0 && memcmp(r->met_digest, set->digest, 32) == 0;
}

// A daemon that was started again finds its configured set running.
static void send_or_adopt(struct reload *r)
{
	if (r->done != NULL || r->next == NULL || !link_is_up(r->link) ||
		!dataplane_has(r, r->next)) {
		send_set(r);
		return;
	}
	adopt_next(r, r->met_generation);
	finish(r, 0, "", &r->report, NULL);
}

static int digest_of(int blob_fd, uint8_t digest[32])
{
	ssize_t n = pread(blob_fd, digest, 32, offsetof(struct swdb_header, sources));

	return n == 32 ? 0 : -EBADMSG;
}

static int take_next(struct reload *r, struct compile_result *result)
{
	struct pattern_set *set = calloc(1, sizeof(*set));

	if (set == NULL)
		return -ENOMEM;
	int err = digest_of(result->blob_fd, set->digest);
	if (err < 0) {
		free(set);
		return err;
	}
	set->blob_fd = result->blob_fd;
	set->blob_len = result->blob_len;
	set->index = result->index;
	set->uid = r->uid;
	result->blob_fd = -1;
	result->index = NULL;
	r->next = set;
	r->report = result->report;
	result->report = (struct compile_report){0};
	return 0;
}

static void compiled(void *ctx, struct compile_result *result)
{
	struct reload *r = ctx;

	r->job = NULL;
	r->compile_ns = result->compile_ns;
	if (result->status < 0) {
		finish(r, result->status, result->error, &result->report, NULL);
		return;
	}
	int err = take_next(r, result);
	if (err < 0)
		finish(r, err, strerror(-err), NULL, NULL);
	else
		send_or_adopt(r);
}

static int start(struct reload *r, const char *const *paths, uint32_t n_paths, uid_t uid)
{
	const struct compile_request request = {.paths = paths,
		.n_paths = n_paths,
		.variables = r->config->variables,
		.lab = r->config->lab,
		.limits = r->config->compile,
		.cache = r->cache};

	if (r->state != LOAD_IDLE)
		return -EBUSY;
	int err = compile_job_start(r->base, &request, compiled, r, &r->job);
	if (err < 0)
		return err;
	r->state = LOAD_COMPILING;
	r->uid = uid;
	return 0;
}

int reload_start_configured(struct reload *r)
{
	return start(r, r->config->patterns, r->config->n_patterns, geteuid());
}

int reload_start(struct reload *r, const char *const *paths, uint32_t n_paths, uid_t uid,
	load_done_fn done, void *ctx)
{
	if (r->state != LOAD_IDLE)
		return -EBUSY;
	if (!link_is_up(r->link))
		return -ENOTCONN;
	int err = start(r, paths, n_paths, uid);
	if (err < 0)
		return err;
	r->done = done;
	r->done_ctx = ctx;
	return 0;
}

void reload_link_up(struct reload *r, const struct link_hello *hello)
{
	r->met_generation = hello->generation;
	memcpy(r->met_digest, hello->digest, sizeof(r->met_digest));
	r->owed = r->live != NULL && hello->generation == 0;
	if (r->state == LOAD_COMPILING)
		return;
	r->state = LOAD_IDLE;
	if (r->next != NULL || r->owed) {
		send_or_adopt(r);
		return;
	}
	if (r->live == NULL)
		return;
	if (dataplane_has(r, r->live)) {
		r->live->generation = hello->generation;
		return;
	}
	log_warning("the dataplane runs a pattern set that is not ours");
	set_free(r->live);
	r->live = NULL;
}

static void take_receipt(struct reload *r, const struct link_receipt *receipt)
{
	r->owed = false;
	r->met_generation = 0; // it has another one now
	if (r->next != NULL)
		adopt_next(r, receipt->generation);
	else
		r->live->generation = receipt->generation;
}

void reload_receipt(struct reload *r, int status, const struct link_receipt *receipt)
{
	if (r->state != LOAD_SENDING)
		return;
	if (status == -ECONNRESET && r->done == NULL) {
		r->state = LOAD_WAITING;
		return;
	}
	// A worker that is late with its acknowledgement is an error, but the set is live.
	bool live = status == 0 || (status == -ETIMEDOUT && receipt->generation != 0);
	if (live)
		take_receipt(r, receipt);
	else
		drop_next(r);
	const char *error = receipt->error[0] != '\0' ? receipt->error : strerror(-status);
	finish(r, status, status < 0 ? error : "", &r->report, live ? receipt : NULL);
}

enum load_state reload_state(const struct reload *r)
{
	return r->state;
}

const struct pattern_set *reload_live(const struct reload *r)
{
	return r->live;
}

const char *reload_last_error(const struct reload *r)
{
	return r->last_error;
}
