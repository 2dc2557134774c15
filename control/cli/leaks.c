#include "control/cli/cli.h"

#include "control/cli/table.h"

static void print_leaks(const json_t *reply)
{
	static const char *const numbers[] = {"low", "medium", "high", "test_data", "records"};
	struct table *t = table_new();
	const json_t *leak;
	size_t i;

	table_column(t, "DETECTOR", TABLE_LEFT);
	table_column(t, "CLASS", TABLE_LEFT);
	table_column(t, "SEVERITY", TABLE_LEFT);
	table_column(t, "LOW", TABLE_RIGHT);
	table_column(t, "MEDIUM", TABLE_RIGHT);
	table_column(t, "HIGH", TABLE_RIGHT);
	table_column(t, "TEST", TABLE_RIGHT);
	table_column(t, "RECORDS", TABLE_RIGHT);
	json_array_foreach(json_object_get(reply, "leaks"), i, leak)
	{
		table_row(t);
		table_text(t, cli_text(leak, "detector"));
		table_text(t, cli_text(leak, "class"));
		table_text(t, cli_text(leak, "severity"));
		for (unsigned k = 0; k < sizeof(numbers) / sizeof(numbers[0]); k++)
			table_number(t, cli_number(leak, numbers[k]));
	}
	table_print(t);
}

// Where pages with lures came from.
static void print_lures(const json_t *reply)
{
	const json_t *list = json_object_get(reply, "lures"), *place;
	struct table *t;
	size_t i;

	if (json_array_size(list) == 0)
		return;
	printf("\n");
	t = table_new();
	table_column(t, "LURES FROM (PSEUDONYM)", TABLE_LEFT);
	table_column(t, "ACCOUNTS", TABLE_RIGHT);
	table_column(t, "LOANS", TABLE_RIGHT);
	table_column(t, "SCAMS", TABLE_RIGHT);
	json_array_foreach(list, i, place)
	{
		table_row(t);
		table_text(t, cli_text(place, "destination"));
		table_number(t, cli_number(place, "account_trade"));
		table_number(t, cli_number(place, "loan"));
		table_number(t, cli_number(place, "scam"));
	}
	table_print(t);
}

enum cli_exit cli_leaks(const struct cli *cli)
{
	json_t *reply = NULL;
	enum cli_exit status = cli_ask_simple(cli, "leaks", &reply);

	if (status == CLI_OK && cli->json)
		cli_print_json(reply, false);
	else if (status == CLI_OK && cli_number(reply, "texts") == 0)
		printf("No text was looked at: no detector is active, or nothing in clear came "
		       "by.\n"
		       "A purpose makes detectors active: sealctl purpose add.\n");
	else if (status == CLI_OK) {
		print_leaks(reply);
		print_lures(reply);
	}
	json_decref(reply);
	return status;
}
