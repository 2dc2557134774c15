#include "dataplane/runtime/rule_state.h"

#include "dataplane/base/lines.h"

#include "dataplane/runtime/rule_memory.h"

#include <stdlib.h>

struct rule_state_options rule_state_defaults(void)
{
	return (struct rule_state_options){
		.max_bits = 256 << 10,
		.max_addr_bits = 64 << 10,
		.max_limits = 64 << 10,
		.max_values = 256 << 10,
		.max_peers = 16 << 10,
		.shards = 64,
	};
}

struct rule_state *rule_state_new(const struct rule_state_options *options,
	struct rule_shares *shares, uint32_t max_flows, uint64_t *counters)
{
	struct rule_state *s = lines_calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->shares = shares;
	s->seed = options->seed;
	s->counters = counters;
	s->max_flows = max_flows;
	s->max_notes = options->max_bits;
	s->fresh_note = NOTE_NONE + 1;
	s->heads = calloc((size_t)max_flows + 1, sizeof(*s->heads));
	s->notes = malloc(((size_t)s->max_notes + 1) * sizeof(*s->notes));
	if (s->heads == NULL || s->notes == NULL) {
		rule_state_free(s);
		return NULL;
	}
	return s;
}

void rule_state_free(struct rule_state *s)
{
	if (s == NULL)
		return;
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
