// Where a thread's time goes, by stage: of the turns that have frames one in so many is timed, the
// others cost a test a stage. Between begin and end every cycle belongs to one stage, whichever was entered last, so that what
// runs inside another stage (an event written while a flow ends) is not counted twice; what the clock
// itself takes is left out.

#pragma once

#include "dataplane/api/counters.h"
#include "dataplane/base/clock.h"

enum { STAGE_CLOCK_EVERY = 31 }; // a prime: no burst pattern of a source keeps step with it

struct stage_clock {
	uint64_t *counters; // the thread's own, CTR_COUNT of them; NULL: never on
	uint64_t mark;
	uint64_t spent[STAGE_COUNT]; // of this turn
	uint32_t own; // cycles of one look at the clock
	uint32_t every;
	uint32_t turn;
	enum stage now;
	bool on;
};

// every: 1 times all turns.
struct stage_clock stage_clock_new(uint64_t *counters, uint32_t every);

static inline enum stage stage_enter(struct stage_clock *c, enum stage next)
{
	enum stage before = c->now;

	if (__builtin_expect(!c->on, 1))
		return before;
	uint64_t cycles = clock_cycles();
	uint64_t spent = cycles - c->mark;

	c->spent[before] += spent > c->own ? spent - c->own : 0;
	c->mark = cycles;
	c->now = next;
	return before;
}

// Around a wait, which is no work.
static inline void stage_clock_pause(struct stage_clock *c)
{
	stage_enter(c, c->now);
}

static inline void stage_clock_resume(struct stage_clock *c)
{
	if (c->on)
		c->mark = clock_cycles();
}

// A turn begins, in STAGE_RECEIVE.
static inline void stage_clock_begin(struct stage_clock *c)
{
	c->on = ++c->turn >= c->every && c->counters != NULL;
	if (!c->on)
		return;
	c->now = STAGE_RECEIVE;
	c->mark = clock_cycles();
}

// It ends; `frames` came in it. One without frames counts for nothing: not as one of `every`, either.
void stage_clock_end(struct stage_clock *c, unsigned frames);

// A clock that never runs, for who has none.
struct stage_clock *stage_clock_none(void);
