// The confirm step: does a rule that a prefilter brought up really match?

#pragma once

#include "patterns/db_impl.h"

// Compile options that a rule may carry.
#define PATTERN_PCRE_ALLOWED                                                                       \
	(PCRE2_CASELESS | PCRE2_DOTALL | PCRE2_MULTILINE | PCRE2_EXTENDED | PCRE2_ANCHORED |       \
		PCRE2_DOLLAR_ENDONLY | PCRE2_UNGREEDY)

// The one way in which expressions are compiled, by the compiler's check and by the loader.
// NULL: *error and *at say why, as pcre2_compile() does.
pcre2_code *pattern_pcre_compile(
	const uint8_t *expression, size_t len, uint32_t options, int *error, PCRE2_SIZE *at);

// What a chain is held against.
struct confirm_view {
	const uint8_t *p;
	size_t len;
	uint64_t base; // stream offset of p[0]; 0: the buffer begins here
	uint64_t fresh; // what matches must end after this offset; 0: anywhere
};

// All conditions of the chain. vars: the rule's numbers, zero at its first chain.  Contents and expressions that are not relative stand each for
// itself; relative ones follow the match before, and another place for that one is tried when
// they fail. The work is bounded: a rule that exceeds it does not match, and is counted in
// w->gave_up.
bool confirm_chain(const struct pattern_db *db, struct pattern_worker *w,
	const struct swdb_chain *chain, const struct confirm_view *view,
	int64_t vars[RULE_VARS_MAX]);

// Facts of the packet, the flow, and the message's numbers. (facts.c)
bool confirm_facts(const struct pattern_db *db, const struct swdb_rule *rule,
	const struct match_env *env, const struct match_value *values, unsigned n);

// Protocol, addresses, ports, direction and flow. (header.c)
bool confirm_header(
	const struct pattern_db *db, const struct swdb_rule *rule, const struct match_env *env);
