// The parser's inside: one rule in the making. Used by parse*.c only.

#pragma once

#include "patterns/arena.h"
#include "patterns/lexer.h"
#include "patterns/parse.h"
#include "patterns/transform.h"

enum {
	CONDITIONS_MAX = 128,
	PAIRS_MAX = 128,
	CONTENT_MAX = 4096, // bytes of one content
	RANGES_MAX = 8192,
	VARIABLE_DEPTH_MAX = 16,
	TRANSFORMS_MAX = 8, // of one buffer
	FACTS_MAX = 32,
	MEMORIES_MAX = 32,
	SERVICE_MAX = 31, // what the counters have room for
};

struct parser {
	const char *file;
	const struct rule_var *vars;
	struct rule_list *list;
	struct rule_arena *arena; // of the list
	struct diags *diags;
	const char *set;
	struct slice variable; // the rule's own word, while its value is read
	bool lab;
	bool hosts_fine; // a single host is no cause for a warning
	bool failed; // this rule has an error
	bool left_out; // it requires what is not here
	bool no_memory;
	// the rule
	struct rule rule;
	struct condition conditions[CONDITIONS_MAX];
	struct rule_pair metadata[PAIRS_MAX];
	struct rule_reference references[PAIRS_MAX];
	struct rule_fact facts[FACTS_MAX];
	struct rule_memory memories[MEMORIES_MAX];
	struct slice names[RULE_VARS_MAX]; // names of byte_extract and byte_math
	unsigned n_names;
	uint16_t field; // of the sticky buffer in force
	bool dotprefix; // and its transformations: this one alone, or
	uint16_t n_transforms; // these
	struct transform transforms[TRANSFORMS_MAX];
	const struct rule_view *view; // of the next condition, when
	bool view_made;
	int base64; // index of the base64_decode of this buffer, -1: none
	int nesting; // conditions go behind it, -1: not
	struct slice unused_buffer; // its keyword, while nothing looks at it
	bool has_sid;
	bool has_priority;
	int last_content; // index of the content that modifiers belong to, -1: none
};

