// A loaded pattern set from the inside: shared by db.c (load), match.c, stream.c and confirm.c.

#pragma once

#include "patterns/db.h"
#include "patterns/pcre_frames.h"
#include "patterns/swdb.h"
#include "patterns/transform.h"

#include <hs.h>

enum {
	// A value of which a copy is needed (http.host for its case, dotprefix for its dot) is
	// matched up to this length; longer ones match no such rule.
	PATTERN_VALUE_MAX = 8192,
	PATTERN_PIECE_MAX = 65536, // a stream is scanned in pieces of at most so many bytes
	PATTERN_DECODED_MAX = 49152,
};

struct pattern_candidate {
	uint32_t rule;
	uint16_t field;
	uint16_t led; // enum check_led
};

struct pattern_worker { // written by its own thread only
	_Alignas(64) hs_scratch_t *scratch;
	uint32_t epoch;
	uint32_t *seen; // by rule: epoch in which it became a candidate
	uint64_t *at; // by rule: stream offset of the end of the prefilter's last hit
	uint32_t n_candidates;
	struct pattern_candidate *candidates; // room for every rule
	uint8_t *window; // tail and piece of a stream; NULL when no rule looks at streams
	pcre2_match_data *match_data;
	pcre2_general_context *memory;
	struct pcre_frames frames;
	uint64_t gave_up; // confirm steps that ran out of budget
	struct transform_room *room; // NULL when no rule transforms
	uint8_t value[1 + PATTERN_VALUE_MAX];
	uint8_t decoded[PATTERN_DECODED_MAX]; // of base64_decode
};

struct pattern_suppress {
	uint8_t track; // enum suppress_track
	uint32_t n;
	const struct swdb_addr *addrs;
};

struct header_index;

// Rules without anything to look for.
struct pattern_always {
	struct swdb_span span; // of always
	struct header_index *index; // NULL: each of them is looked at
};

struct pattern_field {
	hs_database_t *scans[SWDB_SCAN_KINDS]; // NULL: none
	struct pattern_always always;
};

struct pattern_db {
	uint64_t id; // never used twice in this process
	uint8_t digest[32];
	uint8_t *copy; // of the artefact, without bytecode
	size_t memory;
	uint32_t n[SWDB_SECTIONS]; // rows
	const struct swdb_rule *rules;
	const struct swdb_chain *chains;
	const struct swdb_condition *conditions;
	const struct swdb_buffer *buffers;
	const struct swdb_transform *transform_rows;
	const struct rule_fact *facts;
	const struct rule_memory *memories;
	const struct swdb_suppress *suppress_rows;
	const struct swdb_addr *addrs;
	const struct swdb_port *ports;
	const struct swdb_dataset *datasets;
	const struct swdb_value *values;
	const uint32_t *indexes;
	const struct geo4 *geo4;
	const struct geo6 *geo6;
	const uint16_t *countries;
	const uint32_t *pairs;
	const uint8_t *text;
	const struct swdb_pattern *patterns;
	const uint32_t *links;
	const struct swdb_always *always;
	const struct swdb_scan *scans;
	struct pattern_field *fields; // by field, behind them by buffer
	struct pattern_always for_app[APP_COUNT];
	struct swdb_span buffers_of[FIELD_COUNT]; // of by_field
	uint16_t *by_field; // numbers of buffers
	struct transform *transforms;
	void **transform_codes; // by transform; NULL for all but expressions
	struct pattern_rule *public_rules;
	const char **public_pairs;
	struct pattern_suppress *suppress;
	bool *waits; // by rule: may come true with bytes after those its prefilter found
	pcre2_code **codes; // by condition; NULL for contents
	pcre2_match_context *limits;
	bool interprets; // some expression has no JIT code
	bool addresses; // some rule looks at ip.src or ip.dst
	bool facts_wanted; // some rule looks at headers, the flow's age or size
	bool packets_tcp; // a payload rule may look at TCP packets,
	bool packets_other; // at others
	unsigned n_workers;
	struct pattern_worker *workers;
};

// Begin a new list of candidates.
static inline void worker_begin(const struct pattern_db *db, struct pattern_worker *w)
{
	w->n_candidates = 0;
	if (++w->epoch == 0) {
		memset(w->seen, 0, db->n[SWDB_RULES] * sizeof(*w->seen));
		w->epoch = 1;
	}
}

