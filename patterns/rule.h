// A parsed rule: what the text said, checked, before anything is compiled. Owned by its
// rule_list: every string and array lives in the list's arena.

#pragma once

#include "dataplane/api/fields.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rule_where {
	const char *file;
	uint32_t line; // from 1
	uint32_t column; // from 1, in bytes
};

enum rule_action { RULE_ALERT, RULE_PASS }; // drop and reject become alert, with a warning

enum rule_proto { // the header's protocol word
	RULE_IP,
	RULE_TCP, // bytes in order; anchors (offset, depth, startswith) count from the stream's start
	RULE_TCP_PKT, // each segment's payload by itself
	RULE_UDP,
	RULE_ICMP,
	RULE_APP, // app_proto says which: tls, http, dns
};

struct addr_range { // inclusive, 16 bytes; IPv4 in the first four
	uint8_t ip_version;
	uint8_t lo[16];
	uint8_t hi[16];
};

struct port_range { // inclusive
	uint16_t lo;
	uint16_t hi;
};

// Sorted, merged, negations already taken out ("[10.0.0.0/8,!10.1.0.0/16]"). any: n = 0 and
// any = true. Nothing left: n = 0 and any = false (the parser refuses it).
struct addr_set {
	bool any;
	uint32_t n;
	const struct addr_range *ranges;
};

struct port_set {
	bool any;
	uint32_t n;
	const struct port_range *ranges;
};

enum content_flag {
	CONTENT_NEGATED = 1 << 0,
	CONTENT_NOCASE = 1 << 1,
	CONTENT_OFFSET = 1 << 2,
	CONTENT_DEPTH = 1 << 3,
	CONTENT_DISTANCE = 1 << 4,
	CONTENT_WITHIN = 1 << 5,
	CONTENT_STARTSWITH = 1 << 6,
	CONTENT_ENDSWITH = 1 << 7,
	CONTENT_FAST_PATTERN = 1 << 8,
	CONTENT_DOTPREFIX = 1 << 9, // the buffer is seen with a '.' in front
};

enum condition_kind { COND_CONTENT, COND_PCRE };

// One content or pcre, in the order of the text. Conditions of one field form a chain;
// distance/within and pcre's R count from the end of the match before in the same field.
struct condition {
	uint8_t kind;
	uint16_t field; // enum field: payload conditions carry FIELD_PAYLOAD; the compiler makes
		// FIELD_STREAM of it for RULE_TCP
	uint32_t flags; // enum content_flag; a pcre uses NEGATED only
	int32_t offset;
	int32_t depth;
	int32_t distance;
	int32_t within;
	const uint8_t *bytes; // content: raw bytes; pcre: the expression, NUL-terminated
	uint32_t len;
	uint32_t pcre_options; // PCRE2_* compile options from the letters i s m x A E G U
	bool pcre_relative; // R
	struct rule_where where;
};

enum flow_need {
	FLOW_TO_SERVER = 1 << 0,
	FLOW_TO_CLIENT = 1 << 1,
	FLOW_ESTABLISHED = 1 << 2,
	FLOW_NOT_ESTABLISHED = 1 << 3,
	FLOW_STATELESS = 1 << 4,
	FLOW_NO_STREAM = 1 << 5,
	FLOW_ONLY_STREAM = 1 << 6,
};

struct rule_pair { // metadata "key value", reference "type,value"
	const char *key;
	const char *value;
};

struct rule {
	struct rule_where where;
	uint8_t action; // enum rule_action
	uint8_t proto; // enum rule_proto
	uint8_t app_proto; // enum app_proto, for RULE_APP; APP_UNKNOWN otherwise
	bool bidirectional; // <>
	bool noalert;
	struct addr_set src, dst;
	struct port_set sport, dport;
	uint32_t gid, sid, rev; // gid 1 when absent; sid is required; rev 0 when absent
	const char *msg; // "" when absent
	const char *classtype;
	uint8_t severity; // 1..4: priority, else from classtype, else 3
	uint32_t flow; // enum flow_need
	bool has_dsize;
	uint16_t dsize_lo, dsize_hi; // inclusive
	uint32_t n_conditions;
	const struct condition *conditions;
	uint32_t n_metadata;
	const struct rule_pair *metadata;
	uint32_t n_references;
	const struct rule_pair *references;
	const char *service; // value of metadata "service", or NULL: names the flow's service
	const char *set; // base name of its file, without .rules
};

struct rule_list {
	uint32_t n;
	struct rule **rules;
	struct rule_arena *arena;
};
