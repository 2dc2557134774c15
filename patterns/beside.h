// Files that operators keep beside their rules. What they say becomes part of the list of rules, and
// lives as long. Any bytes are safe. A line that says nothing we know is a warning, as in Suricata: the
// rest of the file counts.

#pragma once

#include "patterns/lexer.h"
#include "patterns/parse.h"

enum { BESIDE_ROWS_MAX = 100000 }; // of one kind; beyond it is an error

// Before the rules are parsed. Each comes before what is built in, and before the same in a later file.
// `text` need not be NUL-terminated. 0, -EINVAL with a diag, -ENOMEM.
//
// classification.config: "config classification: shortname,description,priority"
int beside_read_classes(const char *file, const char *text, size_t len, struct rule_list *list,
	struct diags *diags);
// reference.config: "config reference: system URL"
int beside_read_references(const char *file, const char *text, size_t len, struct rule_list *list,
	struct diags *diags);

// suricata-update's disable.conf: "sid" (of gid 1), "gid:sid", "re:expression" (over the rule's text, case
// does not matter), "group:name" (of its file; * and ?). What is disabled is not even parsed.
int beside_read_disabled(const char *file, const char *text, size_t len, struct rule_list *list,
	struct diags *diags);
// When all rules were parsed: a warning for each line that met none.
void beside_tell_unmet(const struct rule_list *list, struct diags *diags);

// After the rules: threshold.config. "suppress", "threshold", "event_filter", "rate_filter"; what they say
// becomes part of the rules they name. vars: as of rules_parse().
int beside_apply_thresholds(const char *file, const char *text, size_t len,
	const struct rule_var *vars, struct rule_list *list, struct diags *diags);

// For the parser. Case does not matter; the texts live as long as the list.
struct beside_class {
	const char *description;
	uint8_t priority; // 1 (high) .. 255
	bool known;
	bool asked; // somebody wanted to know before
};
// A class that nobody knows has no description, and Suricata's default priority. NULL: short of memory.
struct beside_class *beside_class(struct rule_list *list, const char *name);
// text: of a whole rule; set: of its file.
bool beside_disables(struct rule_list *list, struct slice text, const char *set);
// Was there a rule of these numbers that is disabled?
bool beside_left_out(const struct rule_list *list, uint32_t gid, uint32_t sid);
const char *beside_prefix(const struct rule_list *list, const char *system); // NULL: none
