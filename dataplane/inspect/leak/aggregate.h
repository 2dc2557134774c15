// Lists that are sent in pieces: what each text holds of them is added up over a flow, and over all that one
// client sends one server within some minutes. What is enough for a kind is told once for each.
//
// Bounded: four places a bucket; in a full one the entry touched longest ago is given up and counted. Keys are
// hashes, no address stands here. One thread's: all flows between two addresses are of one worker, so the
// answer is that of one worker alone.

#pragma once

#include "dataplane/inspect/detect/detect.h"

enum aggregate_span { SPAN_TEXT, SPAN_FLOW, SPAN_TIME };

#define AGGREGATE_NS (600 * 1000000000ull) // how long sums of a pair of addresses live

struct aggregates;

// entries: a power of two, 4 at least. NULL: short of memory.
struct aggregates *aggregates_new(uint32_t entries, uint64_t seed);
void aggregates_free(struct aggregates *a); // NULL is allowed

// Kinds that are told from here on (bit n: detector n; all to begin with): the sums of others grow, and are told
// when somebody looks for them.
void aggregates_active(struct aggregates *a, uint64_t kinds);

// Add what a text of this key holds. told: kinds (bit n: detector n) that the text told by itself, which are
// not told again. The kinds that the sum is enough for now and was not before. now_ns: packet time.
uint64_t aggregates_add(struct aggregates *a, enum aggregate_span span, const void *key, size_t len,
	const struct detect_sums *sums, uint64_t told, uint64_t now_ns);

uint64_t aggregates_shed(const struct aggregates *a);
