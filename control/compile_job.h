// Compiling a pattern set while the daemon goes on serving: a child process with limits does it
// (compile_child.h), the event loop watches it.

#pragma once

#include "control/compile_child.h"
#include "control/compile_report.h"
#include "control/pattern_index.h"

#include <event2/event.h>

struct compile_result {
	int status; // 0, or -errno and a text
	char error[256];
	struct compile_report report; // diags, also when it went well
	// With status 0, as far as the work makes it; unless report.found is CACHE_HELD: then there is
	// the name and nothing else.
	struct pattern_index *index;
	int blob_fd; // a memfd that nobody can change; else -1
	uint64_t blob_len;
	uint64_t compile_ns;
};

void compile_result_free(struct compile_result *r); // closes blob_fd; a freed one is allowed

// Takes what it wants out of *result; the rest is freed after the call.
typedef void (*compile_done_fn)(void *ctx, struct compile_result *result);

struct compile_job;

// `req` is borrowed for the call. 0, with one later call of `done`, or -errno.
int compile_job_start(struct event_base *base, const struct compile_request *req,
	compile_done_fn done, void *ctx, struct compile_job **out);
// Kills it; `done` is not called. Not after `done` was. NULL is allowed.
void compile_job_cancel(struct compile_job *j);
