// The workers, the reader, the shared region and the pattern sets, put together: what
// sealwatch-dataplane and sealwatch-replay have in common. Needs no EAL.
//
// Life: open, add sources, (load patterns), start..., stop, close.

#pragma once

#include "dataplane/inspect/leak/switch.h"
#include "dataplane/runtime/own_threads.h"
#include "dataplane/runtime/reader.h"
#include "dataplane/runtime/worker.h"

struct engine_options {
	unsigned n_workers;
	bool capture; // packets come from capture files
	bool events;
	bool clear; // --lab
	const char *shared_name; // name of the memfd that control maps; NULL: private memory
	uint32_t ring_size; // of each event ring, bytes, a power of two
	const struct seal_keys *seal_keys; // of evidence, copied; NULL: none is sealed
	const uint8_t *mask_key; // MASK_KEY_LEN bytes, or NULL: random for this run
	uint32_t max_flows; // per worker; 0: default
	bool drop_bad_checksum;
	bool verify_checksum;
	const struct segments *segments; // of the network, borrowed; NULL: only the default one
	struct inspect_options inspect;
	own_threads_fn on_workers; // what brings about that workers open themselves; NULL: threads
	uint32_t stages_every; // turns of which one is timed (stage_clock.h)
	bool (*full)(void *ctx); // see emit_options
	void *full_ctx;
};

struct engine {
	unsigned n_workers;
	bool clear;
	struct shared shared;
	struct rulesets *rulesets;
	struct worker *workers;
	struct rule_state_options rule_state;
	struct rule_shares *rule_shares;
	struct posture_history *servers;
	struct border_keys border_keys;
	uint32_t max_flows; // of a worker
	struct reader *reader; // NULL: one worker, or ports
	struct order *order; // as reader
	struct packet_pool *pool; // NULL: ports
	struct source_capture *capture;
	struct handover *handovers[LINK_WORKERS_MAX]; // between workers, for ports
	struct leak_switch leaks;
};

struct engine_options engine_defaults(void);

// 0 or -errno. close() takes what is half open.
int engine_open(struct engine *e, const struct engine_options *options);
// All threads must have returned.
void engine_close(struct engine *e);

// The capture files to read. 0, or as source_capture_open().
int engine_capture(struct engine *e, const struct capture_plan *plan, char error[256]);

// The purposes are these from here on; with `clear` the laboratory's too. 0, or as rulesets_purposes().
int engine_purposes(struct engine *e, const struct purpose_table *purposes);

// Prepare and publish a set; a worker that runs takes it at its next turn. 0 with *generation,
// or -errno with a text. -EBUSY: the one before is still held by a worker.
int engine_load(
	struct engine *e, const void *blob, size_t len, uint64_t *generation, char error[256]);

// The same beside the live set, on so many thousandths of the flows.
int engine_shadow(struct engine *e, const void *blob, size_t len, uint32_t share,
	uint64_t *generation, char error[256]);
int engine_shadow_drop(struct engine *e); // 0 or -EBUSY

// Which detectors of personal data are active from here on; none is before. Workers take it with their
// next burst.
void engine_leak_policy(struct engine *e, const struct leak_policy *policy);

// The map of countries, for flows that begin from here on. As engine_load(); bytes are copied.
int engine_geo(struct engine *e, const void *bytes, size_t len, char error[256]);

void engine_stop(struct engine *e); // ask all threads to return

// Totals over all pages. False: a page was being written all the time.
bool engine_totals(const struct engine *e, uint64_t values[CTR_COUNT]);
