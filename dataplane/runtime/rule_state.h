// What rules remember from one match to the next: flowbits, flowint, xbits and hostbits,
// thresholds, values that they add to sets.
//
// What flows remember is one worker's own. What addresses, pairs, rules and sets remember is shared by all
// workers, because traffic of one address comes to several: 64 shards by key, each behind a lock that
// is held for the time of one look-up, and taken only when a rule with such a memory hit. No
// allocation once both are made. Nothing here belongs to a set of patterns: names come as 64-bit
// hashes of their text, rules as (gid, sid), so that a swap leaves all of it as it is. Time is the
// packets' own, in nanoseconds; it may go back. No DPDK.
//
// Four memories, each bounded; a budget that is spent has an answer, which CTR_RULE_STATE_SHED
// counts:
//
//   of flows      bits, numbers and limits by flow: a chain for each flow, out of the worker's
//                 pool of max_bits. Full: the new one is refused, for a flow gives back what it
//                 has at its end, and no flow may lose what it relies on to another.
//   of addresses  xbits, hostbits: max_addr_bits. Each has eight places where it may stand. When
//                 all are taken, one whose time is over goes (that is not counted), else the one
//                 that was set longest ago. That meets none of as many keys as half the table
//                 holds, 0.6 % of three quarters, 8 % of all.
//   of limits     all but those by flow: max_limits, in the same way: a window that is over, else
//                 the one that began longest ago.
//   of values     what rules added to sets of values, or took out: max_values, in the same way:
//                 the one longest there goes. Never the value, but 128 bits of a keyed hash of it:
//                 who sees this memory without the key can not tell what was on the wire.
//   of calls      ends of flows whose service is known: max_peers, in the same way.

#pragma once

#include "dataplane/api/counters.h"
#include "patterns/rule.h"

#include <string.h>

struct rule_state;
struct rule_shares;

struct rule_state_options {
	uint32_t max_bits; // of each worker
	uint32_t
		max_addr_bits; // this and the next three, of all: made up to a power of two a shard, 8 at least
	uint32_t max_limits;
	uint32_t max_values;
	uint32_t max_peers;
	uint32_t shards; // a power of two
	uint64_t seed; // of the hashes; secret
};

// 256 Ki of flows, 64 Ki of addresses, 64 Ki of limits, 256 Ki of values, 16 Ki of ends: 37 MiB when all of it is
// used; memory that was never used is not touched. The seed is the caller's.
struct rule_state_options rule_state_defaults(void);

// What all workers share. NULL: short of memory.
struct rule_shares *rule_shares_new(const struct rule_state_options *options);
void rule_shares_free(struct rule_shares *s); // after the last worker's state; NULL is allowed

// One worker's: its calls are one thread's. shares: borrowed. max_flows: flow numbers are below it;
// four bytes each. counters: of CTR_COUNT, borrowed. NULL: short of memory.
struct rule_state *rule_state_new(const struct rule_state_options *options,
	struct rule_shares *shares, uint32_t max_flows, uint64_t *counters);
void rule_state_free(struct rule_state *s); // NULL is allowed

// The flow ends: forget all that it has, the number may be another's from here on. Costs what the
// flow has; nothing is looked at while no flow has anything.
void rule_state_flow_end(struct rule_state *s, uint32_t flow);

// Whose state it is, when it is not a flow's. Two keys are the same when their bytes are.
struct state_key {
	uint8_t bytes[36]; // behind len: whatever
	uint8_t len; // 0: all share it (by_rule)
};

// addresses: 16 bytes as in struct flow_key.
static inline struct state_key state_key_address(uint8_t ip_version, const uint8_t address[16])
{
	struct state_key key = {.bytes = {ip_version}, .len = 17};

	memcpy(key.bytes + 1, address, 16);
	return key;
}

// Both directions have one key: as Suricata documents by_both, and wants of ip_pair.
static inline struct state_key state_key_pair(
	uint8_t ip_version, const uint8_t a[16], const uint8_t b[16])
{
	struct state_key key = {.bytes = {ip_version}, .len = 33};
	bool in_order = memcmp(a, b, 16) <= 0;

	memcpy(key.bytes + 1, in_order ? a : b, 16);
	memcpy(key.bytes + 17, in_order ? b : a, 16);
	return key;
}

static inline struct state_key state_key_flow(uint32_t flow)
{
	struct state_key key = {.len = sizeof(flow)};

	memcpy(key.bytes, &flow, sizeof(flow));
	return key;
}

// flowbits. Tests return the answer. Changes return true, whatever the bit was before; false when
// there was no room to set it.
bool rule_bits_flow(struct rule_state *s, uint32_t flow, enum bit_op op, uint64_t name);

// xbits and hostbits: the same, and a bit that was set is set while now_ns < expire_ns. Setting it
// again changes its end. expire_ns is for BIT_SET and BIT_TOGGLE only; 0: 30 seconds from now.
// Changes return true always: there is room for the newest.
bool rule_bits_key(struct rule_state *s, const struct state_key *key, enum bit_op op, uint64_t name,
	uint64_t now_ns, uint64_t expire_ns);

// flowint; a number and a bit of one name have nothing to do with each other. One that was never
// set counts from 0 for ADD and SUB, and is set by them; no comparison holds for it, NE neither.
// ADD stops at the largest number, SUB at 0. Returns as rule_bits_flow().
bool rule_bits_number(
	struct rule_state *s, uint32_t flow, enum number_op op, uint64_t name, uint32_t value);
// False, and *value left alone: not set. For rules that compare with another number.
bool rule_bits_number_get(
	const struct rule_state *s, uint32_t flow, uint64_t name, uint32_t *value);

// Is the value in the set? `listed`: it was in it before any rule changed that.
bool rule_values_has(
	struct rule_state *s, uint64_t set, const void *value, size_t len, bool listed);
// From now on it is, or is not.
void rule_values_change(struct rule_state *s, uint64_t set, const void *value, size_t len, bool in,
	uint64_t now_ns);

// An end of a call (call_peers.h) belongs to this service (a slot) while now_ns < until_ns.
void rule_peer_learn(struct rule_state *s, const struct state_key *key, uint16_t service,
	uint64_t now_ns, uint64_t until_ns);
uint16_t rule_peer_of(
	struct rule_state *s, const struct state_key *key, uint64_t now_ns); // 0: none

struct limit {
	uint8_t kind; // enum limit_kind
	uint8_t track; // enum limit_track
	uint32_t count; // 1 or more
	uint32_t seconds; // how long a window is; 0: it has no end
	uint32_t multiplier; // backoff: 2 or more
	uint32_t timeout; // rate: seconds
};

// A rule matched: shall it alert now? Each call is a match. key: what `track` says, made by the
// functions above, empty for TRACK_BY_RULE.
//
// A window begins with a match and ends by itself, not by an alert: matches up to and with
// `seconds` after its begin are in it, the next match begins another. Where time went back, a match
// up to `seconds` before its begin is in it, too.
//
// LIMIT_RATE answers something else: has the rate been exceeded, so that the filter's new action
// takes the place of the rule's? That is so from the match after `count` in a window on, for
// `timeout` seconds and with their end; the next match begins a window.
//
// A rule may have limits of several kinds and tracks at once: each counts by itself. After a swap
// a window goes on under the numbers of the new set.
//
// What was shed begins anew. A limit by flow that finds no room takes every match for the first.
bool rule_limit(struct rule_state *s, uint32_t gid, uint32_t sid, const struct limit *limit,
	const struct state_key *key, uint64_t now_ns);
