#include "dataplane/runtime/shadow.h"

#include "dataplane/base/lines.h"

#include <stdlib.h>

struct shadow *shadow_new(struct ruleset *rules, unsigned n_workers, uint32_t max_flows,
	const struct rule_state_options *state, uint32_t share)
{
	struct shadow *s = lines_calloc(1, sizeof(*s) + n_workers * sizeof(s->workers[0]));

	if (s == NULL)
		return NULL;
	s->share = share;
	s->n_workers = n_workers;
	s->shares = rule_shares_new(state);
	bool ok = s->shares != NULL;
	for (unsigned i = 0; i < n_workers && ok; i++) {
		struct shadow_worker *w = &s->workers[i];
		w->state = rule_state_new(state, s->shares, max_flows, w->counters);
		ok = w->state != NULL;
	}
	if (!ok) {
		shadow_free(s);
		return NULL;
	}
	s->rules = rules;
	return s;
}

void shadow_free(struct shadow *s)
{
	if (s == NULL)
		return;
	for (unsigned i = 0; i < s->n_workers; i++)
		rule_state_free(s->workers[i].state);
	rule_shares_free(s->shares);
	ruleset_free(s->rules);
	free(s);
}
