#include "control/cli/cli.h"

#include "control/cli/table.h"

#include <inttypes.h>
#include <stdio.h>

static void row(struct table *t, const char *name, const char *value)
{
	table_row(t);
	table_text(t, name);
	table_text(t, value);
}

static void number_row(struct table *t, const char *name, const json_t *object, const char *key)
{
	table_row(t);
	table_text(t, name);
	table_format(t, "%" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(object, key)));
}

static void put_dataplane(struct table *t, const json_t *s)
{
	uint64_t pid = cli_number(s, "dataplane_pid");

	table_row(t);
	table_text(t, "dataplane");
	if (pid != 0)
		table_format(t, "%s (process %" PRIu64 ", since %s)", cli_text(s, "dataplane"), pid,
			cli_text(s, "dataplane_since"));
	else
		table_text(t, cli_text(s, "dataplane"));
	number_row(t, "workers", s, "workers");
	table_row(t);
	table_text(t, "source");
	table_format(t, "%s%s", cli_text(s, "source"),
		json_is_true(json_object_get(s, "source_ended")) ? " (ended)" : "");
}

static void put_loads(struct table *t, const json_t *loads)
{
	const json_t *l;
	size_t i;

	json_array_foreach(loads, i, l)
	{
		table_row(t);
		table_format(t, "  load %" PRIu64, cli_number(l, "load"));
		if (cli_number(l, "place") > 0)
			table_format(t,
				"queued, place %" PRIu64 ", asked for %" PRIu64
				" s ago by uid %" PRIu64,
				cli_number(l, "place"), cli_number(l, "age_s"),
				cli_number(l, "loaded_by"));
		else
			table_format(t, "%s, asked for %" PRIu64 " s ago by uid %" PRIu64,
				cli_text(l, "state"), cli_number(l, "age_s"),
				cli_number(l, "loaded_by"));
	}
}

static void put_shadow(struct table *t, const json_t *shadow)
{
	if (!json_is_object(shadow))
		return;
	table_row(t);
	table_text(t, "shadow");
	table_format(t, "%.16s on %.1f %% of the flows since %s%s", cli_text(shadow, "digest"),
		(double)cli_number(shadow, "share") / 10, cli_text(shadow, "since"),
		json_is_true(json_object_get(shadow, "running"))
			? ""
			: " (the dataplane does not have it yet)");
}

static void put_patterns(struct table *t, const json_t *s)
{
	number_row(t, "generation", s, "generation");
	row(t, "digest", cli_text(s, "digest"));
	number_row(t, "rules", s, "rules");
	row(t, "loaded", cli_text(s, "loaded_at"));
	put_shadow(t, json_object_get(s, "shadow"));
	row(t, "load", cli_text(s, "load"));
	put_loads(t, json_object_get(s, "loads"));
	if (cli_text(s, "load_error")[0] != '-')
		row(t, "last load", cli_text(s, "load_error"));
}

static void put_accounting(struct table *t, const json_t *a)
{
	const char *name;
	json_t *value;

	number_row(t, "received", a, "received");
	number_row(t, "  delivered", a, "delivered");
	number_row(t, "  held", a, "held");
	number_row(t, "  between threads", a, "between_threads");
	json_object_foreach(json_object_get(a, "causes"), name, value)
	{
		if (json_integer_value(value) == 0)
			continue;
		table_row(t);
		table_format(t, "  %s", name);
		table_number(t, (uint64_t)json_integer_value(value));
	}
	number_row(t, "  lost with dataplane", a, "lost_with_dataplane");
	number_row(t, "  unaccounted", a, "unaccounted");
}

static void put_events(struct table *t, const json_t *e)
{
	row(t, "events to", cli_text(e, "file"));
	number_row(t, "  written", e, "written");
	number_row(t, "  lost", e, "lost");
	number_row(t, "  failed", e, "failed");
	number_row(t, "  bad", e, "bad");
	if (json_is_string(json_object_get(e, "error")))
		row(t, "  error", cli_text(e, "error"));
}

enum cli_exit cli_status(const struct cli *cli)
{
	json_t *s = NULL;
	enum cli_exit status = cli_ask_simple(cli, "status", &s);

	if (status == CLI_OK && cli->json) {
		cli_print_json(s, false);
	} else if (status == CLI_OK) {
		struct table *t = table_new();
		table_column(t, "WHAT", TABLE_LEFT);
		table_column(t, "VALUE", TABLE_LEFT);
		table_no_headings(t);
		put_dataplane(t, s);
		put_patterns(t, s);
		number_row(t, "missed before us", s, "missed");
		put_accounting(t, json_object_get(s, "accounting"));
		number_row(t, "alerts", s, "alerts");
		number_row(t, "flows active", s, "flows_active");
		put_events(t, json_object_get(s, "events"));
		number_row(t, "daemon uptime, s", s, "uptime_s");
		table_print(t);
	}
	json_decref(s);
	return status;
}
