// Which pattern set is live, and how one replaces another under traffic.
//
// A worker borrows the live set for a burst. The control thread prepares the next one
// aside, swaps a pointer, and frees the last once no worker can hold it. Workers never
// block, lock or allocate for this.
//
//     worker                          control thread
//     rs = ruleset_borrow()           ruleset_prepare(&next)    may fail: nothing changed
//     ... match one burst ...         ruleset_publish(next)       swap the pointer
//     ruleset_quiesce(id)             ruleset_poll() until 1      frees the last one
//     (rs is gone)
//
// The counters of rules and services have slots in the directory page that outlive a set:
// (gid, sid, rev) and the service's name find their slot again in the next set.

#pragma once

#include "dataplane/api/counters.h"
#include "dataplane/api/link.h"
#include "dataplane/api/purpose.h"
#include "dataplane/inspect/inspect.h"
#include "dataplane/inspect/segment.h"
#include "dataplane/runtime/naming.h"
#include "patterns/db.h"

struct ruleset {
	struct pattern_db *db;
	uint64_t generation;
	struct inspect_wants wants;
	uint8_t wanted[FIELD_COUNT]; // wants.fields
	uint32_t *rule_slot; // by rule index
	uint8_t *rank; // by rule index: verdict_rank()
	bool *wide; // by rule index: verdict_is_wide()
	struct service_label *label; // by rule index
	uint64_t *segments; // by rule index: bits of the segments where it is active
	bool *evidence; // by rule index: its metadata asks for evidence; NULL: no rule's does
	const struct purpose_table *purposes; // NULL: none
	uint64_t where[PURPOSES_MAX]; // by purpose: bits of its segments
	uint32_t n_inactive; // rules that are active nowhere
	bool lent; // db is the next one's
	uint64_t cycle_q32; // what a cycle is worth: clock_cycle_q32()
};

struct rulesets;

// The purpose of mode M2 that covers the rule where the flow is; NULL: there is none.
const struct purpose_row *ruleset_evidence_purpose(
	const struct ruleset *rs, uint32_t rule, const struct find *find);
// The same for a detector (enum detector_id).
const struct purpose_row *ruleset_evidence_detector(
	const struct ruleset *rs, unsigned detector, const struct flow_note *note);

enum { RULESET_SEGMENTS = 64 };

// Is there a purpose for the rule, where the flow is?
static inline bool ruleset_active(const struct ruleset *rs, uint32_t rule, const struct find *find)
{
	const unsigned segment = find->note != NULL ? find->note->segment : 0;

	return segment < RULESET_SEGMENTS && (rs->segments[rule] >> segment & 1) != 0;
}

// The shared directory is written by the control thread from here on. What is decided on is a copy
// of our own, because the other process can write to the shared one. NULL: short of memory.
struct rulesets *rulesets_new(unsigned n_workers, struct directory_page *directory);
// Frees the live set. Every worker must be offline.
void rulesets_free(struct rulesets *r);

// Names of services by slot: our own copy.
const struct directory_page *rulesets_directory(const struct rulesets *r);

// Takes ownership of db only on success. 0 or -ENOMEM.
int ruleset_prepare(struct rulesets *r, struct pattern_db *db, struct ruleset **out);
void ruleset_free(struct ruleset *rs); // one that was never published; NULL is allowed
// Make `next` live. Returns its generation, counting from 1. One at a time: -EBUSY while the
// grace period of the one before is not over.
int64_t ruleset_publish(struct rulesets *r, struct ruleset *next);
// 1: every worker let go of the set before the live one, and it was freed. 0: not yet.
int ruleset_poll(struct rulesets *r);

// From here on the purposes are these, for sets that are prepared later; NULL: none. Copied. The live set
// is published again under them, with its own generation; ruleset_poll() tells when no worker has the
// old ones. A shadow keeps those that it was prepared with. 0, -EBUSY as ruleset_publish(), -ENOMEM.
int rulesets_purposes(struct rulesets *r, const struct purpose_table *purposes);

// Purposes name segments: their names, borrowed; NULL: there is the default one.
void rulesets_segments(struct rulesets *r, const struct segments *segments);
// Bits of the segments that a purpose is about; none when there is no segment of that name.
uint64_t rulesets_where(const struct rulesets *r, const struct purpose_row *row);

const struct ruleset *ruleset_live(struct rulesets *r);

// A worker brackets its life with these two.
void ruleset_online(struct rulesets *r, unsigned worker);
void ruleset_offline(struct rulesets *r, unsigned worker);

// The live set, to be used until this worker's next ruleset_quiesce(). NULL before the first.
const struct ruleset *ruleset_borrow(struct rulesets *r, unsigned worker);
void ruleset_quiesce(struct rulesets *r, unsigned worker);

// When a worker first borrowed generation `generation` (CLOCK_MONOTONIC), 0: not yet.
uint64_t ruleset_taken_ns(const struct rulesets *r, unsigned worker, uint64_t generation);

// The set beside the live one (shadow.h); NULL: none. As for the live one: published by the control
// thread, borrowed by workers until they quiesce, freed by ruleset_poll() when none can hold it.
struct shadow;

// Takes `next`; NULL: no shadow from here on. Its generation, 0 for none; -EBUSY: what was published
// last is still waited for.
int64_t shadow_publish(struct rulesets *r, struct shadow *next);
struct shadow *shadow_borrow(struct rulesets *r);

// The map of countries; NULL: none. As sets are, but with a grace period of its own, so that neither
// waits for the other.
struct geo_map;

// Takes `next`. 0, or -EBUSY: the one before the live one is still waited for.
int geo_publish(struct rulesets *r, struct geo_map *next);
int geo_poll(struct rulesets *r); // 1: it was freed; 0: not yet
const struct geo_map *geo_borrow(struct rulesets *r);
