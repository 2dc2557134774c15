// Pages that sell accounts, loans and wins, counted by where they came from: nothing of who looked at them is
// told to begin with. Bounded: of LURE_PLACES destinations the one seen longest ago makes room (counted).

#pragma once

#include <stdint.h>

enum { LURE_PLACES = 1024, LURE_KINDS = 3 };

struct lure_place {
	uint8_t address[16]; // as it stands in records: a pseudonym, as a rule
	uint8_t ip_version; // 0: free
	uint64_t texts[LURE_KINDS]; // account trade, loans, scams
	uint64_t last_ns; // packet time
};

struct lures {
	uint64_t forgotten; // places that made room
	struct lure_place places[LURE_PLACES];
};

// Any event record: what is no lure's changes nothing.
void lures_take(struct lures *l, const void *record, uint32_t len);
// The busiest first, free ones last. Changes the order only.
void lures_sort(struct lures *l);
