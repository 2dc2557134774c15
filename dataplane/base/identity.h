// Check digits and forms of identifiers: what the rules' loader and the detectors both ask.
// Texts are ASCII digits and letters without separators, upper case; any bytes are safe.

#pragma once

#include <stdbool.h>
#include <stddef.h>

bool identity_digits(const char *s, size_t n); // all, and at least one
unsigned identity_number(const char *s, size_t n); // up to nine digits

// Gregorian; a year has four digits.
bool identity_date(unsigned year, unsigned month, unsigned day);

// ISO/IEC 7812-1 annex B: the last digit checks the others.
bool identity_luhn(const char *digits, size_t n);

// GB 11643: ISO 7064 MOD 11-2 over 17 digits and a check character, 0-9 or X. Region and date are
// not looked at.
bool identity_gb11643(const char *s, size_t n);

// ISO 13616: country, length and characters of its structure, ISO 7064 MOD 97-10.
bool identity_iban(const char *s, size_t n);
