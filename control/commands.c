#include "control/commands.h"

#include "control/escape.h"
#include "control/request.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LIST_MAX = RULE_SLOTS }; // rules in one answer

static json_t *failure(const char *error)
{
	json_t *answer = json_pack("{s:b}", "ok", 0);

	if (answer != NULL)
		json_object_set_new(answer, "error", escape_json(error));
	return answer;
}

static json_t *number(uint64_t n)
{
	return json_integer((json_int_t)n);
}

static json_t *hex(const uint8_t digest[32])
{
	char text[65];

	for (unsigned i = 0; i < 32; i++)
		snprintf(text + 2 * i, 3, "%02x", digest[i]);
	return json_string(text);
}

static json_t *utc(uint64_t ns)
{
	time_t s = (time_t)(ns / 1000000000);
	char text[32];
	struct tm tm;

	gmtime_r(&s, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return json_string(text);
}

// Generation and digest of what is live, as far as we know.
static void put_generation(const struct daemon *d, json_t *to)
{
	const struct pattern_set *live = reload_live(d->reload);
	const struct link_status *state = link_state(d->link);
	uint64_t generation = 0;
	const uint8_t *digest = NULL;
	uint32_t n_rules = 0;

	if (live != NULL) {
		generation = live->generation;
		digest = live->digest;
		n_rules = live->index->n;
	} else if (state != NULL) {
		generation = state->generation;
		digest = state->digest;
		n_rules = state->n_rules;
	}
	json_object_set_new(to, "generation", number(generation));
	json_object_set_new(to, "digest", generation != 0 ? hex(digest) : json_null());
	json_object_set_new(to, "rules", number(n_rules));
	json_object_set_new(to, "loaded_by", live != NULL ? number(live->uid) : json_null());
	json_object_set_new(to, "loaded_at",
		live != NULL && live->loaded_ns != 0 ? utc(live->loaded_ns) : json_null());
}

static void put_dataplane(const struct daemon *d, json_t *to)
{
	const struct link_hello *hello = &stats_region(d->stats)->hello;
	const struct link_status *state = link_state(d->link);
	bool up = link_is_up(d->link);

	json_object_set_new(to, "dataplane", json_string(up ? "up" : "down"));
	json_object_set_new(to, "dataplane_pid", up ? number(hello->pid) : json_null());
	json_object_set_new(to, "dataplane_since", up ? utc(hello->start_ns) : json_null());
	json_object_set_new(to, "workers", number(hello->n_workers));
	json_object_set_new(to, "source", state != NULL ? escape_json(state->source) : json_null());
	json_object_set_new(to, "source_ended", json_boolean(state != NULL && state->source_ended));
}

static json_t *accounting(const struct daemon *d, const uint64_t *totals)
{
	const struct stats_accounting a = stats_account(d->stats);
	json_t *causes = json_object();

	for (unsigned i = 0; i < CTR_COUNT; i++) {
		if (counter_table[i].kind == KIND_CAUSE)
			json_object_set_new(causes, counter_table[i].name, number(totals[i]));
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

static const char *const load_states[] = {
	[LOAD_IDLE] = "idle",
	[LOAD_COMPILING] = "compiling",
	[LOAD_WAITING] = "waiting for the dataplane",
	[LOAD_SENDING] = "sending",
};

static json_t *show_status(struct daemon *d)
{
	uint64_t totals[CTR_COUNT];
	json_t *answer = json_pack("{s:b, s:s, s:i, s:I}", "ok", 1, "version", SEALWATCH_VERSION,
		"pid", (int)getpid(), "uptime_s", (json_int_t)daemon_uptime_s(d));

	stats_refresh(d->stats);
	stats_totals(d->stats, totals);
	put_dataplane(d, answer);
	put_generation(d, answer);
	json_object_set_new(answer, "load", json_string(load_states[reload_state(d->reload)]));
	json_object_set_new(answer, "load_error", escape_json(reload_last_error(d->reload)));
	json_object_set_new(answer, "cache", cache(d));
	json_object_set_new(answer, "packets", number(totals[CTR_RX_PACKETS]));
	json_object_set_new(answer, "bytes", number(totals[CTR_RX_BYTES]));
	json_object_set_new(answer, "missed", number(totals[CTR_MISSED]));
	json_object_set_new(answer, "flows_active", number(totals[CTR_FLOWS_ACTIVE]));
	json_object_set_new(answer, "alerts", number(totals[CTR_ALERTS]));
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
			json_array_append_new(each[i], number(values[i]));
	}
	stats_totals(d->stats, totals);
	for (unsigned i = 0; i < CTR_COUNT; i++)
		json_array_append_new(rows,
			json_pack("{s:s, s:s, s:s, s:I, s:o}", "name", counter_table[i].name,
				"kind", kinds[counter_table[i].kind], "help", counter_table[i].help,
				"sum", (json_int_t)totals[i], "threads", each[i]));
	return rows;
}

static json_t *rule_row(
	const struct pattern_entry *e, uint32_t gid, uint32_t sid, uint32_t rev, uint64_t hits)
{
	json_t *row = json_pack("{s:I, s:I, s:I, s:I}", "gid", (json_int_t)gid, "sid",
		(json_int_t)sid, "rev", (json_int_t)rev, "hits", (json_int_t)hits);

	if (row == NULL || e == NULL)
		return row;
	json_object_set_new(row, "set", escape_json(e->set));
	json_object_set_new(row, "service", escape_json(e->service));
	json_object_set_new(row, "msg", escape_json(e->msg));
	return row;
}

static const struct pattern_index *live_index(const struct daemon *d)
{
	const struct pattern_set *live = reload_live(d->reload);

	return live != NULL ? live->index : NULL;
}

static int by_hits(const void *a, const void *b)
{
	const struct rule_tally *x = a, *y = b;

	return (x->hits < y->hits) - (x->hits > y->hits);
}

static json_t *show_counters(struct daemon *d)
{
	const struct pattern_index *index = live_index(d);
	struct rule_tallies rules;

	stats_refresh(d->stats);
	if (stats_rules(d->stats, &rules) < 0)
		return NULL;
	json_t *threads = json_array();
	json_t *list = json_array();
	qsort(rules.items, rules.n, sizeof(*rules.items), by_hits);
	for (uint32_t i = 0; i < rules.n && i < LIST_MAX && rules.items[i].hits > 0; i++) {
		const struct rule_tally *r = &rules.items[i];
		json_array_append_new(list,
			rule_row(pattern_index_find(index, r->gid, r->sid, r->rev), r->gid, r->sid,
				r->rev, r->hits));
	}
	rule_tallies_free(&rules);
	json_t *rows = counter_rows(d, threads);
	return json_pack("{s:b, s:o, s:o, s:o}", "ok", 1, "threads", threads, "counters", rows,
		"rules", list);
}

static int by_packets(const void *a, const void *b)
{
	const struct service_tally *x = a, *y = b;

	if (x->packets != y->packets)
		return x->packets < y->packets ? 1 : -1;
	return strcmp(x->name, y->name);
}

static json_t *show_services(struct daemon *d)
{
	struct service_tallies services;

	if (stats_services(d->stats, &services) < 0)
		return NULL;
	json_t *list = json_array();
	qsort(services.items, services.n, sizeof(*services.items), by_packets);
	for (uint32_t i = 0; i < services.n; i++) {
		const struct service_tally *s = &services.items[i];
		if (s->flows == 0 && s->packets == 0)
			continue;
		json_array_append_new(list,
			json_pack("{s:o, s:I, s:I, s:I}", "service",
				escape_json(s->name[0] != '\0' ? s->name : "(other)"), "flows",
				(json_int_t)s->flows, "packets", (json_int_t)s->packets, "bytes",
				(json_int_t)s->bytes));
	}
	service_tallies_free(&services);
	return json_pack("{s:b, s:o}", "ok", 1, "services", list);
}

static uint64_t hits_of(
	const struct rule_tallies *rules, const struct pattern_entry *e, uint32_t *at)
{
	// Both are sorted alike: one walk finds all.
	for (; *at < rules->n; (*at)++) {
		const struct rule_tally *r = &rules->items[*at];
		if (r->gid == e->gid && r->sid == e->sid && r->rev == e->rev)
			return r->hits;
		if (r->gid > e->gid || (r->gid == e->gid && r->sid > e->sid) ||
			(r->gid == e->gid && r->sid == e->sid && r->rev > e->rev))
			break;
	}
	return 0;
}

static json_t *list_patterns(struct daemon *d)
{
	const struct pattern_index *index = live_index(d);
	struct rule_tallies rules;
	uint32_t at = 0;

	if (stats_rules(d->stats, &rules) < 0)
		return NULL;
	json_t *list = json_array();
	for (uint32_t i = 0; index != NULL && i < index->n && i < LIST_MAX; i++) {
		const struct pattern_entry *e = &index->entries[i];
		json_array_append_new(
			list, rule_row(e, e->gid, e->sid, e->rev, hits_of(&rules, e, &at)));
	}
	rule_tallies_free(&rules);
	json_t *answer = json_pack("{s:b}", "ok", 1);
	put_generation(d, answer);
	json_object_set_new(
		answer, "truncated", json_boolean(index != NULL && index->n > LIST_MAX));
	json_object_set_new(answer, "patterns", list);
	return answer;
}

static json_t *diag_rows(const struct compile_report *report)
{
	json_t *rows = json_array();

	for (uint32_t i = 0; i < report->n; i++) {
		const struct compile_diag *d = &report->diags[i];
		json_array_append_new(rows,
			json_pack("{s:o, s:I, s:I, s:s, s:o}", "file", escape_json(d->file), "line",
				(json_int_t)d->line, "column", (json_int_t)d->column, "level",
				d->is_error ? "error" : "warning", "text", escape_json(d->text)));
	}
	return rows;
}

static void put_receipt(json_t *to, const struct link_receipt *r)
{
	json_t *workers = json_array();

	for (uint32_t i = 0; i < r->n_workers && i < LINK_WORKERS_MAX; i++)
		json_array_append_new(workers,
			json_pack("{s:I, s:I}", "worker", (json_int_t)i, "ack_ns",
				(json_int_t)r->ack_ns[i]));
	json_object_set_new(to, "generation", number(r->generation));
	json_object_set_new(to, "digest", hex(r->digest));
	json_object_set_new(to, "rules", number(r->n_rules));
	json_object_set_new(to, "workers", workers);
	json_object_set_new(to, "prepare_ns", number(r->prepare_ns));
	json_object_set_new(to, "grace_ns", number(r->grace_ns));
	json_object_set_new(to, "lost_packets", number(r->lost_packets));
	json_object_set_new(to, "bytes_before", number(r->bytes_before));
	json_object_set_new(to, "bytes_after", number(r->bytes_after));
}

static void loaded(void *ctx, const struct load_outcome *outcome)
{
	json_t *answer =
		outcome->status < 0 ? failure(outcome->error) : json_pack("{s:b}", "ok", 1);

	json_object_set_new(answer, "loaded_by", number(outcome->uid));
	if (outcome->receipt != NULL)
		put_receipt(answer, outcome->receipt);
	if (outcome->report != NULL) {
		json_object_set_new(
			answer, "cached", json_boolean(outcome->report->found == CACHE_HIT));
		json_object_set_new(answer, "compile_ms", number(outcome->compile_ns / 1000000));
		json_object_set_new(answer, "errors", number(outcome->report->n_errors));
		json_object_set_new(answer, "warnings", number(outcome->report->n_warnings));
		json_object_set_new(answer, "diags", diag_rows(outcome->report));
	}
	control_call_answer(ctx, answer);
}

static void load_patterns(
	struct daemon *d, struct control_call *call, const struct request *request)
{
	int err = reload_start(
		d->reload, request->paths, request->n_paths, control_call_uid(call), loaded, call);

	if (err == -EBUSY)
		control_call_answer(call, failure("busy: another pattern set is being loaded"));
	else if (err == -ENOTCONN)
		control_call_answer(call, failure("the dataplane is down"));
	else if (err < 0)
		control_call_answer(call, failure(strerror(-err)));
}

static const struct {
	json_t *(*show)(struct daemon *); // answers at once
	void (*begin)(struct daemon *, struct control_call *, const struct request *);
} handlers[COMMAND_COUNT] = {
	[COMMAND_STATUS] = {.show = show_status},
	[COMMAND_PATTERNS_LOAD] = {.begin = load_patterns},
	[COMMAND_PATTERNS_LIST] = {.show = list_patterns},
	[COMMAND_COUNTERS] = {.show = show_counters},
	[COMMAND_SERVICES] = {.show = show_services},
};

void commands_serve(void *ctx, struct control_call *call, const char *line, size_t len)
{
	struct daemon *d = ctx;
	struct request request;
	char error[256];

	if (request_parse(line, len, &request, error) < 0) {
		control_call_answer(call, failure(error));
		return;
	}
	if (handlers[request.command].show != NULL)
		control_call_answer(call, handlers[request.command].show(d));
	else
		handlers[request.command].begin(d, call, &request);
	request_free(&request);
}
