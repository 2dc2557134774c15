// Tables of public numbering that tools/gen_reference.py writes while building. Read them through
// reference.h.

#pragma once

#include <stdint.h>

// A country's IBAN behind its two letters and two check digits: a class a character, n digit,
// a upper-case letter, c either.
struct reference_iban {
	char country[3];
	char structure[31];
};

// A state of the automaton of numbering plans. State 0 is the end of all hope.
struct reference_state {
	uint8_t final;
	uint16_t next[10];
};

struct reference_code {
	uint16_t code; // E.164 country code
	uint16_t state; // where its national numbers begin
	uint32_t lengths; // bit n: a national number may have n digits
};

struct reference_range {
	uint32_t low, high; // both are of it
};

// E.212: 46001 and 460001 are two networks.
static inline uint32_t reference_network_number(uint32_t country, uint32_t digits, uint32_t network)
{
	return country * 10000 + digits * 1000 + network;
}

// Sorted.
extern const uint32_t reference_regions[]; // GB/T 2260, six digits
extern const unsigned reference_n_regions;
extern const struct reference_iban reference_ibans[];
extern const unsigned reference_n_ibans;
extern const struct reference_state reference_states[];
extern const struct reference_code reference_codes[];
extern const unsigned reference_n_codes;
extern const unsigned reference_cn_mobile, reference_cn_fixed; // states
extern const struct reference_range reference_networks[]; // by reference_network_number()
extern const unsigned reference_n_networks;
extern const uint32_t reference_birthplaces[]; // two digits
extern const unsigned reference_n_birthplaces;
extern const uint32_t reference_countries[]; // ISO 3166 numeric
extern const unsigned reference_n_countries;
