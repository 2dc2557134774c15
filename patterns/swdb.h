// The pattern database artefact (.swdb): what the compiler writes and the loader reads, as a
// file or a sealed memfd. Native byte order, one machine; all structs are padded by hand.
//
//     header | rules chains conditions transforms buffers facts memories suppress addrs ports
//     datasets values indexes geo4 geo6 countries pairs text | patterns links always scans | bytecode
//
// Sections begin at multiples of 8. The bytecode comes last. `sha256` covers every byte after
// itself. `sources` is the SHA-256 over the sections rules..text, each led by its length (u64):
// they are a canonical serialisation of the rules, the same on every CPU.

#pragma once

#include "patterns/geo.h"
#include "patterns/rule.h"

#include <assert.h>
#include <stdint.h>

#define SWDB_MAGIC "SWDB\r\n\x1a" // with its NUL, 8 bytes

enum {
	SWDB_VERSION = 6,
	SWDB_NONE = 0xffffffff, // no text
	SWDB_CONDITIONS_MAX = 64, // of one rule
	SWDB_TRANSFORMS_MAX = 8, // of one buffer
	SWDB_BUFFERS_MAX = 1024, // transformed ones that something is looked for in
	SWDB_FACTS_MAX = 32, // of one rule
	SWDB_PREFILTER_MAX = 128, // bytes of a literal given to Hyperscan
	SWDB_TOTAL_MAX = 1 << 30, // bytes
};

enum swdb_section_id {
	SWDB_RULES, // struct swdb_rule
	SWDB_CHAINS, // struct swdb_chain
	SWDB_CONDITIONS, // struct swdb_condition
	SWDB_TRANSFORMS, // struct swdb_transform
	SWDB_BUFFERS, // struct swdb_buffer, by field
	SWDB_FACTS, // struct rule_fact
	SWDB_MEMORIES, // struct rule_memory
	SWDB_SUPPRESS, // struct swdb_suppress
	SWDB_ADDRS, // struct swdb_addr
	SWDB_PORTS, // struct swdb_port
	SWDB_DATASETS, // struct swdb_dataset
	SWDB_VALUES, // struct swdb_value, of each set in order
	SWDB_INDEXES, // u32: of each set
	SWDB_GEO4, // struct geo4, by address: of the countries that rules ask for
	SWDB_GEO6, // struct geo6, likewise
	SWDB_COUNTRIES, // u16: lists of countries
	SWDB_PAIRS, // u32: offset of a text
	SWDB_TEXT, // strings (with NUL) and content bytes; its last byte is NUL
	SWDB_PATTERNS, // struct swdb_pattern, by Hyperscan id
	SWDB_LINKS, // u32: rule index
	SWDB_ALWAYS, // struct swdb_always, by field
	SWDB_SCANS, // struct swdb_scan
	SWDB_BYTECODE,
	SWDB_SECTIONS,
	SWDB_SOURCES = SWDB_PATTERNS, // sections before this one make the digest of sources
};

struct swdb_section {
	uint64_t offset; // from the start of the artefact
	uint64_t len; // bytes
};

struct swdb_header {
	char magic[8];
	uint32_t version;
	uint32_t header_len;
	uint64_t total_len;
	uint8_t sha256[32];
	uint8_t sources[32];
	char hs_version[64]; // hs_version(), NUL-padded
	uint64_t cpu_features; // hs_platform_info
	uint32_t tune;
	uint32_t n_sections;
	struct swdb_section sections[SWDB_SECTIONS];
};
static_assert(sizeof(struct swdb_header) == 168 + 16 * SWDB_SECTIONS, "file layout");

struct swdb_span {
	uint32_t first;
	uint32_t n;
};

enum swdb_rule_flag {
	SWDB_BIDIRECTIONAL = 1 << 0,
	SWDB_NOALERT = 1 << 1,
	SWDB_PASS = 1 << 2,
	SWDB_DSIZE = 1 << 3,
	SWDB_HALF = 1 << 5,
	SWDB_OF_ADDRESSES = 1 << 6, // its facts are of addresses
	SWDB_CONTENT = 1 << 7, // rule_content()
	SWDB_ONCE = 1 << 4, // looked at once for each direction, when the protocol is known
};

// Where a rule is looked at. A rule that is both AT_PACKET and AT_STREAM: TCP in the stream,
// all else by the packet.
enum swdb_rule_at { SWDB_AT_TX = 1 << 0, SWDB_AT_PACKET = 1 << 1, SWDB_AT_STREAM = 1 << 2 };

