#include "control/cli/cli.h"

#include "control/cli/table.h"
#include "dataplane/base/clock.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { PERIOD_MS = 1000 };

// What the numbers were a period ago; NULL at first.
struct past {
	json_t *reply;
	uint64_t ns;
};

static uint64_t per_second(uint64_t now, uint64_t before, uint64_t ns)
{
	return now > before && ns > 0 ? (uint64_t)((double)(now - before) * 1e9 / (double)ns) : 0;
}

static void put_threads(struct table *t, const json_t *values)
{
	const json_t *value;
	size_t i;

	json_array_foreach(values, i, value) table_number(t, (uint64_t)json_integer_value(value));
}

static void print_counters(const json_t *reply, const struct past *past, uint64_t ns)
{
	const json_t *before = json_object_get(past->reply, "counters");
	const json_t *thread, *row;
	struct table *t = table_new();
	size_t i;

	table_column(t, "COUNTER", TABLE_LEFT);
	table_column(t, "SUM", TABLE_RIGHT);
	if (before != NULL)
		table_column(t, "PER SECOND", TABLE_RIGHT);
	json_array_foreach(json_object_get(reply, "threads"), i, thread)
	{
		char name[32] = "READER";
		if (json_is_integer(thread))
			snprintf(name, sizeof(name), "WORKER %d", (int)json_integer_value(thread));
		table_column(t, name, TABLE_RIGHT);
	}
	json_array_foreach(json_object_get(reply, "counters"), i, row)
	{
		table_row(t);
		table_text(t, cli_text(row, "name"));
		table_number(t, cli_number(row, "sum"));
		if (before != NULL)
			table_number(t,
				per_second(cli_number(row, "sum"),
					cli_number(json_array_get(before, i), "sum"), ns));
		put_threads(t, json_object_get(row, "threads"));
	}
	table_print(t);
}

// Rows are sorted by hits: the same rule may have stood elsewhere.
static uint64_t hits_before(const json_t *rules, const json_t *rule)
{
	const json_t *old;
	size_t i;

	json_array_foreach(rules, i, old)
	{
		if (cli_number(old, "sid") == cli_number(rule, "sid") &&
			cli_number(old, "gid") == cli_number(rule, "gid") &&
			cli_number(old, "rev") == cli_number(rule, "rev"))
			return cli_number(old, "hits");
	}
	return 0;
}

static void print_rules(const json_t *reply, const struct past *past, uint64_t ns)
{
	const json_t *before = json_object_get(past->reply, "rules");
	const json_t *rule;
	struct table *t = table_new();
	size_t i;

	table_column(t, "RULE", TABLE_LEFT);
	table_column(t, "HITS", TABLE_RIGHT);
	if (before != NULL)
		table_column(t, "PER SECOND", TABLE_RIGHT);
	table_column(t, "SET", TABLE_LEFT);
	table_column(t, "MESSAGE", TABLE_LEFT);
	json_array_foreach(json_object_get(reply, "rules"), i, rule)
	{
		table_row(t);
		table_format(t, "%u:%u:%u", (unsigned)cli_number(rule, "gid"),
			(unsigned)cli_number(rule, "sid"), (unsigned)cli_number(rule, "rev"));
		table_number(t, cli_number(rule, "hits"));
		if (before != NULL)
			table_number(t,
				per_second(
					cli_number(rule, "hits"), hits_before(before, rule), ns));
		table_text(t, cli_text(rule, "set"));
		table_text(t, cli_text(rule, "msg"));
	}
	table_print(t);
}

static void print(const struct cli *cli, const json_t *reply, const struct past *past, uint64_t ns)
{
	if (cli->json) {
		cli_print_json(reply, cli->watch);
		return;
	}
	if (cli->watch && isatty(STDOUT_FILENO))
		printf("\033[H\033[2J");
	if (!cli->rules) {
		print_counters(reply, past, ns);
		putchar('\n');
	}
	print_rules(reply, past, ns);
}

enum cli_exit cli_counters(const struct cli *cli)
{
	const struct timespec period = {.tv_sec = PERIOD_MS / 1000};
	struct past past = {0};
	enum cli_exit status;

	do {
		json_t *reply = NULL;
		status = cli_ask_simple(cli, "counters", &reply);
		if (status != CLI_OK) {
			json_decref(reply);
			break;
		}
		uint64_t now = clock_monotonic_ns();
		print(cli, reply, &past, now - past.ns);
		json_decref(past.reply);
		past = (struct past){.reply = reply, .ns = now};
		if (fflush(stdout) != 0)
			break;
	} while (cli->watch && nanosleep(&period, NULL) == 0);
	json_decref(past.reply);
	return status;
}
