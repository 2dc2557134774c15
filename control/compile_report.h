// What the compile child tells the daemon beside the set itself: diags, a line each, and a last
// line with the outcome. A report without that line is that of a child that died.

#pragma once

#include "patterns/diag.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { COMPILE_REPORT_MAX = 4 << 20 }; // bytes

struct compile_diag {
	bool is_error;
	uint32_t line, column;
	const char *file;
	const char *text;
};

struct compile_report {
	int status; // 0 or -errno
	uint32_t n_rules;
	uint32_t n_errors, n_warnings; // all, also those that were only counted
	uint32_t n;
	struct compile_diag *diags;
	char *text;
};

void compile_report_write(const struct diags *diags, int status, uint32_t n_rules, FILE *out);

// Takes `text` (malloc'd, `len` bytes and a NUL behind), also when it fails. 0, -EBADMSG, -ENOMEM.
int compile_report_parse(char *text, size_t len, struct compile_report *out);
void compile_report_free(struct compile_report *r); // a zeroed one is allowed
