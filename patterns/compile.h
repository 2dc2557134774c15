// Rules -> one .swdb artefact.

#pragma once

#include "patterns/diag.h"
#include "patterns/rule.h"

struct swdb {
	void *data;
	size_t len;
	uint8_t digest[32]; // SHA-256 of the artefact's sources, as in its header
};

// Compiles for the CPU it runs on. Takes seconds for 10,000 rules. Diags name the rule whose
// expression does not compile. 0, -EINVAL with diags, -ENOMEM.
int swdb_compile(const struct rule_list *rules, struct swdb *out, struct diags *diags);
void swdb_free(struct swdb *s);
