// What is asked about rules that stay files.

#include "control/cli/cli.h"

#include "control/cli/table.h"

#include <inttypes.h>
#include <stdio.h>

static void put_cost(struct table *t, const json_t *c)
{
	table_row(t);
	table_text(t, cli_text(c, "field"));
	table_number(t, cli_number(c, "patterns"));
	table_number(t, cli_number(c, "expressions"));
	table_number(t, cli_number(c, "without_prefilter"));
	table_number(t, cli_number(c, "value_ns"));
	table_number(t, cli_number(c, "bytes") / 1024);
	table_number(t, cli_number(c, "stream_bytes"));
	table_number(t, cli_number(c, "compile_us") / 1000);
}

static void print_costs(const json_t *reply)
{
	static const char *const columns[] = {"PATTERNS", "EXPRESSIONS", "UNFILTERED", "NS/VALUE",
		"KIB", "B/STREAM", "COMPILE MS"};
	struct table *t = table_new();
	const json_t *cost;
	size_t i;

	table_column(t, "FIELD", TABLE_LEFT);
	for (i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
		table_column(t, columns[i], TABLE_RIGHT);
	json_array_foreach(json_object_get(reply, "costs"), i, cost) put_cost(t, cost);
	table_print(t);
}

enum cli_exit cli_patterns_lint(const struct cli *cli)
{
	json_t *paths = cli_paths(cli);
	json_t *reply = NULL;

	if (paths == NULL)
		return CLI_USAGE;
	json_t *request = json_pack("{s:s, s:o}", "cmd", "patterns.lint", "paths", paths);
	if (cli->max_ns != 0)
		json_object_set_new(request, "max_ns", json_integer((json_int_t)cli->max_ns));
	if (cli->max_memory_mb != 0)
		json_object_set_new(
			request, "max_bytes", json_integer((json_int_t)(cli->max_memory_mb << 20)));
	enum cli_exit status = cli_ask_load(cli, request, &reply);
	if (status == CLI_OK && !cli->json) {
		print_costs(reply);
		printf("%" PRIu64 " rules, %" PRIu64 " KiB; %" PRIu64 " warnings, %" PRIu64
		       " notes\n",
			cli_number(reply, "rules"), cli_number(reply, "bytes") / 1024,
			cli_number(reply, "warnings"), cli_number(reply, "notes"));
	}
	if (status == CLI_OK && cli->strict && cli_number(reply, "warnings") > 0)
		status = CLI_PATTERNS;
	json_decref(reply);
	return status;
}

enum cli_exit cli_patterns_test(const struct cli *cli)
{
	json_t *paths = cli_paths(cli);
	json_t *reply = NULL;

	if (paths == NULL)
		return CLI_USAGE;
	enum cli_exit status = cli_ask_load(
		cli, json_pack("{s:s, s:o}", "cmd", "patterns.test", "paths", paths), &reply);
	if (status == CLI_OK && !cli->json)
		printf("%" PRIu64 " examples, all as they should be\n",
			cli_number(reply, "examples"));
	json_decref(reply);
	return status;
}
