#include "tools/replay/rules.h"

#include "dataplane/base/log.h"

#include <stdio.h>
#include <string.h>

static int parse(const struct tool_rules *r, struct rule_list *list, struct diags *diags)
{
	int worst = 0;

	list->geo = r->geo;
	// All files, so that one run shows all mistakes.
	for (unsigned i = 0; i < r->n_paths; i++) {
		int err = rules_parse_path(r->paths[i], r->vars, r->lab, list, diags);
		if (err < 0)
			worst = err;
	}
	if (worst == 0)
		worst = rules_check_unique(list, diags);
	return worst;
}

int tool_rules_compile(const struct tool_rules *r, struct rule_list *list, struct swdb *out)
{
	struct diags diags = {0};

	int err = parse(r, list, &diags);
	if (err == 0)
		err = swdb_compile(list, out, &diags);
	diags_print(&diags, stderr);
	if (err < 0)
		log_error("no rule was loaded: %u errors", diags.n_errors);
	diags_free(&diags);
	return err < 0 ? 4 : 0;
}

int tool_rules_load(const struct tool_rules *r, struct engine *e, struct rule_list *list)
{
	struct swdb swdb = {0};
	uint64_t generation;
	char error[256];

	int status = tool_rules_compile(r, list, &swdb);
	if (status != 0)
		return status;
	int err = engine_load(e, swdb.data, swdb.len, &generation, error);
	swdb_free(&swdb);
	if (err < 0) {
		log_error("pattern set: %s", error);
		return 1;
	}
	return 0;
}
