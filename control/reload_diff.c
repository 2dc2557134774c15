// A load that only reads: who the rules of its paths are, to be compared.

#include "control/reload_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void tell(struct reload *r, const struct compile_report *report)
{
	struct load *l = r->current;
	unsigned next = 0;

	for (unsigned i = 0; i < 2; i++)
		r->sides[i] = l->sides[i] != NULL ? l->sides[i]->index : l->read[next++];
	reload_finish(r, 0, "", report, NULL);
}

static void indexed(void *ctx, struct compile_result *result)
{
	struct reload *r = ctx;
	struct load *l = r->current;

	r->job = NULL;
	r->compile_ns += result->compile_ns;
	if (result->status < 0) {
		reload_finish(r, result->status, result->error, &result->report, NULL);
		return;
	}
	l->read[l->n_read++] = result->index;
	result->index = NULL;
	if (l->n_read < l->n_paths)
		reload_diff(r);
	else
		tell(r, &result->report);
}

static int start(struct reload *r, const struct load *l)
{
	struct companions companions;
	const struct compile_request request = {.work = COMPILE_INDEX,
		.paths = (const char *const *)&l->paths[l->n_read],
		.n_paths = 1,
		.variables = r->config->variables,
		.companions = &companions,
		.lab = r->config->lab,
		.geoip_database = r->config->geoip_database,
		.limits = r->config->compile};

	char *text = reload_beside(r, &companions);
	if (text == NULL)
		return -ENOMEM;
	int err = compile_job_start(r->base, &request, indexed, r, &r->job);
	free(text); // the child has its own
	return err;
}

// One path after the other: each may fill the limits of its child.
void reload_diff(struct reload *r)
{
	struct load *l = r->current;

	int err = start(r, l);
	if (err < 0) {
		reload_finish(r, err, strerror(-err), NULL, NULL);
		return;
	}
	r->state = LOAD_COMPILING;
	load_tell(l, LOAD_COMPILING, 0);
}
