#include "tools/replay/summary_posture.h"

#include "control/posture_row.h"

#include <libsmartcols.h>

#include <inttypes.h>
#include <stdio.h>

enum { TEXTS = 3, COLUMNS = TEXTS + 1 + GRADES };

static const struct {
	const char *name;
	int flags;
} columns[COLUMNS] = {{"SERVICE", 0}, {"SEGMENT", 0}, {"GRADE", 0}, {"FLOWS", SCOLS_FL_RIGHT},
	{"A", SCOLS_FL_RIGHT}, {"B", SCOLS_FL_RIGHT}, {"C", SCOLS_FL_RIGHT}, {"D", SCOLS_FL_RIGHT},
	{"F", SCOLS_FL_RIGHT}, {"UNGRADED", SCOLS_FL_RIGHT}};

// To be freed; none when memory is short.
static struct posture_tallies tallies_of(const struct engine *e)
{
	static const struct posture_tallies none;
	const struct link_region region = {.hello = e->shared.layout, .base = e->shared.base};
	struct posture_tallies t = {0};

	if (tally_postures(&none, &region, &t) == 0)
		posture_rows_sort(&t);
	return t;
}

static void set_number(struct libscols_line *line, size_t column, uint64_t v)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64, v);
	scols_line_set_data(line, column, text);
}

static void add_line(struct libscols_table *table, const struct posture_tally *t)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);

	scols_line_set_data(line, 0, posture_row_name(t->service, t->rest));
	scols_line_set_data(line, 1, posture_row_name(t->segment, t->rest));
	scols_line_set_data(line, 2, posture_grade_names[posture_mean(t->grades)]);
	set_number(line, TEXTS, t->flows);
	for (unsigned g = GRADE_A; g < GRADES; g++)
		set_number(line, TEXTS + g, t->grades[g]);
	set_number(line, COLUMNS - 1, t->grades[GRADE_NONE]);
}

void summary_posture_print(const struct engine *e)
{
	struct posture_tallies all = tallies_of(e);
	struct libscols_table *table = scols_new_table();
	unsigned lines = 0;

	for (unsigned i = 0; table != NULL && i < COLUMNS; i++)
		scols_table_new_column(table, columns[i].name, 0, columns[i].flags);
	for (uint32_t i = 0; table != NULL && i < all.n; i++) {
		if (posture_mean(all.items[i].grades) == GRADE_NONE)
			continue;
		add_line(table, &all.items[i]);
		lines++;
	}
	if (lines > 0) {
		printf("\nhow well services are sealed (sealctl posture --explain)\n");
		scols_print_table(table);
	}
	scols_unref_table(table);
	posture_tallies_free(&all);
}

json_t *summary_posture_json(const struct engine *e)
{
	struct posture_tallies all = tallies_of(e);
	json_t *list = json_array();

	for (uint32_t i = 0; i < all.n; i++) {
		if (all.items[i].flows > 0)
			json_array_append_new(list, posture_row(&all.items[i]));
	}
	posture_tallies_free(&all);
	return list;
}
