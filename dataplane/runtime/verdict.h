// A rule's conditions hold. Does it count? What rules remember of flows and addresses, and how often
// they may alert, decides; and what the rule wants remembered is remembered.

#pragma once

#include "dataplane/inspect/inspect.h"
#include "dataplane/runtime/rule_state.h"
#include "patterns/db.h"

enum verdict {
	VERDICT_NO, // what it wants remembered is not so: no hit
	VERDICT_QUIET, // a hit that does not alert: noalert
	VERDICT_LIMITED, // a hit that does not alert: too often
	VERDICT_SUPPRESSED, // a hit that does not alert: the operator wants none
	VERDICT_ALERT,
};

// Rules that test what others set come behind them: the order in which the hits of one packet are
// judged. The lower one goes first.
unsigned verdict_rank(const struct pattern_rule *rule);
// Does it remember something that other workers may look at?
bool verdict_is_wide(const struct pattern_rule *rule);

enum verdict verdict_of(
	struct rule_state *state, const struct pattern_rule *rule, const struct find *find);
