#include "control/commands_patterns.h"

#include "control/answer.h"
#include "control/commands_examine.h"
#include "control/commands_purpose.h"
#include "control/escape.h"
#include "dataplane/base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const state_names[] = {
	[LOAD_IDLE] = "idle",
	[LOAD_QUEUED] = "queued",
	[LOAD_COMPILING] = "compiling",
	[LOAD_TESTING] = "testing",
	[LOAD_WAITING] = "waiting for the dataplane",
	[LOAD_SENDING] = "sending",
};

const char *load_state_name(enum load_state state)
{
	return state_names[state];
}

// A client and its load.
struct asker {
	struct daemon *daemon;
	struct control_call *call;
	uint64_t load;
};

static void put_receipt(json_t *to, const struct link_receipt *r)
{
	json_t *workers = json_array();

	for (uint32_t i = 0; i < r->n_workers && i < LINK_WORKERS_MAX; i++)
		json_array_append_new(workers,
			json_pack("{s:I, s:I}", "worker", (json_int_t)i, "ack_ns",
				(json_int_t)r->ack_ns[i]));
	json_object_set_new(to, "generation", answer_number(r->generation));
	json_object_set_new(to, "digest", answer_hex(r->digest));
	json_object_set_new(to, "rules", answer_number(r->n_rules));
	json_object_set_new(to, "workers", workers);
	json_object_set_new(to, "prepare_ns", answer_number(r->prepare_ns));
	json_object_set_new(to, "grace_ns", answer_number(r->grace_ns));
	json_object_set_new(to, "lost_packets", answer_number(r->lost_packets));
	json_object_set_new(to, "bytes_before", answer_number(r->bytes_before));
	json_object_set_new(to, "bytes_after", answer_number(r->bytes_after));
}

// What a program can tell errors apart by; sealctl's exit status, above all.
static const char *code_of(int status)
{
	switch (status) {
	case -ECANCELED:
		return "cancelled";
	case -ETIME:
		return "late";
	case -EBUSY:
		return "busy";
	case -ENOTCONN:
		return "down";
	case -ENOENT:
		return "unknown";
	default:
		return NULL;
	}
}

static void refuse(struct control_call *call, int status, const char *error)
{
	control_call_answer(call, answer_failure(code_of(status), error));
}

static void put_report(json_t *to, const struct load_outcome *outcome)
{
	const struct compile_report *report = outcome->report;

	json_object_set_new(to, "errors", answer_number(report->n_errors));
	json_object_set_new(to, "warnings", answer_number(report->n_warnings));
	if (outcome->rollback || outcome->promoted)
		return;
	json_object_set_new(to, "examples", answer_number(outcome->n_examples));
	json_object_set_new(to, "cached", json_boolean(outcome->cached));
	json_object_set_new(to, "compile_ms", answer_number(outcome->compile_ns / 1000000));
	json_object_set_new(to, "diags", answer_diags(report));
}

static void loaded(void *ctx, const struct load_outcome *outcome)
{
	struct asker *asker = ctx;
	json_t *answer = outcome->status < 0
		? answer_failure(code_of(outcome->status), outcome->error)
		: json_pack("{s:b}", "ok", 1);

	json_object_set_new(answer, "load", answer_number(outcome->id));
	json_object_set_new(answer, "rollback", json_boolean(outcome->rollback));
	json_object_set_new(answer, "promoted", json_boolean(outcome->promoted));
	if (outcome->share != 0)
		json_object_set_new(answer, "share", answer_number(outcome->share));
	json_object_set_new(answer, "loaded_by", answer_number(outcome->uid));
	json_object_set_new(answer, "queued_ms", answer_number(outcome->queued_ns / 1000000));
	if (outcome->receipt != NULL)
		put_receipt(answer, outcome->receipt);
	if (outcome->receipt != NULL && outcome->purpose == LOAD_TO_RUN)
		purpose_put_inactive(
			asker->daemon, reload_live(asker->daemon->reload)->index, answer);
	if (outcome->report != NULL && load_wants_dataplane(outcome->purpose))
		put_report(answer, outcome);
	else if (outcome->report != NULL)
		examine_put(outcome, answer);
	control_call_answer(asker->call, answer);
	free(asker);
}

static void progress(void *ctx, const struct load_progress *p)
{
	struct asker *asker = ctx;
	json_t *line = json_pack(
		"{s:s, s:I}", "progress", load_state_name(p->state), "load", (json_int_t)p->id);

	if (p->state == LOAD_QUEUED)
		json_object_set_new(line, "place", answer_number(p->place));
	control_call_tell(asker->call, line);
}

static void client_gone(void *ctx)
{
	struct asker *asker = ctx;

	// Too late when the dataplane is taking it: then the load ends, and nobody is told.
	reload_cancel(asker->daemon->reload, asker->load, ": its client has gone");
}

