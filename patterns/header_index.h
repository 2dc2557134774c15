// Of many rules with nothing to look for, those whose addresses or ports the traffic has: so that a
// list of ten thousand hosts costs a search, not ten thousand comparisons. What it gives is looked at
// as any candidate; what it leaves out can not match.

#pragma once

#include "patterns/db_impl.h"

// A list that is worth an index: so many rules, or ranges of addresses in all of them.
enum { HEADER_INDEX_LEAST = 32, HEADER_INDEX_RANGES = 48 };

// Over always[0..n) of db, whose rows were checked. NULL: short of memory.
struct header_index *header_index_new(const struct pattern_db *db, struct swdb_span always);
void header_index_free(struct header_index *x); // NULL is allowed
size_t header_index_memory(const struct header_index *x); // bytes
