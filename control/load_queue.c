#include "control/load_queue.h"

#include "dataplane/base/clock.h"

#include <stdlib.h>
#include <string.h>

static void drop_paths(struct load *l)
{
	for (uint32_t i = 0; i < l->n_paths; i++)
		free(l->paths[i]);
	free(l->paths);
	l->paths = NULL;
	l->n_paths = 0;
}

bool load_set_paths(struct load *l, const char *const *paths, uint32_t n)
{
	drop_paths(l);
	l->paths = calloc(n + 1u, sizeof(*l->paths));
	if (l->paths == NULL)
		return false;
	for (uint32_t i = 0; i < n; i++) {
		l->paths[i] = strdup(paths[i]);
		if (l->paths[i] == NULL)
			return false;
		l->n_paths++;
	}
	return true;
}

struct load *load_new(const struct load_request *request, const struct load_caller *caller)
{
	struct load *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	if (!load_set_paths(l, request->paths, request->n_paths)) {
		load_free(l);
		return NULL;
	}
	if (request->set != NULL)
		l->set = pattern_set_hold(request->set);
	for (unsigned i = 0; i < 2; i++)
		l->sides[i] =
			request->sides[i] != NULL ? pattern_set_hold(request->sides[i]) : NULL;
	if (request->change != NULL)
		l->change = *request->change;
	if (caller != NULL)
		l->caller = *caller;
	l->purpose = request->purpose;
	l->promotes = request->promotes;
	l->share = request->share;
	l->budget = request->budget;
	l->uid = request->uid;
	l->deadline_s = request->deadline_s;
	l->asked_ns = clock_monotonic_ns();
	return l;
}

void load_free(struct load *l)
{
	if (l == NULL)
		return;
	drop_paths(l);
	pattern_set_drop(l->set);
	for (unsigned i = 0; i < 2; i++) {
		pattern_set_drop(l->sides[i]);
		pattern_index_free(l->read[i]);
	}
	if (l->on_deadline != NULL)
		event_free(l->on_deadline);
	free(l);
}

bool load_wants_dataplane(enum load_purpose purpose)
{
	return purpose == LOAD_TO_RUN || purpose == LOAD_TO_SHADOW;
}

void load_tell(const struct load *l, enum load_state state, unsigned place)
{
	const struct load_progress progress = {.id = l->id, .state = state, .place = place};

	if (l->caller.progress != NULL)
		l->caller.progress(l->caller.ctx, &progress);
}

void load_queue_init(struct load_queue *q)
{
	q->n = 0;
	TAILQ_INIT(&q->waiting);
}

void load_queue_push(struct load_queue *q, struct load *l)
{
	TAILQ_INSERT_TAIL(&q->waiting, l, link);
	q->n++;
}

void load_queue_remove(struct load_queue *q, struct load *l)
{
	TAILQ_REMOVE(&q->waiting, l, link);
	q->n--;
}

struct load *load_queue_pop(struct load_queue *q)
{
	struct load *l = TAILQ_FIRST(&q->waiting);

	if (l != NULL)
		load_queue_remove(q, l);
	return l;
}

struct load *load_queue_find(const struct load_queue *q, uint64_t id)
{
	struct load *l;

	TAILQ_FOREACH (l, &q->waiting, link) {
		if (l->id == id)
			return l;
	}
	return NULL;
}

void load_queue_tell(const struct load_queue *q)
{
	const struct load *l;
	unsigned place = 0;

	TAILQ_FOREACH (l, &q->waiting, link)
		load_tell(l, LOAD_QUEUED, ++place);
}