static void refuse_start(struct control_call *call, int err)
{
	char text[128];

	if (err == -EBUSY) {
		snprintf(text, sizeof(text),
			"busy: %d loads wait already; try again when one has ended (sealctl "
			"status)",
			LOADS_WAITING_MAX);
		refuse(call, err, text);
	} else if (err == -ENOTCONN) {
		refuse(call, err, "the dataplane is down; start it and load again");
	} else {
		refuse(call, err, strerror(-err));
	}
}

void patterns_start(struct daemon *d, struct control_call *call, struct load_request *load,
	const struct request *request)
{
	struct asker *asker = calloc(1, sizeof(*asker));
	const struct load_caller caller = {
		.done = loaded, .progress = request->watch ? progress : NULL, .ctx = asker};

	load->uid = control_call_uid(call);
	load->deadline_s =
		request->deadline_s != 0 ? request->deadline_s : d->config->load_deadline_s;
	if (asker == NULL) {
		refuse_start(call, -ENOMEM);
		return;
	}
	asker->daemon = d;
	asker->call = call;
	int err = reload_start(d->reload, load, &caller, &asker->load);
	if (err < 0) {
		free(asker);
		refuse_start(call, err);
		return;
	}
	control_call_on_gone(call, client_gone, asker);
}

void patterns_load(struct daemon *d, struct control_call *call, const struct request *request)
{
	struct load_request load = {.paths = request->paths, .n_paths = request->n_paths};

	patterns_start(d, call, &load, request);
}

void patterns_change(struct daemon *d, struct control_call *call, const struct request *request)
{
	struct load_request load = {.change = &request->change};

	patterns_start(d, call, &load, request);
}

static int find_target(const struct daemon *d, const struct request *request,
	struct pattern_set **out, char error[160])
{
	static const char see[] = "sealctl patterns list shows what is kept";
	const struct history *h = reload_history(d->reload);
	int err = 0;

	*out = NULL;
	if (request->digest != NULL)
		err = history_digest(h, request->digest, out);
	else if (request->generation != 0)
		*out = history_generation(h, request->generation);
	else
		*out = history_before(h, reload_live(d->reload));
	if (*out != NULL)
		return 0;
	if (err == -EEXIST)
		snprintf(error, 160, "more than one digest begins like that; give more of it");
	else if (request->digest != NULL)
		snprintf(error, 160, "no set with that digest is kept; %s", see);
	else if (request->generation != 0)
		snprintf(error, 160, "generation %llu is not kept; %s",
			(unsigned long long)request->generation, see);
	else
		snprintf(error, 160, "no set that was live before is kept; %s", see);
	return -ENOENT;
}

void patterns_rollback(struct daemon *d, struct control_call *call, const struct request *request)
{
	struct load_request load = {0};
	char error[160];

	int err = find_target(d, request, &load.set, error);
	if (err < 0)
		refuse(call, err, error);
	else
		patterns_start(d, call, &load, request);
}

void patterns_cancel(struct daemon *d, struct control_call *call, const struct request *request)
{
	const struct load *current = reload_current(d->reload);
	uint64_t id = request->load;
	char why[64];

	if (id == 0 && current != NULL)
		id = current->id;
	snprintf(why, sizeof(why), " by uid %u", (unsigned)control_call_uid(call));
	int err = id != 0 ? reload_cancel(d->reload, id, why) : -ENOENT;
	if (err == 0)
		control_call_answer(call, json_pack("{s:b, s:I}", "ok", 1, "load", (json_int_t)id));
	else if (err == -EALREADY)
		refuse(call, err,
			"too late: the dataplane is taking that set; sealctl patterns rollback "
			"brings back the one before");
	else if (request->load != 0)
		refuse(call, err, "there is no such load; sealctl status shows those there are");
	else
		refuse(call, err, "nothing is being loaded");
}

static json_t *load_row(const struct load *l, enum load_state state, unsigned place)
{
	const uint64_t age_ns = clock_monotonic_ns() - l->asked_ns;
	json_t *row = json_pack("{s:I, s:s, s:b, s:I, s:I, s:I}", "load", (json_int_t)l->id,
		"state", load_state_name(state), "rollback", l->set != NULL && !l->promotes,
		"place", (json_int_t)place, "loaded_by", (json_int_t)l->uid, "age_s",
		(json_int_t)(age_ns / 1000000000));

	if (row != NULL && l->n_paths > 0)
		json_object_set_new(row, "first_path", escape_json(l->paths[0]));
	return row;
}

json_t *patterns_loads(const struct daemon *d)
{
	const struct load_queue *queue = reload_queue(d->reload);
	const struct load *l = reload_current(d->reload);
	json_t *rows = json_array();
	unsigned place = 0;

	if (l != NULL)
		json_array_append_new(rows, load_row(l, reload_state(d->reload), 0));
	TAILQ_FOREACH (l, &queue->waiting, link)
		json_array_append_new(rows, load_row(l, LOAD_QUEUED, ++place));
	return rows;
}

