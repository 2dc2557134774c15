// Which country an address belongs to, compiled: made by control (patterns/geo_map_make.h), looked up by
// workers, once for each side of a new flow. One piece of memory, sent as a sealed memfd:
//
//     head | index4 | index6 | start6 | start4 | value4 | value6
//
// Addresses are cut at starts: a value (country and AS number) holds from its start up to the next one's. index[i] counts the
// starts of all addresses whose first 16 bits are below i, so that a search is among those of one /16:
// in the database of tor-geoipdb a line or two of IPv4, up to 13 steps of IPv6.

#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	GEO_MAP_VERSION = 2,
	GEO_MAP_INDEX = (1 << 16) + 1,
	GEO_MAP_STARTS_MAX = 1 << 24, // of an IP version
	GEO_CODES = 26 * 26, // two letters; as a number from 1, 0: none
	GEO_CODE_LEN = 3, // with its NUL
	GEO_CODE_BITS = 10, // of a value; above are the AS number's
	// No larger one was given to anybody: 4-byte numbers that are assigned are below 410,000 (IANA, AS Numbers);
	// those for private use are no owner's.
	GEO_AS_MAX = (1 << (32 - GEO_CODE_BITS)) - 1,
};

static inline uint32_t geo_value(uint16_t country, uint32_t as)
{
	return as << GEO_CODE_BITS | country;
}

struct geo_map_head {
	char magic[8]; // "swgeo\0\0\0"
	uint32_t version;
	uint32_t n4, n6; // starts: at least the one at address 0
	uint32_t n_countries; // that occur
	uint64_t len; // of all of it
	uint8_t digest[32]; // of the files it was made of
};
static_assert(sizeof(struct geo_map_head) == 64, "layout is shared");

struct geo_start6 {
	uint64_t hi, lo; // as numbers
};

// Where the parts are; len: of all. n4, n6: at most GEO_MAP_STARTS_MAX.
struct geo_map_layout {
	size_t index4, index6, start6, start4, value4, value6, len;
};
struct geo_map_layout geo_map_layout(uint32_t n4, uint32_t n6);

struct geo_map;

// Copies; nothing in the bytes is believed. 0; -EBADMSG with a text: no map, or a broken one; -ENOMEM.
int geo_map_load(const void *bytes, size_t len, struct geo_map **out, char error[256]);
void geo_map_free(struct geo_map *m); // NULL is allowed
const struct geo_map_head *geo_map_head(const struct geo_map *m);
size_t geo_map_memory(const struct geo_map *m);

// address: network order, IPv4 in the first four bytes. A number from 1 to GEO_CODES; 0: none is known.
uint16_t geo_map_find(const struct geo_map *m, uint8_t ip_version, const uint8_t address[16]);

// The number of the autonomous system (RFC 4271) that announces it; 0: none is known.
uint32_t geo_map_as(const struct geo_map *m, uint8_t ip_version, const uint8_t address[16]);

// The two letters of a number; "--" for all that is none.
void geo_code(uint16_t country, char out[GEO_CODE_LEN]);
// The number of two capital letters; 0: they are none.
uint16_t geo_code_parse(const char *text);
