// top rules: what each rule costs and how often it hits, in all or since the last time.

#include "control/cli/table.h"
#include "control/cli/top.h"
#include "control/cli/top_rows.h"
#include "dataplane/base/clock.h"

#include <inttypes.h>
#include <stdio.h>

// Differences are sorted here, so more rules are asked for than are shown.
enum { COUNT = 20, ASK_MAX = 10000 };

static unsigned count_of(const struct cli *cli)
{
	return cli->count != 0 ? cli->count : COUNT;
}

static void put_share(struct table *t, uint64_t a, uint64_t b)
{
	unsigned share = top_share(a, b);

	if (b == 0)
		table_text(t, "-");
	else
		table_format(t, "%u.%02u%%", share / 100, share % 100);
}

static void put_row(struct table *t, const struct top_row *r, const struct rule_numbers *total)
{
	char ago[TOP_AGO_MAX];

	top_ago(r->n.last_hit_ns, clock_wall_ns(), ago);
	table_row(t);
	table_format(t, "%" PRIu32 ":%" PRIu32 ":%" PRIu32, r->gid, r->sid, r->rev);
	table_number(t, r->n.checks);
	table_number(t, r->n.prefilter);
	table_number(t, r->n.hits);
	put_share(t, r->n.hits, r->n.checks);
	table_text(t, ago);
	if (r->n.timed > 0)
		table_number(t, rule_numbers_check_ns(&r->n));
	else
		table_text(t, "-");
	put_share(t, r->n.cost_ns, total->cost_ns);
	table_text(t, r->set);
	table_text(t, r->msg);
}

static void print_rows(const struct cli *cli, const struct top_rows *rows)
{
	static const struct {
		const char *name;
		enum table_align align;
	} columns[] = {{"RULE", TABLE_LEFT}, {"CHECKS", TABLE_RIGHT}, {"PREFILTER", TABLE_RIGHT},
		{"HITS", TABLE_RIGHT}, {"CONFIRMED", TABLE_RIGHT}, {"LAST HIT", TABLE_RIGHT},
		{"NS/CHECK", TABLE_RIGHT}, {"COST", TABLE_RIGHT}, {"SET", TABLE_LEFT},
		{"MESSAGE", TABLE_LEFT}};
	struct table *t = table_new();

	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
		table_column(t, columns[i].name, columns[i].align);
	for (size_t i = 0; i < rows->n && i < count_of(cli); i++)
		put_row(t, &rows->rows[i], &rows->total);
	table_print(t);
}

// All rules together; what is shown below are the first of them.
static void print_sum(const struct top_rows *rows, uint64_t ns)
{
	if (ns != 0)
		printf("in %.1f s: ", (double)ns / 1e9);
	printf("%" PRIu64 " checks, %" PRIu64 " hits, %.3f ms in confirm steps\n\n",
		rows->total.checks, rows->total.hits, (double)rows->total.cost_ns / 1e6);
}

static const char *key_of(const struct cli *cli)
{
	return cli->by != NULL ? cli->by : "cost";
}

static int print(const struct cli *cli, const json_t *answer, const json_t *past, uint64_t ns)
{
	struct top_rows rows, before = {0};

	int err = top_rows_read(answer, &rows);
	if (err < 0)
		return err;
	if (past != NULL)
		err = top_rows_read(past, &before);
	if (err == 0) {
		if (past != NULL)
			top_rows_since(&rows, &before);
		top_rows_sort(&rows, key_of(cli));
		print_sum(&rows, past != NULL ? ns : 0);
		print_rows(cli, &rows);
	}
	top_rows_free(&before);
	top_rows_free(&rows);
	return err;
}

static json_t *request(const struct cli *cli, bool again)
{
	return json_pack("{s:s, s:s, s:i}", "cmd", "top.rules", "by", key_of(cli), "count",
		again && !cli->json ? ASK_MAX : (int)count_of(cli));
}

enum cli_exit cli_top_rules(const struct cli *cli)
{
	return top_run(&(struct top){cli, request, print});
}
