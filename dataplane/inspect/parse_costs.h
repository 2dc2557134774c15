// Where the parse stage's time goes, for the bench: cycles in the parsers of each protocol, and of
// each message's, shared out over its fields. Off (NULL) it costs one test a call.

#pragma once

#include "dataplane/api/fields.h"

#include <stdint.h>

struct parse_costs {
	uint64_t mark; // since when the time is the next message's
	uint64_t calls[APP_COUNT];
	uint64_t cycles[APP_COUNT];
	uint64_t messages[APP_COUNT];
	uint64_t fields[FIELD_COUNT]; // values reported
	double field_cycles[FIELD_COUNT];
};

struct proto;
struct tx;

// Around a call of a parser; begin's result goes to end.
uint64_t parse_costs_begin(struct parse_costs *costs);
void parse_costs_end(struct parse_costs *costs, const struct proto *proto, uint64_t began);
// The parser reported a message: behind all that is done with it.
void parse_costs_tx(struct parse_costs *costs, const struct tx *tx);
