// An example of what a rule must match, or must not: values of a message, or payload, shown to a
// loaded set as traffic would be. Numbers of the message that the rule compares and the
// example does not give (dns.opcode, tls.version, that it is a question) are as the rule wants them.
// What a rule remembers (flowbits, thresholds) is not judged, and of headers only the address that the
// packet goes to may be given: for the rest there are captures.

#pragma once

#include "patterns/db.h"
#include "patterns/rule.h"

enum { EXAMPLE_VALUES_MAX = 16 };

enum example_dir { EXAMPLE_AS_RULE, EXAMPLE_TO_SERVER, EXAMPLE_TO_CLIENT };

struct example {
	struct rule_where where;
	uint32_t gid, sid;
	bool must_hit;
	uint8_t dir; // enum example_dir
	uint8_t dst_version; // 4, 6: of dst; 0: an address that the rule's header has
	uint8_t dst[16]; // as in flow_key
	uint32_t count; // captures: so many hits, not just one or more; 0: any number
	const char *capture; // NULL: values
	uint32_t n_values;
	struct match_value values[EXAMPLE_VALUES_MAX]; // FIELD_NONE: the first buffer of the rule;
		// FIELD_PAYLOAD: a packet, or the begin of a stream
};

struct example_runner;

// db is borrowed for the life of it. NULL: short of memory.
struct example_runner *example_runner_new(const struct pattern_db *db);
void example_runner_free(struct example_runner *r); // NULL is allowed

bool example_has_rule(const struct example_runner *r, uint32_t gid, uint32_t sid);
// Addresses that are not given, ports, protocol and direction are such that the rule's header matches. True: the rule
// matches the values. -ENOMEM is false too: see *failed.
bool example_hits(struct example_runner *r, const struct example *e, bool *failed);
