// What is counted of each rule: a record of one cache line, by slot, in a table of one thread.
// Written by that thread as it happens, load and store; anyone may read. Each number is right by
// itself; between two of them a hit may be on its way.
//
// A confirm step looks at a rule's conditions, header and flow included, because the rule's
// prefilter hit, because it has none, or because it waits in a stream for more bytes. One in
// RULE_COST_STRIDE is timed.

#pragma once

#include <assert.h>
#include <stdatomic.h>
#include <stdint.h>

// Slot 0 takes what came after all others were taken. A slot that is never counted on costs no
// memory, so there are enough for the largest sets.
enum { RULE_SLOTS = 131072, RULE_COST_STRIDE = 64 };

enum check_led { LED_BY_PREFILTER, LED_OTHERWISE, CHECK_LEDS };

// Both halves of a rule with "=>" count on one record.
struct rule_count {
	_Atomic uint64_t checks[CHECK_LEDS]; // confirm steps, by what led to them
	_Atomic uint64_t hits; // all conditions held, flowbits and the like included
	_Atomic uint64_t alerts; // of these, those that alerted
	_Atomic uint64_t last_hit_ns; // packet time of the latest hit; 0: none
	_Atomic uint64_t timed; // confirm steps that were timed
	_Atomic uint64_t cost_ns; // of all confirm steps, as the timed ones tell
	uint64_t reserved;
};
static_assert(sizeof(struct rule_count) == 64, "a cache line; layout is shared");

// 64 records fill a memory page. A reader leaves blocks alone in which nothing was counted: of
// shared memory, even reading makes pages.
enum { RULE_BLOCK = 64, RULE_BLOCKS = RULE_SLOTS / RULE_BLOCK };

struct rule_counts {
	_Alignas(64) _Atomic uint64_t touched[RULE_BLOCKS / 64]; // a bit a block
	struct rule_count of[RULE_SLOTS];
};

// The numbers of a record, or of several. prefilter: the checks that a hit of the prefilter led to.
struct rule_numbers {
	uint64_t checks, prefilter, hits, alerts, last_hit_ns, timed, cost_ns;
};

static inline uint64_t rule_count_get(const _Atomic uint64_t *c)
{
	return atomic_load_explicit(c, memory_order_relaxed);
}

static inline void rule_count_add(_Atomic uint64_t *c, uint64_t n)
{
	atomic_store_explicit(c, rule_count_get(c) + n, memory_order_relaxed);
}

// Writer: a confirm step begins. Every other number of a record comes behind its first one.
static inline void rule_counts_check(struct rule_counts *t, uint32_t slot, enum check_led led)
{
	_Atomic uint64_t *checks = &t->of[slot].checks[led];
	uint64_t n = rule_count_get(checks);

	if (n == 0) {
		uint32_t block = slot / RULE_BLOCK;
		_Atomic uint64_t *word = &t->touched[block / 64];
		atomic_store_explicit(
			word, rule_count_get(word) | 1ull << block % 64, memory_order_relaxed);
	}
	atomic_store_explicit(checks, n + 1, memory_order_relaxed);
}

// Writer: one step was timed, and stands for so much.
static inline void rule_count_time(struct rule_count *c, uint64_t cost_ns)
{
	rule_count_add(&c->timed, 1);
	rule_count_add(&c->cost_ns, cost_ns);
}

// Writer.
static inline void rule_count_hit(struct rule_count *c, uint64_t ts_ns)
{
	rule_count_add(&c->hits, 1);
	if (ts_ns > rule_count_get(&c->last_hit_ns))
		atomic_store_explicit(&c->last_hit_ns, ts_ns, memory_order_relaxed);
}

// Reader. slot < RULE_SLOTS.
static inline struct rule_numbers rule_counts_read(const struct rule_counts *t, uint32_t slot)
{
	const struct rule_count *c = &t->of[slot];
	uint32_t block = slot / RULE_BLOCK;

	if ((rule_count_get(&t->touched[block / 64]) >> block % 64 & 1) == 0)
		return (struct rule_numbers){0};
	uint64_t alerts = rule_count_get(&c->alerts), hits = rule_count_get(&c->hits);
	uint64_t prefilter = rule_count_get(&c->checks[LED_BY_PREFILTER]);
	return (struct rule_numbers){.alerts = alerts,
		.hits = hits,
		.prefilter = prefilter,
		.checks = prefilter + rule_count_get(&c->checks[LED_OTHERWISE]),
		.last_hit_ns = rule_count_get(&c->last_hit_ns),
		.timed = rule_count_get(&c->timed),
		.cost_ns = rule_count_get(&c->cost_ns)};
}

static inline void rule_numbers_add(struct rule_numbers *to, const struct rule_numbers *more)
{
	to->checks += more->checks;
	to->prefilter += more->prefilter;
	to->hits += more->hits;
	to->alerts += more->alerts;
	to->timed += more->timed;
	to->cost_ns += more->cost_ns;
	if (more->last_hit_ns > to->last_hit_ns)
		to->last_hit_ns = more->last_hit_ns;
}

// What came after `was`. The latest hit stays, also when none came.
static inline struct rule_numbers rule_numbers_since(
	const struct rule_numbers *now, const struct rule_numbers *was)
{
#define MORE(number) .number = now->number > was->number ? now->number - was->number : 0
	return (struct rule_numbers){MORE(checks), MORE(prefilter), MORE(hits), MORE(alerts),
		MORE(timed), MORE(cost_ns), .last_hit_ns = now->last_hit_ns};
#undef MORE
}

// Of one confirm step; 0 when none was timed.
static inline uint64_t rule_numbers_check_ns(const struct rule_numbers *n)
{
	return n->timed > 0 ? n->cost_ns / n->timed / RULE_COST_STRIDE : 0;
}
