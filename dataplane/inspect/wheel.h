// The timing wheel of the flow table; private to flow.c.
//
// Lists of flow records by the half second of packet time in which they may be due. A packet
// moves nothing: when the time of a list comes, a flow that was busy since goes to its new
// place. Bare SYNs stand in a list of their own, the one touched last at its end: they have one
// timeout, so the list is in order, and the oldest is found at once while they flood.

#pragma once

#include "dataplane/inspect/flow.h"

#include <string.h>

enum {
	WHEEL_SLOTS = 1024,
	WHEEL_SYN_ONLY = WHEEL_SLOTS, // the list of bare SYNs
	WHEEL_SHIFT = 29, // a tick is 0.54 s of packet time, a turn nine minutes
};

// Record numbers; FLOW_NONE when empty.
struct wheel_list {
	uint32_t first;
	uint32_t last;
};

struct wheel {
	struct flow *flows;
	uint64_t tick; // the last one that was looked at; nothing stands in its list
	struct wheel_list lists[WHEEL_SLOTS + 1];
};

// Is x to come before y?
typedef bool (*wheel_order_fn)(const void *ctx, const struct flow *x, const struct flow *y);

// Timeouts are the table's affair: when is f due, if nothing comes?
typedef uint64_t (*wheel_deadline_fn)(const void *ctx, const struct flow *f);

static inline void wheel_init(struct wheel *w, struct flow *flows)
{
	w->flows = flows;
	for (unsigned i = 0; i <= WHEEL_SLOTS; i++)
		w->lists[i] = (struct wheel_list){FLOW_NONE, FLOW_NONE};
}

static inline void wheel_append(struct wheel *w, struct flow *f, uint32_t slot)
{
	uint32_t n = (uint32_t)(f - w->flows);
	struct wheel_list *list = &w->lists[slot];

	f->wheel_slot = (uint16_t)slot;
	f->wheel_next = FLOW_NONE;
	f->wheel_prev = list->last;
	if (list->last != FLOW_NONE)
		w->flows[list->last].wheel_next = n;
	else
		list->first = n;
	list->last = n;
}

static inline void wheel_remove(struct wheel *w, struct flow *f)
{
	struct wheel_list *list = &w->lists[f->wheel_slot];

	if (f->wheel_next != FLOW_NONE)
		w->flows[f->wheel_next].wheel_prev = f->wheel_prev;
	else
		list->last = f->wheel_prev;
	if (f->wheel_prev != FLOW_NONE)
		w->flows[f->wheel_prev].wheel_next = f->wheel_next;
	else
		list->first = f->wheel_next;
}

// The list for a deadline: at least the next tick, and less than a turn ahead, to be looked at
// again then.
static inline uint32_t wheel_slot(const struct wheel *w, uint64_t deadline_ns)
{
	uint64_t due = deadline_ns >> WHEEL_SHIFT;

	if (due <= w->tick)
		due = w->tick + 1;
	else if (due - w->tick >= WHEEL_SLOTS)
		due = w->tick + WHEEL_SLOTS - 1;
	return due & (WHEEL_SLOTS - 1);
}

static inline void wheel_insert(struct wheel *w, struct flow *f, uint64_t deadline_ns)
{
	wheel_append(w, f, wheel_slot(w, deadline_ns));
}

static inline void wheel_move(struct wheel *w, struct flow *f, uint64_t deadline_ns)
{
	wheel_remove(w, f);
	wheel_insert(w, f, deadline_ns);
}

// Empties a list: its first record, the others follow by wheel_next.
static inline uint32_t wheel_detach(struct wheel *w, uint32_t slot)
{
	uint32_t first = w->lists[slot].first;

	w->lists[slot] = (struct wheel_list){FLOW_NONE, FLOW_NONE};
	return first;
}

// All records, out of their lists, as one.
static inline uint32_t wheel_all(struct wheel *w)
{
	uint32_t all = FLOW_NONE;

	for (uint32_t slot = 0; slot <= WHEEL_SLOTS; slot++) {
		uint32_t n = wheel_detach(w, slot);
		while (n != FLOW_NONE) {
			uint32_t next = w->flows[n].wheel_next;
			w->flows[n].wheel_next = all;
			all = n;
			n = next;
		}
	}
	return all;
}

// Go on to just before tick `now` (> w->tick + 1). Gives what was due until then, out of its
// list, in no order; what else stood in the lists that were passed gets its new place.
static inline uint32_t wheel_due(
	struct wheel *w, uint64_t now, wheel_deadline_fn deadline_of, const void *ctx)
{
	uint64_t tick = w->tick + 1;
	uint64_t end = now - tick > WHEEL_SLOTS ? tick + WHEEL_SLOTS : now;
	uint32_t due = FLOW_NONE;
	uint32_t n;

	w->tick = now - 1;
	for (; tick < end; tick++) {
		n = wheel_detach(w, tick & (WHEEL_SLOTS - 1));
		while (n != FLOW_NONE) {
			struct flow *f = &w->flows[n];
			uint32_t next = f->wheel_next;
			uint64_t deadline_ns = deadline_of(ctx, f);
			if (deadline_ns >> WHEEL_SHIFT < now) {
				f->wheel_next = due;
				due = n;
			} else {
				wheel_insert(w, f, deadline_ns);
			}
			n = next;
		}
	}

	while ((n = w->lists[WHEEL_SYN_ONLY].first) != FLOW_NONE) {
		struct flow *f = &w->flows[n];
		if (deadline_of(ctx, f) >> WHEEL_SHIFT >= now)
			break;
		wheel_remove(w, f);
		f->wheel_next = due;
		due = n;
	}
	return due;
}

// The order of a flush, and of what is due at the same time.
static inline bool wheel_first_before(const void *ctx, const struct flow *x, const struct flow *y)
{
	(void)ctx;
	if (x->first_ns != y->first_ns)
		return x->first_ns < y->first_ns;
	return memcmp(&x->key, &y->key, sizeof(x->key)) < 0;
}

static inline uint32_t wheel_merge(
	struct wheel *w, uint32_t x, uint32_t y, wheel_order_fn before, const void *ctx)
{
	uint32_t first;
	uint32_t *link = &first;

	while (x != FLOW_NONE && y != FLOW_NONE) {
		uint32_t *from = before(ctx, &w->flows[y], &w->flows[x]) ? &y : &x;
		*link = *from;
		link = &w->flows[*from].wheel_next;
		*from = *link;
	}
	*link = x != FLOW_NONE ? x : y;
	return first;
}

// Sort a detached list: merge sort, which needs neither memory nor recursion.
static inline uint32_t wheel_sort(
	struct wheel *w, uint32_t first, wheel_order_fn before, const void *ctx)
{
	uint32_t runs[32]; // runs[i]: 2^i records in order, or FLOW_NONE
	uint32_t all = FLOW_NONE;

	for (unsigned i = 0; i < 32; i++)
		runs[i] = FLOW_NONE;
	while (first != FLOW_NONE) {
		uint32_t run = first;
		unsigned i = 0;
		first = w->flows[run].wheel_next;
		w->flows[run].wheel_next = FLOW_NONE;
		for (; runs[i] != FLOW_NONE; i++) {
			run = wheel_merge(w, runs[i], run, before, ctx);
			runs[i] = FLOW_NONE;
		}
		runs[i] = run;
	}
	for (unsigned i = 0; i < 32; i++)
		all = wheel_merge(w, runs[i], all, before, ctx);
	return all;
}
