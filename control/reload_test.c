// Between the compiler and the dataplane: a set whose own examples fail is not loaded.

#include "control/examples_child.h"
#include "control/reload_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void passed(struct reload *r)
{
	if (r->current->purpose == LOAD_TO_TEST)
		reload_finish_without(r, 0, "");
	else
		reload_send(r);
}

static void failed(
	struct reload *r, int status, const char *error, const struct compile_report *report)
{
	struct pattern_set *set = r->next;

	r->next = NULL;
	reload_finish(r, status, error, report, NULL);
	pattern_set_drop(set);
}

static void tested(void *ctx, struct compile_result *result)
{
	struct reload *r = ctx;

	r->job = NULL;
	r->n_examples = result->report.n_rules;
	if (result->status < 0)
		failed(r, result->status, result->error, &result->report);
	else
		passed(r);
}

static int start(struct reload *r, const char *program)
{
	struct companions companions;
	const struct compile_request request = {.work = COMPILE_EXAMPLES,
		.companions = &companions,
		.paths = (const char *const *)r->current->paths,
		.n_paths = r->current->n_paths,
		.variables = r->config->variables,
		.lab = r->config->lab,
		.limits = r->config->compile,
		.replay = program,
		.set_fd = r->next->blob_fd};

	char *text = reload_beside(r, &companions);
	if (text == NULL)
		return -ENOMEM;
	int err = compile_job_start(r->base, &request, tested, r, &r->job);
	free(text); // the child has its own
	return err;
}

void reload_test(struct reload *r, bool beside)
{
	char program[PATH_MAX];

	if (!beside && !r->next->report.examples_within) {
		passed(r);
		return;
	}
	if (examples_program(r->config->replay, program) < 0) {
		failed(r, -ENOENT,
			"the set has examples, and there is no sealwatch-replay to run them; set "
			"replay: in sealwatchd.yaml",
			NULL);
		return;
	}
	int err = start(r, program);
	if (err < 0) {
		failed(r, err, strerror(-err), NULL);
		return;
	}
	r->state = LOAD_TESTING;
	load_tell(r->current, LOAD_TESTING, 0);
}
