// Personal data on its way: the texts of messages and streams, what detectors find in them, told by kind with
// an excerpt and a token, never the value.
//
//     FIND_TX fields, FIND_TEXT bytes -> texts      (leak.c; streams: window)
//                                     -> decoded    (plain)
//                                     -> detected   (detect/)
//                                     -> added up   (aggregate)
//                                     -> told       (leak_fn)
//
// Nothing is made and nothing looked at unless a detector is active (switch.h). One worker's.

#pragma once

#include "dataplane/inspect/inspect.h"
#include "dataplane/inspect/leak/aggregate.h"
#include "dataplane/inspect/leak/switch.h"
#include "dataplane/inspect/leak/token.h"

struct leak_place {
	struct flow *flow;
	const struct flow_note *note;
	uint8_t dir; // enum dir
	uint8_t app_proto;
	uint16_t field; // enum field: of a message; FIELD_STREAM, FIELD_PAYLOAD: of no message
	uint32_t tx_id;
	uint64_t ts_ns;
	uint64_t pcap_cnt; // 0: of no packet
	struct bytes text; // decoded: valid during the call; for evidence that is sealed at once
};

// One kind of data in one text; or in several, added up.
struct leak {
	uint8_t detector; // enum detector_id
	uint8_t confidence; // enum detect_confidence
	bool test_data;
	bool tokened; // there is a token
	uint8_t span; // enum aggregate_span
	uint8_t layers; // enum plain_layer: what the text was wrapped in
	uint32_t count; // different values
	uint32_t epoch; // of the token
	uint32_t at, len; // in the text
	uint8_t token[TOKEN_LEN];
	char masked[DETECT_MASKED_MAX];
};

struct leak_options {
	const struct leak_switch *active;
	struct leak_count *counts; // DETECTOR_COUNT of them, of the worker's page
	uint64_t *counters; // the worker's private array
	uint64_t seed; // the same for all workers
	uint8_t secret[TOKEN_SECRET_LEN]; // likewise
	uint64_t
		from_ns; // keys of days before this time are gone from the begin: the step takes a while
	void *ctx;
	// To be told: counted it was already.
	void (*tell)(void *ctx, const struct leak_place *place, const struct leak *leak);
};

struct leaks;

struct leaks *leaks_new(const struct leak_options *options); // NULL: short of memory
void leaks_free(struct leaks *l); // NULL is allowed

// Adds to what is wanted of inspection: nothing when no detector is active. Its views: until the next call.
void leaks_wants(struct leaks *l, struct inspect_wants *wants);
void leaks_find(struct leaks *l, const struct find *find);
// A session ends: what waits of its streams is looked at.
void leaks_session_end(struct leaks *l, struct session *s);
void leaks_time(struct leaks *l, uint64_t now_ns); // packet time went on
