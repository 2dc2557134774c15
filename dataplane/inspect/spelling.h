// Addresses, dates, numbers as people spell them in names and texts.
//
// All functions look at the begin of `in`, read no further than they must, and give how many bytes
// it is (0: none). What stands in front of `in` is the caller's to judge.

#pragma once

#include "dataplane/base/bytes.h"

static inline bool spelled_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static inline bool spelled_letter(uint8_t c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static inline bool spelled_hex(uint8_t c)
{
	return spelled_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

// Groups of digits with one and the same separator between them: "192.0.2.77", "555-123-4567".
enum { CHAIN_MAX = 16 };
struct chain {
	unsigned n; // groups; of more than CHAIN_MAX the first are kept
	size_t digits, len; // of all groups
	char sep;
	uint8_t group_len[CHAIN_MAX]; // 255: or more
	uint16_t value[CHAIN_MAX]; // 65535: or more
};

// seps: which may separate; the first one met is the chain's.
size_t spelled_chain(struct bytes in, const char *seps, struct chain *c);

// Four groups of three digits at most, none above 255, from group `at`; "192.000.002.077" too.
// The numbers are decimal.
bool chain_ip4(const struct chain *c, unsigned at, uint8_t out[16]);

// A day: "2024-01-31", "31.1.2024", "01/31/2024".
bool chain_is_date(const struct chain *c);
// "20240131": eight digits.
bool spelled_is_day(struct bytes digits);

// "2001:db8::1", "::ffff:192.0.2.1". *exact: out is its value; else it only looks like one: four
// colons or more, or "::" with four hexadecimal digits.
size_t spelled_ip6(struct bytes in, uint8_t out[16], bool *exact);

// "00:11:22:33:44:55", "00-11-...", "0011.2233.4455".
size_t spelled_mac(struct bytes in);

// "79d88e83-725c-b71b-bad0-5862d5b22386".
size_t spelled_uuid(struct bytes in);

// The whole of `in` is numbers as inet_aton() reads them: "3221225549", "0xc0.0.2.77", "192.0.589".
// Leading zeros are decimal.
bool spelled_number_host(struct bytes in, uint8_t out[16]);