// By sealctl, and by the configuration's list; a disable_file may name more.
static void put_disabled(const struct daemon *d, json_t *to)
{
	const struct disabled_rules *rules = &d->disabled.rules;
	const struct companions *c = &d->config->companions;
	json_t *ours = json_array(), *configured = json_array();
	char id[24];

	for (uint32_t i = 0; i < rules->n; i++) {
		snprintf(id, sizeof(id), "%u:%u", rules->ids[i].gid, rules->ids[i].sid);
		json_array_append_new(ours, json_string(id));
	}
	for (uint32_t i = 0; i < c->n_disable; i++)
		json_array_append_new(configured, escape_json(c->disable[i]));
	json_object_set_new(to, "disabled", ours);
	json_object_set_new(to, "disabled_by_configuration", configured);
}

json_t *patterns_list(struct daemon *d)
{
	const struct history *h = reload_history(d->reload);
	json_t *rows = json_array();

	for (unsigned i = 0; i < h->n; i++) {
		const struct pattern_set *set = h->sets[i];
		json_t *row = json_pack("{s:o, s:o, s:b, s:I, s:I, s:o, s:I, s:I, s:o, s:I}",
			"generation",
			set->generation != 0 ? answer_number(set->generation) : json_null(),
			"digest", answer_hex(set->digest), "live", set == reload_live(d->reload),
			"rules", (json_int_t)set->index->n, "warnings",
			(json_int_t)set->report.n_warnings, "files", answer_files(&set->report),
			"n_files", (json_int_t)set->report.n_files, "loaded_by",
			(json_int_t)set->uid, "loaded_at", answer_utc(set->loaded_ns), "bytes",
			(json_int_t)set->blob_len);
		json_object_set_new(
			row, "inactive", answer_number(purpose_count_inactive(d, set->index)));
		json_array_append_new(rows, row);
	}
	json_t *answer = json_pack("{s:b, s:I, s:o}", "ok", 1, "kept_at_most",
		(json_int_t)d->config->keep_generations, "generations", rows);
	put_disabled(d, answer);
	return answer;
}

static struct rule_tally tally_of(
	const struct rule_tallies *rules, const struct pattern_entry *e, uint32_t *at)
{
	// Both are sorted alike: one walk finds all.
	for (; *at < rules->n; (*at)++) {
		const struct rule_tally *r = &rules->items[*at];
		if (r->gid == e->gid && r->sid == e->sid && r->rev == e->rev)
			return *r;
		if (r->gid > e->gid || (r->gid == e->gid && r->sid > e->sid) ||
			(r->gid == e->gid && r->sid == e->sid && r->rev > e->rev))
			break;
	}
	return (struct rule_tally){.gid = e->gid, .sid = e->sid, .rev = e->rev};
}

static int put_rules(const struct daemon *d, const struct pattern_index *index, json_t *to)
{
	struct rule_tallies rules;
	uint32_t at = 0;

	if (stats_rules(d->stats, TALLY_RULES, &rules) < 0)
		return -ENOMEM;
	json_t *list = json_array();
	for (uint32_t i = 0; i < index->n && i < ANSWER_RULES_MAX; i++) {
		const struct pattern_entry *e = &index->entries[i];
		const struct rule_tally t = tally_of(&rules, e, &at);
		json_t *row = answer_rule(e, &t), *why = purpose_why_inactive(d, e);
		json_object_set_new(row, "active", json_boolean(why == NULL));
		if (why != NULL)
			json_object_set_new(row, "why_inactive", why);
		json_array_append_new(list, row);
	}
	rule_tallies_free(&rules);
	json_object_set_new(to, "truncated", json_boolean(index->n > ANSWER_RULES_MAX));
	json_object_set_new(to, "patterns", list);
	return 0;
}

void patterns_show(struct daemon *d, struct control_call *call, const struct request *request)
{
	const struct pattern_set *live = reload_live(d->reload);
	json_t *answer = json_pack("{s:b, s:b}", "ok", 1, "known", live != NULL);

	if (answer != NULL) {
		answer_put_live(d, answer);
		put_disabled(d, answer);
	}
	if (answer != NULL && live != NULL) {
		json_object_set_new(answer, "files", answer_files(&live->report));
		json_object_set_new(answer, "n_files", answer_number(live->report.n_files));
		json_object_set_new(answer, "bytes", answer_number(live->blob_len));
		json_object_set_new(answer, "warnings", answer_number(live->report.n_warnings));
		json_object_set_new(answer, "diags", answer_diags(&live->report));
		purpose_put_inactive(d, live->index, answer);
	}
	if (answer != NULL && live != NULL && request->rules &&
		put_rules(d, live->index, answer) < 0) {
		json_decref(answer);
		answer = NULL;
	}
	control_call_answer(call, answer);
}
