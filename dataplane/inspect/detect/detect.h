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

// Who wants to know of values while they are found. The pointers are valid during the call only: raw
// values stay in the thread that sees them.
struct detect_watch {
	void *ctx;
	// Is it to be counted? n 0: it has no value of its own, but is a number of things. left: bytes
	// of the text behind it.
	bool (*takes)(void *ctx, enum detector_id id, const char *value, size_t n, size_t left);
	// It is the surest one of its kind so far: the one that the excerpt is of.
	void (*surest)(void *ctx, enum detector_id id, bool test_data, const char *value, size_t n);
};
void detect_watch(struct detect *d, const struct detect_watch *watch); // borrowed; NULL: nobody

// What is counted of lists, to be added up over several texts: an address book may be sent in pieces.
struct detect_sums {
	uint32_t numbers, names, cards;
	uint32_t keys; // bits of what only such lists and accounts have
	uint64_t distinct[4]; // a bit of 256 for each number, by a keyed hash
};
void detect_sums(const struct detect *d, struct detect_sums *out); // of the text scanned last
bool detect_sums_any(const struct detect_sums *s);
void detect_sums_add(struct detect_sums *to, const struct detect_sums *more);
// The kinds of lists that they are enough for, by the same bounds as in one text: bit n: detector n.
uint64_t detect_sums_reach(const struct detect_sums *s);

// By detect_hit.detector, or below detect_count().
unsigned detect_count(void);
const char *detect_name(unsigned detector);
const char *detect_class(const struct detect_hit *hit); // "test-data" for published values
const char *detect_severity(unsigned detector); // low, medium, high, critical
