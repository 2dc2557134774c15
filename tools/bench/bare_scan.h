// What a pattern set scans of a source, recorded; and the same bytes through Hyperscan alone.

#pragma once

#include "patterns/db.h"
#include "tools/bench/loop_source.h"

struct bare_scan;

// One loop of the source is inspected, and what rules want is kept. NULL: memory is short.
struct bare_scan *bare_scan_record(const struct pattern_db *db, struct loop_source *l);
void bare_scan_free(struct bare_scan *b);

// Scans all of it once; cycles.
uint64_t bare_scan_run(const struct bare_scan *b, const struct pattern_db *db);
uint64_t bare_scan_bytes(const struct bare_scan *b);
