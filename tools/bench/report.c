#include "tools/bench/report.h"

#include <libsmartcols/libsmartcols.h>

#include <stdio.h>
#include <stdlib.h>

void report_open(struct report *r, const char *scenario, bool json)
{
	*r = (struct report){.scenario = scenario, .json = json, .rows = json_array()};
}

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

double report_add(struct report *r, const struct measure *m, double *values, unsigned n)
{
	qsort(values, n, sizeof(*values), by_value);
	double median = n > 0 ? values[n / 2] : 0;
	json_t *row = json_pack("{s:s, s:f, s:f, s:f, s:s}", "name", m->name, "median", median,
		"min", n > 0 ? values[0] : 0, "max", n > 0 ? values[n - 1] : 0, "unit", m->unit);
	if (m->bound > 0 || m->none) {
		json_object_set_new(row, "bound", json_real(m->bound));
		json_object_set_new(row, "met", json_boolean(median <= m->bound));
	}
	json_array_append_new(r->rows, row);
	return median;
}

void report_one(struct report *r, const struct measure *m, double value)
{
	report_add(r, m, &value, 1);
}

static void set(struct libscols_line *line, size_t column, const char *format, double value)
{
	char text[64];

	snprintf(text, sizeof(text), format, value);
	scols_line_set_data(line, column, text);
}

static void print_table(const json_t *rows)
{
	static const char *const columns[] = {
		"MEASURE", "MEDIAN", "MIN", "MAX", "UNIT", "BOUND", ""};
	struct libscols_table *table = scols_new_table();
	json_t *row;
	size_t i;

	if (table == NULL)
		return;
	for (i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
		scols_table_new_column(
			table, columns[i], 0, (i >= 1 && i <= 3) || i == 5 ? SCOLS_FL_RIGHT : 0);
	json_array_foreach(rows, i, row)
	{
		struct libscols_line *line = scols_table_new_line(table, NULL);
		double median = json_number_value(json_object_get(row, "median"));
		const char *format = median < 10 ? "%.3f" : median < 1000 ? "%.1f" : "%.0f";
		const json_t *bound = json_object_get(row, "bound");
		scols_line_set_data(line, 0, json_string_value(json_object_get(row, "name")));
		set(line, 1, format, median);
		set(line, 2, format, json_number_value(json_object_get(row, "min")));
		set(line, 3, format, json_number_value(json_object_get(row, "max")));
		scols_line_set_data(line, 4, json_string_value(json_object_get(row, "unit")));
		if (bound == NULL)
			continue;
		set(line, 5, "%g", json_number_value(bound));
		scols_line_set_data(
			line, 6, json_is_true(json_object_get(row, "met")) ? "met" : "MISSED");
	}
	scols_print_table(table);
	scols_unref_table(table);
}

void report_close(struct report *r)
{
	if (r->json) {
		json_t *all = json_pack("{s:s, s:O}", "scenario", r->scenario, "rows", r->rows);
		json_dumpf(all, stdout, JSON_INDENT(1));
		printf("\n");
		json_decref(all);
	} else {
		print_table(r->rows);
	}
	json_decref(r->rows);
	r->rows = NULL;
}
