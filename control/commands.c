#include "control/commands.h"

#include "control/answer.h"
#include "control/commands_evidence.h"
#include "control/commands_examine.h"
#include "control/commands_geo.h"
#include "control/commands_patterns.h"
#include "control/commands_posture.h"
#include "control/commands_purpose.h"
#include "control/commands_services.h"
#include "control/commands_shadow.h"
#include "control/commands_top.h"
#include "control/escape.h"
#include "control/request.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void put_dataplane(const struct daemon *d, json_t *to)
{
	const struct link_hello *hello = &stats_region(d->stats)->hello;
	const struct link_status *state = link_state(d->link);
	bool up = link_is_up(d->link);

	json_object_set_new(to, "dataplane", json_string(up ? "up" : "down"));
	json_object_set_new(to, "dataplane_pid", up ? answer_number(hello->pid) : json_null());
	json_object_set_new(to, "dataplane_since", up ? answer_utc(hello->start_ns) : json_null());
	json_object_set_new(to, "workers", answer_number(hello->n_workers));
	json_object_set_new(to, "source", state != NULL ? escape_json(state->source) : json_null());
	json_object_set_new(to, "source_ended", json_boolean(state != NULL && state->source_ended));
}

static json_t *accounting(const struct daemon *d, const uint64_t *totals)
{
	const struct stats_accounting a = stats_account(d->stats);
	json_t *causes = json_object();

	for (unsigned i = 0; i < CTR_COUNT; i++) {
		if (counter_table[i].kind == KIND_CAUSE)
			json_object_set_new(
				causes, counter_table[i].name, answer_number(totals[i]));
	}
	return json_pack("{s:I, s:I, s:I, s:I, s:o, s:I, s:I}", "received", (json_int_t)a.received,
		"delivered", (json_int_t)a.delivered, "held", (json_int_t)a.held, "between_threads",
		(json_int_t)a.between, "causes", causes, "lost_with_dataplane", (json_int_t)a.lost,
		"unaccounted", (json_int_t)a.unaccounted);
}

static json_t *events(const struct daemon *d, const uint64_t *totals)
{
	const struct drain_counts c = drain_counts(d->drain);
	const char *file = d->config->eve_file;

	return json_pack("{s:o, s:I, s:I, s:I, s:I, s:I, s:o}", "file",
		file != NULL ? escape_json(file) : json_null(), "reported",
		(json_int_t)totals[CTR_EVENTS], "written", (json_int_t)c.written, "lost",
		(json_int_t)totals[CTR_EVENTS_LOST], "failed", (json_int_t)c.failed, "bad",
		(json_int_t)c.bad, "error",
		c.last_errno != 0 ? json_string(strerror(c.last_errno)) : json_null());
}

static json_t *cache(const struct daemon *d)
{
	const struct cache_counts c = cache_counts(d->cache);

	if (d->cache == NULL)
		return json_null();
	return json_pack("{s:o, s:I, s:I, s:I, s:I, s:I}", "directory",
		escape_json(d->config->cache), "hits", (json_int_t)c.hits, "misses",
		(json_int_t)c.misses, "foreign", (json_int_t)c.foreign, "stored",
		(json_int_t)c.stored, "failed", (json_int_t)c.failed);
}

static json_t *show_status(struct daemon *d)
{
	uint64_t totals[CTR_COUNT];
	json_t *answer = json_pack("{s:b, s:s, s:i, s:I}", "ok", 1, "version", SEALWATCH_VERSION,
		"pid", (int)getpid(), "uptime_s", (json_int_t)daemon_uptime_s(d));

	stats_refresh(d->stats);
	stats_totals(d->stats, totals);
	put_dataplane(d, answer);
	answer_put_live(d, answer);
	json_object_set_new(answer, "shadow", shadow_state(d));
	json_object_set_new(answer, "load", json_string(load_state_name(reload_state(d->reload))));
	json_object_set_new(answer, "load_error", escape_json(reload_last_error(d->reload)));
	json_object_set_new(answer, "loads", patterns_loads(d));
	json_object_set_new(answer, "cache", cache(d));
	json_object_set_new(answer, "packets", answer_number(totals[CTR_RX_PACKETS]));
	json_object_set_new(answer, "bytes", answer_number(totals[CTR_RX_BYTES]));
	json_object_set_new(answer, "missed", answer_number(totals[CTR_MISSED]));
	json_object_set_new(answer, "flows_active", answer_number(totals[CTR_FLOWS_ACTIVE]));
	json_object_set_new(answer, "alerts", answer_number(totals[CTR_ALERTS]));
	json_object_set_new(answer, "accounting", accounting(d, totals));
	json_object_set_new(answer, "events", events(d, totals));
	return answer;
}

