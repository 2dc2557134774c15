#include "dataplane/runtime/posture_stage.h"

#include "dataplane/base/hash.h"
#include "dataplane/inspect/stage_clock.h"

enum { PROBES = 16, STACK_MAX = 40 };

static_assert((POSTURE_CELLS & (POSTURE_CELLS - 1)) == 0, "a mask finds a cell");
static_assert((POSTURE_STACKS & (POSTURE_STACKS - 1)) == 0, "a mask finds a place");

// What is remembered of a server is asked and learnt in the order of the packets, as what rules remember is.
static void upgrade(struct posture_stage *s, const struct find *find, enum posture_upgrade upgrade)
{
	if (s->order != NULL && find->serial != 0) {
		stage_clock_pause(s->clock);
		order_wait(s->order, s->worker, find->serial, s->stop);
		stage_clock_resume(s->clock);
	}
	if (upgrade == UPGRADE_OFFERED)
		s->counters[CTR_POSTURE_SERVERS_SHED] +=
			posture_history_offered(s->history, find->flow, find->app_proto);
	// Behind a login a server has no reason to offer it again.
	else if (!(find->note->posture & POSTURE_BIT(POSTURE_MAIL_CLEAR)) &&
		posture_history_has(s->history, find->flow, find->app_proto))
		find->note->posture |= POSTURE_BIT(POSTURE_STRIPPED);
}

// Equal on all workers and machines: who adds sketches up needs no secret.
static void count_stack(struct posture_page *page, struct bytes ja4)
{
	uint64_t words[STACK_MAX / 8] = {0};

	memcpy(words, ja4.p, ja4.len < STACK_MAX ? ja4.len : STACK_MAX);
	_Atomic uint32_t *count =
		&page->stacks[hash_words(words, sizeof(words), 0) & (POSTURE_STACKS - 1)];
	atomic_store_explicit(
		count, atomic_load_explicit(count, memory_order_relaxed) + 1, memory_order_relaxed);
}

void posture_stage_finds(struct posture_stage *s, const struct find *finds, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (finds[i].kind != FIND_TX)
			continue;
		struct posture_told told = posture_message(&finds[i]);
		if (told.bits != 0)
			finds[i].note->posture |= told.bits;
		if (told.stack.len > 0)
			count_stack(s->page, told.stack);
		if (told.upgrade != UPGRADE_UNTOLD)
			upgrade(s, &finds[i], (enum posture_upgrade)told.upgrade);
	}
}

static uint32_t key_at(const struct posture_page *page, uint32_t at)
{
	return atomic_load_explicit(&page->cells[at].key, memory_order_relaxed);
}

// The first cell is no one's own: it takes what finds no place.
static struct posture_cell *cell_of(struct posture_stage *s, uint32_t key)
{
	struct posture_page *page = s->page;
	uint32_t at = (uint32_t)hash_mix(key, 0);

	for (unsigned i = 0; i < PROBES; i++, at++) {
		uint32_t place = at & (POSTURE_CELLS - 1);
		if (place == POSTURE_REST)
			continue;
		if (key_at(page, place) == 0)
			atomic_store_explicit(&page->cells[place].key, key, memory_order_release);
		if (key_at(page, place) == key)
			return &page->cells[place];
	}
	s->counters[CTR_POSTURE_CELLS_FULL]++;
	return &page->cells[POSTURE_REST];
}

static void count_bits(_Atomic uint64_t *counts, uint64_t bits)
{
	for (; bits != 0; bits &= bits - 1)
		counter_add(&counts[__builtin_ctzll(bits)], 1);
}

void posture_stage_flow_end(
	struct posture_stage *s, const struct flow *flow, struct flow_note *note)
{
	struct posture_cell *cell = cell_of(s, posture_key(flow->service, note->segment));

	note->grade = (uint8_t)posture_grade(note->posture);
	counter_add(&cell->flows, 1);
	counter_add(&cell->bytes, flow->bytes[0] + flow->bytes[1]);
	counter_add(&cell->grades[note->grade], 1);
	count_bits(cell->checks, note->posture & (POSTURE_BIT(POSTURE_CHECK_COUNT) - 1));
	count_bits(cell->facts, note->posture >> POSTURE_FACT_FIRST);
}
