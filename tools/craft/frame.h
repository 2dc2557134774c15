// A frame as it stands in a capture, and who takes one.

#pragma once

#include <stdint.h>

enum { FRAME_MAX = 262144 }; // the snap length of what is written

struct frame {
	const uint8_t *data;
	uint64_t ts_ns; // since 1970
	uint32_t len; // bytes at `data`
	uint32_t wire_len; // bytes there were; more than `len` when the capture was cut
};

// The frame is borrowed for the call. Returns 0 or a negative errno, which ends the run.
typedef int (*frame_fn)(void *ctx, const struct frame *f);
