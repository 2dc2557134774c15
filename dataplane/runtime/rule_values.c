// Values of sets: see rule_state.h.

#include "dataplane/base/siphash.h"
#include "dataplane/runtime/rule_memory.h"

enum { VALUE_IN = 1, VALUE_OUT }; // a slot's count

static struct slot_key key_of(
	const struct rule_state *s, uint64_t set, const void *value, size_t len)
{
	struct state_key key = {.len = 16};

	for (unsigned half = 0; half < 2; half++) {
		const uint64_t secret[2] = {s->seed, s->seed ^ (half + 1)};
		uint8_t siphash_key[SIPHASH_KEY_LEN];
		memcpy(siphash_key, secret, sizeof(siphash_key));
		uint64_t h = siphash(siphash_key, value, len);
		memcpy(key.bytes + 8 * half, &h, sizeof(h));
	}
	return slot_key_of(&key, ENTRY_VALUE, set);
}

bool rule_values_has(struct rule_state *s, uint64_t set, const void *value, size_t len, bool listed)
{
	struct slot_key key = key_of(s, set, value, len);
	struct slot_place at = slots_hold(s->shares, SLOTS_VALUES, &key);
	const struct slot *slot = slot_find(&at, &key);
	bool has = slot != NULL ? slot->window.count == VALUE_IN : listed;

	slots_release(&at);
	return has;
}

void rule_values_change(
	struct rule_state *s, uint64_t set, const void *value, size_t len, bool in, uint64_t now_ns)
{
	struct slot_key key = key_of(s, set, value, len);
	struct slot_place at = slots_hold(s->shares, SLOTS_VALUES, &key);
	struct slot *slot = slot_find(&at, &key);

	if (slot == NULL)
		slot = slot_add(s, &at, &key, now_ns);
	slot->window.begun_ns = now_ns;
	slot->window.count = in ? VALUE_IN : VALUE_OUT;
	slot->until_ns = UINT64_MAX;
	slots_release(&at);
}
