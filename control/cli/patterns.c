#include "control/cli/cli.h"

#include "control/cli/table.h"
#include "control/escape.h"

#include <inttypes.h>
#include <stdio.h>

void cli_print_diags(const json_t *reply)
{
	const json_t *d;
	size_t i;

	json_array_foreach(json_object_get(reply, "diags"), i, d)
	{
		escape_write(cli_text(d, "file"), stderr);
		fprintf(stderr, ":%u:%u: ", (unsigned)cli_number(d, "line"),
			(unsigned)cli_number(d, "column"));
		escape_write(cli_text(d, "level"), stderr);
		fprintf(stderr, ": ");
		escape_write(cli_text(d, "text"), stderr);
		fputc('\n', stderr);
	}
}

enum cli_exit cli_patterns_cancel(const struct cli *cli)
{
	json_t *request = json_pack("{s:s}", "cmd", "patterns.cancel");
	json_t *reply = NULL;
	uint64_t id = 0;

	if (cli->n_args > 0 && !cli_parse_number(cli->args[0], &id)) {
		fprintf(stderr,
			"sealctl: a load is a number; sealctl status shows those there are\n");
		json_decref(request);
		return CLI_USAGE;
	}
	if (id != 0)
		json_object_set_new(request, "load", json_integer((json_int_t)id));
	enum cli_exit status = cli_ask(cli, request, &reply);
	if (status == CLI_OK && cli->json)
		cli_print_json(reply, false);
	else if (status == CLI_OK)
		printf("load %" PRIu64 " is cancelled; what is live stays live\n",
			cli_number(reply, "load"));
	json_decref(reply);
	return status;
}

static void put_files(struct table *t, const json_t *set)
{
	const json_t *files = json_object_get(set, "files");
	uint64_t n = cli_number(set, "n_files");
	const char *first = json_string_value(json_array_get(files, 0));

	if (n > 1)
		table_format(t, "%s and %" PRIu64 " more", first != NULL ? first : "-", n - 1);
	else
		table_text(t, first != NULL ? first : "-");
}

static void put_generation(struct table *t, const json_t *set)
{
	table_row(t);
	table_text(t, json_is_true(json_object_get(set, "live")) ? "*" : "");
	if (cli_number(set, "generation") != 0)
		table_number(t, cli_number(set, "generation"));
	else
		table_text(t, "-");
	table_format(t, "%.16s", cli_text(set, "digest"));
	table_number(t, cli_number(set, "rules"));
	table_number(t, cli_number(set, "warnings"));
	table_number(t, cli_number(set, "inactive"));
	table_format(t, "uid %" PRIu64, cli_number(set, "loaded_by"));
	table_text(t, cli_text(set, "loaded_at"));
	put_files(t, set);
}

// "disabled by configuration: 1:2019401 1:2100498 ... and 7 more"
static void print_disabled(const json_t *reply, const char *key)
{
	enum { SHOWN = 20 };
	const json_t *ids = json_object_get(reply, key);
	const size_t n = json_array_size(ids);

	if (n == 0)
		return;
	for (const char *c = key; *c != '\0'; c++)
		putchar(*c == '_' ? ' ' : *c);
	putchar(':');
	for (size_t i = 0; i < n && i < SHOWN; i++) {
		putchar(' ');
		escape_write(json_string_value(json_array_get(ids, i)), stdout);
	}
	if (n > SHOWN)
		printf(" and %zu more", n - SHOWN);
	putchar('\n');
}

enum cli_exit cli_patterns_list(const struct cli *cli)
{
	json_t *reply = NULL;
	const json_t *set;
	size_t i;
	enum cli_exit status = cli_ask_simple(cli, "patterns.list", &reply);

