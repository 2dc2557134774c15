// Counting and timing of confirm steps (struct match_counts in db.h). Around each of them:
//
//     uint64_t since = check_begin(counts, candidate);
//     ...
//     check_end(counts, candidate->rule, since);

#pragma once

#include "patterns/db_impl.h"

// 0: this one is not timed.
static inline uint64_t check_begin(struct match_counts *m, const struct pattern_candidate *c)
{
	if (m == NULL)
		return 0;
	rule_counts_check(m->rules, m->slot[c->rule], (enum check_led)c->led);
	if (m->twin != NULL)
		rule_counts_check(m->twin, m->slot[c->rule], (enum check_led)c->led);
	return --m->until_timed > 0 ? 0 : match_counts_begin(m);
}

static inline void check_end(struct match_counts *m, uint32_t rule, uint64_t since)
{
	if (since != 0)
		match_counts_end(m, rule, since);
}
