// Frames of a capture, or made, as a source without an end: they lie in mbufs, and are given again and
// again. Each loop brings new hosts, so new flows, with checksums that are right and a time that goes on.

#pragma once

#include "dataplane/runtime/capture_frame.h"
#include "dataplane/runtime/source.h"

struct loop_source;

// Reads the capture. 0, or an exit status; says why. At this time the EAL need not be up.
int loop_source_read(const char *path, struct loop_source **out);
// Nothing yet; NULL: memory is short.
struct loop_source *loop_source_new(void);
// One more frame, which is copied. False: memory is short.
bool loop_source_add(struct loop_source *l, const struct capture_frame *frame);
// So much memory is wanted for its mbufs.
unsigned loop_source_mb(const struct loop_source *l);
// Puts it into mbufs. The EAL is up. 0 or 1; says why.
int loop_source_fill(struct loop_source *l);
void loop_source_free(struct loop_source *l);

// Whether its packets say, as a NIC's do that has summed up TCP and UDP, that the sums are right.
void loop_source_tell_sums(struct loop_source *l, bool told);

struct source *loop_source(struct loop_source *l);
uint64_t loop_source_packets(const struct loop_source *l); // of one loop
uint64_t loop_source_bytes(const struct loop_source *l);
// Frames that were still held when their turn came again: left out of that loop.
uint64_t loop_source_left_out(const struct loop_source *l);
