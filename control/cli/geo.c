// geo load, geo matrix.

#include "control/cli/geo.h"

#include "control/cli/cli.h"
#include "control/cli/table.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { NS_PER_US = 1000 };

enum cli_exit cli_geo_load(const struct cli *cli)
{
	json_t *paths = cli_paths(cli);
	json_t *reply = NULL;

	if (paths == NULL)
		return CLI_USAGE;
	json_t *request = json_pack("{s:s}", "cmd", "geo.load");
	if (json_array_size(paths) > 0)
		json_object_set(request, "file", json_array_get(paths, 0));
	if (json_array_size(paths) > 1)
		json_object_set(request, "asn_file", json_array_get(paths, 1));
	json_decref(paths);
	enum cli_exit status = cli_ask(cli, request, &reply);
	const json_t *map = json_object_get(reply, "map");
	if (status == CLI_OK && cli->json)
		cli_print_json(reply, false);
	else if (status == CLI_OK && json_is_true(json_object_get(reply, "waiting")))
		printf("read in %" PRIu64 " ms; the dataplane gets it when it comes\n",
			cli_number(reply, "compile_ms"));
	else if (status == CLI_OK)
		printf("%" PRIu64 " countries, %" PRIu64 " ranges of IPv4, %" PRIu64
		       " of IPv6, %" PRIu64 " bytes\nread in %" PRIu64
		       " ms, live for all workers after %" PRIu64 " us\n",
			cli_number(map, "countries"), cli_number(map, "ranges4"),
			cli_number(map, "ranges6"), cli_number(map, "bytes"),
			cli_number(reply, "compile_ms"), cli_number(reply, "grace_ns") / NS_PER_US);
	json_decref(reply);
	return status;
}

static void put_numbers(struct table *t, const json_t *row)
{
	table_number(t, cli_number(row, "flows"));
	table_number(t, cli_number(row, "bytes_out"));
	table_number(t, cli_number(row, "bytes_in"));
	table_number(t, cli_number(row, "persons"));
}

static void put_other(struct table *t, const json_t *reply)
{
	const json_t *other = json_object_get(reply, "other");
	uint64_t cells = cli_number(reply, "other_cells");

	if (cells == 0)
		return;
	table_row(t);
	table_format(t, "other (%" PRIu64 ")", cells);
	table_text(t, "");
	table_text(t, "");
	if (!json_is_null(other)) {
		put_numbers(t, other);
		return;
	}
	for (unsigned i = 0; i < 4; i++)
		table_text(t, "-");
}

static void print_rows(const json_t *reply)
{
	static const char *const left[] = {"SERVICE", "COUNTRY", "DIRECTION"};
	static const char *const right[] = {"FLOWS", "BYTES OUT", "BYTES IN", "PERSONS"};
	struct table *t = table_new();
	const json_t *row;
	size_t i;

	for (i = 0; i < sizeof(left) / sizeof(left[0]); i++)
		table_column(t, left[i], TABLE_LEFT);
	for (i = 0; i < sizeof(right) / sizeof(right[0]); i++)
		table_column(t, right[i], TABLE_RIGHT);
	json_array_foreach(json_object_get(reply, "rows"), i, row)
	{
		table_row(t);
		table_text(t, cli_text(row, "service"));
		table_text(t, cli_text(row, "country"));
		table_text(t, cli_text(row, "direction"));
		put_numbers(t, row);
	}
	put_other(t, reply);
	table_print(t);
}

static void print_notes(const json_t *reply)
{
	printf("persons: an estimate, standard error %.2f %%; what is of fewer than %" PRIu64
	       " is in \"other\"\n",
		100 * json_real_value(json_object_get(reply, "standard_error")),
		cli_number(reply, "min_persons"));
	if (json_is_true(json_object_get(reply, "persons_at_most")))
		printf("the dataplane was started anew: some persons may be counted twice\n");
	if (json_is_true(json_object_get(reply, "persons_at_least")))
		printf("memory was short: %" PRIu64 " flows and %" PRIu64
		       " sightings of persons are missing\n",
			cli_number(reply, "lost_flows"), cli_number(reply, "lost_persons"));
	if (cli_number(reply, "late_flows") > 0)
		printf("%" PRIu64 " flows came when their day or year was over for good\n",
			cli_number(reply, "late_flows"));
	if (json_is_null(json_object_get(reply, "map")))
		printf("the dataplane has no map of countries: sealctl geo load\n");
}

static void print_thresholds(const json_t *reply)
{
	const json_t *list = json_object_get(reply, "thresholds"), *l;
	size_t i;

	if (json_array_size(list) == 0)
		return;
	struct table *t = table_new();
	table_column(t, "THRESHOLD", TABLE_LEFT);
	table_column(t, "PERSONS THIS YEAR", TABLE_RIGHT);
	table_column(t, "OF", TABLE_RIGHT);
	table_column(t, "REACHED", TABLE_RIGHT);
	json_array_foreach(list, i, l)
	{
		table_row(t);
		table_text(t, cli_text(l, "country"));
		if (json_is_null(json_object_get(l, "persons")))
			table_text(t, "-");
		else
			table_number(t, cli_number(l, "persons"));
		table_number(t, cli_number(l, "threshold"));
		table_format(t, "%" PRIu64 " %%", cli_number(l, "reached_percent"));
	}
	printf("\n");
	table_print(t);
}

void geo_print(const json_t *matrix)
{
	if (!json_is_null(json_object_get(matrix, "begin")))
		printf("the %s that began %s\n\n", cli_text(matrix, "window"),
			cli_text(matrix, "begin"));
	print_rows(matrix);
	print_notes(matrix);
}

enum cli_exit cli_geo_matrix(const struct cli *cli)
{
	json_t *reply = NULL;
	enum cli_exit status = cli_ask(cli,
		json_pack("{s:s, s:s}", "cmd", "geo.matrix", "window",
			cli->window != NULL ? cli->window : "day"),
		&reply);

	if (status == CLI_OK && cli->json) {
		cli_print_json(reply, false);
	} else if (status == CLI_OK) {
		geo_print(reply);
		print_thresholds(reply);
	}
	json_decref(reply);
	return status;
}