void parser_error(struct parser *p, struct rule_where where, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void parser_warning(struct parser *p, struct rule_where where, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

// parse_header.c: action, protocol, addresses, ports, direction. False after an error.
bool parse_header(struct parser *p, struct lexer *l);

// A list of addresses, with variables and negations, into the arena. False after an error.
bool parse_addresses(struct parser *p, struct slice s, struct addr_set *out);

// parse_options.c.
void parse_msg(struct parser *p, struct slice name, struct slice value);
void parse_sid(struct parser *p, struct slice name, struct slice value);
void parse_rev(struct parser *p, struct slice name, struct slice value);
void parse_gid(struct parser *p, struct slice name, struct slice value);
void parse_priority(struct parser *p, struct slice name, struct slice value);
void parse_classtype(struct parser *p, struct slice name, struct slice value);
void parse_metadata(struct parser *p, struct slice name, struct slice value);
void parse_reference(struct parser *p, struct slice name, struct slice value);
void parse_flow(struct parser *p, struct slice name, struct slice value);
void parse_dsize(struct parser *p, struct slice name, struct slice value);
void parse_noalert(struct parser *p, struct slice name, struct slice value);

// keywords.c: one "name: value;".
void parse_option(struct parser *p, struct slice name, struct slice value);
// A number within bounds; complains and returns false when it is none.
bool parse_number(struct parser *p, struct slice s, int64_t min, int64_t max, int64_t *out);
// Complains of a sticky buffer that nothing looks at.
void parse_buffer_left(struct parser *p);

// parse_compare.c. Numbers up to `max`, as rules compare them.
struct compare_with {
	uint8_t op; // enum compare
	uint64_t a, b;
};
bool parse_unsigned(struct parser *p, struct slice s, bool units, uint64_t max, uint64_t *out);
bool parse_compare(struct parser *p, struct slice s, uint64_t max, struct compare_with *out);

// For rules_keywords(): the words of the tables there.
void parse_facts_each(keyword_fn fn, void *ctx);
void parse_buffers_each(keyword_fn fn, void *ctx);

// parse_buffers.c. False: no such word.
// mdns, llmnr: DNS of that kind only.
void parse_kind_of_dns(struct parser *p, struct slice word);
bool parse_buffer(struct parser *p, struct slice name, struct slice value);
bool parse_transform(struct parser *p, struct slice name, struct slice value);
void parse_pkt_data(struct parser *p, struct slice name, struct slice value);
void parse_base64_data(struct parser *p, struct slice name, struct slice value);
bool parser_view(struct parser *p);

// parse_bytes.c.
void parse_bytes(struct parser *p, struct slice name, struct slice value);
void parse_bsize(struct parser *p, struct slice name, struct slice value);
void parse_urilen(struct parser *p, struct slice name, struct slice value);
void parse_absent(struct parser *p, struct slice name, struct slice value);
uint8_t parser_var_find(struct parser *p, struct slice s);

// parse_facts.c. False: no such word.
bool parse_fact(struct parser *p, struct slice name, struct slice value);
void parser_fact(struct parser *p, const struct rule_fact *fact);
void parse_ip_proto(struct parser *p, struct slice name, struct slice value);
void parse_flags(struct parser *p, struct slice name, struct slice value);
void parse_fragbits(struct parser *p, struct slice name, struct slice value);
void parse_ipopts(struct parser *p, struct slice name, struct slice value);
void parse_sameip(struct parser *p, struct slice name, struct slice value);
void parse_flow_pkts(struct parser *p, struct slice name, struct slice value);
void parse_flow_bytes(struct parser *p, struct slice name, struct slice value);
void parse_stream_size(struct parser *p, struct slice name, struct slice value);
void parse_vlan_id(struct parser *p, struct slice name, struct slice value);
// parse_protocol.c.
void parse_app_protocol(struct parser *p, struct slice name, struct slice value);
void parse_tls_version(struct parser *p, struct slice name, struct slice value);
void parse_ssl_version(struct parser *p, struct slice name, struct slice value);
void parse_ssl_state(struct parser *p, struct slice name, struct slice value);
void parse_cert_date(struct parser *p, struct slice name, struct slice value);
// The applications that a protocol's word means, as bits of enum app_proto; 0: unknown.
uint64_t protocol_apps(struct slice word);

// The parts of a value, between separators, trimmed.
enum { VALUE_PARTS_MAX = 16 };
struct parts {
	unsigned n;
	struct slice part[VALUE_PARTS_MAX];
};
bool parser_split(struct parser *p, struct slice value, char separator, struct parts *out);
// "word rest": is it this word? And what is behind it.
bool parser_keyed(struct slice s, const char *word, struct slice *value);

// parse_dataset.c.
void parse_dataset(struct parser *p, struct slice name, struct slice value);
void parse_datarep(struct parser *p, struct slice name, struct slice value);

// parse_geoip.c.
void parse_geoip(struct parser *p, struct slice name, struct slice value);

// parse_memory.c.
void parse_flowbits(struct parser *p, struct slice name, struct slice value);
void parse_flowint(struct parser *p, struct slice name, struct slice value);
void parse_xbits(struct parser *p, struct slice name, struct slice value);
void parse_threshold(struct parser *p, struct slice name, struct slice value);
// How a limit is tracked, and its type. False after an error.
bool parse_limit_track(struct parser *p, struct slice s, uint8_t *track);
bool parse_limit_kind(struct parser *p, struct slice s, uint8_t *kind);
void parse_detection_filter(struct parser *p, struct slice name, struct slice value);

// parse_content.c. A condition of the buffer in force; NULL after an error.
struct condition *parser_add(struct parser *p, enum condition_kind kind, struct rule_where where);
void parse_content(struct parser *p, struct slice name, struct slice value);
void parse_pcre(struct parser *p, struct slice name, struct slice value);
// At the end of a rule: what contents promise together.
void parse_contents_check(struct parser *p);
