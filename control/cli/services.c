#include "control/cli/cli.h"

#include "control/cli/table.h"

enum cli_exit cli_services(const struct cli *cli)
{
	json_t *reply = NULL;
	const json_t *s;
	size_t i;
	enum cli_exit status = cli_ask_simple(cli, "services", &reply);

	if (status == CLI_OK && cli->json) {
		cli_print_json(reply, false);
	} else if (status == CLI_OK) {
		struct table *t = table_new();
		table_column(t, "SERVICE", TABLE_LEFT);
		table_column(t, "FLOWS", TABLE_RIGHT);
		table_column(t, "PACKETS", TABLE_RIGHT);
		table_column(t, "BYTES", TABLE_RIGHT);
		json_array_foreach(json_object_get(reply, "services"), i, s)
		{
			table_row(t);
			table_text(t, cli_text(s, "service"));
			table_number(t, cli_number(s, "flows"));
			table_number(t, cli_number(s, "packets"));
			table_number(t, cli_number(s, "bytes"));
		}
		table_print(t);
	}
	json_decref(reply);
	return status;
}
