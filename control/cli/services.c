#include "control/cli/cli.h"

#include "control/cli/table.h"

#include <stdio.h>
#include <string.h>

enum { WORDS_SHOWN = 3, JOINED_MAX = 160 };

// "sni 12, host 3": the largest first, no more than some.
static void join(const json_t *numbers, char out[JOINED_MAX])
{
	const char *done[WORDS_SHOWN] = {0};

	out[0] = '\0';
	for (unsigned i = 0; i < WORDS_SHOWN; i++) {
		json_int_t most = 0;
		const char *key;
		json_t *value;
		json_object_foreach((json_t *)numbers, key, value)
		{
			bool told = false;
			for (unsigned k = 0; k < i; k++)
				told |= strcmp(done[k], key) == 0;
			if (told || json_integer_value(value) <= most)
				continue;
			most = json_integer_value(value);
			done[i] = key;
		}
		if (most == 0)
			break;
		size_t n = strlen(out);
		snprintf(out + n, JOINED_MAX - n, "%s%s %lld", n > 0 ? ", " : "", done[i],
			(long long)most);
	}
}

static json_t *under_names(const json_t *segments)
{
	json_t *all = json_object();
	const json_t *s;
	size_t i;

	json_array_foreach(segments, i, s) json_object_set_new(
		all, cli_text(s, "segment"), json_integer((json_int_t)cli_number(s, "flows")));
	return all;
}

static void put_row(struct table *t, const json_t *s)
{
	const json_t *ended = json_object_get(s, "ended");
	const json_t *sure = json_object_get(ended, "confidence");
	json_t *segments = under_names(json_object_get(ended, "segments"));
	char text[JOINED_MAX];

	table_row(t);
	table_text(t, cli_text(s, "service"));
	table_number(t, cli_number(s, "flows"));
	table_number(t, cli_number(s, "packets"));
	table_number(t, cli_number(s, "bytes"));
	table_number(t, cli_number(sure, "high"));
	table_number(t, cli_number(sure, "medium"));
	table_number(t, cli_number(sure, "low"));
	join(json_object_get(ended, "service_by"), text);
	table_text(t, text);
	join(json_object_get(ended, "function"), text);
	table_text(t, text);
	join(segments, text);
	table_text(t, text);
	json_decref(segments);
}

enum cli_exit cli_services(const struct cli *cli)
{
	static const struct {
		const char *name;
		enum table_align align;
	} columns[] = {{"SERVICE", TABLE_LEFT}, {"FLOWS", TABLE_RIGHT}, {"PACKETS", TABLE_RIGHT},
		{"BYTES", TABLE_RIGHT}, {"HIGH", TABLE_RIGHT}, {"MEDIUM", TABLE_RIGHT},
		{"LOW", TABLE_RIGHT}, {"BY", TABLE_LEFT}, {"FUNCTION", TABLE_LEFT},
		{"SEGMENT", TABLE_LEFT}};
	json_t *reply = NULL;
	const json_t *s;
	size_t i;
	enum cli_exit status = cli_ask_simple(cli, "services", &reply);

	if (status == CLI_OK && cli->json) {
		cli_print_json(reply, false);
	} else if (status == CLI_OK) {
		struct table *t = table_new();
		for (i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
			table_column(t, columns[i].name, columns[i].align);
		json_array_foreach(json_object_get(reply, "services"), i, s) put_row(t, s);
		table_print(t);
	}
	json_decref(reply);
	return status;
}
