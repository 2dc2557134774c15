// Rules that are disabled: the load that changes them, and what each load is told of them.

#include "control/reload_impl.h"

#include "dataplane/base/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

char *reload_beside(const struct reload *r, struct companions *out)
{
	const bool change = r->current->change.n > 0;
	char *text = disabled_text(change ? &r->wanted : &r->disabled->rules);

	*out = r->config->companions;
	out->disabled = text != NULL && text[0] != '\0' ? text : NULL;
	return text;
}

static int prepare_change(struct reload *r, const struct load *l, char error[RELOAD_ERROR_MAX])
{
	int err = disabled_with(&r->disabled->rules, &l->change, &r->wanted);

	if (err == -E2BIG)
		snprintf(error, RELOAD_ERROR_MAX, "more than %d rules are disabled", DISABLED_MAX);
	if (err < 0)
		return err;
	err = disabled_prepare(r->disabled, &r->wanted);
	if (err < 0)
		snprintf(error, RELOAD_ERROR_MAX,
			"state %.300s: %s; rules that are disabled stay as they are",
			r->config->state, strerror(-err));
	return err;
}

void reload_change_done(struct reload *r)
{
	int err = disabled_commit(r->disabled, &r->wanted);

	if (err < 0)
		log_error("state %s: %s; what is disabled will not outlive the daemon",
			r->config->state, strerror(-err));
}

int reload_change(struct reload *r, struct load *l, char error[RELOAD_ERROR_MAX])
{
	int err = prepare_change(r, l, error);

	if (err < 0)
		return err;
	if (r->live == NULL || r->live->n_paths == 0) {
		reload_change_done(r);
		return 1;
	}
	return load_set_paths(l, (const char *const *)r->live->paths, r->live->n_paths) ? 0
											: -ENOMEM;
}
