#include "control/cli/cli.h"

#include "control/cli/table.h"
#include "control/escape.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void cli_print_inactive(const json_t *reply)
{
	enum { SHOWN = 10 };
	const json_t *rules = json_object_get(reply, "inactive_rules"), *r;
	uint64_t n = cli_number(reply, "inactive");
	size_t i;

	if (n == 0)
		return;
	printf("inactive: %" PRIu64
	       " rules about content, because no purpose covers them (sealctl purpose "
	       "add)\n",
		n);
	json_array_foreach(rules, i, r)
	{
		if (i == SHOWN)
			break;
		printf("  %" PRIu64 ":%" PRIu64 ":%" PRIu64 " ", cli_number(r, "gid"),
			cli_number(r, "sid"), cli_number(r, "rev"));
		escape_write(cli_text(r, "msg"), stdout);
		printf(": ");
		escape_write(cli_text(r, "why"), stdout);
		putchar('\n');
	}
	if (n > SHOWN)
		printf("  and %" PRIu64 " more; sealctl patterns show --rules has all\n",
			n - SHOWN);
}

// "a,b" of rules and detectors is a list, whatever the number.
static bool is_list(const char *key, size_t len)
{
	return (len == 5 && memcmp(key, "rules", 5) == 0) ||
		(len == 9 && memcmp(key, "detectors", 9) == 0);
}

static json_t *split(const char *value)
{
	json_t *list = json_array();
	char *copy = strdup(value), *rest = copy;

	for (char *word; rest != NULL && (word = strsep(&rest, ",")) != NULL;)
		json_array_append_new(list, escape_json(word));
	free(copy);
	return list;
}

// NULL: an argument is no KEY=VALUE, and that was printed.
static json_t *entry_of(const struct cli *cli)
{
	json_t *entry = json_pack("{s:o}", "id", escape_json(cli->args[0]));
	char key[65];

	for (int i = 1; i < cli->n_args; i++) {
		const char *equals = strchr(cli->args[i], '=');
		size_t len = equals != NULL ? (size_t)(equals - cli->args[i]) : 0;
		if (len == 0 || len >= sizeof(key)) {
			fprintf(stderr,
				"sealctl: \"%s\" is no KEY=VALUE; try sealctl purpose add --help\n",
				cli->args[i]);
			json_decref(entry);
			return NULL;
		}
		memcpy(key, cli->args[i], len);
		key[len] = '\0';
		json_object_set_new(entry, key,
			is_list(key, len) ? split(equals + 1) : escape_json(equals + 1));
	}
	return entry;
}

static void print_list(const json_t *list)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item) printf("%s%s", i > 0 ? " " : "", json_string_value(item));
	putchar('\n');
}

static void print_who(const json_t *entry, const char *what, const char *at, const char *by)
{
	if (json_is_string(json_object_get(entry, at)))
		printf("%-15s %s by uid %" PRIu64 "\n", what, cli_text(entry, at),
			cli_number(entry, by));
}

static void print_entry(const json_t *entry)
{
	static const char *const texts[] = {
		"id", "purpose", "legal_basis", "owner", "segment", "mode"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		printf("%-15s ", texts[i]);
		escape_write(cli_text(entry, texts[i]), stdout);
		putchar('\n');
	}
	printf("%-15s %" PRIu64 "\n", "retention_days", cli_number(entry, "retention_days"));
	printf("%-15s ", "rules");
	print_list(json_object_get(entry, "rules"));
	printf("%-15s ", "detectors");
	print_list(json_object_get(entry, "detectors"));
	print_who(entry, "created", "created_at", "created_by");
	print_who(entry, "retired", "retired_at", "retired_by");
}

static enum cli_exit change(const struct cli *cli, json_t *request)
{
	json_t *reply = NULL;
	enum cli_exit status = cli_ask(cli, request, &reply);

	if (status == CLI_OK && cli->json) {
		cli_print_json(reply, false);
	} else if (status == CLI_OK) {
		print_entry(json_object_get(reply, "entry"));
		printf("%-15s %s\n", "dataplane", cli_text(reply, "dataplane"));
		cli_print_inactive(reply);
	}
	json_decref(reply);
	return status;
}

enum cli_exit cli_purpose_add(const struct cli *cli)
{
	json_t *entry = entry_of(cli);

	if (entry == NULL)
		return CLI_USAGE;
	return change(cli, json_pack("{s:s, s:o}", "cmd", "purpose.add", "entry", entry));
}

enum cli_exit cli_purpose_retire(const struct cli *cli)
{
	return change(cli,
		json_pack("{s:s, s:o}", "cmd", "purpose.retire", "id", escape_json(cli->args[0])));
}

enum cli_exit cli_purpose_show(const struct cli *cli)
{
	json_t *reply = NULL;
	enum cli_exit status = cli_ask(cli,
		json_pack("{s:s, s:o}", "cmd", "purpose.show", "id", escape_json(cli->args[0])),
		&reply);

	if (status == CLI_OK && cli->json)
		cli_print_json(reply, false);
	else if (status == CLI_OK)
		print_entry(json_object_get(reply, "entry"));
	json_decref(reply);
	return status;
}

static void put_names(struct table *t, const json_t *list)
{
	const size_t n = json_array_size(list);
	const char *first = json_string_value(json_array_get(list, 0));

	if (n > 1)
		table_format(t, "%s and %zu more", first, n - 1);
	else
		table_text(t, n == 1 ? first : "-");
}

static void print_register(const json_t *reply)
{
	struct table *t = table_new();
	const json_t *p;
	size_t i;

	table_column(t, "ID", TABLE_LEFT);
	table_column(t, "ACTIVE", TABLE_LEFT);
	table_column(t, "MODE", TABLE_LEFT);
	table_column(t, "SEGMENT", TABLE_LEFT);
	table_column(t, "RULES", TABLE_LEFT);
	table_column(t, "DETECTORS", TABLE_LEFT);
	table_column(t, "DAYS", TABLE_RIGHT);
	table_column(t, "OWNER", TABLE_LEFT);
	table_column(t, "PURPOSE", TABLE_LEFT);
	json_array_foreach(json_object_get(reply, "entries"), i, p)
	{
		table_row(t);
		table_text(t, cli_text(p, "id"));
		table_text(t, json_is_true(json_object_get(p, "active")) ? "yes" : "retired");
		table_text(t, cli_text(p, "mode"));
		table_text(t, cli_text(p, "segment"));
		put_names(t, json_object_get(p, "rules"));
		put_names(t, json_object_get(p, "detectors"));
		table_number(t, cli_number(p, "retention_days"));
		table_text(t, cli_text(p, "owner"));
		table_text(t, cli_text(p, "purpose"));
	}
	table_print(t);
	if (json_is_true(json_object_get(reply, "laboratory")))
		printf("lab: each rule and detector has the purpose \"laboratory\"\n");
	if (json_is_string(json_object_get(reply, "error")))
		printf("the register can not be read: %s\n", cli_text(reply, "error"));
	if (!json_is_true(json_object_get(reply, "dataplane_has_it")))
		printf("the dataplane does not have it yet\n");
}

enum cli_exit cli_purpose_list(const struct cli *cli)
{
	json_t *reply = NULL;
	enum cli_exit status = cli_ask_simple(cli, "purpose.list", &reply);

	if (status == CLI_OK && cli->json)
		cli_print_json(reply, false);
	else if (status == CLI_OK)
		print_register(reply);
	json_decref(reply);
	return status;
}
