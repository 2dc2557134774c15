// One capture file: pcap or pcapng, plain, gzip or zstd. Plain pcap is read by capture_pcap.h; pcapng,
// whose interfaces may differ, by capture_ng.h; what is packed, comes through a pipe or is of an old
// form, by libpcap.

#pragma once

#include "dataplane/runtime/capture_frame.h"

struct capture_file;

// filter: a BPF expression, or NULL. windows: where frames may be left, borrowed, or NULL. 0, or -errno with a text in `error` (256 bytes):
//   -ENOENT, -EACCES, -EISDIR, ...  as the system says
//   -EBADMSG                        no capture
//   -EINVAL                         the filter does not compile
int capture_file_open(const char *path, const char *filter, struct packet_windows *windows,
	struct capture_file **out, char error[256]);
void capture_file_close(struct capture_file *c);

// CAPTURE_TRUNCATED: the file ends in the middle of a packet or is broken from here on; error()
// says how. There is nothing more to read.
enum capture_next capture_file_next(struct capture_file *c, struct capture_frame *frame);
const char *capture_file_error(const struct capture_file *c);

// For progress: bytes read of the file on disk, and its size (0: unknown).
uint64_t capture_file_position(const struct capture_file *c);
uint64_t capture_file_size(const struct capture_file *c);
// Frames that the filter left aside.
uint64_t capture_file_filtered(const struct capture_file *c);
