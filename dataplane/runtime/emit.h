// Event records into a worker's ring, masked on the way (dataplane/api/event.h). Nothing that
// a worker learns leaves it by another way.

#pragma once

#include "dataplane/api/ring.h"
#include "dataplane/base/siphash.h"
#include "dataplane/inspect/inspect.h"
#include "dataplane/inspect/leak/leak.h"
#include "dataplane/inspect/mask.h"
#include "dataplane/inspect/segment.h"
#include "dataplane/runtime/application.h"
#include "patterns/db.h"

struct emit_options {
	bool clear; // --lab: nothing is masked, and every record says so
	uint8_t id_key[SIPHASH_KEY_LEN]; // of flows' numbers
	uint8_t mask_key[MASK_KEY_LEN];
	const struct segments *segments; // NULL: only the default one
	const struct applications *applications; // of the worker; NULL: none are told
	// Asked when the ring is full: true when there may be room now. NULL: the record is lost.
	bool (*full)(void *ctx);
	void *full_ctx;
};

struct emitter;

// counters: the worker's private array: EVENTS, EVENTS_LOST. ring NULL: events are not wanted.
struct emitter *emitter_new(const struct emit_options *options, struct event_ring *ring,
	uint32_t ring_size, const struct directory_page *directory, uint16_t worker,
	uint64_t *counters);
void emitter_free(struct emitter *e);

// A message was seen: a tls, http or dns record.
void emit_tx(struct emitter *e, const struct find *find, uint64_t generation);
// A rule hit. find says where.
void emit_alert(struct emitter *e, const struct find *find, const struct pattern_rule *rule,
	enum field field, uint64_t generation);
// A flow ended; nothing when no check of its posture holds that is more than a count.
void emit_posture(struct emitter *e, const struct flow *flow, const struct flow_note *note,
	uint64_t generation);
// Personal data was found. Of a lure no client is told: who looks at a page is nobody's business.
void emit_leak(struct emitter *e, const struct leak_place *place, const struct leak *leak,
	bool no_client, uint64_t generation);
// note: the flow's. name: what DNS told for its server; no text: nothing. map: of AS numbers; NULL: none.
void emit_flow(struct emitter *e, const struct flow *flow, const struct flow_note *note,
	const struct event_tunnel *tunnel, const struct known_name *name, enum flow_reason reason,
	uint64_t generation, const struct geo_map *map);
// Evidence is sealed by others (evidence.h), and tells nothing in its event head but the flow's number. That is
// filled in; then the record goes as it is. False: the ring is full, or events are not wanted.
void emit_begin_evidence(const struct emitter *e, const struct find *find, struct event_head *out);
bool emit_record(struct emitter *e, const void *record, uint32_t len);
