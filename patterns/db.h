// A compiled pattern set, loaded and ready to match. The only header that stands between
// the rest of the tree and Hyperscan.

#pragma once

#include "dataplane/api/fields.h"
#include "dataplane/api/packet_numbers.h"
#include "dataplane/api/rule_counts.h"
#include "dataplane/base/bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pattern_db;
struct rule_memory; // patterns/rule.h
struct rule_limit;
struct pattern_suppress;

// Load a .swdb and give each of `n_workers` its own scratch, so that matching never allocates.
// blob: borrowed for the call only. The container is untrusted: any bytes are safe. (The
// Hyperscan bytecode inside is guarded by the artefact's SHA-256 and Hyperscan's own checks; an
// attacker who can forge the whole artefact is kept out by the link's permissions.)
// Returns 0 and hands *out to the caller, or a negative errno, leaving *out alone and a text in
// `error` (size 256):
//   -EBADMSG  truncated or corrupt
//   -ENOEXEC  built by another Hyperscan or format version, or for a CPU feature this one lacks
//   -ENOMEM
// Takes milliseconds. Not for worker threads.
int pattern_db_load(
	const void *blob, size_t len, unsigned n_workers, struct pattern_db **out, char error[256]);
void pattern_db_free(struct pattern_db *db); // NULL is allowed

struct pattern_rule { // as the artefact stores it
	uint32_t gid, sid, rev;
	uint8_t severity;
	bool noalert;
	bool pass;
	bool half; // half of another rule: it is no hit
	bool content; // it looks at content (content.h): nothing without a purpose
	bool of_flow; // it is about the flow, not about one packet: a pass is for all of it
	const char *msg, *category, *set;
	const char *service; // NULL: names none
	uint32_t longest_content; // bytes, of its contents that are not negated
	uint32_t n_metadata; // "key value" each
	const char *const *metadata;
	uint32_t n_references; // a URL each; "type,value" where the type is not known
	const char *const *references;
	// What it remembers or wants remembered, and how often it may alert: the caller's business,
	// because it outlives the set.
	uint32_t n_memories;
	const struct rule_memory *memories;
	const struct rule_limit *limit, *filter, *rate; // kind LIMIT_NONE: there is none
	uint32_t n_suppress;
	const struct pattern_suppress *suppress; // for pattern_rule_suppressed()
	uint8_t sets; // enum pattern_sets_use: pattern_db_sets_hold() has to be asked
};

// What a rule does with sets of values that change while packets come.
enum pattern_sets_use { PATTERN_SETS_TEST = 1 << 0, PATTERN_SETS_CHANGE = 1 << 1 };

// Did the operator say that alerts of this rule between these addresses (16 bytes) are not wanted?
bool pattern_rule_suppressed(
	const struct pattern_rule *r, uint8_t ip_version, const uint8_t *src, const uint8_t *dst);

uint32_t pattern_db_n_rules(const struct pattern_db *db);
const struct pattern_rule *pattern_db_rule(const struct pattern_db *db, uint32_t index);
const uint8_t *pattern_db_digest(const struct pattern_db *db); // 32 bytes
size_t pattern_db_memory(const struct pattern_db *db); // bytes, scratch included
// How often a confirm step of this worker exceeded its budget (and so did not match).
uint64_t pattern_db_gave_up(const struct pattern_db *db, unsigned worker);
// Is there anything to match on this field (FIELD_PAYLOAD, FIELD_STREAM included)?
bool pattern_db_uses(const struct pattern_db *db, enum field field);
// Rules without any content: they are looked at for each packet, or, where they are about nothing
// but addresses, for the first packet of each direction of a flow.
bool pattern_db_has_packet_rules(const struct pattern_db *db);

// What a caller need not show to this set, because no rule of it can match there.
struct pattern_wants {
	bool packets_tcp; // pattern_db_match_packet() with TCP packets,
	bool packets_other; // with others,
	bool flow_starts; // with the first packet of each direction of a flow
	uint64_t stream_depth; // bytes that begin beyond this offset of a stream; 0: none matter
	uint8_t fields[FIELD_COUNT]; // is there a rule about it?
	bool facts; // match_env.packet and what follows it
};

struct pattern_wants pattern_db_wants(const struct pattern_db *db);
// The same while some rules are out of use: active[i] == 0, by rule index; NULL: none is. Their fields
// are not wanted.
struct pattern_wants pattern_db_wants_of(const struct pattern_db *db, const uint64_t *active);

// The packet at hand: views into it.
struct match_packet {
	struct packet_headers headers;
	struct bytes ether; // the outermost Ethernet header
	struct bytes payload;
	const uint16_t *vlans; // outermost first
	uint32_t n_vlans;
	uint64_t stream_bytes[2]; // by enum dir of the sender; UINT64_MAX: not known
	uint64_t flow_age_s;
};

// Where the bytes come from: the flow, seen in the direction of the packet or message.
struct match_env {
	const uint8_t *src; // 16 bytes, clear
	const uint8_t *dst;
	uint16_t sport, dport;
	uint8_t ip_version;
	uint8_t l4;
	uint8_t app_proto; // enum app_proto
	uint8_t app_first; // before it changed (STARTTLS, Upgrade); the same when it did not
	uint8_t dir; // enum dir
	bool first; // the packet is the first of its direction in the flow
	bool established; // packets of both directions were seen (TCP: handshake done, or midstream)
	bool first_known; // the packet is the first of its direction since the protocol is known
	uint32_t payload_len; // of the packet at hand, for dsize
	const struct match_packet *packet; // NULL: not known, or nobody wants it
	uint64_t flow_packets[2], flow_bytes[2]; // by enum dir of the sender
};

