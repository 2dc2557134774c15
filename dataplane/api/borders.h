// Which service went to which country, how much of it, and about how many persons: one page a worker in
// shared memory, of the days and years that flows ended in, by packet time. No address is in it: a person
// is a register of a sketch (dataplane/base/hll.h) under a key that is drawn for each window, the same for
// all workers, and forgotten with it. So neither an address can be tried on a page without the key, nor
// what a person did be put together from two windows. Where machines of one operator are to count together,
// keys are derived from a secret that all of them have: who has it has the key of each window.
//
// Written by its worker, load and store; read by anyone. Counts of a cell only grow while its window lasts.
// A cell's sketch may move: its `seq` is odd meanwhile, and other afterwards; so is the window's when it is
// emptied for a later day or year.

#pragma once

#include "dataplane/base/hll.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum border_kind { BORDER_DAY, BORDER_YEAR, BORDER_KINDS };

// A flow may end some days after it is counted in none: what is idle for long is told late.
enum {
	BORDER_DAYS = 3,
	BORDER_YEARS = 2,
	BORDER_WINDOWS = BORDER_DAYS + BORDER_YEARS,
	BORDER_CELLS = 8192, // a power of two; three quarters are used
	BORDER_CELLS_USED = BORDER_CELLS / 4 * 3,
	BORDER_POOL = 8 << 20, // bytes of sketches of a window
	BORDER_KEY_LEN = 16,
	BORDER_SECRET_LEN = 32,
};

enum border_direction { BORDER_EGRESS, BORDER_INGRESS, BORDER_DIRECTIONS };

// Service, country and direction; never 0.
static inline uint32_t border_cell_key(
	uint16_t service, uint16_t country, enum border_direction dir)
{
	return (uint32_t)service << 16 | (uint32_t)country << 2 | (uint32_t)dir << 1 | 1;
}

static inline uint16_t border_cell_service(uint32_t key)
{
	return (uint16_t)(key >> 16);
}

static inline uint16_t border_cell_country(uint32_t key)
{
	return (uint16_t)(key >> 2 & 0x3fff);
}

static inline enum border_direction border_cell_direction(uint32_t key)
{
	return key & 2 ? BORDER_INGRESS : BORDER_EGRESS;
}

struct border_cell {
	_Atomic uint32_t seq;
	_Atomic uint32_t key; // 0: free
	_Atomic uint32_t block; // of its sketch: offset in the pool
	_Atomic uint32_t size; // of it, as hll.h has them; HLL_SIZES: it has none
	_Atomic uint64_t flows;
	_Atomic uint64_t bytes[2]; // from the subscriber, to the subscriber: frames on the wire
	uint64_t reserved[3];
};
static_assert(sizeof(struct border_cell) == 64, "a cache line; layout is shared");

struct border_window {
	_Atomic uint32_t seq;
	uint32_t reserved;
	_Atomic uint64_t number; // of the day since 1970, of the year; 0: never used
	_Atomic uint64_t key_id; // names the key, and tells nothing of it
	_Atomic uint64_t changes; // counts up with all that is counted
	_Atomic uint64_t lost_flows; // not counted: no cell left
	_Atomic uint64_t lost_persons; // not counted: no memory for a larger sketch
	uint64_t more[2];
	struct border_cell cells[BORDER_CELLS];
	_Alignas(64) uint8_t pool[BORDER_POOL];
};

struct border_page {
	_Atomic uint64_t late; // flows of a window that has gone: not counted, by kind added up
	uint64_t reserved[7];
	struct border_window windows[BORDER_WINDOWS]; // days first, then years
};

struct border_key {
	uint64_t number; // of its window; 0: none
	uint8_t key[BORDER_KEY_LEN];
};

// What nanoseconds since 1970 can say in 64 bits: July 2554.
enum { BORDER_LAST_DAY = 213503, BORDER_FIRST_YEAR = 1970, BORDER_LAST_YEAR = 2554 };

static inline bool border_number_is_good(enum border_kind kind, uint64_t number)
{
	return kind == BORDER_DAY ? number >= 1 && number <= BORDER_LAST_DAY
				  : number >= BORDER_FIRST_YEAR && number <= BORDER_LAST_YEAR;
}

// The key of a window, as all have it who have the operator's secret: each half of it by SipHash-2-4 under
// a half of the secret. Nobody comes from it to the secret, or to the key of another window.
void border_key_derive(const uint8_t secret[BORDER_SECRET_LEN], enum border_kind kind,
	uint64_t number, uint8_t key[BORDER_KEY_LEN]);
// Names a key, so that sketches of two keys are never put together.
uint64_t border_key_id(const uint8_t key[BORDER_KEY_LEN]);
// Names a secret.
uint64_t border_secret_id(const uint8_t secret[BORDER_SECRET_LEN]);

static inline unsigned border_slot(enum border_kind kind, uint64_t number)
{
	return kind == BORDER_DAY ? (unsigned)(number % BORDER_DAYS)
				  : BORDER_DAYS + (unsigned)(number % BORDER_YEARS);
}

// Of a place in the page.
static inline enum border_kind border_kind_of(unsigned slot)
{
	return slot < BORDER_DAYS ? BORDER_DAY : BORDER_YEAR;
}

// The window that a time is in: UTC. from_ns, to_ns: its begin, and that of the next one.
struct border_span {
	uint64_t number;
	uint64_t from_ns, to_ns;
};
struct border_span border_span_of(enum border_kind kind, uint64_t ts_ns);
