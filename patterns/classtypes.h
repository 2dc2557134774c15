// What class types and systems of references mean where no file says otherwise: as in the
// classification.config and reference.config that everybody has.

#pragma once

#include <stdint.h>

struct classtype {
	const char *name, *description;
	uint8_t priority; // 1 (high) .. 255
};

struct reference_system {
	const char *name, *prefix; // of the URL
};

// Case does not matter. NULL: there is no such class, no such system.
const struct classtype *classtype_find(const char *name);
const char *reference_prefix(const char *system);
