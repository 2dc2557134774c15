// What is known of public numbering: regions, accounts, telephones, networks, countries.
// From tables of other people's care (tools/gen_reference.py); nothing here is about a person.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// GB/T 2260, as far as the table goes back. A county is known, or only the prefecture (four
// digits) that it must be of: counties are renamed and dissolved, and their codes live on.
enum region { REGION_NONE, REGION_PREFECTURE, REGION_COUNTY };
enum region reference_region(uint32_t code);

// The structure behind the country and the check digits ("nnnnaaaa..."; reference_tables.h), or
// NULL. A second, shorter list: countries whose accounts have the form without being registered.
const char *reference_iban(const char country[2]);

// A national number (digits without trunk prefix) under a country code: a plan has it, or it only
// has a length that numbers there have.
enum numbering { NUMBERING_NONE, NUMBERING_LENGTH, NUMBERING_PLAN };
// digits: country code and national number, without '+'. Nothing but digits, as below.
enum numbering reference_e164(const char *digits, size_t n);

// A Chinese number without country code or trunk prefix.
bool reference_cn_mobile_number(const char *digits, size_t n);
bool reference_cn_fixed_number(const char *digits, size_t n);

bool reference_network(const char *imsi, size_t n); // E.212 country and network
bool reference_birthplace(unsigned code); // of Malaysian numbers
bool reference_country(unsigned code); // ISO 3166 numeric
