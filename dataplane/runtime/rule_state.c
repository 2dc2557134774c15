#include "dataplane/runtime/rule_state.h"

#include "dataplane/base/hash.h"
#include "dataplane/runtime/rule_memory.h"

#include <stdlib.h>

enum { WAYS = 4, CHOICES = 2 }; // slots of a bucket, buckets where a key may be

struct rule_state_options rule_state_defaults(void)
{
	return (struct rule_state_options){
		.max_bits = 256 << 10,
		.max_addr_bits = 64 << 10,
		.max_limits = 64 << 10,
	};
}

static bool slots_open(struct slot_table *t, uint32_t wanted)
{
	size_t buckets = CHOICES;

	while (buckets * WAYS < wanted)
		buckets *= 2;
	t->mask = (uint32_t)(buckets - 1);
	t->slots = calloc(buckets * WAYS, sizeof(*t->slots));
	return t->slots != NULL;
}

struct rule_state *rule_state_new(
	const struct rule_state_options *options, uint32_t max_flows, uint64_t *counters)
{
	struct rule_state *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->seed = options->seed;
	s->counters = counters;
	s->max_flows = max_flows;
	s->max_notes = options->max_bits;
	s->fresh_note = NOTE_NONE + 1;
	s->heads = calloc((size_t)max_flows + 1, sizeof(*s->heads));
	s->notes = malloc(((size_t)s->max_notes + 1) * sizeof(*s->notes));
	if (s->heads == NULL || s->notes == NULL || !slots_open(&s->bits, options->max_addr_bits) ||
		!slots_open(&s->limits, options->max_limits)) {
		rule_state_free(s);
		return NULL;
	}
	return s;
}

void rule_state_free(struct rule_state *s)
{
	if (s == NULL)
		return;
	free(s->limits.slots);
	free(s->bits.slots);
	free(s->notes);
	free(s->heads);
	free(s);
}

struct note *note_find(const struct rule_state *s, uint32_t flow, uint8_t kind, uint64_t name)
{
	assert(flow < s->max_flows);
	if (s->n_notes == 0)
		return NULL;
	for (uint32_t n = s->heads[flow]; n != NOTE_NONE; n = s->notes[n].next) {
		if (s->notes[n].name == name && s->notes[n].kind == kind)
			return &s->notes[n];
	}
	return NULL;
}

struct note *note_add(
	struct rule_state *s, uint32_t flow, uint8_t kind, uint64_t name, uint64_t now_ns)
{
	uint32_t n = s->free_notes;

	assert(flow < s->max_flows);
	if (n != NOTE_NONE) {
		s->free_notes = s->notes[n].next;
	} else if (s->fresh_note <= s->max_notes) {
		n = s->fresh_note++;
	} else {
		s->counters[CTR_RULE_STATE_SHED]++;
		return NULL;
	}
	s->notes[n] = (struct note){
		.name = name, .window = {.begun_ns = now_ns}, .next = s->heads[flow], .kind = kind};
	s->heads[flow] = n;
	s->n_notes++;
	return &s->notes[n];
}

// Takes the note that *link names out of its chain.
static void unlink_note(struct rule_state *s, uint32_t *link)
{
	uint32_t n = *link;

	*link = s->notes[n].next;
	s->notes[n].next = s->free_notes;
	s->free_notes = n;
	s->n_notes--;
}

void note_drop(struct rule_state *s, uint32_t flow, uint8_t kind, uint64_t name)
{
	assert(flow < s->max_flows);
	if (s->n_notes == 0)
		return;
	for (uint32_t *link = &s->heads[flow]; *link != NOTE_NONE; link = &s->notes[*link].next) {
		if (s->notes[*link].name == name && s->notes[*link].kind == kind) {
			unlink_note(s, link);
			return;
		}
	}
}

void rule_state_flow_end(struct rule_state *s, uint32_t flow)
{
	assert(flow < s->max_flows);
	if (s->n_notes == 0)
		return;
	while (s->heads[flow] != NOTE_NONE)
		unlink_note(s, &s->heads[flow]);
}

struct slot_key slot_key_of(const struct state_key *key, uint8_t kind, uint64_t name)
{
	struct slot_key out = {.name = name, .len = key->len, .kind = kind};

	assert(key->len <= sizeof(key->bytes));
	memcpy(out.bytes, key->bytes, key->len);
	return out;
}

static void buckets_of(const struct rule_state *s, const struct slot_table *t,
	const struct slot_key *key, struct slot *out[CHOICES])
{
	uint64_t h = hash_words(key, sizeof(*key), s->seed);
	uint32_t first = (uint32_t)h & t->mask;
	uint32_t second = (uint32_t)(h >> 32) & t->mask;

	second ^= second == first; // there are two at least
	out[0] = &t->slots[(size_t)first * WAYS];
	out[1] = &t->slots[(size_t)second * WAYS];
}

struct slot *slot_find(
	const struct rule_state *s, const struct slot_table *t, const struct slot_key *key)
{
	struct slot *buckets[CHOICES];

	buckets_of(s, t, key, buckets);
	for (unsigned i = 0; i < WAYS * CHOICES; i++) {
		struct slot *slot = &buckets[i % CHOICES][i / CHOICES];
		if (memcmp(&slot->key, key, sizeof(*key)) == 0)
			return slot;
	}
	return NULL;
}

// A free one, in the emptier bucket by and large; else one that is over; else the oldest.
static struct slot *make_room(
	struct rule_state *s, struct slot *const buckets[CHOICES], uint64_t now_ns)
{
	struct slot *victim = NULL;

	for (unsigned i = 0; i < WAYS * CHOICES; i++) {
		struct slot *slot = &buckets[i % CHOICES][i / CHOICES];
		if (slot->key.kind == ENTRY_FREE)
			return slot;
		bool over = slot->until_ns <= now_ns;
		bool victim_over = victim != NULL && victim->until_ns <= now_ns;
		if (victim == NULL || over > victim_over ||
			(over == victim_over && slot->window.begun_ns < victim->window.begun_ns))
			victim = slot;
	}
	s->counters[CTR_RULE_STATE_SHED] += victim->until_ns > now_ns;
	return victim;
}

struct slot *slot_add(
	struct rule_state *s, struct slot_table *t, const struct slot_key *key, uint64_t now_ns)
{
	struct slot *buckets[CHOICES];

	buckets_of(s, t, key, buckets);
	struct slot *slot = make_room(s, buckets, now_ns);
	*slot = (struct slot){.key = *key, .window = {.begun_ns = now_ns}};
	return slot;
}