// False when it was one already.
static inline bool worker_add(
	struct pattern_worker *w, uint32_t rule, uint16_t field, enum check_led led)
{
	if (w->seen[rule] == w->epoch)
		return false;
	w->seen[rule] = w->epoch;
	w->candidates[w->n_candidates++] = (struct pattern_candidate){rule, field, (uint16_t)led};
	return true;
}

// Adds the candidates for this traffic out of many. `field`: as in worker_add(). (header_index.c)
void header_index_add(const struct header_index *x, struct pattern_worker *w,
	const struct match_env *env, uint16_t field);

// Rules that are looked at for each value of a field, FIELD_NONE: for each packet, or for each message
// of a protocol.
static inline void worker_add_always(const struct pattern_db *db, struct pattern_worker *w,
	const struct pattern_always *list, const struct match_env *env, uint16_t field)
{
	if (list->index != NULL) {
		header_index_add(list->index, w, env, field);
		return;
	}
	for (uint32_t i = 0; i < list->span.n; i++)
		worker_add(w, db->always[list->span.first + i].rule, field, LED_OTHERWISE);
}

// err, and why; a message of the loader. (db_container.c)
int pattern_refuse(char error[256], int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int pattern_corrupt(char error[256], const char *what); // -EBADMSG
// What stands around the sections; h: a copy of the blob's begin. 0 or as pattern_db_load().
int pattern_container_check(
	const uint8_t *blob, size_t len, const struct swdb_header *h, char error[256]);
extern const size_t swdb_row_size[SWDB_SECTIONS]; // bytes

// NULL, or which kind of row is wrong. (db_check.c)
const char *pattern_db_wrong_row(const struct pattern_db *db);

// As in Suricata: a rule about nothing but addresses, and their countries, is looked at once for each direction of a
// flow, because no later packet can change the answer.
static inline bool rule_is_ip_only(const struct swdb_rule *r)
{
	return (r->at & SWDB_AT_PACKET) && r->proto != RULE_APP && r->chains.n == 0 &&
		!(r->flags & SWDB_DSIZE) && r->flow == 0 && r->sport.n == 0 && r->dport.n == 0 &&
		(r->facts.n == 0 || (r->flags & SWDB_OF_ADDRESSES)) && r->memories.n == 0 &&
		(r->limit.kind == LIMIT_NONE || r->limit.added) && r->filter.kind == LIMIT_NONE;
}

// enum pattern_sets_use. (match_sets.c)
uint8_t rule_sets(const struct pattern_db *db, const struct swdb_rule *r);
// Is it in the set? And with what reputation, when not NULL. (dataset.c)
bool dataset_has(
	const struct pattern_db *db, uint32_t set, struct bytes value, uint16_t *reputation);

// The value as a chain looks at it; valid until the next call. Bad: it can not be. (match.c)
struct bytes match_chain_value(const struct pattern_db *db, struct pattern_worker *w,
	const struct swdb_chain *chain, struct bytes value);
// The packet's own buffers: its payload, and headers and addresses. (match.c)
enum { PACKET_VALUES = 7 };
unsigned match_packet_values(const struct pattern_db *db, const struct match_env *env,
	struct bytes payload, struct match_value out[PACKET_VALUES]);

// The rows of suppress, ready to be asked. False: short of memory. (header.c)
bool suppress_load(struct pattern_db *db);
// May the rule come true with bytes that follow those that its prefilter found? (wants.c)
bool rule_waits(const struct pattern_db *db, const struct swdb_rule *r);
// Which packets and facts of them the rule wants, added to those of the set. (wants.c)
void rule_want_packets(struct pattern_db *db, const struct swdb_rule *r);

// False: short of memory; what was taken is given back by fini. `scratch` is copied. (match.c)
bool pattern_worker_init(
	struct pattern_db *db, struct pattern_worker *w, const hs_scratch_t *scratch);
void pattern_worker_fini(struct pattern_worker *w);

// Keeps hits[start..n) sorted by rule and without doubles. (match.c)
void match_hits_add(struct match_hits *hits, uint32_t start, struct match_hit hit);
