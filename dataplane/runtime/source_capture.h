// Capture files as a source of frames, in the order given, to their exact end.

#pragma once

#include "dataplane/runtime/packet_pool.h"
#include "dataplane/runtime/source.h"

struct capture_plan {
	const char *const *paths; // the caller's, for the life of the source
	unsigned n_paths;
	const char *filter; // BPF, or NULL
	unsigned loops; // 0: for ever. Time is shifted so that it never goes back
	uint64_t rate_pps; // packets a second at most; 0: as fast as they are taken
	bool held; // gives nothing before source_capture_release()
};

struct source_capture;

// counters: of the thread that will call rx: CAPTURE_TRUNCATED, FILTERED (with RX_PACKETS),
// TOO_BIG (with RX_PACKETS). Opens the first file: -errno with a text in error as
// capture_file_open(). `pool` must outlive the source.
int source_capture_open(const struct capture_plan *plan, struct packet_pool *pool,
	uint64_t *counters, struct source_capture **out, char error[256]);
void source_capture_close(struct source_capture *c);
struct source *source_capture_source(struct source_capture *c);

// Any thread: begin.
void source_capture_release(struct source_capture *c);

// A file after the first that could not be read: its text, or NULL.
const char *source_capture_failed(const struct source_capture *c);

// Any thread, about once a second: bytes read of all files in this turn of the loop, and their
// total (0: unknown).
void source_capture_progress(const struct source_capture *c, uint64_t *done, uint64_t *total);
