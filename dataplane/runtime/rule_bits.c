// Bits and numbers: see rule_state.h.

#include "dataplane/runtime/rule_memory.h"

static const uint64_t EXPIRE_DEFAULT_NS = 30000000000;

bool rule_bits_flow(struct rule_state *s, uint32_t flow, enum bit_op op, uint64_t name)
{
	bool was = note_find(s, flow, ENTRY_BIT, name) != NULL;

	if (op == BIT_ISSET || op == BIT_ISNOTSET)
		return was == (op == BIT_ISSET);
	bool shall = op == BIT_SET || (op == BIT_TOGGLE && !was);
	if (shall && !was)
		return note_add(s, flow, ENTRY_BIT, name, 0) != NULL;
	if (!shall && was)
		note_drop(s, flow, ENTRY_BIT, name);
	return true;
}

static bool bit_at(struct rule_state *s, const struct slot_place *at, const struct slot_key *key,
	enum bit_op op, uint64_t now_ns, uint64_t expire_ns)
{
	struct slot *slot = slot_find(at, key);
	bool was = slot != NULL && now_ns < slot->until_ns;

	if (op == BIT_ISSET || op == BIT_ISNOTSET)
		return was == (op == BIT_ISSET);
	if (op == BIT_SET || (op == BIT_TOGGLE && !was)) {
		if (slot == NULL)
			slot = slot_add(s, at, key, now_ns);
		slot->window.begun_ns = now_ns;
		slot->until_ns = expire_ns != 0 ? expire_ns : time_after(now_ns, EXPIRE_DEFAULT_NS);
	} else if (slot != NULL) {
		slot_drop(slot);
	}
	return true;
}

bool rule_bits_key(struct rule_state *s, const struct state_key *key, enum bit_op op, uint64_t name,
	uint64_t now_ns, uint64_t expire_ns)
{
	struct slot_key full = slot_key_of(key, ENTRY_BIT, name);
	struct slot_place at = slots_hold(s->shares, SLOTS_BITS, &full);
	bool answer = bit_at(s, &at, &full, op, now_ns, expire_ns);

	slots_release(&at);
	return answer;
}

static bool compare(enum number_op op, uint32_t have, uint32_t value)
{
	switch (op) {
	case NUMBER_LT:
		return have < value;
	case NUMBER_LE:
		return have <= value;
	case NUMBER_EQ:
		return have == value;
	case NUMBER_NE:
		return have != value;
	case NUMBER_GE:
		return have >= value;
	case NUMBER_GT:
		return have > value;
	default:
		return false;
	}
}

static uint32_t change(enum number_op op, uint32_t have, uint32_t value)
{
	if (op == NUMBER_ADD)
		return value < UINT32_MAX - have ? have + value : UINT32_MAX;
	if (op == NUMBER_SUB)
		return value < have ? have - value : 0;
	return value;
}

bool rule_bits_number(
	struct rule_state *s, uint32_t flow, enum number_op op, uint64_t name, uint32_t value)
{
	struct note *note = note_find(s, flow, ENTRY_NUMBER, name);

	if (op == NUMBER_ISSET || op == NUMBER_NOTSET)
		return (note != NULL) == (op == NUMBER_ISSET);
	if (op != NUMBER_SET && op != NUMBER_ADD && op != NUMBER_SUB)
		return note != NULL && compare(op, note->window.count, value);
	if (note == NULL)
		note = note_add(s, flow, ENTRY_NUMBER, name, 0);
	if (note == NULL)
		return false;
	note->window.count = change(op, note->window.count, value);
	return true;
}

bool rule_bits_number_get(const struct rule_state *s, uint32_t flow, uint64_t name, uint32_t *value)
{
	const struct note *note = note_find(s, flow, ENTRY_NUMBER, name);

	if (note == NULL)
		return false;
	*value = note->window.count;
	return true;
}
