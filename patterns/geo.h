// Which country an address belongs to: ranges of addresses, from a database to the artefact.

#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	GEO_COUNTRIES = 26 * 26, // a number for each two letters
	GEO_RANGES_MAX = 1 << 24, // of one IP version, in a database
	GEO_NONE = 0xffff, // no country
};

// Inclusive. Stored in the artefact as they are.
struct geo4 {
	uint32_t lo, hi; // as numbers
	uint16_t country;
	uint16_t more; // of a table of AS numbers: the upper half of one, country is the lower
};
static_assert(sizeof(struct geo4) == 12, "file layout");

struct geo6 {
	uint8_t lo[16], hi[16];
	uint16_t country;
	uint16_t more;
};
static_assert(sizeof(struct geo6) == 36, "file layout");

// A database in memory. Zeroed: empty.
struct geo_table {
	struct geo4 *v4;
	struct geo6 *v6;
	uint32_t n4, n6;
	struct geo_table *as; // where AS numbers go, borrowed; NULL: nobody wants them
};

// "DE" -> its number, else GEO_NONE.
uint16_t geo_country(const char *letters, size_t len);

// Adds a range; one that goes on where the last one ended, in the same country, becomes part of it.
// value: a country, or an AS number. 0, -ENOMEM, or -E2BIG.
int geo_add4(struct geo_table *t, uint32_t lo, uint32_t hi, uint32_t value);
int geo_add6(struct geo_table *t, const uint8_t lo[16], const uint8_t hi[16], uint32_t value);

// Adds the ranges of a text as tor-geoipdb has it: lo,hi,CC or lo,hi,CC,AS a line, IPv4 as numbers or with dots,
// IPv6 with colons; comments begin with '#'. What belongs to no country ("??") is left out.
// 0, -ENOMEM, -E2BIG, or -EINVAL with *line (from 1) and *what is wrong there.
int geo_text_add(
	struct geo_table *t, const char *text, size_t len, uint32_t *line, const char **what);

// In order of addresses, to be done when all is there. False: ranges overlap.
bool geo_sort(struct geo_table *t);
void geo_table_free(struct geo_table *t);

// The country of an address among `n` ranges in order; GEO_NONE: none.
uint16_t geo_find4(const struct geo4 *ranges, uint32_t n, uint32_t address);
uint16_t geo_find6(const struct geo6 *ranges, uint32_t n, const uint8_t address[16]);

// Whom a parser asks for the database, when a rule first wants it.
struct geo_source {
	void *ctx;
	// The table, good until the rules are compiled; or NULL and *why, for behind "geoip: ".
	const struct geo_table *(*get)(void *ctx, const char **why);
};

// What rules want of it. In their list's arena.
enum { GEO_LISTS_MAX = 65536 };
struct geo_use {
	const struct geo_table *table;
	bool wanted[GEO_COUNTRIES];
	uint32_t n; // of lists
	uint16_t lists[GEO_LISTS_MAX]; // countries; a rule has a part of it
	// Where a country stands in them, the latest first: places from 1, 0 is none.
	uint32_t latest[GEO_COUNTRIES];
	uint32_t before[GEO_LISTS_MAX]; // by place
};

enum geo_side { GEO_SRC, GEO_DST, GEO_BOTH, GEO_ANY, GEO_SIDES };
