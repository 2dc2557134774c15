// Personal data in clear text: which kinds one bounded piece of text holds, how sure that is, and
// a masked excerpt of each. Raw values never leave.
//
//     text -> runs of digits and letters, keys, marks      (scan, one pass)
//          -> candidates, by length and shape              (runs, keys)
//          -> detectors: shape, check digits, tables       (one row each in table.c)
//          -> confidence: check, form, context, number     (found)
//          -> one line per kind in the result
//
// Any bytes are safe. Nothing is allocated but by detect_new(), and by OpenSSL where a text holds what
// may be a pair of keys or has a digest of its own.

#pragma once

#include "dataplane/api/detectors.h"
#include "dataplane/api/fields.h"
#include "dataplane/base/bytes.h"

enum {
	DETECT_TEXT_MAX = 65536, // bytes of a text that are looked at
	DETECT_HITS_MAX = 32, // kinds in a result
	DETECT_MASKED_MAX = 48, // with the end of text
};

// All values of one kind in the text: count, and of the first of the surest the place and the
// masked excerpt.
struct detect_hit {
	uint8_t detector; // detect_name(), detect_class()
	uint8_t confidence; // enum detect_confidence
	bool test_data; // published values: nobody's
	uint32_t count; // different ones
	uint32_t at, len; // bytes, in the text as it was given
	char masked[DETECT_MASKED_MAX]; // ASCII
};

struct detect_result {
	uint32_t n;
	uint32_t lost; // kinds that found no room, and values that could not be told from others
	uint32_t unseen; // bytes behind DETECT_TEXT_MAX
	struct detect_hit hits[DETECT_HITS_MAX];
};

// Tables and working memory (some 100 KiB) for one thread; NULL when there is no memory. seed: random, so
// that nobody can choose values that are taken for each other.
struct detect *detect_new(uint64_t seed);
void detect_free(struct detect *d); // NULL is allowed

// Look at a text; dir: who sent it. What a server sends to a client are pages for many, where some
// kinds (passwords, positions, address books) mean nothing.
void detect_scan(struct detect *d, struct bytes text, enum dir dir, struct detect_result *out);

// By detect_hit.detector, or below detect_count().
unsigned detect_count(void);
const char *detect_name(unsigned detector);
const char *detect_class(const struct detect_hit *hit); // "test-data" for published values
const char *detect_severity(unsigned detector); // low, medium, high, critical