struct swdb_rule {
	uint64_t apps; // bits of enum app_proto, for RULE_APP
	uint32_t gid, sid, rev;
	uint32_t msg, category, set, service; // text; service may be SWDB_NONE
	uint32_t flow; // enum flow_need
	uint32_t longest_content;
	struct swdb_span src, dst, sport, dport; // n = 0: any
	struct swdb_span metadata, references; // of pairs
	struct swdb_span chains;
	struct swdb_span facts, memories, suppress;
	struct rule_limit limit, filter, rate;
	uint16_t dsize_lo, dsize_hi;
	uint8_t severity;
	uint8_t flags;
	uint8_t proto;
	uint8_t app_proto;
	uint8_t at;
	uint8_t reserved[3];
};
static_assert(sizeof(struct swdb_rule) == 184, "file layout");

// The conditions of a rule over one buffer. Payload chains carry FIELD_PAYLOAD, stream or not.
struct swdb_chain {
	uint16_t field;
	uint16_t dotted; // the buffer is seen with '.' in front
	uint16_t absent; // enum swdb_absent
	uint16_t entangled; // a number that one condition reads is used by another
	struct swdb_span conditions;
	struct swdb_span transforms;
};
static_assert(sizeof(struct swdb_chain) == 24, "file layout");

// ABSENT: it must not be there. OR_ELSE: or match the conditions.
enum swdb_absent { SWDB_PRESENT, SWDB_ABSENT, SWDB_ABSENT_OR_ELSE };

// A field seen through transformations, because something is looked for in it.
struct swdb_buffer {
	uint32_t field;
	struct swdb_span transforms;
};
static_assert(sizeof(struct swdb_buffer) == 12, "file layout");

struct swdb_transform {
	uint8_t kind, mode, flags, reserved;
	int32_t a, b;
	uint32_t arg, arg_len; // in text
};
static_assert(sizeof(struct swdb_transform) == 20, "file layout");

struct swdb_condition {
	uint8_t kind; // enum condition_kind
	uint8_t relative;
	uint8_t nested; // so many behind it look at what it decodes
	uint8_t reserved;
	uint32_t flags; // enum content_flag
	int32_t offset, depth, distance, within;
	uint32_t bytes; // in text; a content without case is stored in lower case
	uint32_t len;
	uint32_t pcre_options;
	uint32_t reserved2;
	struct condition_number number;
};
static_assert(sizeof(struct swdb_condition) == 80, "file layout");

struct swdb_suppress {
	uint32_t track; // enum suppress_track
	struct swdb_span addrs;
};
static_assert(sizeof(struct swdb_suppress) == 12, "file layout");

struct swdb_addr {
	uint8_t lo[16];
	uint8_t hi[16];
	uint32_t ip_version;
};
static_assert(sizeof(struct swdb_addr) == 36, "file layout");

struct swdb_port {
	uint16_t lo, hi;
};

// A set of values that rules ask for. Its values stand in order of hash, length, bytes; those whose
// hash begins with the `bits` bits b are values[index[b]] up to values[index[b + 1]], counted from
// the set's first.
struct swdb_dataset {
	uint64_t name; // rule_name_hash()
	struct swdb_span values;
	uint32_t index; // the first of 2^bits + 1
	uint8_t bits;
	uint8_t type; // enum dataset_type
	uint8_t changes; // rules add values to it, or take them out
	uint8_t reserved;
};
static_assert(sizeof(struct swdb_dataset) == 24, "file layout");

enum { SWDB_DATASET_BITS_MAX = 20 };

struct swdb_value {
	uint64_t hash; // dataset_hash()
	uint32_t bytes; // in text
	uint16_t len;
	uint16_t reputation;
};
static_assert(sizeof(struct swdb_value) == 16, "file layout");

// What has to be true of a hit of the prefilter, beside its bytes.
enum swdb_anchor {
	SWDB_ANCHOR_START = 1 << 0, // it ends at `len`
	SWDB_ANCHOR_END = 1 << 1, // it ends where the value ends
};

struct swdb_pattern {
	struct swdb_span links;
	uint16_t len; // of a literal; 0: an expression
	uint16_t anchors;
};
static_assert(sizeof(struct swdb_pattern) == 12, "file layout");

// A rule without anything to prefilter by: looked at for each value of the field, FIELD_NONE:
// for each packet, SWDB_FOR_APP + enum app_proto: for each message of it.
enum { SWDB_FOR_APP = 0x10000 };

struct swdb_always {
	uint32_t field;
	uint32_t rule;
};

enum swdb_scan_kind { SWDB_LITERALS, SWDB_EXPRESSIONS, SWDB_SCAN_KINDS };

struct swdb_scan {
	uint32_t field; // FIELD_COUNT and above: a buffer
	uint32_t kind;
	uint64_t offset; // in bytecode
	uint64_t len;
};
