#include "control/commands_posture.h"

#include "control/answer.h"
#include "control/posture_row.h"

#include <stdlib.h>
#include <string.h>

static bool is_wanted(const char *wanted, const char *name, bool is_rest)
{
	return wanted == NULL || strcmp(wanted, posture_row_name(name, is_rest)) == 0;
}

static json_t *stacks_of(const struct daemon *d)
{
	const struct posture_stacks s = stats_stacks(d->stats);

	return json_pack("{s:I, s:I, s:I, s:I, s:i}", "stacks", (json_int_t)s.stacks, "rare",
		(json_int_t)s.rare, "hellos", (json_int_t)s.hellos, "rare_hellos",
		(json_int_t)s.rare_hellos, "rare_below", POSTURE_RARE);
}

void posture_show(struct daemon *d, struct control_call *call, const struct request *request)
{
	struct posture_tallies all;
	json_t *list = json_array();

	if (stats_postures(d->stats, &all) < 0) {
		json_decref(list);
		control_call_answer(call, NULL);
		return;
	}
	posture_rows_sort(&all);
	for (uint32_t i = 0; i < all.n; i++) {
		const struct posture_tally *t = &all.items[i];
		if (t->flows > 0 && is_wanted(request->service, t->service, t->rest) &&
			is_wanted(request->segment, t->segment, t->rest))
			json_array_append_new(list, posture_row(t));
	}
	posture_tallies_free(&all);
	control_call_answer(call,
		json_pack("{s:b, s:o, s:o}", "ok", 1, "postures", list, "client_stacks",
			stacks_of(d)));
}

static json_t *day_row(const struct posture_day *day)
{
	static const char *const names[DAY_NUMBERS] = {
#define X(id, name) [id] = name,
		POSTURE_DAY_NUMBERS(X)
#undef X
	};
	uint64_t grades[GRADES];
	json_t *o = json_object();

	memcpy(grades, &day->n[DAY_UNGRADED], sizeof(grades));
	json_object_set_new(o, "day", answer_utc((uint64_t)day->day * 86400 * 1000000000));
	json_object_set_new(o, "grade", json_string(posture_grade_names[posture_mean(grades)]));
	for (unsigned i = 0; i < DAY_NUMBERS; i++)
		json_object_set_new(o, names[i], answer_number(day->n[i]));
	return o;
}

// All that is wanted of a day is one row.
static json_t *days_of(const struct posture_days *days, const struct request *request)
{
	json_t *list = json_array();
	struct posture_day sum = {0};

	for (uint32_t i = 0; i < days->n_rows; i++) {
		const struct posture_day *row = &days->rows[i];
		if (!is_wanted(request->service, row->service, row->rest) ||
			!is_wanted(request->segment, row->segment, row->rest))
			continue;
		if (sum.n[DAY_FLOWS] > 0 && sum.day != row->day) {
			json_array_append_new(list, day_row(&sum));
			sum = (struct posture_day){0};
		}
		sum.day = row->day;
		for (unsigned k = 0; k < DAY_NUMBERS; k++)
			sum.n[k] += row->n[k];
	}
	if (sum.n[DAY_FLOWS] > 0)
		json_array_append_new(list, day_row(&sum));
	return list;
}

void posture_trend(struct daemon *d, struct control_call *call, const struct request *request)
{
	daemon_count_days(d);
	control_call_answer(
		call, json_pack("{s:b, s:o}", "ok", 1, "days", days_of(&d->days, request)));
}
