#include "control/posture_row.h"

#include "control/escape.h"

#include <stdio.h>
#include <stdlib.h>

static const char none[] = "(none)", rest[] = "(other)";

const char *posture_row_name(const char *name, bool is_rest)
{
	return is_rest ? rest : name[0] != '\0' ? name : none;
}

static json_t *grades_of(const uint64_t grades[GRADES])
{
	json_t *o = json_object();

	for (unsigned g = GRADE_A; g < GRADES; g++)
		json_object_set_new(o, posture_grade_names[g], json_integer((json_int_t)grades[g]));
	return o;
}

// Those that hold for a flow at least; with the parts of a check behind a dot.
static json_t *checks_of(const struct posture_tally *t)
{
	json_t *o = json_object();
	char name[64];

	for (unsigned i = 0; i < POSTURE_CHECK_COUNT; i++) {
		const struct posture_check_info *c = &posture_checks[i];
		if (t->checks[i] == 0)
			continue;
		snprintf(name, sizeof(name), "%s%s%s", c->check, c->part[0] != '\0' ? "." : "",
			c->part);
		json_object_set_new(o, name,
			json_pack("{s:I, s:s}", "flows", (json_int_t)t->checks[i], "severity",
				posture_severity_names[c->severity]));
	}
	return o;
}

static json_t *facts_of(const struct posture_tally *t)
{
	json_t *o = json_object();

	for (unsigned i = 0; i < POSTURE_FACT_COUNT; i++)
		json_object_set_new(
			o, posture_facts[i].name, json_integer((json_int_t)t->facts[i]));
	return o;
}

json_t *posture_row(const struct posture_tally *t)
{
	return json_pack("{s:o, s:o, s:s, s:I, s:I, s:I, s:o, s:o, s:o}", "service",
		escape_json(posture_row_name(t->service, t->rest)), "segment",
		escape_json(posture_row_name(t->segment, t->rest)), "grade",
		posture_grade_names[posture_mean(t->grades)], "flows", (json_int_t)t->flows,
		"bytes", (json_int_t)t->bytes, "ungraded", (json_int_t)t->grades[GRADE_NONE],
		"grades", grades_of(t->grades), "checks", checks_of(t), "facts", facts_of(t));
}

static int by_flows(const void *a, const void *b)
{
	const struct posture_tally *x = a, *y = b;

	if (x->flows != y->flows)
		return x->flows < y->flows ? 1 : -1;
	return posture_compare(a, b);
}

void posture_rows_sort(struct posture_tallies *t)
{
	if (t->n > 0)
		qsort(t->items, t->n, sizeof(*t->items), by_flows);
}
