// patterns shadow: a set beside the live one, and what it does otherwise on the same flows.

#include "control/cli/cli.h"

#include "control/cli/table.h"
#include "control/escape.h"
#include "dataplane/api/rule_counts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { COUNT = 20, SHARE_MAX = 1000, NS_PER_US = 1000 };

bool cli_parse_share(const char *text, unsigned *out)
{
	unsigned digits = 0, thousandths = 0;
	bool point = false;

	for (; *text != '\0'; text++) {
		if (*text == '.' && !point && digits > 0) {
			point = true;
			digits = 0;
			continue;
		}
		if (*text < '0' || *text > '9' || ++digits > (point ? 1 : 3))
			return false;
		thousandths = thousandths * 10 + (unsigned)(*text - '0');
	}
	if (!point)
		thousandths *= 10;
	if (digits == 0 || thousandths == 0 || thousandths > SHARE_MAX)
		return false;
	*out = thousandths;
	return true;
}

enum cli_exit cli_shadow_load(const struct cli *cli)
{
	json_t *paths = cli_paths(cli);

	if (paths == NULL)
		return CLI_USAGE;
	json_t *request = json_pack("{s:s, s:o}", "cmd", "patterns.shadow.load", "paths", paths);
	if (cli->share != 0)
		json_object_set_new(request, "share", json_integer(cli->share));
	return cli_load(cli, request);
}

enum cli_exit cli_shadow_promote(const struct cli *cli)
{
	return cli_load(cli, json_pack("{s:s}", "cmd", "patterns.shadow.promote"));
}

enum cli_exit cli_shadow_drop(const struct cli *cli)
{
	json_t *reply = NULL;
	enum cli_exit status = cli_ask_simple(cli, "patterns.shadow.drop", &reply);

	if (status == CLI_OK && cli->json)
		cli_print_json(reply, false);
	else if (status == CLI_OK)
		printf("there is no shadow set any more; what is live stays live\n");
	json_decref(reply);
	return status;
}

struct side {
	uint64_t hits, checks, cost_ns, check_ns;
};

static struct side read_side(const json_t *from, const char *key)
{
	const json_t *n = json_object_get(from, key);

	return (struct side){.hits = cli_number(n, "hits"),
		.checks = cli_number(n, "checks"),
		.cost_ns = cli_number(n, "cost_ns"),
		.check_ns = cli_number(n, "check_ns")};
}

static void put_pair(struct table *t, uint64_t live, uint64_t shadow)
{
	table_format(t, "%" PRIu64 " -> %" PRIu64, live, shadow);
}

static void put_more(struct table *t, int64_t more)
{
	if (more == 0)
		table_text(t, "=");
	else
		table_format(t, "%+" PRId64, more);
}

static void put_sides(struct table *t, const struct side *live, const struct side *shadow)
{
	put_pair(t, live->hits, shadow->hits);
	put_more(t, (int64_t)(shadow->hits - live->hits));
	put_pair(t, live->checks, shadow->checks);
	put_pair(t, live->check_ns, shadow->check_ns);
	put_pair(t, live->cost_ns / NS_PER_US, shadow->cost_ns / NS_PER_US);
	put_more(t, (int64_t)(shadow->cost_ns - live->cost_ns) / NS_PER_US);
}

// gid:sid:rev, or both revs of a rule that changed.
static void put_name(struct table *t, const json_t *row)
{
	const json_t *revs = json_object_get(row, "revs");
	const uint64_t live = cli_number(revs, "live"), shadow = cli_number(revs, "shadow");
	const uint64_t gid = cli_number(row, "gid"), sid = cli_number(row, "sid");

	if (strcmp(cli_text(row, "in"), "both") == 0 && live != shadow)
		table_format(
			t, "%" PRIu64 ":%" PRIu64 ":%" PRIu64 "->%" PRIu64, gid, sid, live, shadow);
	else
		table_format(
			t, "%" PRIu64 ":%" PRIu64 ":%" PRIu64, gid, sid, cli_number(row, "rev"));
}

static void put_row(struct table *t, const json_t *row)
{
	const struct side live = read_side(row, "live"), shadow = read_side(row, "shadow");

	table_row(t);
	put_name(t, row);
	table_text(t, cli_text(row, "in"));
	put_sides(t, &live, &shadow);
	table_text(t, cli_text(row, "msg"));
}

static void put_cost(const struct side *live, const struct side *shadow, double factor)
{
	if (live->cost_ns == 0)
		return;
	const double more = ((double)shadow->cost_ns / (double)live->cost_ns - 1) * 100;
	printf("shadow costs %+d %% on the same flows\n", (int)(more + (more < 0 ? -0.5 : 0.5)));
	if (factor != 1)
		printf("its times are told x %.2f: by that, rules that are in both cost the same\n",
			factor);
}

static void print_rows(const json_t *reply)
{
	static const struct {
		const char *name;
		enum table_align align;
	} columns[] = {{"RULE", TABLE_LEFT}, {"IN", TABLE_LEFT}, {"HITS", TABLE_RIGHT},
		{"MORE", TABLE_RIGHT}, {"CHECKS", TABLE_RIGHT}, {"NS/CHECK", TABLE_RIGHT},
		{"COST us", TABLE_RIGHT}, {"MORE", TABLE_RIGHT}, {"MESSAGE", TABLE_LEFT}};
	const json_t *total = json_object_get(reply, "total"), *row;
	const struct side live = read_side(total, "live"), shadow = read_side(total, "shadow");
	struct table *t = table_new();
	size_t i;

	for (size_t c = 0; c < sizeof(columns) / sizeof(columns[0]); c++)
		table_column(t, columns[c].name, columns[c].align);
	json_array_foreach(json_object_get(reply, "patterns"), i, row) put_row(t, row);
	table_row(t);
	table_text(t, "all rules");
	table_text(t, "");
	put_sides(t, &live, &shadow);
	table_print(t);
	put_cost(&live, &shadow, json_real_value(json_object_get(reply, "cost_factor")));
}

static void print_head(const json_t *r)
{
	const json_t *file;
	size_t i;

	printf("shadow %.16s, %" PRIu64 " rules, on %.1f %% of the flows since %s%s\n",
		cli_text(r, "digest"), cli_number(r, "rules"), (double)cli_number(r, "share") / 10,
		cli_text(r, "since"),
		json_is_true(json_object_get(r, "running"))
			? ""
			: "; the dataplane does not have it yet");
	json_array_foreach(json_object_get(r, "files"), i, file)
	{
		printf("  ");
		escape_write(json_string_value(file), stdout);
		printf("\n");
	}
	printf("compared since %s: %" PRIu64
	       " packets, messages and pieces of streams that both were matched with\n"
	       "%" PRIu64 " rules in both sets, %" PRIu64 " in the live one only, %" PRIu64
	       " in the shadow only\n\n",
		cli_text(r, "compared_since"), cli_number(r, "finds"), cli_number(r, "both"),
		cli_number(r, "live_only"), cli_number(r, "shadow_only"));
}

enum cli_exit cli_shadow_show(const struct cli *cli)
{
	json_t *reply = NULL;
	enum cli_exit status = cli_ask(cli,
		json_pack("{s:s, s:i}", "cmd", "patterns.shadow.show", "count",
			cli->count != 0 ? (int)cli->count : COUNT),
		&reply);

	if (status == CLI_OK && cli->json) {
		cli_print_json(reply, false);
	} else if (status == CLI_OK) {
		print_head(reply);
		print_rows(reply);
	}
	json_decref(reply);
	return status;
}
