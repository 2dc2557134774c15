#include "tools/replay/rules.h"

#include "control/sources.h"
#include "dataplane/base/log.h"

#include <stdio.h>
#include <string.h>

int tool_rules_parse(const struct tool_rules *r, struct rule_list *list, struct diags *diags)
{
	static const struct rule_var none[] = {{NULL, NULL}};
	struct sources sources;

	int err = sources_read(r->paths, r->n_paths, r->companions, &sources);
	if (err < 0) {
		log_error("the rule files: %s", strerror(-err));
		return err;
	}
	list->geo = r->geo;
	err = sources_parse(&sources, r->vars != NULL ? r->vars : none, r->lab, list, diags);
	list->geo = NULL;
	sources_free(&sources);
	int unique = rules_check_unique(list, diags);
	return err == 0 ? unique : err;
}

int tool_rules_compile(const struct tool_rules *r, struct rule_list *list, struct swdb *out)
{
	struct diags diags = {0};

	int err = tool_rules_parse(r, list, &diags);
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
