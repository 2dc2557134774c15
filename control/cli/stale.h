// Rules that nothing speaks for any more.

#pragma once

#include <jansson.h>

#include <stdbool.h>
#include <stdint.h>

struct stale {
	bool expired;
	int64_t idle_s; // since its last hit, or, when it never hit, since the set was loaded; -1: it is not idle
};

// rule: a row of patterns.show. days 0: idle is what never hit; else, what did not in so many days, as far as
// the set has been live for them. Times: seconds since 1970; loaded_s 0: not known.
struct stale stale_of(const json_t *rule, int64_t loaded_s, int64_t now_s, unsigned days);
