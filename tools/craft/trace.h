// Frames in memory, in the making: written in any order, taken out in order of time.

#pragma once

#include "tools/craft/frame.h"

#include <stddef.h>

struct trace {
	struct frame *frames; // each owns its data
	size_t n;
	size_t cap;
};

// A frame_fn; `trace` is the struct trace. Copies the frame. -ENOMEM.
int trace_put(void *trace, const struct frame *f);
// Frames of the same time stay in the order they came.
void trace_sort(struct trace *t);
int trace_write(const struct trace *t, frame_fn put, void *ctx);
void trace_free(struct trace *t);
