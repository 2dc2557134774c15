#include "control/cli/top_rows.h"

#include "control/cli/cli.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct rule_numbers read_numbers(const json_t *json)
{
	return (struct rule_numbers){.checks = cli_number(json, "checks"),
		.prefilter = cli_number(json, "prefilter"),
		.hits = cli_number(json, "hits"),
		.alerts = cli_number(json, "alerts"),
		.last_hit_ns = cli_number(json, "last_hit_ns"),
		.timed = cli_number(json, "timed"),
		.cost_ns = cli_number(json, "cost_ns")};
}

int top_rows_read(const json_t *answer, struct top_rows *out)
{
	const json_t *list = json_object_get(answer, "rules");
	struct top_row *rows = calloc(json_array_size(list) + 1, sizeof(*rows));
	const json_t *rule;
	size_t i;

	if (rows == NULL)
		return -ENOMEM;
	json_array_foreach(list, i, rule)
	{
		rows[i] = (struct top_row){.gid = (uint32_t)cli_number(rule, "gid"),
			.sid = (uint32_t)cli_number(rule, "sid"),
			.rev = (uint32_t)cli_number(rule, "rev"),
			.n = read_numbers(rule),
			.set = cli_text(rule, "set"),
			.msg = cli_text(rule, "msg")};
	}
	*out = (struct top_rows){.n = json_array_size(list),
		.rows = rows,
		.total = read_numbers(json_object_get(answer, "total")),
		.complete = cli_number(answer, "counted") <= json_array_size(list)};
	return 0;
}

void top_rows_free(struct top_rows *t)
{
	free(t->rows);
	*t = (struct top_rows){0};
}

static int by_rule(const void *a, const void *b)
{
	const struct top_row *x = a, *y = b;

	if (x->gid != y->gid)
		return x->gid < y->gid ? -1 : 1;
	if (x->sid != y->sid)
		return x->sid < y->sid ? -1 : 1;
	return x->rev == y->rev ? 0 : x->rev < y->rev ? -1 : 1;
}

void top_rows_since(struct top_rows *now, struct top_rows *before)
{
	static const struct rule_numbers none;
	size_t n = 0, at = 0;

	qsort(now->rows, now->n, sizeof(*now->rows), by_rule);
	qsort(before->rows, before->n, sizeof(*before->rows), by_rule);
	for (size_t i = 0; i < now->n; i++) {
		struct top_row r = now->rows[i];
		while (at < before->n && by_rule(&before->rows[at], &r) < 0)
			at++;
		bool known = at < before->n && by_rule(&before->rows[at], &r) == 0;
		if (!known && !before->complete)
			continue;
		r.n = rule_numbers_since(&r.n, known ? &before->rows[at].n : &none);
		if (r.n.checks > 0)
			now->rows[n++] = r;
	}
	now->n = n;
	now->total = rule_numbers_since(&now->total, &before->total);
}

static const struct {
	const char *name;
	size_t at;
} keys[] = {
	{"cost", offsetof(struct rule_numbers, cost_ns)},
	{"hits", offsetof(struct rule_numbers, hits)},
	{"checks", offsetof(struct rule_numbers, checks)},
	{"prefilter", offsetof(struct rule_numbers, prefilter)},
};

enum { N_KEYS = sizeof(keys) / sizeof(keys[0]) };

static uint64_t number_at(const struct top_row *r, size_t at)
{
	uint64_t v;

	memcpy(&v, (const uint8_t *)&r->n + at, sizeof(v));
	return v;
}

static int by_number(const void *a, const void *b, void *at)
{
	const struct top_row *x = a, *y = b;
	uint64_t m = number_at(x, *(const size_t *)at), n = number_at(y, *(const size_t *)at);

	if (m == n) {
		m = x->n.checks;
		n = y->n.checks;
	}
	return m == n ? by_rule(a, b) : m < n ? 1 : -1;
}

static size_t find_key(const char *by)
{
	size_t i = 0;

	while (i < N_KEYS && strcmp(keys[i].name, by) != 0)
		i++;
	return i;
}

bool top_is_key(const char *by)
{
	return find_key(by) < N_KEYS;
}

void top_rows_sort(struct top_rows *t, const char *by)
{
	size_t i = find_key(by);

	if (i < N_KEYS)
		qsort_r(t->rows, t->n, sizeof(*t->rows), by_number, (void *)&keys[i].at);
}

unsigned top_share(uint64_t a, uint64_t b)
{
	if (b == 0)
		return 0;
	return a < b ? (unsigned)((double)a / (double)b * 10000) : 10000;
}

void top_ago(uint64_t then_ns, uint64_t now_ns, char out[TOP_AGO_MAX])
{
	enum { NS_PER_S = 1000000000, MINUTE = 60, HOUR = 3600, DAY = 86400 };
	uint64_t s = now_ns > then_ns ? (now_ns - then_ns) / NS_PER_S : 0;

	if (then_ns == 0)
		snprintf(out, TOP_AGO_MAX, "-");
	else if (s < 2 * MINUTE)
		snprintf(out, TOP_AGO_MAX, "%" PRIu64 "s", s);
	else if (s < 2 * HOUR)
		snprintf(out, TOP_AGO_MAX, "%" PRIu64 "m", s / MINUTE);
	else if (s < 2 * DAY)
		snprintf(out, TOP_AGO_MAX, "%" PRIu64 "h", s / HOUR);
	else
		snprintf(out, TOP_AGO_MAX, "%" PRIu64 "d", s / DAY);
}
