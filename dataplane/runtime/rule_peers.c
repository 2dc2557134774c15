// Ends of calls, and whose they are: see rule_state.h.

#include "dataplane/runtime/rule_memory.h"

// There is room for the newest always.
void rule_peer_learn(struct rule_state *s, const struct state_key *key, uint16_t service,
	uint64_t now_ns, uint64_t until_ns)
{
	const struct slot_key at_key = slot_key_of(key, ENTRY_PEER, 0);
	struct slot_place at = slots_hold(s->shares, SLOTS_PEERS, &at_key);
	struct slot *slot = slot_find(&at, &at_key);

	if (slot == NULL)
		slot = slot_add(s, &at, &at_key, now_ns);
	slot->window.count = service;
	slot->until_ns = until_ns;
	slots_release(&at);
}

uint16_t rule_peer_of(struct rule_state *s, const struct state_key *key, uint64_t now_ns)
{
	const struct slot_key at_key = slot_key_of(key, ENTRY_PEER, 0);
	struct slot_place at = slots_hold(s->shares, SLOTS_PEERS, &at_key);
	const struct slot *slot = slot_find(&at, &at_key);
	uint32_t service = slot != NULL && now_ns < slot->until_ns ? slot->window.count : 0;

	slots_release(&at);
	return (uint16_t)service;
}
