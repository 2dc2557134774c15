#include "control/reload_impl.h"

#include "dataplane/base/log.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

static void give_up(struct reload *r, struct load *l, int status, const char *error)
{
	if (l == r->current) {
		compile_job_cancel(r->job);
		r->job = NULL;
		reload_finish_without(r, status, error);
		return;
	}
	load_queue_remove(&r->queue, l);
	if (l->purpose == LOAD_TO_RUN)
		log_error("pattern set not loaded: %s", error);
	reload_tell_done(r, l, &(struct load_outcome){.status = status, .error = error});
	load_queue_tell(&r->queue);
}

static void deadline_passed(evutil_socket_t fd, short what, void *ctx)
{
	struct load *l = ctx;
	char error[256];

	(void)fd;
	(void)what;
	snprintf(error, sizeof(error),
		"not ready within its deadline of %u s; what is live stays live; load again with "
		"a longer one",
		l->deadline_s);
	give_up(l->reload, l, -ETIME, error);
}

bool reload_park(struct reload *r)
{
	const struct load *next = TAILQ_FIRST(&r->queue.waiting);

	if (r->state != LOAD_WAITING || next == NULL || load_wants_dataplane(next->purpose))
		return false;
	r->parked = r->current;
	r->parked_set = r->next;
	r->current = NULL;
	r->next = NULL;
	r->state = LOAD_IDLE;
	return true;
}

bool reload_unpark(struct reload *r)
{
	if (r->parked == NULL)
		return false;
	r->current = r->parked;
	r->next = r->parked_set;
	r->parked = NULL;
	r->parked_set = NULL;
	reload_send(r);
	return true;
}

static int set_deadline(struct reload *r, struct load *l)
{
	const struct timeval after = {.tv_sec = l->deadline_s};

	if (l->deadline_s == 0)
		return 0;
	l->on_deadline = evtimer_new(r->base, deadline_passed, l);
	return l->on_deadline == NULL || event_add(l->on_deadline, &after) < 0 ? -ENOMEM : 0;
}

static int enqueue(struct reload *r, const struct load_request *request,
	const struct load_caller *caller, uint64_t *id)
{
	struct load *l = load_new(request, caller);

	if (l == NULL || set_deadline(r, l) < 0) {
		load_free(l);
		return -ENOMEM;
	}
	l->reload = r;
	l->id = *id = ++r->last_id;
	load_queue_push(&r->queue, l);
	load_tell(l, LOAD_QUEUED, r->queue.n);
	event_active(r->on_next, EV_TIMEOUT, 0);
	return 0;
}

int reload_start_configured(struct reload *r)
{
	const struct load_request request = {
		.paths = r->config->patterns, .n_paths = r->config->n_patterns, .uid = geteuid()};
	uint64_t id;

	return enqueue(r, &request, NULL, &id);
}

int reload_start(struct reload *r, const struct load_request *request,
	const struct load_caller *caller, uint64_t *id)
{
	// The first one will not wait.
	const unsigned room = LOADS_WAITING_MAX + (r->state == LOAD_IDLE);

	if (load_wants_dataplane(request->purpose) && !link_is_up(r->link))
		return -ENOTCONN;
	return r->queue.n < room ? enqueue(r, request, caller, id) : -EBUSY;
}

int reload_cancel(struct reload *r, uint64_t id, const char *why)
{
	struct load *l = load_queue_find(&r->queue, id);
	char error[256];

	if (l == NULL && r->current != NULL && r->current->id == id)
		l = r->current;
	if (l == NULL)
		return -ENOENT;
	if (l == r->current && r->state == LOAD_SENDING)
		return -EALREADY;
	snprintf(error, sizeof(error), "cancelled%s; what is live stays live", why);
	give_up(r, l, -ECANCELED, error);
	return 0;
}
