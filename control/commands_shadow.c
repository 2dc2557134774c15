#include "control/commands_shadow.h"

#include "control/answer.h"
#include "control/commands_patterns.h"
#include "control/shadow_rows.h"

#include <errno.h>
#include <string.h>

static json_t *refusal(void)
{
	return answer_failure(
		"unknown", "there is no shadow set; sealctl patterns shadow load makes one");
}

void shadow_load(struct daemon *d, struct control_call *call, const struct request *request)
{
	struct load_request load = {.purpose = LOAD_TO_SHADOW,
		.share = request->share != 0 ? request->share : SHADOW_SHARE,
		.paths = request->paths,
		.n_paths = request->n_paths};

	patterns_start(d, call, &load, request);
}

void shadow_promote(struct daemon *d, struct control_call *call, const struct request *request)
{
	struct load_request load = {.promotes = true, .set = reload_shadow(d->reload)->set};

	if (load.set == NULL)
		control_call_answer(call, refusal());
	else
		patterns_start(d, call, &load, request);
}

json_t *shadow_drop_it(struct daemon *d)
{
	switch (reload_drop_shadow(d->reload)) {
	case 0:
		return json_pack("{s:b}", "ok", 1);
	case -EBUSY:
		return answer_failure(
			"busy", "a shadow set is on its way to the dataplane; try again");
	default:
		return refusal();
	}
}

// The dataplane has it, as it said a second ago.
static bool is_running(const struct daemon *d)
{
	const struct link_status *state = link_state(d->link);

	return state != NULL && state->shadow_generation != 0 &&
		memcmp(state->shadow_digest, reload_shadow(d->reload)->set->digest, 32) == 0;
}

static void put_shadow(const struct daemon *d, json_t *to)
{
	const struct shadow *s = reload_shadow(d->reload);

	json_object_set_new(to, "digest", answer_hex(s->set->digest));
	json_object_set_new(to, "rules", answer_number(s->set->index->n));
	json_object_set_new(to, "share", answer_number(s->share));
	json_object_set_new(to, "since", answer_utc(s->since_ns));
	json_object_set_new(to, "loaded_by", answer_number(s->uid));
	json_object_set_new(to, "running", json_boolean(is_running(d)));
}

json_t *shadow_state(const struct daemon *d)
{
	if (reload_shadow(d->reload)->set == NULL)
		return json_null();
	json_t *state = json_object();
	put_shadow(d, state);
	return state;
}

static json_t *sides(json_t *live, json_t *shadow)
{
	return json_pack("{s:o, s:o}", "live", live, "shadow", shadow);
}

static json_t *rev_of(const struct pattern_entry *e)
{
	return e != NULL ? answer_number(e->rev) : json_null();
}

static json_t *row_of(const struct shadow_row *row)
{
	const struct pattern_entry *live = row->rules[SHADOW_LIVE];
	const struct pattern_entry *shadow = row->rules[SHADOW_BESIDE];
	json_t *json = answer_entry(shadow != NULL ? shadow : live);
	const char *in = live == NULL ? "shadow" : shadow == NULL ? "live" : "both";

	json_object_set_new(json, "in", json_string(in));
	json_object_set_new(json, "revs", sides(rev_of(live), rev_of(shadow)));
	json_object_set_new(json, "live", answer_numbers(&row->n[SHADOW_LIVE]));
	json_object_set_new(json, "shadow", answer_numbers(&row->n[SHADOW_BESIDE]));
	json_object_set_new(json, "hits_more", json_integer(shadow_row_hits(row)));
	json_object_set_new(json, "cost_ns_more", json_integer(shadow_row_cost_ns(row)));
	return json;
}

static void put_rows(const struct shadow_rows *t, uint32_t count, json_t *to)
{
	json_t *rows = json_array();

	for (uint32_t i = 0; i < t->n && i < count; i++)
		json_array_append_new(rows, row_of(&t->rows[i]));
	json_object_set_new(to, "both", answer_number(t->both));
	json_object_set_new(to, "live_only", answer_number(t->live_only));
	json_object_set_new(to, "shadow_only", answer_number(t->shadow_only));
	json_object_set_new(to, "total",
		sides(answer_numbers(&t->total[SHADOW_LIVE]),
			answer_numbers(&t->total[SHADOW_BESIDE])));
	json_object_set_new(to, "cost_factor", json_real(t->factor));
	json_object_set_new(to, "patterns", rows);
}

static int put_comparison(const struct daemon *d, uint32_t count, json_t *to)
{
	const struct shadow *s = reload_shadow(d->reload);
	const struct pattern_set *live = reload_live(d->reload);
	const struct pattern_index *const indexes[SHADOW_SIDES] = {
		[SHADOW_LIVE] = live != NULL ? live->index : NULL, [SHADOW_BESIDE] = s->set->index};
	struct shadow_counts counts;
	struct shadow_rows rows;

	stats_refresh(d->stats);
	int err = shadow_counts(s, d->stats, &counts);
	if (err < 0)
		return err;
	err = shadow_rows_make(indexes, &counts, &rows);
	if (err == 0) {
		json_object_set_new(to, "finds", answer_number(counts.finds));
		put_rows(&rows, count, to);
		shadow_rows_free(&rows);
	}
	shadow_counts_free(&counts);
	return err;
}

void shadow_show(struct daemon *d, struct control_call *call, const struct request *request)
{
	const struct shadow *s = reload_shadow(d->reload);

	if (s->set == NULL) {
		control_call_answer(call, refusal());
		return;
	}
	json_t *answer = json_pack("{s:b}", "ok", 1);
	put_shadow(d, answer);
	json_object_set_new(answer, "compared_since", answer_utc(s->compared_ns));
	json_object_set_new(answer, "files", answer_files(&s->set->report));
	json_object_set_new(answer, "n_files", answer_number(s->set->report.n_files));
	json_object_set_new(answer, "warnings", answer_number(s->set->report.n_warnings));
	if (put_comparison(d, request->count, answer) < 0) {
		json_decref(answer);
		answer = NULL;
	}
	control_call_answer(call, answer);
}
