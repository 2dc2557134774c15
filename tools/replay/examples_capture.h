// Captures that examples name, each run once through an engine of its own.

#pragma once

#include "dataplane/runtime/engine.h"
#include "tools/replay/examples_file.h"

struct example_capture {
	const char *path;
	const char *why; // it could not be run; NULL: it was
	struct engine engine;
};

struct example_captures {
	const void *blob; // the set, borrowed
	size_t len;
	unsigned n;
	struct example_capture *items[EXAMPLE_CAPTURES_MAX];
};

// How often the example's rule hits in its capture. NULL, or why that can not be told.
const char *example_captures_hits(
	struct example_captures *all, const struct example *e, uint64_t *hits);
void example_captures_free(struct example_captures *all);