static const char *const kinds[] = {
	[KIND_IN] = "in",
	[KIND_OUT] = "out",
	[KIND_HELD] = "held",
	[KIND_CAUSE] = "cause",
	[KIND_INFO] = "info",
	[KIND_GAUGE] = "gauge",
};

static json_t *counter_rows(const struct daemon *d, json_t *threads)
{
	uint64_t totals[CTR_COUNT], values[CTR_COUNT];
	json_t *each[CTR_COUNT];
	json_t *rows = json_array();

	for (unsigned i = 0; i < CTR_COUNT; i++)
		each[i] = json_array();
	for (unsigned t = 0; t < STATS_THREADS; t++) {
		if (!stats_thread(d->stats, t, values))
			continue;
		json_array_append_new(threads,
			t == STATS_READER ? json_string("reader") : json_integer((json_int_t)t));
		for (unsigned i = 0; i < CTR_COUNT; i++)
			json_array_append_new(each[i], answer_number(values[i]));
	}
	stats_totals(d->stats, totals);
	for (unsigned i = 0; i < CTR_COUNT; i++)
		json_array_append_new(rows,
			json_pack("{s:s, s:s, s:s, s:I, s:o}", "name", counter_table[i].name,
				"kind", kinds[counter_table[i].kind], "help", counter_table[i].help,
				"sum", (json_int_t)totals[i], "threads", each[i]));
	return rows;
}

static json_t *show_counters(struct daemon *d)
{
	const struct pattern_set *live = reload_live(d->reload);
	const struct pattern_index *index = live != NULL ? live->index : NULL;
	struct rule_tallies rules;

	stats_refresh(d->stats);
	if (stats_rules(d->stats, TALLY_RULES, &rules) < 0)
		return NULL;
	json_t *threads = json_array();
	json_t *list = json_array();
	tally_sort(&rules, TALLY_HITS);
	for (uint32_t i = 0; i < rules.n && i < ANSWER_RULES_MAX && rules.items[i].n.hits > 0;
		i++) {
		const struct rule_tally *r = &rules.items[i];
		json_array_append_new(
			list, answer_rule(pattern_index_find(index, r->gid, r->sid, r->rev), r));
	}
	rule_tallies_free(&rules);
	json_t *rows = counter_rows(d, threads);
	return json_pack("{s:b, s:o, s:o, s:o}", "ok", 1, "threads", threads, "counters", rows,
		"rules", list);
}

static json_t *lure_places(struct lures *l)
{
	json_t *list = json_array();

	lures_sort(l);
	for (unsigned i = 0; i < LURE_PLACES && l->places[i].ip_version != 0; i++) {
		const struct lure_place *p = &l->places[i];
		char text[INET6_ADDRSTRLEN];
		inet_ntop(p->ip_version == 4 ? AF_INET : AF_INET6, p->address, text, sizeof(text));
		json_array_append_new(list,
			json_pack("{s:s, s:I, s:I, s:I, s:I}", "destination", text, "account_trade",
				(json_int_t)p->texts[0], "loan", (json_int_t)p->texts[1], "scam",
				(json_int_t)p->texts[2], "last_ns", (json_int_t)p->last_ns));
	}
	return list;
}

static json_t *show_leaks(struct daemon *d)
{
	struct leak_numbers leaks[DETECTOR_COUNT];
	uint64_t totals[CTR_COUNT];
	json_t *list = json_array();

	stats_refresh(d->stats);
	stats_totals(d->stats, totals);
	stats_leaks(d->stats, leaks);
	for (unsigned i = 0; i < DETECTOR_COUNT; i++) {
		const struct detector_name *name = &detector_table[i];
		const struct leak_numbers *n = &leaks[i];
		if (leak_numbers_sum(n) == 0)
			continue;
		json_array_append_new(list,
			json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I}", "detector",
				name->name, "class", name->class, "severity", name->severity, "low",
				(json_int_t)n->values[DETECT_LOW], "medium",
				(json_int_t)n->values[DETECT_MEDIUM], "high",
				(json_int_t)n->values[DETECT_HIGH], "test_data",
				(json_int_t)n->test_data, "records", (json_int_t)n->events));
	}
	struct lures *lures = drain_lures(d->drain);
	return json_pack("{s:b, s:I, s:I, s:o, s:o, s:I}", "ok", 1, "texts",
		(json_int_t)totals[CTR_TEXTS], "text_bytes", (json_int_t)totals[CTR_TEXT_BYTES],
		"leaks", list, "lures", lure_places(lures), "lures_forgotten",
		(json_int_t)lures->forgotten);
}

