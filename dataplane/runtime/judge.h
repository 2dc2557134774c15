// The match and judge stages: what inspection found -> rule hits, service names, events.

#pragma once

#include "dataplane/runtime/emit.h"
#include "dataplane/runtime/ruleset.h"

struct judge {
	unsigned worker;
	const struct ruleset *rules; // borrowed for the burst; NULL: none loaded
	struct emitter *emitter;
	struct counter_page *page;
	uint64_t *counters;
	struct match_hits hits;
};

struct inspect_wants judge_wants(const struct judge *j);
void judge_finds(struct judge *j, const struct find *finds, unsigned n);
void judge_close_streams(struct session *s);
