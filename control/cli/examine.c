// What is asked about rules that stay files.

#include "control/cli/cli.h"

#include "control/cli/table.h"
#include "control/escape.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

// A file that is there, else what the daemon knows by a number, a digest, or "live".
static json_t *side(const char *argument)
{
	char *path = realpath(argument, NULL);
	size_t len = strlen(argument);

	if (path == NULL && strcmp(argument, "live") != 0 &&
		(len == 0 || strspn(argument, "0123456789abcdef") != len)) {
		fprintf(stderr, "sealctl: ");
		escape_write(argument, stderr);
		fprintf(stderr, ": no such file; and no generation, digest or \"live\"\n");
		return NULL;
	}
	json_t *text = json_string(path != NULL ? path : argument);
	if (text == NULL)
		fprintf(stderr, "sealctl: the path is not UTF-8\n");
	free(path);
	return text;
}

static void print_parts(const json_t *row)
{
	const json_t *part;
	size_t i;

	json_array_foreach(json_object_get(row, "parts"), i, part)
		printf("%s%s", i > 0 ? ", " : "", json_string_value(part));
	if (i == 0)
		printf("rev only");
}

static void print_difference(const json_t *row)
{
	const char *change = cli_text(row, "change");
	const bool changed = strcmp(change, "changed") == 0;

	printf("%c %" PRIu64 ":%" PRIu64 ":%" PRIu64 "  ",
		changed				       ? '~'
			: strcmp(change, "added") == 0 ? '+'
						       : '-',
		cli_number(row, "gid"), cli_number(row, "sid"), cli_number(row, "rev"));
	if (changed) {
		printf("(was rev %" PRIu64 ") ", cli_number(row, "rev_before"));
		print_parts(row);
		printf("  ");
	}
	escape_write(cli_text(row, "msg"), stdout);
	putchar('\n');
}

static void print_differences(const json_t *reply)
{
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(reply, "differences"), i, row) print_difference(row);
	if (json_is_true(json_object_get(reply, "truncated")))
		printf("... and more\n");
	printf("%" PRIu64 " added, %" PRIu64 " removed, %" PRIu64 " changed, %" PRIu64
	       " the same\n",
		cli_number(reply, "added"), cli_number(reply, "removed"),
		cli_number(reply, "changed"), cli_number(reply, "same"));
}

enum cli_exit cli_patterns_diff(const struct cli *cli)
{
	json_t *from = cli->n_args > 1 ? side(cli->args[0]) : json_string("live");
	json_t *to = from != NULL ? side(cli->args[cli->n_args - 1]) : NULL;
	json_t *reply = NULL;

	if (to == NULL) {
		json_decref(from);
		return CLI_USAGE;
	}
	enum cli_exit status = cli_ask_load(cli,
		json_pack("{s:s, s:o, s:o}", "cmd", "patterns.diff", "from", from, "to", to),
		&reply);
	if (status == CLI_OK && !cli->json)
		print_differences(reply);
	json_decref(reply);
	return status;
}