static json_t *path_or_null(const char *path)
{
	return path != NULL ? escape_json(path) : json_null();
}

// Where what we write goes.
static json_t *doctor_places(struct daemon *d)
{
	const struct control_config *c = d->config;

	return json_pack("{s:b, s:o, s:o, s:o, s:s, s:i}", "ok", 1, "eve_file",
		path_or_null(c->eve_file), "state", path_or_null(c->state), "cache",
		path_or_null(c->cache), "metrics_address", c->metrics_address, "metrics_port",
		(int)c->metrics_port);
}

static const struct {
	json_t *(*show)(struct daemon *); // answers at once
	void (*begin)(struct daemon *, struct control_call *, const struct request *);
} handlers[COMMAND_COUNT] = {
	[COMMAND_STATUS] = {.show = show_status},
	[COMMAND_PATTERNS_LOAD] = {.begin = patterns_load},
	[COMMAND_PATTERNS_LINT] = {.begin = patterns_lint},
	[COMMAND_PATTERNS_TEST] = {.begin = patterns_test},
	[COMMAND_PATTERNS_DIFF] = {.begin = patterns_diff},
	[COMMAND_PATTERNS_ROLLBACK] = {.begin = patterns_rollback},
	[COMMAND_PATTERNS_CANCEL] = {.begin = patterns_cancel},
	[COMMAND_PATTERNS_DISABLE] = {.begin = patterns_change},
	[COMMAND_PATTERNS_ENABLE] = {.begin = patterns_change},
	[COMMAND_PATTERNS_LIST] = {.show = patterns_list},
	[COMMAND_PATTERNS_SHOW] = {.begin = patterns_show},
	[COMMAND_SHADOW_LOAD] = {.begin = shadow_load},
	[COMMAND_SHADOW_SHOW] = {.begin = shadow_show},
	[COMMAND_SHADOW_PROMOTE] = {.begin = shadow_promote},
	[COMMAND_SHADOW_DROP] = {.show = shadow_drop_it},
	[COMMAND_PURPOSE_ADD] = {.begin = purpose_add},
	[COMMAND_PURPOSE_LIST] = {.show = purpose_list},
	[COMMAND_PURPOSE_SHOW] = {.begin = purpose_show},
	[COMMAND_PURPOSE_RETIRE] = {.begin = purpose_retire},
	[COMMAND_EVIDENCE_LIST] = {.show = evidence_list},
	[COMMAND_EVIDENCE_EXPORT] = {.begin = evidence_export},
	[COMMAND_EVIDENCE_VERIFY] = {.show = evidence_verify},
	[COMMAND_EVIDENCE_ERASE] = {.begin = evidence_erase},
	[COMMAND_DOCTOR_PLACES] = {.show = doctor_places},
	[COMMAND_COUNTERS] = {.show = show_counters},
	[COMMAND_SERVICES] = {.show = show_services},
	[COMMAND_LEAKS] = {.show = show_leaks},
	[COMMAND_POSTURE] = {.begin = posture_show},
	[COMMAND_POSTURE_TREND] = {.begin = posture_trend},
	[COMMAND_TOP] = {.show = top_stages},
	[COMMAND_TOP_RULES] = {.begin = top_rules},
	[COMMAND_GEO_LOAD] = {.begin = geo_begin_load},
	[COMMAND_GEO_MATRIX] = {.begin = geo_matrix},
	[COMMAND_GEO_EXPORT] = {.begin = geo_export_answer},
};

void commands_serve(void *ctx, struct control_call *call, const char *line, size_t len)
{
	struct daemon *d = ctx;
	struct request request;
	char error[256];

	if (request_parse(line, len, &request, error) < 0) {
		control_call_answer(call, answer_failure(NULL, error));
		return;
	}
	if (handlers[request.command].show != NULL)
		control_call_answer(call, handlers[request.command].show(d));
	else
		handlers[request.command].begin(d, call, &request);
	request_free(&request);
}
