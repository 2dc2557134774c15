#include "control/cli/table.h"

#include <libsmartcols.h>

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { CELL_MAX = 1024 };

struct table {
	struct libscols_table *scols;
	struct libscols_line *line;
	size_t column;
};

static void *or_die(void *p)
{
	if (p == NULL) {
		fprintf(stderr, "sealctl: short of memory\n");
		exit(EXIT_FAILURE);
	}
	return p;
}

struct table *table_new(void)
{
	struct table *t = or_die(calloc(1, sizeof(*t)));

	t->scols = or_die(scols_new_table());
	return t;
}

void table_column(struct table *t, const char *name, enum table_align align)
{
	or_die(scols_table_new_column(
		t->scols, name, 0, align == TABLE_RIGHT ? SCOLS_FL_RIGHT : 0));
}

void table_no_headings(struct table *t)
{
	scols_table_enable_noheadings(t->scols, 1);
}

void table_row(struct table *t)
{
	t->line = or_die(scols_table_new_line(t->scols, NULL));
	t->column = 0;
}

void table_text(struct table *t, const char *text)
{
	scols_line_set_data(t->line, t->column++, text);
}

void table_format(struct table *t, const char *fmt, ...)
{
	char text[CELL_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	table_text(t, text);
}

void table_number(struct table *t, uint64_t n)
{
	table_format(t, "%" PRIu64, n);
}

void table_print(struct table *t)
{
	scols_print_table(t->scols);
	scols_unref_table(t->scols);
	free(t);
}
