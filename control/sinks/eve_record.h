// An event record, checked: what stands in a ring is not trusted.

#pragma once

#include "dataplane/api/event.h"

#include <stdbool.h>
#include <stddef.h>

struct eve_value {
	uint16_t tag;
	uint16_t len;
	const uint8_t *p;
};

enum { EVE_VALUES_MAX = 512 }; // what stands behind so many is left out

struct eve_record {
	struct event_head head;
	unsigned n;
	struct eve_value values[EVE_VALUES_MAX]; // in order; views into the record
};

// False when the record makes no sense.
bool eve_record_read(const void *record, uint32_t len, struct eve_record *out);

// The first value with this tag, or NULL.
const struct eve_value *eve_record_find(const struct eve_record *r, uint16_t tag);
// A value of fixed size, copied; false when there is none of that size.
bool eve_record_copy(const struct eve_record *r, uint16_t tag, void *out, size_t size);
