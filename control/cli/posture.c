#include "control/cli/cli.h"

#include "control/cli/table.h"
#include "dataplane/api/posture.h"

#include <stdio.h>
#include <string.h>

static const char formula[] =
	"The grade of a flow\n"
	"  A   TLS 1.3, QUIC or SSH with a post-quantum key exchange\n"
	"  B   other TLS (up to 1.2 with AEAD and forward secrecy), SSH, Noise\n"
	"  C D F  as the checks below leave it: the worst of those that hold\n"
	"  F   a protocol in clear that was not sealed later in the same flow\n"
	"  -   nothing of it was seen: no server's hello, a protocol without a grade\n\n"
	"The grade of many flows\n"
	"  the mean of those that have a grade, A = 4, B = 3, C = 2, D = 1, F = 0, rounded\n\n"
	"Certificates are in clear up to TLS 1.2 only: CERTS is the share of answered TLS flows\n"
	"whose certificate was seen; nothing is known of the others'.\n\n";

static void name_of(const struct posture_check_info *c, char out[64])
{
	snprintf(out, 64, "%s%s%s", c->check, c->part[0] != '\0' ? "." : "", c->part);
}

static void explain_json(void)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < POSTURE_CHECK_COUNT; i++) {
		const struct posture_check_info *c = &posture_checks[i];
		char name[64];
		name_of(c, name);
		json_array_append_new(list,
			json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "check", name, "severity",
				posture_severity_names[c->severity], "cap",
				posture_grade_names[c->cap], "looks_at", c->looks_at, "rule",
				c->rule, "source", c->source));
	}
	json_t *all = json_pack("{s:s, s:o}", "formula", formula, "checks", list);
	cli_print_json(all, false);
	json_decref(all);
}

// The daemon is not asked: it is the program's own table.
static enum cli_exit explain(const struct cli *cli)
{
	if (cli->json) {
		explain_json();
		return CLI_OK;
	}
	printf("%s", formula);
	struct table *t = table_new();
	table_column(t, "CHECK", TABLE_LEFT);
	table_column(t, "SEVERITY", TABLE_LEFT);
	table_column(t, "BEST", TABLE_LEFT);
	table_column(t, "HOLDS WHEN", TABLE_LEFT);
	table_column(t, "OF", TABLE_LEFT);
	table_column(t, "SOURCE", TABLE_LEFT);
	for (unsigned i = 0; i < POSTURE_CHECK_COUNT; i++) {
		const struct posture_check_info *c = &posture_checks[i];
		char name[64];
		name_of(c, name);
		table_row(t);
		table_text(t, name);
		table_text(t, posture_severity_names[c->severity]);
		table_text(t, posture_grade_names[c->cap]);
		table_text(t, c->rule);
		table_text(t, c->looks_at);
		table_text(t, c->source);
	}
	table_print(t);
	return CLI_OK;
}

static void put_share(struct table *t, uint64_t part, uint64_t all)
{
	if (all == 0)
		table_text(t, "-");
	else
		table_format(t, "%.1f%%", 100.0 * (double)part / (double)all);
}

static uint64_t flows_of(const json_t *row, const char *check)
{
	return cli_number(json_object_get(json_object_get(row, "checks"), check), "flows");
}

static unsigned rank_of(const char *severity)
{
	unsigned rank = 0;

	for (unsigned i = 0; i < SEVERITIES; i++) {
		if (strcmp(severity, posture_severity_names[i]) == 0)
			rank = i;
	}
	return rank;
}

// The most severe check that holds, of those alike the one of most flows; none that is only a count.
static const char *worst_of(const json_t *row)
{
	const char *worst = "-", *name;
	unsigned worst_rank = 0;
	uint64_t most = 0;
	json_t *check;

	json_object_foreach(json_object_get(row, "checks"), name, check)
	{
		unsigned rank = rank_of(cli_text(check, "severity"));
		uint64_t flows = cli_number(check, "flows");
		if (rank == SEVERITY_INFO || rank < worst_rank ||
			(rank == worst_rank && flows <= most))
			continue;
		worst = name;
		worst_rank = rank;
		most = flows;
	}
	return worst;
}

static void put_grades(struct table *t, const json_t *grades)
{
	for (unsigned g = GRADE_A; g < GRADES; g++)
		table_number(t, cli_number(grades, posture_grade_names[g]));
}

static void grade_columns(struct table *t)
{
	table_column(t, "GRADE", TABLE_LEFT);
	table_column(t, "FLOWS", TABLE_RIGHT);
	for (unsigned g = GRADE_A; g < GRADES; g++)
		table_column(t, posture_grade_names[g], TABLE_RIGHT);
	table_column(t, "UNGRADED", TABLE_RIGHT);
	table_column(t, "TLS 1.3", TABLE_RIGHT);
	table_column(t, "PQ", TABLE_RIGHT);
	table_column(t, "CERTS", TABLE_RIGHT);
}

