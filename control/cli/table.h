// Tables on standard output. Text is made safe for a terminal by libsmartcols.

#pragma once

#include <stdint.h>

struct table;

enum table_align { TABLE_LEFT, TABLE_RIGHT };

struct table *table_new(void); // ends the program when memory is short; so do the others
void table_column(struct table *t, const char *name, enum table_align align);
void table_no_headings(struct table *t);

// A row begins, and is filled from the left.
void table_row(struct table *t);
void table_text(struct table *t, const char *text);
void table_number(struct table *t, uint64_t n);
void table_format(struct table *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

void table_print(struct table *t); // and free
