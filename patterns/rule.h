// A parsed rule: what the text said, checked, before anything is compiled. Owned by its
// rule_list: every string and array lives in the list's arena.

#pragma once

#include "dataplane/api/fields.h"

#include <assert.h>
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
	RULE_IPV4,
	RULE_IPV6,
	RULE_ICMPV4,
	RULE_ICMPV6,
	RULE_SCTP,
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
	CONTENT_NESTED = 1 << 10, // looks at what a COND_BASE64 before it decodes
};

enum condition_kind {
	COND_CONTENT,
	COND_PCRE,
	COND_BYTE_TEST, // a number at a place is compared,
	COND_BYTE_JUMP, // moves the place that relative conditions count from,
	COND_BYTE_EXTRACT, // becomes a variable,
	COND_BYTE_MATH, // after one operation
	COND_ISDATAAT,
	COND_BSIZE, // of all of the buffer
	COND_ABSENT, // the buffer must not be there; or_else: or match the rest
	COND_BASE64, // decodes from here; the `nested` conditions behind it look at the result
	COND_DATASET, // all of the buffer is in a set: number.op is an enum dataset_op
	COND_KINDS,
};

enum { RULE_VARS_MAX = 16 }; // names that byte_extract and byte_math give, in one rule

// AND: value & a; OR: value ^ a; MASK: (value & a) == b; ONE_OF: bit value - b of a
enum compare {
	CMP_EQ,
	CMP_NE,
	CMP_LT,
	CMP_LE,
	CMP_GT,
	CMP_GE,
	CMP_AND,
	CMP_OR,
	CMP_BETWEEN,
	CMP_OUTSIDE,
	CMP_MASK_EQ,
	CMP_MASK_NE,
	CMP_ONE_OF
};
enum byte_flag {
	BYTES_LITTLE = 1 << 0,
	BYTES_ALIGN = 1 << 1,
	BYTES_FROM_BEGINNING = 1 << 2,
	BYTES_FROM_END = 1 << 3,
	ABSENT_OR_ELSE = 1 << 4,
};

// What of a condition may be a variable: the number's own place is then ignored.
enum var_slot {
	VAR_OFFSET,
	VAR_DEPTH,
	VAR_DISTANCE,
	VAR_WITHIN,
	VAR_VALUE,
	VAR_COUNT, // how many bytes
	VAR_RESULT, // where the number goes to
	VAR_SLOTS,
};

// The numbers of byte_*, isdataat, bsize, base64_decode.
struct condition_number {
	uint8_t op; // enum compare; of byte_math one of + - * / < >; enum dataset_op
	uint8_t base; // 0: binary; else of the digits: 8, 10, 16
	uint8_t flags; // enum byte_flag
	uint8_t count; // bytes that make the number; base64_decode: in `value`
	uint8_t align; // bytes to round a jump up to; 0: no
	uint8_t vars[VAR_SLOTS]; // 1 + the variable's number; 0: none
	uint32_t multiplier;
	uint32_t mask; // 0: none
	int32_t post_offset;
	int64_t value; // compared with; rvalue; data must be at; base64: bytes at most
	int64_t value2; // the second of a range
};
static_assert(sizeof(struct condition_number) == 40, "stored as it is");

// A buffer that is not its field as it is.
struct rule_view {
	uint16_t instance; // a field of many values that the rule names again is another buffer
	uint16_t n_transforms;
	const struct transform *transforms; // patterns/transform.h
};

// One content, pcre or number, in the order of the text. Conditions of one buffer form a chain;
// distance/within and pcre's R count from the end of the match before in the same buffer.
struct condition {
	uint8_t kind;
	uint8_t nested; // COND_BASE64: so many conditions behind it look at what it decodes
	uint16_t field; // enum field: payload conditions carry FIELD_PAYLOAD; the compiler makes
		// FIELD_STREAM of it for RULE_TCP
	const struct rule_view *view; // NULL: the field as it is
	uint32_t flags; // enum content_flag; a pcre uses NEGATED only
	int32_t offset; // COND_DATASET: the set's number in the list
	int32_t depth;
	int32_t distance;
	int32_t within;
	const uint8_t *bytes; // content: raw bytes; pcre: the expression, NUL-terminated
	uint32_t len;
	uint32_t pcre_options; // PCRE2_* compile options from the letters i s m x A E G U
	bool pcre_relative; // R
	bool relative; // byte_*, isdataat, base64_decode: from the end of the match before
	struct condition_number number;
	struct rule_where where;
};