struct match_hit {
	uint32_t rule;
	uint16_t field; // whose scan led here
};

// Where the confirm steps of a set are counted and timed: one for each thread, and for each set that
// it matches at a time.
struct match_counts {
	struct rule_counts *rules;
	// Of the set: to be kept in step with it.
	const uint32_t *slot; // by rule index, below RULE_SLOTS
	uint64_t cycle_q32; // clock_cycle_q32()
	struct rule_counts *twin; // counted there, too; NULL: nowhere else
	// Its own.
	uint64_t empty_step; // cycles that timing takes by itself
	uint32_t until_timed; // confirm steps, the one that is timed included
	uint32_t random; // never 0
};

// `rules` is borrowed. The caller sets what is of the set.
void match_counts_init(struct match_counts *m, struct rule_counts *rules);
// A confirm step of the rule took so long; it stands for RULE_COST_STRIDE of them.
void match_counts_time(struct match_counts *m, uint32_t rule, uint64_t cycles);
// The same in two halves: what begin() gave is end()'s `since`.
uint64_t match_counts_begin(struct match_counts *m);
void match_counts_end(struct match_counts *m, uint32_t rule, uint64_t since);

enum { MATCH_HITS_MAX = 256 }; // a call reports at most so many; the rest is counted

struct match_hits {
	uint32_t n;
	uint32_t overflow;
	uint64_t scans; // totals, added to
	uint64_t candidates;
	struct match_counts *counts; // of rules, the same; NULL: not counted
	struct match_hit hits[MATCH_HITS_MAX];
};

struct match_value {
	uint16_t field;
	struct bytes value;
};

// Each call appends the rules that match, each at most once a call, in order of rule index; when
// there is no room for all, those with the lowest index stay.
// worker: below n_workers of the load; one thread per number at a time.

// The fields of one message, all known at once: rules of these fields (tls.sni, http.*, ...).
// http.host, and values that a dotprefix rule looks at, are matched up to 8 KiB; longer ones
// match no such rule.
void pattern_db_match_tx(const struct pattern_db *db, unsigned worker, const struct match_env *env,
	const struct match_value *values, unsigned n, struct match_hits *hits);

// Who remembers what rules added to sets and took out of them: that outlives the pattern set.
struct pattern_sets {
	void *ctx;
	// Is the value in the set? `listed`: it is in the set's file.
	bool (*has)(void *ctx, uint64_t set, struct bytes value, bool listed);
	void (*change)(void *ctx, uint64_t set, struct bytes value, bool in);
};

// A rule with `sets` matched: do its sets say so, too? `values`: those of the match (none: a
// packet). To add a value holds when it is new, to take one out when it was there.
bool pattern_db_sets_hold(const struct pattern_db *db, unsigned worker, uint32_t rule,
	const struct match_env *env, const struct match_value *values, unsigned n,
	const struct pattern_sets *sets);
// Adds and takes out, where it holds.
void pattern_db_sets_change(const struct pattern_db *db, unsigned worker, uint32_t rule,
	const struct match_env *env, const struct match_value *values, unsigned n,
	const struct pattern_sets *sets);

// One packet: rules without content, and payload rules of UDP, ICMP, IP and tcp-pkt.
void pattern_db_match_packet(const struct pattern_db *db, unsigned worker,
	const struct match_env *env, struct bytes payload, struct match_hits *hits);

// The bytes of a TCP direction, in order. A stream keeps Hyperscan's state and the last
// PATTERN_TAIL bytes; a match is reported in the call that brings its last byte, however the
// stream is cut. Bounds:
//   - the contents of a rule are found together when they lie within PATTERN_TAIL bytes; further
//     apart only when one call brings them all. A content or the match of an expression that is
//     longer than that likewise.
//   - of the rules that wait for bytes to come, the 16 with the latest prefilter hit are kept.
//   - a negated condition, endswith and an expression's $ and lookahead see the bytes at hand:
//     the tail and what the call brings.
// Opening and reopening allocate; a stream outlives the set that opened it.
//
// A stream is tied to `db`; after a swap the caller reopens it on the new one, which primes the
// new state with the old tail (matches that end inside it were reported before and are not
// again). reopen() takes ownership of `old` and returns it, or NULL when memory is short.
enum { PATTERN_TAIL = 256 };

struct pattern_stream; // holds: tail, its length, stream offset, Hyperscan stream

struct pattern_stream *pattern_stream_open(const struct pattern_db *db);
struct pattern_stream *pattern_stream_reopen(
	const struct pattern_db *db, unsigned worker, struct pattern_stream *old);
void pattern_stream_close(struct pattern_stream *s); // NULL is allowed
// For comparing only: the set may be gone.
const struct pattern_db *pattern_stream_db(const struct pattern_stream *s);
// `offset`: stream offset of data.p[0]. A jump forward (gap) resets the state and the tail.
void pattern_db_match_stream(const struct pattern_db *db, unsigned worker, struct pattern_stream *s,
	const struct match_env *env, uint64_t offset, struct bytes data, struct match_hits *hits);