static void print_rows(const json_t *reply)
{
	struct table *t = table_new();
	const json_t *row;
	size_t i;

	table_column(t, "SERVICE", TABLE_LEFT);
	table_column(t, "SEGMENT", TABLE_LEFT);
	grade_columns(t);
	table_column(t, "WORST", TABLE_LEFT);
	json_array_foreach(json_object_get(reply, "postures"), i, row)
	{
		const json_t *facts = json_object_get(row, "facts");
		uint64_t answered = cli_number(facts, "tls_answered");
		table_row(t);
		table_text(t, cli_text(row, "service"));
		table_text(t, cli_text(row, "segment"));
		table_text(t, cli_text(row, "grade"));
		table_number(t, cli_number(row, "flows"));
		put_grades(t, json_object_get(row, "grades"));
		table_number(t, cli_number(row, "ungraded"));
		put_share(t, cli_number(facts, "tls13"), answered);
		put_share(t, flows_of(row, "pq_kex"), answered);
		put_share(t, cli_number(facts, "cert_seen"), answered);
		table_text(t, worst_of(row));
	}
	table_print(t);
}

static void print_checks(const json_t *reply)
{
	struct table *t = table_new();
	const json_t *row;
	json_t *check;
	const char *name;
	size_t i;

	table_column(t, "SEGMENT", TABLE_LEFT);
	table_column(t, "CHECK", TABLE_LEFT);
	table_column(t, "SEVERITY", TABLE_LEFT);
	table_column(t, "FLOWS", TABLE_RIGHT);
	table_column(t, "SHARE", TABLE_RIGHT);
	json_array_foreach(json_object_get(reply, "postures"), i, row)
	{
		json_object_foreach(json_object_get(row, "checks"), name, check)
		{
			table_row(t);
			table_text(t, cli_text(row, "segment"));
			table_text(t, name);
			table_text(t, cli_text(check, "severity"));
			table_number(t, cli_number(check, "flows"));
			put_share(t, cli_number(check, "flows"), cli_number(row, "flows"));
		}
	}
	table_print(t);
}

static void print_stacks(const json_t *reply)
{
	const json_t *s = json_object_get(reply, "client_stacks");

	printf("client stacks (JA4): %llu seen, %llu of them fewer than %llu times, in %llu of "
	       "%llu hellos\n",
		(unsigned long long)cli_number(s, "stacks"),
		(unsigned long long)cli_number(s, "rare"),
		(unsigned long long)cli_number(s, "rare_below"),
		(unsigned long long)cli_number(s, "rare_hellos"),
		(unsigned long long)cli_number(s, "hellos"));
}

// A day beside the one before it.
static void print_trend(const json_t *reply)
{
	struct table *t = table_new();
	const json_t *day;
	char before = '\0';
	size_t i;

	table_column(t, "DAY", TABLE_LEFT);
	grade_columns(t);
	table_column(t, "CHANGE", TABLE_LEFT);
	json_array_foreach(json_object_get(reply, "days"), i, day)
	{
		uint64_t answered = cli_number(day, "tls_answered");
		char grade = cli_text(day, "grade")[0];
		bool known = before != '\0' && before != '-' && grade != '-';
		table_row(t);
		table_format(t, "%.10s", cli_text(day, "day"));
		table_text(t, cli_text(day, "grade"));
		table_number(t, cli_number(day, "flows"));
		put_grades(t, day);
		table_number(t, cli_number(day, "ungraded"));
		put_share(t, cli_number(day, "tls13"), answered);
		put_share(t, cli_number(day, "pq"), answered);
		put_share(t, cli_number(day, "cert_seen"), answered);
		table_text(t,
			!known			 ? ""
				: grade < before ? "better"
				: grade > before ? "worse"
						 : "");
		before = grade;
	}
	table_print(t);
}

static json_t *request_of(const struct cli *cli)
{
	json_t *request = json_pack("{s:s}", "cmd", cli->trend ? "posture.trend" : "posture");

	if (cli->n_args > 0)
		json_object_set_new(request, "service", json_string(cli->args[0]));
	if (cli->segment != NULL)
		json_object_set_new(request, "segment", json_string(cli->segment));
	return request;
}

enum cli_exit cli_posture(const struct cli *cli)
{
	json_t *reply = NULL;

	if (cli->explain)
		return explain(cli);
	enum cli_exit status = cli_ask(cli, request_of(cli), &reply);
	if (status == CLI_OK && cli->json) {
		cli_print_json(reply, false);
	} else if (status == CLI_OK && cli->trend) {
		print_trend(reply);
	} else if (status == CLI_OK) {
		print_rows(reply);
		if (cli->n_args > 0)
			print_checks(reply);
		else
			print_stacks(reply);
	}
	json_decref(reply);
	return status;
}
