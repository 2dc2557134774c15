// What the compile child tells the daemon beside the set itself: a first line with what the cache
// had, the files, the diags, a line each, and a last line with the outcome. A report without that line
// is that of a child that died. All but the first line is what the cache keeps.

#pragma once

#include "control/cache_file.h"
#include "patterns/diag.h"
#include "patterns/lint.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct sources;

enum {
	COMPILE_REPORT_MAX = 4 << 20, // bytes
	COMPILE_FILES_MAX = 128, // names in a report; what comes after is only counted
};

struct compile_diag {
	enum diag_level level;
	uint32_t line, column;
	uint32_t sid; // 0: not known
	const char *file;
	const char *kind; // "lint:short"; "": of the language
	const char *text;
};

struct compile_report {
	enum cache_found found;
	bool has_digest; // the result has a name in the cache
	uint8_t digest[32];
	bool examples_beside; // in files beside the rules,
	bool examples_within; // in the rules
	int status; // 0 or -errno
	uint32_t n_rules;
	uint32_t n_errors, n_warnings, n_notes; // all, also those that were only counted
	uint32_t n;
	struct compile_diag *diags;
	uint32_t n_files; // all, also those that were only counted
	uint32_t n_names;
	const char **names; // of files
	struct lint_costs *costs; // NULL: not measured
	char *text;
};

// What was measured; a line a field. NULL: nothing was.
void compile_report_costs(const struct lint_costs *costs, FILE *out);
// The first line. digest: NULL when the cache is not asked.
// beside: files with examples lie beside those of the rules.
void compile_report_origin(
	enum cache_found found, const uint8_t digest[32], bool beside, FILE *out);
// Rules have examples in their metadata.
void compile_report_examples(FILE *out);
// sources: NULL: nobody asks which files.
void compile_report_write(const struct sources *sources, const struct diags *diags, int status,
	uint32_t n_rules, FILE *out);

// Takes `text` (malloc'd, `len` bytes and a NUL behind), also when it fails. 0, -EBADMSG, -ENOMEM.
int compile_report_parse(char *text, size_t len, struct compile_report *out);
void compile_report_free(struct compile_report *r); // a zeroed one is allowed
