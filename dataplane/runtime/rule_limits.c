// Thresholds, filters and their windows: see rule_state.h.

#include "dataplane/runtime/rule_memory.h"

// A count that stands for a rate that was exceeded when the window began; others stay below.
static const uint32_t EXCEEDED = UINT32_MAX;

static void count_one(struct window *w)
{
	if (w->count < EXCEEDED - 1)
		w->count++;
}

static bool lasts(const struct window *w, uint32_t seconds, uint64_t now_ns)
{
	uint64_t apart_ns = now_ns >= w->begun_ns ? now_ns - w->begun_ns : w->begun_ns - now_ns;

	return apart_ns <= seconds * SECOND_NS;
}

static void count_in_window(const struct limit *limit, struct window *w, uint64_t now_ns)
{
	if (limit->seconds != 0 && !lasts(w, limit->seconds, now_ns))
		*w = (struct window){.begun_ns = now_ns};
	count_one(w);
}

static bool rate(const struct limit *limit, struct window *w, uint64_t now_ns)
{
	if (w->count == EXCEEDED) {
		if (lasts(w, limit->timeout, now_ns))
			return true;
		*w = (struct window){.begun_ns = now_ns};
	}
	count_in_window(limit, w, now_ns);
	if (w->count <= limit->count)
		return false;
	*w = (struct window){.begun_ns = now_ns, .count = EXCEEDED};
	return true;
}

// At most 32 rounds: a multiplier is 2 or more. With another there is one goal.
static bool backoff(const struct limit *limit, struct window *w, uint64_t now_ns)
{
	uint64_t goal = limit->count;

	w->begun_ns = now_ns; // who was not heard of for longest is shed
	count_one(w);
	while (goal < w->count && goal * limit->multiplier > goal)
		goal *= limit->multiplier;
	return goal == w->count;
}

static bool decide(const struct limit *limit, struct window *w, uint64_t now_ns)
{
	if (limit->kind == LIMIT_RATE)
		return rate(limit, w, now_ns);
	if (limit->kind == LIMIT_BACKOFF)
		return backoff(limit, w, now_ns);

	count_in_window(limit, w, now_ns);
	switch (limit->kind) {
	case LIMIT_LIMIT:
		return w->count <= limit->count;
	case LIMIT_BOTH:
		return w->count == limit->count;
	case LIMIT_DETECTION_FILTER:
		return w->count > limit->count;
	default: // LIMIT_THRESHOLD
		if (w->count < limit->count)
			return false;
		w->count = 0;
		return true;
	}
}

// From when on what is remembered no longer matters.
static uint64_t end_of(const struct limit *limit, const struct window *w)
{
	bool exceeded = limit->kind == LIMIT_RATE && w->count == EXCEEDED;

	if (limit->kind == LIMIT_BACKOFF || (limit->seconds == 0 && !exceeded))
		return UINT64_MAX;
	uint64_t seconds = exceeded ? limit->timeout : limit->seconds;
	return time_after(w->begun_ns, seconds * SECOND_NS + 1);
}

static bool limit_flow(struct rule_state *s, uint64_t name, const struct limit *limit,
	const struct state_key *key, uint64_t now_ns)
{
	uint8_t kind = kind_of_limit(limit);
	struct window none = {.begun_ns = now_ns};
	uint32_t flow;

	assert(key->len == sizeof(flow));
	memcpy(&flow, key->bytes, sizeof(flow));
	struct note *note = note_find(s, flow, kind, name);
	if (note == NULL)
		note = note_add(s, flow, kind, name, now_ns);
	return decide(limit, note != NULL ? &note->window : &none, now_ns);
}

bool rule_limit(struct rule_state *s, uint32_t gid, uint32_t sid, const struct limit *limit,
	const struct state_key *key, uint64_t now_ns)
{
	uint64_t name = name_of_rule(gid, sid);

	if (limit->track == TRACK_BY_FLOW)
		return limit_flow(s, name, limit, key, now_ns);

	struct slot_key full = slot_key_of(key, kind_of_limit(limit), name);
	struct slot_place at = slots_hold(s->shares, SLOTS_LIMITS, &full);
	struct slot *slot = slot_find(&at, &full);
	if (slot == NULL)
		slot = slot_add(s, &at, &full, now_ns);
	bool alert = decide(limit, &slot->window, now_ns);
	slot->until_ns = end_of(limit, &slot->window);
	slots_release(&at);
	return alert;
}