	if (status == CLI_OK && cli->json) {
		cli_print_json(reply, false);
	} else if (status == CLI_OK) {
		struct table *t = table_new();
		table_column(t, "LIVE", TABLE_LEFT);
		table_column(t, "GENERATION", TABLE_RIGHT);
		table_column(t, "DIGEST", TABLE_LEFT);
		table_column(t, "RULES", TABLE_RIGHT);
		table_column(t, "WARNINGS", TABLE_RIGHT);
		table_column(t, "INACTIVE", TABLE_RIGHT);
		table_column(t, "LOADED BY", TABLE_LEFT);
		table_column(t, "AT", TABLE_LEFT);
		table_column(t, "FILES", TABLE_LEFT);
		json_array_foreach(json_object_get(reply, "generations"), i, set)
			put_generation(t, set);
		table_print(t);
		print_disabled(reply, "disabled");
		print_disabled(reply, "disabled_by_configuration");
	}
	json_decref(reply);
	return status;
}

static void put_text(struct table *t, const char *name, const char *text)
{
	table_row(t);
	table_text(t, name);
	table_text(t, text);
}

static void put_number(struct table *t, const json_t *reply, const char *name, const char *key)
{
	table_row(t);
	table_text(t, name);
	table_number(t, cli_number(reply, key));
}

static void print_set(const json_t *reply)
{
	const json_t *file;
	struct table *t = table_new();
	size_t i;

	table_column(t, "WHAT", TABLE_LEFT);
	table_column(t, "VALUE", TABLE_LEFT);
	table_no_headings(t);
	put_number(t, reply, "generation", "generation");
	put_text(t, "digest", cli_text(reply, "digest"));
	put_number(t, reply, "rules", "rules");
	if (json_is_true(json_object_get(reply, "known"))) {
		put_number(t, reply, "loaded by uid", "loaded_by");
		put_text(t, "loaded at", cli_text(reply, "loaded_at"));
		put_number(t, reply, "warnings", "warnings");
		put_number(t, reply, "files", "n_files");
	}
	json_array_foreach(json_object_get(reply, "files"), i, file)
		put_text(t, "", json_string_value(file));
	table_print(t);
}

static void print_rules(const json_t *reply)
{
	const json_t *p;
	struct table *t = table_new();
	size_t i;

	table_column(t, "RULE", TABLE_LEFT);
	table_column(t, "SET", TABLE_LEFT);
	table_column(t, "SERVICE", TABLE_LEFT);
	table_column(t, "CHECKS", TABLE_RIGHT);
	table_column(t, "HITS", TABLE_RIGHT);
	table_column(t, "ACTIVE", TABLE_LEFT);
	table_column(t, "LAST HIT", TABLE_LEFT);
	table_column(t, "NS/CHECK", TABLE_RIGHT);
	table_column(t, "MESSAGE", TABLE_LEFT);
	json_array_foreach(json_object_get(reply, "patterns"), i, p)
	{
		table_row(t);
		table_format(t, "%u:%u:%u", (unsigned)cli_number(p, "gid"),
			(unsigned)cli_number(p, "sid"), (unsigned)cli_number(p, "rev"));
		table_text(t, cli_text(p, "set"));
		table_text(t, cli_text(p, "service"));
		table_number(t, cli_number(p, "checks"));
		table_number(t, cli_number(p, "hits"));
		table_text(t, json_is_false(json_object_get(p, "active")) ? "no" : "yes");
		table_text(t, cli_text(p, "last_hit"));
		table_number(t, cli_number(p, "check_ns"));
		table_text(t, cli_text(p, "msg"));
	}
	table_print(t);
}

enum cli_exit cli_patterns_show(const struct cli *cli)
{
	json_t *reply = NULL;
	enum cli_exit status = cli_ask(
		cli, json_pack("{s:s, s:b}", "cmd", "patterns.show", "rules", cli->rules), &reply);

	if (status == CLI_OK && cli->json) {
		cli_print_json(reply, false);
	} else if (status == CLI_OK && cli->rules) {
		print_rules(reply);
	} else if (status == CLI_OK) {
		print_set(reply);
		print_disabled(reply, "disabled");
		print_disabled(reply, "disabled_by_configuration");
		cli_print_inactive(reply);
		cli_print_diags(reply);
	}
	json_decref(reply);
	return status;
}
