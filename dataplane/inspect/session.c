#include "dataplane/inspect/session.h"

#include "dataplane/base/private.h"

#include <stdlib.h>
#include <string.h>

struct session_pool {
	struct session *all;
	uint32_t n;
	uint32_t free; // first free, or FLOW_NONE
	uint32_t fresh; // sessions never used yet start here: their memory is untouched
	uint32_t used;
	uint32_t hand; // where the next victim is looked for
};

struct session_pool *session_pool_new(uint32_t n)
{
	struct session_pool *pool = calloc(1, sizeof(*pool));

	if (pool == NULL)
		return NULL;
	pool->all = calloc(n ? n : 1, sizeof(*pool->all));
	pool->n = n;
	pool->free = FLOW_NONE;
	if (pool->all == NULL) {
		free(pool);
		return NULL;
	}
	private_mark(pool->all, n * sizeof(*pool->all));
	return pool;
}

void session_pool_free(struct session_pool *pool)
{
	if (pool == NULL)
		return;
	free(pool->all);
	free(pool);
}

struct session *session_take(struct session_pool *pool, struct flow *flow)
{
	uint32_t index = pool->free;

	if (index != FLOW_NONE)
		pool->free = pool->all[index].next;
	else if (pool->fresh < pool->n)
		index = pool->fresh++;
	else
		return NULL;

	struct session *s = &pool->all[index];
	memset(s, 0, sizeof(*s));
	s->flow = flow;
	flow->session = index;
	pool->used++;
	return s;
}

void session_give(struct session_pool *pool, struct session *s)
{
	s->flow->session = FLOW_NONE;
	s->flow = NULL;
	s->next = pool->free;
	pool->free = (uint32_t)(s - pool->all);
	pool->used--;
}

struct session *session_of(struct session_pool *pool, const struct flow *flow)
{
	return flow->session == FLOW_NONE ? NULL : &pool->all[flow->session];
}

uint32_t session_pool_used(const struct session_pool *pool)
{
	return pool->used;
}

bool session_pool_full(const struct session_pool *pool)
{
	return pool->free == FLOW_NONE && pool->fresh == pool->n;
}

// A hand that goes round: who got a session is met last, without a list that each taking and giving would
// have to keep.
struct session *session_pool_victim(struct session_pool *pool)
{
	enum { LOOKS = 16 };
	struct session *first = NULL;

	for (uint32_t i = 0; i < LOOKS && i < pool->n; i++) {
		struct session *s = &pool->all[pool->hand];
		pool->hand = pool->hand + 1 < pool->n ? pool->hand + 1 : 0;
		if (s->flow == NULL || s->settled)
			continue;
		if (s->flow->state == FLOW_STATE_NEW)
			return s;
		if (first == NULL)
			first = s;
	}
	return first;
}

struct gather_slot {
	struct gather gather; // first: a gather is its slot
	struct gather_slot *next;
	struct gather_slot *prev; // while it is borrowed
	struct session *holder;
};

struct gather_pool {
	struct gather_slot *free;
	uint32_t n_free;
	uint32_t reserve;
	struct gather_slot held; // the ring of those that are borrowed, the oldest behind it
	uint8_t *memory;
	struct gather_slot slots[];
};

struct gather_pool *gather_pool_new(uint32_t n)
{
	enum { RESERVE_PART = 4 };
	struct gather_pool *pool = calloc(1, sizeof(*pool) + n * sizeof(pool->slots[0]));

	if (pool == NULL)
		return NULL;
	pool->memory = malloc((size_t)(n ? n : 1) * GATHER_MAX);
	if (pool->memory == NULL) {
		free(pool);
		return NULL;
	}
	private_mark(pool->memory, (size_t)n * GATHER_MAX);
	for (uint32_t i = n; i-- > 0;) {
		struct gather_slot *slot = &pool->slots[i];
		slot->gather.data = pool->memory + (size_t)i * GATHER_MAX;
		slot->gather.cap = GATHER_MAX;
		slot->next = pool->free;
		pool->free = slot;
	}
	pool->n_free = n;
	pool->reserve = n / RESERVE_PART < GATHER_RESERVE ? n / RESERVE_PART : GATHER_RESERVE;
	pool->held.next = pool->held.prev = &pool->held;
	return pool;
}

void gather_pool_free(struct gather_pool *pool)
{
	if (pool == NULL)
		return;
	free(pool->memory);
	free(pool);
}

struct gather *gather_pool_take(struct gather_pool *pool, struct session *holder)
{
	struct gather_slot *slot = pool->free;

	if (slot == NULL)
		return NULL;
	pool->free = slot->next;
	pool->n_free--;
	slot->holder = holder;
	slot->next = &pool->held;
	slot->prev = pool->held.prev;
	slot->prev->next = slot;
	pool->held.prev = slot;
	slot->gather.len = 0;
	return &slot->gather;
}

void gather_pool_give(struct gather_pool *pool, struct gather *g)
{
	struct gather_slot *slot = (struct gather_slot *)g;

	slot->prev->next = slot->next;
	slot->next->prev = slot->prev;
	slot->next = pool->free;
	pool->free = slot;
	pool->n_free++;
}

bool gather_pool_short(const struct gather_pool *pool)
{
	return pool->n_free < pool->reserve;
}

struct session *gather_pool_oldest(const struct gather_pool *pool, const struct session *but)
{
	const struct gather_slot *slot = pool->held.next;

	while (slot != &pool->held && slot->holder == but)
		slot = slot->next;
	return slot != &pool->held ? slot->holder : NULL;
}
