// What workers remember together: see rule_state.h.

#include "dataplane/base/hash.h"
#include "dataplane/runtime/rule_memory.h"

#include <immintrin.h>
#include <stdatomic.h>
#include <stdlib.h>

struct shard {
	_Alignas(64) atomic_flag held;
};

struct slots {
	struct slot *slots; // of all shards, one behind the other
	uint32_t mask; // of the buckets of a shard
};

struct rule_shares {
	uint64_t seed;
	uint32_t shard_mask;
	struct slots tables[SLOT_TABLES];
	struct shard shards[];
};

static bool slots_open(struct slots *t, uint32_t wanted, uint32_t shards)
{
	size_t buckets = CHOICES;

	while (buckets * WAYS * shards < wanted)
		buckets *= 2;
	t->mask = (uint32_t)(buckets - 1);
	t->slots = calloc(buckets * WAYS * shards, sizeof(*t->slots));
	return t->slots != NULL;
}

struct rule_shares *rule_shares_new(const struct rule_state_options *options)
{
	uint32_t n = options->shards;
	size_t size = sizeof(struct rule_shares) + n * sizeof(struct shard);
	struct rule_shares *s = aligned_alloc(64, (size + 63) & ~(size_t)63);

	assert(n > 0 && (n & (n - 1)) == 0);
	if (s == NULL)
		return NULL;
	*s = (struct rule_shares){.seed = options->seed, .shard_mask = n - 1};
	for (uint32_t i = 0; i < n; i++)
		atomic_flag_clear(&s->shards[i].held);
	if (!slots_open(&s->tables[SLOTS_BITS], options->max_addr_bits, n) ||
		!slots_open(&s->tables[SLOTS_LIMITS], options->max_limits, n) ||
		!slots_open(&s->tables[SLOTS_VALUES], options->max_values, n) ||
		!slots_open(&s->tables[SLOTS_PEERS], options->max_peers, n)) {
		rule_shares_free(s);
		return NULL;
	}
	return s;
}

void rule_shares_free(struct rule_shares *s)
{
	if (s == NULL)
		return;
	for (unsigned i = 0; i < SLOT_TABLES; i++)
		free(s->tables[i].slots);
	free(s);
}

struct slot_key slot_key_of(const struct state_key *key, uint8_t kind, uint64_t name)
{
	struct slot_key out = {.name = name, .len = key->len, .kind = kind};

	assert(key->len <= sizeof(key->bytes));
	memcpy(out.bytes, key->bytes, key->len);
	return out;
}

// The shard by the upper half of the hash, the buckets by what is left of it.
struct slot_place slots_hold(
	struct rule_shares *s, enum slot_table table, const struct slot_key *key)
{
	const struct slots *t = &s->tables[table];
	uint64_t h = hash_words(key, sizeof(*key), s->seed);
	uint32_t shard = (uint32_t)(h >> 48) & s->shard_mask;
	uint32_t first = (uint32_t)h & t->mask;
	uint32_t second = (uint32_t)(h >> 24) & t->mask;
	struct slot *slots = t->slots + (size_t)shard * (t->mask + 1) * WAYS;
	struct slot_place at = {.shard = &s->shards[shard]};

	second ^= second == first; // there are two at least
	at.buckets[0] = slots + (size_t)first * WAYS;
	at.buckets[1] = slots + (size_t)second * WAYS;
	while (atomic_flag_test_and_set_explicit(&at.shard->held, memory_order_acquire))
		_mm_pause();
	return at;
}

void slots_release(const struct slot_place *at)
{
	atomic_flag_clear_explicit(&at->shard->held, memory_order_release);
}

struct slot *slot_find(const struct slot_place *at, const struct slot_key *key)
{
	for (unsigned i = 0; i < WAYS * CHOICES; i++) {
		struct slot *slot = &at->buckets[i % CHOICES][i / CHOICES];
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

struct slot *slot_add(struct rule_state *s, const struct slot_place *at, const struct slot_key *key,
	uint64_t now_ns)
{
	struct slot *slot = make_room(s, at->buckets, now_ns);

	*slot = (struct slot){.key = *key, .window = {.begun_ns = now_ns}};
	return slot;
}