// What a rule wants of the packet, its flow, or the numbers of a message.
enum fact_kind {
	FACT_PACKET, // `what` is an enum packet_number
	FACT_FIELD, // a number of the message; `what` is an enum field
	FACT_FLAGS, // of TCP: value, mask; op tells how
	FACT_IP_OPTIONS,
	FACT_SAME_ADDRESS,
	FACT_FLOW_AGE, // seconds
	FACT_FLOW_PACKETS, // arg: enum fact_side
	FACT_FLOW_BYTES,
	FACT_STREAM_SIZE,
	FACT_VLAN_ID, // arg: layer, or VLAN_ANY
	FACT_VLAN_LAYERS,
	FACT_APP_PROTO, // a: bits of enum app_proto; arg: enum app_mode
	FACT_GEOIP, // arg: enum geo_side; b countries from a on, in geo_use; mask: hash of them
	FACT_DIGITS, // the first `take` digits of a text of the message, as one number
	FACT_KINDS,
};
enum fact_side { FACT_CLIENT, FACT_SERVER, FACT_BOTH, FACT_EITHER }; // who sent it
enum { VLAN_FROM_END = 100, VLAN_ANY = 255 };
enum app_mode { APP_MODE_NOW, APP_MODE_ORIGINAL }; // of a flow whose protocol changed
static_assert(APP_COUNT <= 64, "bits of a fact");

// One comparison; all of a rule's must hold. Of a field with several values one is enough.
struct rule_fact {
	uint8_t kind;
	uint8_t op; // enum compare
	uint8_t arg;
	uint8_t negated;
	uint16_t what;
	uint8_t skip; // FACT_FIELD: bytes of the value in front of the number,
	uint8_t take; // and how many make it; 0: all
	uint8_t shift; // then shifted right by
	uint8_t pad;
	uint16_t also; // another field that may have it; 0: none
	uint32_t mask; // and masked with; 0: not
	uint64_t a, b;
};
static_assert(sizeof(struct rule_fact) == 32, "stored as it is");

// What a rule remembers, or wants remembered, of the flow, an address, a pair.
enum bit_op { BIT_SET, BIT_UNSET, BIT_TOGGLE, BIT_ISSET, BIT_ISNOTSET };
enum number_op {
	NUMBER_SET,
	NUMBER_ADD,
	NUMBER_SUB,
	NUMBER_LT,
	NUMBER_LE,
	NUMBER_EQ,
	NUMBER_NE,
	NUMBER_GE,
	NUMBER_GT,
	NUMBER_ISSET,
	NUMBER_NOTSET
};
enum limit_kind {
	LIMIT_NONE,
	LIMIT_LIMIT, // the first `count` matches of a window
	LIMIT_THRESHOLD, // each count-th match of a window
	LIMIT_BOTH, // the count-th match of a window only
	LIMIT_DETECTION_FILTER, // each match of a window after `count` of them
	LIMIT_RATE, // rate_filter
	LIMIT_BACKOFF, // match count, count * multiplier, count * multiplier^2, ...; no window
};
enum limit_track { TRACK_BY_SRC, TRACK_BY_DST, TRACK_BY_BOTH, TRACK_BY_RULE, TRACK_BY_FLOW };

enum memory_kind { MEMORY_FLOWBITS, MEMORY_FLOWINT, MEMORY_XBITS, MEMORY_HOSTBITS, MEMORY_KINDS };
struct rule_memory {
	uint8_t kind;
	uint8_t op; // enum bit_op; flowint: enum number_op
	uint8_t track; // xbits, hostbits: enum limit_track
	uint8_t or_next; // isset, isnotset: this one or the next
	uint32_t value; // flowint
	uint64_t name; // hash of it
	uint64_t value_name; // flowint: hash of the variable that has the value; 0: none
	uint32_t seconds; // xbits: for so long
	uint32_t pad;
};
static_assert(sizeof(struct rule_memory) == 32, "stored as it is");

