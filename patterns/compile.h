// Rules -> one .swdb artefact.

#pragma once

#include "patterns/diag.h"
#include "patterns/rule.h"

// What one Hyperscan database took to make, and takes.
struct swdb_cost {
	uint16_t field; // of a transformed buffer too
	bool expressions;
	uint32_t n_patterns;
	uint64_t compile_ns;
	uint64_t bytes;
	uint64_t stream_bytes; // of each open stream
};

struct swdb {
	void *data;
	size_t len;
	uint8_t digest[32]; // SHA-256 of the artefact's sources, as in its header
	uint32_t n_costs;
	struct swdb_cost *costs;
};

// Compiles for the CPU it runs on. Takes seconds for 10,000 rules. Diags name the rule whose
// expression does not compile. 0, -EINVAL with diags, -ENOMEM.
int swdb_compile(const struct rule_list *rules, struct swdb *out, struct diags *diags);
void swdb_free(struct swdb *s);
