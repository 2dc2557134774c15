// A capture file that is being written: pcap, or pcapng when its name ends in .pcapng.
// Times have nanoseconds.

#pragma once

#include "tools/craft/frame.h"

struct capture_out;

// `path`: "-" is standard output. `link`: a DLT_ value. Returns 0 or a negative errno.
int capture_out_open(const char *path, int link, struct capture_out **out);

// A frame_fn; `out` is the struct capture_out. A failed write may show only at close.
int capture_out_put(void *out, const struct frame *f);

// Frees `out` in any case. Returns 0 or a negative errno: not all was written.
int capture_out_close(struct capture_out *out);
