// The matrix of what crossed borders, as it may be shown: a row a service, country and direction with at
// least k persons; all others are one row, and that one has k persons as well, or no numbers.

#pragma once

#include "control/ledger.h"

enum { MATRIX_MIN_PERSONS = 10 }; // k, when nothing is configured

struct matrix_row {
	const char *service; // "": unknown; the ledger's
	uint16_t country; // 0: unknown
	enum border_direction direction;
	struct ledger_numbers n;
	uint64_t persons; // an estimate
};

struct matrix {
	enum border_kind kind;
	uint64_t number; // of the window; 0: nothing was counted yet
	uint64_t from_ns, to_ns;
	uint32_t n;
	struct matrix_row *rows; // most bytes first
	uint32_t n_hidden; // cells in `other`
	struct matrix_row other;
	bool other_told; // its numbers may be shown
	bool at_most; // persons: some may be counted twice
	bool at_least; // something found no room
	uint64_t lost_flows, lost_persons;
};

// 0 or -ENOMEM. k: at least 1.
int matrix_make(const struct ledger *l, enum border_kind kind, uint32_t k, struct matrix *out);
void matrix_free(struct matrix *m);

const char *matrix_kind(enum border_kind kind); // "day"
const char *matrix_direction(enum border_direction d); // "egress"
