// The parts of the compiler: compile_check.c refuses, compile_rule.c writes rules, compile_hs.c chooses
// what Hyperscan looks for, compile.c puts all together.

#pragma once

#include "patterns/compile.h"
#include "patterns/swdb.h"
#include "patterns/transform.h"

struct swdb_part {
	uint8_t *p;
	size_t len;
	size_t cap;
};

struct swdb_build {
	struct swdb_part parts[SWDB_SECTIONS];
	bool failed; // short of memory, or too large
	const struct condition *buffers[SWDB_BUFFERS_MAX]; // one that looks at each of them
	uint32_t n_costs;
	struct swdb_cost *costs;
	struct swdb_span *suppress_addrs; // by rule_suppress.number; its addresses are stored once
	uint32_t n_suppress_addrs;
};

struct hs_database;
// What this database took; db is borrowed.
void swdb_put_cost(struct swdb_build *b, const struct swdb_scan *scan, uint32_t n_patterns,
	uint64_t compile_ns, const struct hs_database *db);

// Appends, and returns the offset of what was appended; after a failure, 0.
uint32_t swdb_put(struct swdb_build *b, enum swdb_section_id section, const void *data, size_t len);

struct swdb_span swdb_put_transforms(struct swdb_build *b, const struct rule_view *view);
// compile_rule.c: adds the rule's rows; where it is looked at (enum swdb_rule_at).
void swdb_put_rule(struct swdb_build *b, const struct rule *r);
uint8_t swdb_rule_at(const struct rule *r);
// compile_hs.c: what Hyperscan looks for there (fast_pattern, else the longest content, else an
// expression); NULL: nothing.
const struct condition *swdb_prefilter(const struct rule *r, uint8_t at);
// compile_dataset.c: the sets that rules name, in the list's order.
void swdb_put_datasets(struct swdb_build *b, const struct rule_list *rules, struct diags *diags);
// compile_rule.c: the ranges of the countries that rules ask for, and the lists of these.
void swdb_put_geo(struct swdb_build *b, const struct rule_list *rules);
// compile_check.c: complains of what can not be compiled.
void swdb_check_rule(const struct rule *r, struct diags *diags);

static inline bool field_is_payload(uint16_t field)
{
	return field == FIELD_PAYLOAD || field == FIELD_STREAM;
}

static_assert(FIELD_IP_DST < FIELD_CONFIDENCE, "what is a packet's own stands in front");

// A header of the packet, or its addresses.
static inline bool field_is_header(uint16_t field)
{
	return field >= FIELD_IPV4_HDR && field <= FIELD_IP_DST;
}

// Is this condition's buffer seen with '.' in front? An expression follows the content before
// it on the same field.
bool condition_dotted(const struct rule *r, uint32_t i);

// The same instance of the same field, transformed alike?
bool condition_same_view(const struct condition *a, const struct condition *b);

static inline uint8_t ascii_lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 'a' - 'A') : c;
}

// Adds patterns, links, always, scans and bytecode. The rules stand in `b` already.
// 0, -EINVAL with diags, -ENOMEM.
int swdb_put_prefilters(struct swdb_build *b, const struct rule_list *rules, struct diags *diags);
