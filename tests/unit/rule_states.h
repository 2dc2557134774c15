// What tests of rule_state have in common.

#pragma once

#include "dataplane/runtime/rule_state.h"
#include "tests/unit/check.h"

enum { FLOWS = 64 };

static const uint64_t second = 1000000000;
static const uint64_t noon = 1700000000000000000;

#define S(seconds) ((uint64_t)(seconds)*1000000000)

static uint64_t counters[CTR_COUNT];

static inline struct rule_state *state_of(struct rule_state_options o)
{
	o.seed = 0x5ea1;
	memset(counters, 0, sizeof(counters));
	return rule_state_new(&o, FLOWS, counters);
}

static inline struct rule_state *defaults(void)
{
	return state_of(rule_state_defaults());
}

static inline struct rule_state *state_new(uint32_t bits, uint32_t addr_bits, uint32_t limits)
{
	return state_of((struct rule_state_options){bits, addr_bits, limits, 0});
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
