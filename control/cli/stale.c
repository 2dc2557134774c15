#include "control/cli/stale.h"

#include "control/cli/cli.h"
#include "control/cli/table.h"
#include "dataplane/base/expiry.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static const int64_t DAY_S = 86400;

// "2026-11-30T20:45:00Z": seconds since 1970; 0: no such text.
static int64_t seconds_of(const char *utc)
{
	struct tm tm = {0};

	return utc != NULL && strptime(utc, "%Y-%m-%dT%H:%M:%S", &tm) != NULL ? timegm(&tm) : 0;
}

struct stale stale_of(const json_t *rule, int64_t loaded_s, int64_t now_s, unsigned days)
{
	const char *expires = json_string_value(json_object_get(rule, "expires"));
	int64_t since = (int64_t)(cli_number(rule, "last_hit_ns") / 1000000000);
	struct stale s = {.idle_s = -1};
	int32_t date;

	s.expired = expires != NULL && expiry_read(expires, &date) && now_s / DAY_S >= date;
	if (cli_number(rule, "hits") == 0)
		since = loaded_s;
	else if (days == 0)
		return s;
	if (since > 0 && now_s >= since && now_s - since >= days * DAY_S)
		s.idle_s = now_s - since;
	return s;
}

static const char *why_of(const json_t *rule, const struct stale *s)
{
	bool hit = cli_number(rule, "hits") > 0;

	if (s->idle_s < 0)
		return "past its date";
	if (s->expired)
		return hit ? "no hit lately, past its date" : "never hit, past its date";
	return hit ? "no hit lately" : "never hit";
}

// A row for each, with what is stale of it.
static json_t *pick(const json_t *reply, unsigned days)
{
	int64_t loaded = seconds_of(json_string_value(json_object_get(reply, "loaded_at")));
	json_t *list = json_array();
	const json_t *rule;
	size_t i;

	json_array_foreach(json_object_get(reply, "patterns"), i, rule)
	{
		struct stale s = stale_of(rule, loaded, time(NULL), days);
		if (s.idle_s < 0 && !s.expired)
			continue;
		json_t *row = json_copy((json_t *)rule);
		json_object_set_new(row, "expired", json_boolean(s.expired));
		json_object_set_new(
			row, "idle_s", s.idle_s < 0 ? json_null() : json_integer(s.idle_s));
		json_object_set_new(row, "why", json_string(why_of(rule, &s)));
		json_array_append_new(list, row);
	}
	return list;
}

static void print(const json_t *stale, size_t n_rules, const char *loaded_at)
{
	struct table *t = table_new();
	const json_t *r;
	size_t i;

	printf("%zu of %zu rules, loaded at %s\n\n", json_array_size(stale), n_rules, loaded_at);
	table_column(t, "RULE", TABLE_LEFT);
	table_column(t, "SET", TABLE_LEFT);
	table_column(t, "WHY", TABLE_LEFT);
	table_column(t, "DAYS", TABLE_RIGHT);
	table_column(t, "EXPIRES", TABLE_LEFT);
	table_column(t, "MESSAGE", TABLE_LEFT);
	json_array_foreach(stale, i, r)
	{
		bool idle = json_is_integer(json_object_get(r, "idle_s"));
		table_row(t);
		table_format(t, "%u:%u:%u", (unsigned)cli_number(r, "gid"),
			(unsigned)cli_number(r, "sid"), (unsigned)cli_number(r, "rev"));
		table_text(t, cli_text(r, "set"));
		table_text(t, cli_text(r, "why"));
		if (idle)
			table_format(t, "%.1f", (double)cli_number(r, "idle_s") / (double)DAY_S);
		else
			table_text(t, "-");
		table_text(t, cli_text(r, "expires"));
		table_text(t, cli_text(r, "msg"));
	}
	table_print(t);
}

enum cli_exit cli_patterns_stale(const struct cli *cli)
{
	json_t *reply = NULL;
	enum cli_exit status =
		cli_ask(cli, json_pack("{s:s, s:b}", "cmd", "patterns.show", "rules", 1), &reply);

	if (status == CLI_OK && !json_is_true(json_object_get(reply, "known"))) {
		fprintf(stderr, "sealctl: no set is live: load one first\n");
		status = CLI_REFUSED;
	}
	if (status == CLI_OK) {
		json_t *stale = pick(reply, cli->days);
		if (cli->json) {
			json_t *all = json_pack("{s:b, s:O, s:O, s:O, s:O}", "ok", 1, "loaded_at",
				json_object_get(reply, "loaded_at"), "rules",
				json_object_get(reply, "rules"), "truncated",
				json_object_get(reply, "truncated"), "stale", stale);
			cli_print_json(all, false);
			json_decref(all);
		} else {
			print(stale, json_array_size(json_object_get(reply, "patterns")),
				cli_text(reply, "loaded_at"));
		}
		json_decref(stale);
	}
	json_decref(reply);
	return status;
}
