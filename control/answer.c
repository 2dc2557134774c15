#include "control/answer.h"

#include "control/escape.h"

#include <stdio.h>
#include <time.h>

json_t *answer_failure(const char *code, const char *error)
{
	json_t *answer = json_pack("{s:b}", "ok", 0);

	if (answer != NULL && code != NULL)
		json_object_set_new(answer, "code", json_string(code));
	if (answer != NULL)
		json_object_set_new(answer, "error", escape_json(error));
	return answer;
}

json_t *answer_number(uint64_t n)
{
	return json_integer((json_int_t)n);
}

json_t *answer_hex(const uint8_t digest[32])
{
	char text[65];

	for (unsigned i = 0; i < 32; i++)
		snprintf(text + 2 * i, 3, "%02x", digest[i]);
	return json_string(text);
}

json_t *answer_utc(uint64_t ns)
{
	time_t s = (time_t)(ns / 1000000000);
	char text[32];
	struct tm tm;

	gmtime_r(&s, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return json_string(text);
}

json_t *answer_diags(const struct compile_report *report)
{
	json_t *rows = json_array();

	for (uint32_t i = 0; i < report->n; i++) {
		const struct compile_diag *d = &report->diags[i];
		json_array_append_new(rows,
			json_pack("{s:o, s:I, s:I, s:s, s:o, s:I, s:o}", "file",
				escape_json(d->file), "line", (json_int_t)d->line, "column",
				(json_int_t)d->column, "level", diag_level_name(d->level), "kind",
				escape_json(d->kind), "sid", (json_int_t)d->sid, "text",
				escape_json(d->text)));
	}
	return rows;
}

json_t *answer_files(const struct compile_report *report)
{
	json_t *files = json_array();

	for (uint32_t i = 0; i < report->n_names; i++)
		json_array_append_new(files, escape_json(report->names[i]));
	return files;
}

json_t *answer_numbers(const struct rule_numbers *n)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "checks",
		(json_int_t)n->checks, "prefilter", (json_int_t)n->prefilter, "hits",
		(json_int_t)n->hits, "alerts", (json_int_t)n->alerts, "cost_ns",
		(json_int_t)n->cost_ns, "timed", (json_int_t)n->timed, "check_ns",
		(json_int_t)rule_numbers_check_ns(n), "last_hit_ns", (json_int_t)n->last_hit_ns,
		"last_hit", n->last_hit_ns != 0 ? answer_utc(n->last_hit_ns) : json_null());
}

static void put_texts(json_t *row, const struct pattern_entry *e)
{
	json_object_set_new(row, "set", escape_json(e->set));
	json_object_set_new(row, "service", escape_json(e->service));
	json_object_set_new(row, "msg", escape_json(e->msg));
	if (e->expires[0] != '\0')
		json_object_set_new(row, "expires", escape_json(e->expires));
}

static json_t *name_of_rule(uint32_t gid, uint32_t sid, uint32_t rev)
{
	return json_pack("{s:I, s:I, s:I}", "gid", (json_int_t)gid, "sid", (json_int_t)sid, "rev",
		(json_int_t)rev);
}

json_t *answer_entry(const struct pattern_entry *e)
{
	json_t *row = name_of_rule(e->gid, e->sid, e->rev);

	put_texts(row, e);
	return row;
}

json_t *answer_rule(const struct pattern_entry *e, const struct rule_tally *t)
{
	json_t *numbers = t->n.checks > 0 ? answer_numbers(&t->n)
					  : json_pack("{s:i, s:i}", "checks", 0, "hits", 0);
	json_t *row = name_of_rule(t->gid, t->sid, t->rev);

	json_object_update(row, numbers);
	json_decref(numbers);
	if (e != NULL)
		put_texts(row, e);
	return row;
}

void answer_put_live(const struct daemon *d, json_t *to)
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
	json_object_set_new(to, "generation", answer_number(generation));
	json_object_set_new(to, "digest", generation != 0 ? answer_hex(digest) : json_null());
	json_object_set_new(to, "rules", answer_number(n_rules));
	json_object_set_new(to, "loaded_by", live != NULL ? answer_number(live->uid) : json_null());
	json_object_set_new(to, "loaded_at",
		live != NULL && live->loaded_ns != 0 ? answer_utc(live->loaded_ns) : json_null());
}