// Names of bits and numbers are known by their hash: it is the same in every set.
static inline uint64_t rule_name_hash(const char *name, size_t len)
{
	uint64_t h = 0xcbf29ce484222325ull; // FNV-1a

	for (size_t i = 0; i < len; i++)
		h = (h ^ (uint8_t)name[i]) * 0x100000001b3ull;
	return h;
}

struct rule_limit {
	uint8_t kind; // enum limit_kind
	uint8_t track; // enum limit_track
	uint8_t added; // by the operator, to a rule that had none
	uint8_t pad;
	uint32_t count;
	uint32_t seconds;
	union {
		uint32_t multiplier; // LIMIT_BACKOFF
		uint32_t timeout; // LIMIT_RATE: seconds
	};
};

// Alerts that the operator does not want.
enum suppress_track { SUPPRESS_ALWAYS, SUPPRESS_BY_SRC, SUPPRESS_BY_DST, SUPPRESS_BY_EITHER };
struct rule_suppress {
	uint8_t track; // enum suppress_track
	uint32_t number; // from 1, in its list; 0: it has none
	struct addr_set addrs; // but for SUPPRESS_ALWAYS
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

// metadata that is an example: its value is one of the rule's first buffer.
#define EXAMPLE_KEY_HIT "example_hit"
#define EXAMPLE_KEY_MISS "example_miss"

struct rule_reference {
	const char *type;
	const char *value;
	const char *prefix; // of the URL, in front of the value; NULL: nobody knows the type
};

struct rule_pair { // metadata "key value"
	const char *key;
	const char *value;
};

struct rule {
	struct rule_where where;
	uint8_t action; // enum rule_action
	uint8_t proto; // enum rule_proto
	uint8_t app_proto; // enum app_proto, for RULE_APP; APP_UNKNOWN otherwise
	uint64_t apps; // bits of it, where the word means several; 0: app_proto alone
	bool bidirectional; // <>
	bool both_ways; // =>: conditions on a request and on its answer
	bool half; // the request's half of such a rule: it only remembers that it matched
	bool noalert;
	struct addr_set src, dst;
	struct port_set sport, dport;
	uint32_t gid, sid, rev; // gid 1 when absent; sid is required; rev 0 when absent
	const char *msg; // "" when absent
	const char *classtype;
	const char *category; // what alerts show of it: its description, or itself
	uint8_t severity; // 1..255: priority, else from classtype, else 3
	uint32_t flow; // enum flow_need
	bool has_dsize;
	uint16_t dsize_lo, dsize_hi; // inclusive
	uint32_t n_conditions;
	const struct condition *conditions;
	uint32_t n_facts;
	const struct rule_fact *facts;
	uint32_t n_memories;
	const struct rule_memory *memories;
	struct rule_limit limit; // how often it may alert
	struct rule_limit filter; // detection_filter
	struct rule_limit rate; // LIMIT_RATE: while it is exceeded it does not alert
	uint32_t n_suppress;
	const struct rule_suppress *const *suppress; // one is enough; rules may share them
	uint32_t n_metadata;
	const struct rule_pair *metadata;
	uint32_t n_references;
	const struct rule_reference *references;
	const char *service; // value of metadata "service", or NULL: names the flow's service
	const char *expires; // value of metadata "expires", a date, or NULL
	const char *set; // base name of its file, without .rules
};

struct dataset; // patterns/dataset.h
struct rule_files;
struct geo_source; // patterns/geo.h
struct geo_use;

struct rule_list {
	uint32_t n;
	struct rule **rules;
	struct rule_arena *arena;
	uint32_t n_datasets;
	struct dataset **datasets; // in the order in which rules first name them
	const struct geo_source *geo; // whom to ask for countries; NULL: there is nobody
	struct geo_use *geo_use; // NULL: no rule asks
	const struct rule_files *files; // whom to ask for files that rules name; NULL: the disk
	struct rule_beside *beside; // of the arena: patterns/beside.h
};
