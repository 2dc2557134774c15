#include "patterns/check.h"

#include "dataplane/base/clock.h"

// What takes longer was most likely interrupted; scaled up, one such step would put its rule before
// all others.
enum { STEP_MAX_NS = 100000 };

// A step whose end follows its begin: what reading the clock takes.
static uint64_t empty_step(void)
{
	uint64_t least = UINT64_MAX;

	for (unsigned i = 0; i < 64; i++) {
		uint64_t since = clock_cycles();
		uint64_t took = clock_cycles() - since;
		least = took < least ? took : least;
	}
	return least;
}

// The gap to the next step that is timed, RULE_COST_STRIDE on average. Drawn, so that rules which come
// in step with it are timed as often as others.
static uint32_t gap(struct match_counts *m)
{
	m->random ^= m->random << 13;
	m->random ^= m->random >> 17;
	m->random ^= m->random << 5;
	return 1 + m->random % (2 * RULE_COST_STRIDE - 1);
}

void match_counts_init(struct match_counts *m, struct rule_counts *rules)
{
	*m = (struct match_counts){.rules = rules, .random = 0x5ea1, .empty_step = empty_step()};
	m->until_timed = gap(m);
}

void match_counts_time(struct match_counts *m, uint32_t rule, uint64_t cycles)
{
	uint64_t ns = STEP_MAX_NS;

	cycles -= cycles < m->empty_step ? cycles : m->empty_step;
	if (cycles < 1u << 24) // else the product overflows, and it was too long in any case
		ns = cycles * m->cycle_q32 >> 32;
	ns = (ns < STEP_MAX_NS ? ns : STEP_MAX_NS) * RULE_COST_STRIDE;
	rule_count_time(&m->rules->of[m->slot[rule]], ns);
	if (m->twin != NULL)
		rule_count_time(&m->twin->of[m->slot[rule]], ns);
}

uint64_t match_counts_begin(struct match_counts *m)
{
	m->until_timed = gap(m);
	return clock_cycles();
}

void match_counts_end(struct match_counts *m, uint32_t rule, uint64_t since)
{
	match_counts_time(m, rule, clock_cycles() - since);
}
