// A directory of a test's own, gone when scratch_sweep() was called.

#pragma once

#include "tests/unit/check.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static char scratch[] = "/tmp/sealwatch-unit.XXXXXX";

static inline bool scratch_open(void)
{
	return mkdtemp(scratch) != NULL;
}

// Good until eight calls later.
static inline const char *in_scratch(const char *name)
{
	static char paths[8][512];
	static unsigned next;
	char *path = paths[next++ % 8];

	snprintf(path, sizeof(paths[0]), "%s/%s", scratch, name);
	return path;
}

static inline void write_file(const char *path, const void *bytes, size_t len)
{
	FILE *f = fopen(path, "w");

	if (f == NULL || fwrite(bytes, 1, len, f) != len || fclose(f) != 0)
		abort();
}

static inline void scratch_sweep(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf '%s'", scratch);
	if (system(command) != 0)
		abort();
}
