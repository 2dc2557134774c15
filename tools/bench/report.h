// What was measured, as a table or as JSON. Values are medians over the runs, with their spread.

#pragma once

#include <jansson.h>

#include <stdbool.h>

struct report {
	const char *scenario;
	bool json;
	json_t *rows;
};

struct measure {
	const char *name;
	const char *unit;
	double bound; // what it should be at most; 0: nothing is asked
	bool none; // it should be 0
};

void report_open(struct report *r, const char *scenario, bool json);
// values: n of them, in any order; they are sorted. Returns their median.
double report_add(struct report *r, const struct measure *m, double *values, unsigned n);
// A single value.
void report_one(struct report *r, const struct measure *m, double value);
// Prints all, and frees it.
void report_close(struct report *r);
