// Which name stands behind an address: what clients asked DNS for, and what the answers told. A
// bounded table of one worker; what is oldest goes first. Nothing is allocated after the start.
//
// A name that a flow refers to (names_take) stays until the flow gives it back, whatever becomes
// of the address.

#pragma once

#include "dataplane/base/bytes.h"

#include <stdbool.h>
#include <stdint.h>

struct name_table;

enum {
	NAMES_MAX = 16384, // addresses
	NAMES_TEXTS = 2 * NAMES_MAX, // names, those that only flows refer to included
	NAME_LEN_MAX = 253, // RFC 1035 2.3.4, as text
	// Programs go on using an address when its time to live is over; none for ever.
	NAMES_TTL_MIN_S = 300,
	NAMES_TTL_MAX_S = 86400,
};

// NULL: short of memory.
struct name_table *names_new(uint64_t seed);
void names_free(struct name_table *t);

// `name` was asked for, and is at `address` (IPv4 in the first four bytes). It is kept in lower
// case. What is no name of a host, and addresses that are nobody's own, are not learnt.
void names_learn(struct name_table *t, uint8_t ip_version, const uint8_t address[16],
	struct bytes name, uint64_t now_ns, uint32_t ttl_s);

// A reference to the name that was asked for last of those that are at `address` now, or
// NAMES_NONE.
enum { NAMES_NONE = 0 };
uint32_t names_take(
	struct name_table *t, uint8_t ip_version, const uint8_t address[16], uint64_t now_ns);
void names_give(struct name_table *t, uint32_t ref);
// Bring what names_take() will read into the cache.
void names_prefetch(const struct name_table *t, uint8_t ip_version, const uint8_t address[16]);

struct known_name {
	struct bytes text; // valid until it is given back
	bool ambiguous; // there were others at this address, when it was taken
};
struct known_name names_of(const struct name_table *t, uint32_t ref);

// Addresses that were given up before their time, or not learnt, because there was no room.
uint64_t names_shed(const struct name_table *t);
