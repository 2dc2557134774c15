// Text in Suricata's rule language -> rules.

#pragma once

#include "patterns/diag.h"
#include "patterns/rule.h"

struct rule_var { // HOME_NET, HTTP_PORTS, ...; text as in a rule header
	const char *name;
	const char *value;
};

// Suricata's own defaults: HOME_NET = RFC 1918, EXTERNAL_NET = !$HOME_NET, HTTP_PORTS, ...
// Ended by a NULL name.
extern const struct rule_var rule_vars_default[];

// `vars` (may be NULL, ended by a NULL name) come before the defaults.
// Appends to *list. `text` need not be NUL-terminated and may hold anything.
// lab: principle 4 (a literal that is one person's identifier) warns instead of refusing.
// Returns 0 when there was no error, -EINVAL when diags got one (the list then holds the
// rules that were fine; callers load nothing), -ENOMEM.
int rules_parse(const char *file, const char *text, size_t len, const struct rule_var *vars,
	bool lab, struct rule_list *list, struct diags *diags);
// Same gid:sid twice: an error at the second one, that names the first.
int rules_check_unique(const struct rule_list *list, struct diags *diags);

// Every keyword, for docs/rules.md. why: of a refused one; of others "".
enum keyword_status { KEYWORD_SUPPORTED, KEYWORD_IGNORED, KEYWORD_REFUSED };
typedef void (*keyword_fn)(
	void *ctx, const char *word, enum keyword_status status, const char *why);
void rules_keywords(keyword_fn fn, void *ctx);

void rule_list_free(struct rule_list *list);
