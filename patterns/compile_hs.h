// The two halves of the compiler: compile.c writes rules, compile_hs.c chooses what Hyperscan
// looks for.

#pragma once

#include "patterns/compile.h"
#include "patterns/swdb.h"

struct swdb_part {
	uint8_t *p;
	size_t len;
	size_t cap;
};

struct swdb_build {
	struct swdb_part parts[SWDB_SECTIONS];
	bool failed; // short of memory, or too large
};

// Appends, and returns the offset of what was appended; after a failure, 0.
uint32_t swdb_put(struct swdb_build *b, enum swdb_section_id section, const void *data, size_t len);

// Is this condition's buffer seen with '.' in front? An expression follows the content before
// it on the same field.
bool condition_dotted(const struct rule *r, uint32_t i);

static inline uint8_t ascii_lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 'a' - 'A') : c;
}

// Adds patterns, links, always, scans and bytecode. The rules stand in `b` already.
// 0, -EINVAL with diags, -ENOMEM.
int swdb_put_prefilters(struct swdb_build *b, const struct rule_list *rules, struct diags *diags);
