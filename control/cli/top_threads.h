// The rows of `sealctl top`: what each thread did, in all or between two answers of the daemon.

#pragma once

#include "dataplane/api/stages.h"

#include <jansson.h>

#include <stdint.h>

enum { TOP_THREADS_MAX = 66, TOP_THREAD_NAME = 16 };

struct top_thread {
	char name[TOP_THREAD_NAME]; // "0", "reader"
	double packets; // taken from a source, or over from another thread
	double received; // of these, from a source
	double bytes;
	double busy_ns;
	double timed; // packets whose stages were timed
	double cycles[STAGE_COUNT]; // spent on these
};

struct top_threads {
	unsigned n;
	struct top_thread threads[TOP_THREADS_MAX];
	double ns; // of the daemon's clock between the answers; 0: in all
};

// before: NULL, or an older answer: the difference. A thread that counted backwards began anew.
void top_threads_read(const json_t *answer, const json_t *before, struct top_threads *out);

// Cycles of a stage for each of the thread's packets; all: of all stages. 0 when none was timed.
double top_thread_stage(const struct top_thread *t, enum stage stage);
double top_thread_all(const struct top_thread *t);
// What a received packet costs all threads together.
double top_threads_stage(const struct top_threads *t, enum stage stage);
