// What is kept of a find as evidence: a bounded window of its bytes, sealed at once, into the worker's event
// ring. Only under a purpose of mode M2, for a rule with metadata `evidence` or a detector; at most
// EVIDENCE_PER_SECOND a second and worker.

#pragma once

#include "dataplane/inspect/inspect.h"
#include "dataplane/inspect/leak/leak.h"
#include "dataplane/runtime/emit.h"
#include "dataplane/runtime/ruleset.h"
#include "dataplane/runtime/seal.h"

enum { EVIDENCE_PER_SECOND = 64 };

struct evidence; // a worker's

// keys: copied; NULL: there are none, and what is asked for is counted. capture: times are a file's.
// counters: EVIDENCE, EVIDENCE_LIMITED, EVIDENCE_LOST, EVIDENCE_NO_KEYS. NULL: short of memory.
struct evidence *evidence_new(const struct seal_keys *keys, bool capture, uint64_t *counters);
void evidence_free(struct evidence *e); // NULL is allowed

// For whom, and why. find->bytes, or the find's fields with `field` first, are what is kept.
struct evidence_cause {
	const struct purpose_row *purpose;
	const char *class_name; // any text: a name is made of it
	enum field field;
	uint32_t gid, sid, rev;
	const uint8_t *digest; // of the pattern set, 32 bytes; NULL: none
	const char *section; // what find->bytes are called; NULL: payload, stream
};
void evidence_keep(struct evidence *e, struct emitter *emitter, const struct find *find,
	const struct evidence_cause *cause);

// Of what a detector found: the text around it, as it was decoded.
void evidence_keep_leak(struct evidence *e, struct emitter *emitter, const struct ruleset *rs,
	const struct leak_place *place, const struct leak *leak);

// The purpose under which a rule's hit is kept; NULL: none, which is so for nearly all.
static inline const struct purpose_row *evidence_purpose(
	const struct ruleset *rs, uint32_t rule, const struct find *find)
{
	if (!rs->evidence[rule])
		return NULL;
	return ruleset_evidence_purpose(rs, rule, find);
}
