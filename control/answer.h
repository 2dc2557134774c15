// Pieces that answers of the control socket are made of. All return new references, NULL when memory
// is short.

#pragma once

#include "control/daemon.h"

#include <jansson.h>

#include <stdint.h>

enum { ANSWER_RULES_MAX = 65536 }; // in one answer

// code: for programs; NULL: none.
json_t *answer_failure(const char *code, const char *error);
json_t *answer_number(uint64_t n);
json_t *answer_hex(const uint8_t digest[32]);
json_t *answer_utc(uint64_t ns);
json_t *answer_diags(const struct compile_report *report);
json_t *answer_files(const struct compile_report *report); // their names, or the first of them
json_t *answer_numbers(const struct rule_numbers *n);
json_t *answer_entry(const struct pattern_entry *e); // a rule by name, without numbers
// e: what is known of it, may be NULL. A rule that was never looked at, as most of a large set are,
// has "checks" and "hits" only.
json_t *answer_rule(const struct pattern_entry *e, const struct rule_tally *t);
// Generation, digest, number of rules of what is live, as far as we know.
void answer_put_live(const struct daemon *d, json_t *to);
