#include "control/cli/cli.h"

#include "control/cli/table.h"
#include "control/escape.h"

#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The daemon has another working directory.
static json_t *absolute_paths(const struct cli *cli)
{
	json_t *paths = json_array();

	for (int i = 0; i < cli->n_args; i++) {
		char *path = realpath(cli->args[i], NULL);
		json_t *text = path != NULL ? json_string(path) : NULL;
		if (text == NULL) {
			fprintf(stderr, "sealctl: ");
			escape_write(cli->args[i], stderr);
			fprintf(stderr, ": %s\n",
				path == NULL ? strerror(errno) : "the path is not UTF-8");
			free(path);
			json_decref(paths);
			return NULL;
		}
		free(path);
		json_array_append_new(paths, text);
	}
	return paths;
}

static void print_diags(const json_t *reply)
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

static void put(struct table *t, const char *name, uint64_t value, const char *unit)
{
	table_row(t);
	table_text(t, name);
	table_format(t, "%" PRIu64 "%s", value, unit);
}

static void put_loader(struct table *t, const json_t *r)
{
	uid_t uid = (uid_t)cli_number(r, "loaded_by");
	const struct passwd *user = getpwuid(uid);

	table_row(t);
	table_text(t, "loaded by");
	table_format(t, "%s (uid %u)", user != NULL ? user->pw_name : "?", (unsigned)uid);
}

static void print_receipt(const json_t *r)
{
	struct table *t = table_new();
	const json_t *w;
	size_t i;

	table_column(t, "WHAT", TABLE_LEFT);
	table_column(t, "VALUE", TABLE_LEFT);
	table_no_headings(t);
	put(t, "generation", cli_number(r, "generation"), "");
	table_row(t);
	table_text(t, "digest");
	table_text(t, cli_text(r, "digest"));
	put(t, "rules", cli_number(r, "rules"), "");
	put(t, "warnings", cli_number(r, "warnings"), "");
	put_loader(t, r);
	put(t, json_is_true(json_object_get(r, "cached")) ? "from the cache in" : "compiled in",
		cli_number(r, "compile_ms"), " ms");
	put(t, "prepared in", cli_number(r, "prepare_ns") / 1000, " us");
	json_array_foreach(json_object_get(r, "workers"), i, w)
	{
		table_row(t);
		table_format(t, "worker %u", (unsigned)cli_number(w, "worker"));
		table_format(t, "took it after %" PRIu64 " ns", cli_number(w, "ack_ns"));
	}
	put(t, "old set gone after", cli_number(r, "grace_ns") / 1000, " us");
	put(t, "packets lost", cli_number(r, "lost_packets"), "");
	table_row(t);
	table_text(t, "memory");
	table_format(t, "%" PRIu64 " -> %" PRIu64 " KiB", cli_number(r, "bytes_before") / 1024,
		cli_number(r, "bytes_after") / 1024);
	table_print(t);
}

enum cli_exit cli_patterns_load(const struct cli *cli)
{
	json_t *paths = absolute_paths(cli);
	json_t *reply = NULL;

	if (paths == NULL)
		return CLI_USAGE;
	enum cli_exit status = cli_ask(
		cli, json_pack("{s:s, s:o}", "cmd", "patterns.load", "paths", paths), &reply);
	if (!cli->json)
		print_diags(reply);
	if (status == CLI_OK && cli->json)
		cli_print_json(reply, false);
	else if (status == CLI_OK)
		print_receipt(reply);
	else if (status == CLI_REFUSED && cli_number(reply, "errors") > 0)
		status = CLI_PATTERNS;
	json_decref(reply);
	return status;
}

enum cli_exit cli_patterns_list(const struct cli *cli)
{
	json_t *reply = NULL;
	const json_t *p;
	size_t i;
	enum cli_exit status = cli_ask_simple(cli, "patterns.list", &reply);

	if (status == CLI_OK && cli->json) {
		cli_print_json(reply, false);
	} else if (status == CLI_OK) {
		struct table *t = table_new();
		table_column(t, "RULE", TABLE_LEFT);
		table_column(t, "SET", TABLE_LEFT);
		table_column(t, "SERVICE", TABLE_LEFT);
		table_column(t, "HITS", TABLE_RIGHT);
		table_column(t, "MESSAGE", TABLE_LEFT);
		json_array_foreach(json_object_get(reply, "patterns"), i, p)
		{
			table_row(t);
			table_format(t, "%u:%u:%u", (unsigned)cli_number(p, "gid"),
				(unsigned)cli_number(p, "sid"), (unsigned)cli_number(p, "rev"));
			table_text(t, cli_text(p, "set"));
			table_text(t, cli_text(p, "service"));
			table_number(t, cli_number(p, "hits"));
			table_text(t, cli_text(p, "msg"));
		}
		table_print(t);
	}
	json_decref(reply);
	return status;
}
