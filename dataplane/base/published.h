// Values that standards, registries and payment processors publish for tests and documentation:
// nobody's.

#pragma once

#include <stdbool.h>

bool published_card(const char *digits);
bool published_iban(const char *s); // upper case, no blanks
bool published_resident_id(const char *s);

// RFC 2606, 6761: these domains and all below them.
bool published_domain(const char *domain);
