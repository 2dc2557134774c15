// Inside rule_state: the memory that bits, numbers and limits share. Not for others.

#pragma once

#include "dataplane/runtime/rule_state.h"

// How often since when; a number of a flow is a count, too.
struct window {
	uint64_t begun_ns;
	uint32_t count;
};

// With a name it tells an entry: a bit, a number, a value of a set and each kind and track of a
// limit have names of their own.
enum { ENTRY_FREE, ENTRY_BIT, ENTRY_NUMBER, ENTRY_VALUE, ENTRY_PEER, ENTRY_LIMIT };

static inline uint8_t kind_of_limit(const struct limit *limit)
{
	return (uint8_t)(ENTRY_LIMIT + limit->kind * (TRACK_BY_FLOW + 1) + limit->track);
}

static inline uint64_t name_of_rule(uint32_t gid, uint32_t sid)
{
	return (uint64_t)gid << 32 | sid;
}

// What a flow has. Reached by its number only.
struct note {
	uint64_t name;
	struct window window;
	uint32_t next; // of the flow, or of the free ones; NOTE_NONE
	uint8_t kind;
};

enum { NOTE_NONE = 0 };

struct note *note_find(const struct rule_state *s, uint32_t flow, uint8_t kind, uint64_t name);
// One that the flow does not have yet, count 0. NULL: no room, counted.
struct note *note_add(
	struct rule_state *s, uint32_t flow, uint8_t kind, uint64_t name, uint64_t now_ns);
// Nothing, when the flow does not have it.
void note_drop(struct rule_state *s, uint32_t flow, uint8_t kind, uint64_t name);

struct slot_key {
	uint64_t name;
	uint8_t bytes[36]; // zero behind len
	uint8_t len;
	uint8_t kind; // ENTRY_FREE: the slot is free
	uint8_t zero[2];
};
static_assert(sizeof(struct slot_key) == 48, "hashed as eight-byte words");

// What an address, a pair, or a rule has.
struct slot {
	struct slot_key key;
	struct window window;
	uint64_t until_ns; // from then on it means nothing, and its place is another's
};

enum slot_table { SLOTS_BITS, SLOTS_LIMITS, SLOTS_VALUES, SLOTS_PEERS, SLOT_TABLES };

enum { WAYS = 4, CHOICES = 2 }; // slots of a bucket, buckets where a key may be

struct rule_state {
	struct rule_shares *shares;
	uint64_t seed;
	uint64_t *counters;
	uint32_t max_flows;
	uint32_t max_notes;
	uint32_t n_notes; // in use; 0: no flow has anything
	uint32_t free_notes; // list
	uint32_t fresh_note; // from here on they were never used: their memory is not touched yet
	uint32_t *heads; // of each flow
	struct note *notes; // [NOTE_NONE] stays unused
};

struct slot_key slot_key_of(const struct state_key *key, uint8_t kind, uint64_t name);

// Where a key may stand. While one is held, nobody else touches what is in it.
struct slot_place {
	struct shard *shard;
	struct slot *buckets[CHOICES];
};

struct slot_place slots_hold(
	struct rule_shares *s, enum slot_table table, const struct slot_key *key);
void slots_release(const struct slot_place *at);
// Found or not: what it says may be over.
struct slot *slot_find(const struct slot_place *at, const struct slot_key *key);
// One that is not there yet, count 0; until_ns is left to the caller. What had to go is counted.
struct slot *slot_add(struct rule_state *s, const struct slot_place *at, const struct slot_key *key,
	uint64_t now_ns);
static inline void slot_drop(struct slot *slot)
{
	slot->key.kind = ENTRY_FREE;
}

static const uint64_t SECOND_NS = 1000000000;

// A time that far off that the sum would not fit is the end of time.
static inline uint64_t time_after(uint64_t from_ns, uint64_t span_ns)
{
	return span_ns < UINT64_MAX - from_ns ? from_ns + span_ns : UINT64_MAX;
}
