// What tests of rule_state have in common.

#pragma once

#include "dataplane/runtime/rule_state.h"
#include "tests/unit/check.h"

enum { FLOWS = 64 };

static const uint64_t second = 1000000000;
static const uint64_t noon = 1700000000000000000;

#define S(seconds) ((uint64_t)(seconds)*1000000000)

static uint64_t counters[CTR_COUNT];

static struct rule_shares *shares;

static inline struct rule_state *state_of(struct rule_state_options o)
{
	o.seed = 0x5ea1;
	memset(counters, 0, sizeof(counters));
	shares = rule_shares_new(&o);
	return rule_state_new(&o, shares, FLOWS, counters);
}

static inline void state_free(struct rule_state *s)
{
	rule_state_free(s);
	rule_shares_free(shares);
}

static inline struct rule_state *defaults(void)
{
	return state_of(rule_state_defaults());
}

static inline struct rule_state *state_new(uint32_t bits, uint32_t addr_bits, uint32_t limits)
{
	return state_of((struct rule_state_options){.max_bits = bits,
		.max_addr_bits = addr_bits,
		.max_limits = limits,
		.max_values = 8,
		.max_peers = 8,
		.shards = 1});
}

static inline uint64_t shed(void)
{
	return counters[CTR_RULE_STATE_SHED];
}

static inline struct state_key host(uint32_t n)
{
	uint8_t address[16] = {10, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n};

	return state_key_address(4, address);
}
