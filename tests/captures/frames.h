// A capture's frames in memory, and what craft's operations make of them.

#pragma once

#include "tools/craft/frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Frames in memory.
struct frames {
	struct frame *all;
	size_t n, room;
	int link; // DLT_
};

// False: libpcap cannot read it, or craft cannot take its frames apart.
bool frames_read(const char *path, struct frames *out);
void frames_free(struct frames *f);
// One operation over all frames; turn: what comes of one frame comes in reverse order.
struct frames frames_transformed(
	const struct frames *in, const char *name, uint64_t arg, bool turn);
