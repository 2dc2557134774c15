#include "tools/replay/summary_leaks.h"

#include <libsmartcols.h>

#include <inttypes.h>
#include <stdio.h>

enum { COLUMNS = 8, FIRST_NUMBER = 3 };

static const struct {
	const char *name;
	int flags;
} columns[COLUMNS] = {{"DETECTOR", 0}, {"CLASS", 0}, {"SEVERITY", 0}, {"LOW", SCOLS_FL_RIGHT},
	{"MEDIUM", SCOLS_FL_RIGHT}, {"HIGH", SCOLS_FL_RIGHT}, {"TEST", SCOLS_FL_RIGHT},
	{"RECORDS", SCOLS_FL_RIGHT}};

// False: none of this kind.
static bool numbers_of(const struct engine *e, unsigned detector, struct leak_numbers *out)
{
	*out = (struct leak_numbers){0};
	for (unsigned i = 0; i < e->shared.layout.n_pages; i++)
		leak_numbers_add(out, &shared_page(&e->shared, i)->leaks[detector]);
	return leak_numbers_sum(out) > 0;
}

static void add_line(struct libscols_table *t, unsigned detector, const struct leak_numbers *n)
{
	const struct detector_name *name = &detector_table[detector];
	const uint64_t numbers[] = {n->values[DETECT_LOW], n->values[DETECT_MEDIUM],
		n->values[DETECT_HIGH], n->test_data, n->events};
	struct libscols_line *line = scols_table_new_line(t, NULL);
	char text[32];

	scols_line_set_data(line, 0, name->name);
	scols_line_set_data(line, 1, name->class);
	scols_line_set_data(line, 2, name->severity);
	for (unsigned i = FIRST_NUMBER; i < COLUMNS; i++) {
		snprintf(text, sizeof(text), "%" PRIu64, numbers[i - FIRST_NUMBER]);
		scols_line_set_data(line, i, text);
	}
}

void summary_leaks_print(const struct engine *e)
{
	struct libscols_table *t = scols_new_table();
	struct leak_numbers n;
	unsigned lines = 0;

	for (unsigned i = 0; t != NULL && i < COLUMNS; i++)
		scols_table_new_column(t, columns[i].name, 0, columns[i].flags);
	for (unsigned i = 0; t != NULL && i < DETECTOR_COUNT; i++) {
		if (!numbers_of(e, i, &n))
			continue;
		add_line(t, i, &n);
		lines++;
	}
	if (lines > 0) {
		printf("\npersonal data in clear text\n");
		scols_print_table(t);
	}
	scols_unref_table(t);
}

json_t *summary_leaks_json(const struct engine *e)
{
	json_t *list = json_array();
	struct leak_numbers n;

	for (unsigned i = 0; i < DETECTOR_COUNT; i++) {
		const struct detector_name *name = &detector_table[i];
		if (!numbers_of(e, i, &n))
			continue;
		json_array_append_new(list,
			json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I}", "detector",
				name->name, "class", name->class, "severity", name->severity, "low",
				(json_int_t)n.values[DETECT_LOW], "medium",
				(json_int_t)n.values[DETECT_MEDIUM], "high",
				(json_int_t)n.values[DETECT_HIGH], "test_data",
				(json_int_t)n.test_data, "records", (json_int_t)n.events));
	}
	return list;
}
