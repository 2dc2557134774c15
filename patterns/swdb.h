// The pattern database artefact (.swdb): what the compiler writes and the loader reads, as a
// file or a sealed memfd. Native byte order, one machine; all structs are padded by hand.
//
//     header | rules chains conditions addrs ports pairs text | patterns links always scans |
//     bytecode
//
// Sections begin at multiples of 8. The bytecode comes last. `sha256` covers every byte after
// itself. `sources` is the SHA-256 over the sections rules..text, each led by its length (u64):
// they are a canonical serialisation of the rules, the same on every CPU.

#pragma once

#include <assert.h>
#include <stdint.h>

#define SWDB_MAGIC "SWDB\r\n\x1a" // with its NUL, 8 bytes

enum {
	SWDB_VERSION = 2,
	SWDB_NONE = 0xffffffff, // no text
	SWDB_CONDITIONS_MAX = 64, // of one rule
	SWDB_PREFILTER_MAX = 128, // bytes of a literal given to Hyperscan
	SWDB_TOTAL_MAX = 1 << 30, // bytes
};

enum swdb_section_id {
	SWDB_RULES, // struct swdb_rule
	SWDB_CHAINS, // struct swdb_chain
	SWDB_CONDITIONS, // struct swdb_condition
	SWDB_ADDRS, // struct swdb_addr
	SWDB_PORTS, // struct swdb_port
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
};

// Where a rule is looked at. A rule that is both AT_PACKET and AT_STREAM: TCP in the stream,
// all else by the packet.
enum swdb_rule_at { SWDB_AT_TX = 1 << 0, SWDB_AT_PACKET = 1 << 1, SWDB_AT_STREAM = 1 << 2 };

struct swdb_rule {
	uint32_t gid, sid, rev;
	uint32_t msg, classtype, set, service; // text; service may be SWDB_NONE
	uint32_t flow; // enum flow_need
	uint32_t longest_content;
	struct swdb_span src, dst, sport, dport; // n = 0: any
	struct swdb_span metadata, references; // of pairs
	struct swdb_span chains;
	uint16_t dsize_lo, dsize_hi;
	uint8_t severity;
	uint8_t flags;
	uint8_t proto;
	uint8_t app_proto;
	uint8_t at;
	uint8_t reserved[3];
};
static_assert(sizeof(struct swdb_rule) == 104, "file layout");

// The conditions of a rule over one buffer. Payload chains carry FIELD_PAYLOAD, stream or not.
struct swdb_chain {
	uint16_t field;
	uint16_t dotted; // the buffer is seen with '.' in front
	struct swdb_span conditions;
};
static_assert(sizeof(struct swdb_chain) == 12, "file layout");

struct swdb_condition {
	uint8_t kind; // enum condition_kind
	uint8_t relative;
	uint16_t reserved;
	uint32_t flags; // enum content_flag
	int32_t offset, depth, distance, within;
	uint32_t bytes; // in text; a content without case is stored in lower case
	uint32_t len;
	uint32_t pcre_options;
};
static_assert(sizeof(struct swdb_condition) == 36, "file layout");

struct swdb_addr {
	uint8_t lo[16];
	uint8_t hi[16];
	uint32_t ip_version;
};
static_assert(sizeof(struct swdb_addr) == 36, "file layout");

struct swdb_port {
	uint16_t lo, hi;
};

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
// for each packet.
struct swdb_always {
	uint32_t field;
	uint32_t rule;
};

enum swdb_scan_kind { SWDB_LITERALS, SWDB_EXPRESSIONS, SWDB_SCAN_KINDS };

struct swdb_scan {
	uint32_t field;
	uint32_t kind;
	uint64_t offset; // in bytecode
	uint64_t len;
};
