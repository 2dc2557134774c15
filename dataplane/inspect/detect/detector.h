// A detector: what its candidates look like, who checks them, what the result is worth.

#pragma once

#include "dataplane/api/detectors.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	CANDIDATE_MAX = 96, // characters; a machine readable zone has 90
	GROUPS_MAX = 8,
	SIGNATURES_MAX = 6,
};

// What a check says of a candidate.
enum verdict {
	VERDICT_NO,
	VERDICT_CONTEXT, // could be: only beside a word that says so
	VERDICT_ALONE, // could be: beside such a word, or when the text is nothing else
	VERDICT_WEAK, // plausible, one step less sure than the row says
	VERDICT_GOOD, // as sure as the row says
	VERDICT_FORMATTED, // and written the way people write it: for rows that say so, one step more
	VERDICT_PROVEN, // nothing else looks like this
	VERDICT_TEST, // a published value
};

// How sure a good one is without a word beside it, as the design's table has it.
enum context_rule {
	CONTEXT_NO, // medium: the check is strong
	CONTEXT_HELPS, // low, medium when formatted: the check is weak ("no*")
	CONTEXT_YES, // not at all, but low when the text is nothing else
	CONTEXT_SELF, // medium: its own key stands in front
	CONTEXT_TOTAL, // medium: a number of things in one text
};

// Where its candidates come from. What has no shape is found by a key or a mark (keys.c, marks.c).
enum shape { SHAPE_NONE, SHAPE_DIGITS, SHAPE_WORD };

struct candidate {
	size_t at, end; // of the text
	size_t n; // characters of v
	uint32_t groups; // lengths of the groups, four bits each, the last lowest; 0: one run
	char separator; // between all of them; 0: one run, or several kinds
	char v[CANDIDATE_MAX + 1]; // without separators
};

struct detect;

struct detector { // by enum detector_id
	const char *what; // for the documentation, with the standard it is of
	enum context_rule context;
	enum shape shape;
	uint8_t min, max; // characters of a run
	const char *begins; // what it may begin with; NULL: anything
	// May let the candidate end later, when what belongs to it stands behind.
	enum verdict (*check)(const struct detect *d, struct candidate *c);
	uint8_t head, tail; // characters of the value that an excerpt shows; 0, 0: none
	uint32_t groups[SIGNATURES_MAX]; // of digits with separators
	const char *separators; // that may stand between them
	bool mixed; // different ones in one number
};

extern const struct detector detectors[DETECTOR_COUNT];
