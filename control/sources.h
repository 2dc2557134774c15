// The files of a set, rules and what stands beside them: read once into memory, so that what is
// digested is what is parsed.

#pragma once

#include "control/config.h"
#include "patterns/lint.h"
#include "patterns/parse.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SOURCES_MAX = 10000, SOURCE_LEN_MAX = 64 << 20 }; // files of a set; bytes of one

// In the order in which they are parsed.
enum source_kind {
	SOURCE_LIST, // a YAML that names rule files
	SOURCE_CLASSES,
	SOURCE_REFERENCES,
	SOURCE_DISABLED,
	SOURCE_RULES,
	SOURCE_THRESHOLDS,
	SOURCE_KINDS
};

struct rule_file {
	enum source_kind kind;
	bool made; // it is no file
	char *name; // as in diagnostics
	char *text; // not NUL-terminated
	size_t len;
	int err; // why it could not be read; 0: it was
	char *why; // err, in words; with err 0 a warning; NULL: all is well
	uint32_t line, column; // of why
};

struct sources {
	uint32_t n;
	struct rule_file *items;
	uint32_t n_lists; // of values that rules name, as they name them;
	struct rule_file *lists; // what cannot be read stands here with its error
	struct geo_database *countries; // NULL: no rule wants it
};

// The files of `paths` in order; of a directory its *.rules, by name; of a *.yaml those that it
// names. What stands beside them (may be NULL) comes last; then the lists of values that rules name.
// What cannot be read stands in the list with its error, and so does the one that is too many; what
// would come behind it is not read. 0 or -ENOMEM.
int sources_read(const char *const *paths, uint32_t n_paths, const struct companions *beside,
	struct sources *out);
// Reads the database of countries too, when the text of the rules has `geoip`; path: as
// geo_database_new() takes it. 0 or -ENOMEM.
int sources_read_countries(struct sources *s, const char *path);
void sources_free(struct sources *s); // a zeroed one is allowed

bool sources_whole(const struct sources *s); // every one could be read
// As rules_parse(), over all of them; what could not be read is an error with a diag. rules->geo is asked
// when no database was read.
int sources_parse(const struct sources *s, const struct rule_var *vars, bool lab,
	struct rule_list *rules, struct diags *diags);

// source_lists.c: fills s->lists, with SOURCES_MAX at most. The text of the rules is only searched
// for names of files: some may be of rules that are commented out. 0 or -ENOMEM.
int source_lists_read(struct sources *s);
// As a rule_files does; ctx: a struct sources.
struct rule_text;
int source_list_get(void *ctx, const char *path, struct rule_text *out);

// What a compiled set depends on beside its sources.
struct build_context {
	const struct rule_var *variables; // ended by a NULL name
	bool lab;
	struct lint_budget budget; // what exceeds it is refused
	uint8_t program[32]; // digest of the compiler
};

// Names the result of compiling these sources with this compiler on this processor: SHA-256 over
// kinds, names and bytes of the files, lists and database, the context, the versions of the artefact and
// of Hyperscan, the processor's features. 0 or -ENOMEM.
int sources_digest(
	const struct sources *s, const struct build_context *context, uint8_t digest[32]);
