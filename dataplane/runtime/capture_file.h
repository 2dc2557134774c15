// One capture file: pcap or pcapng, plain, gzip or zstd. libpcap reads pcap; pcapng, whose interfaces
// may differ, is read by capture_ng.h.

#pragma once

#include <stdbool.h>
#include <stdint.h>

struct capture_file;

struct capture_frame {
	const uint8_t *data; // until the next call
	uint64_t ts_ns; // since 1970
	uint32_t len; // captured
	uint32_t wire_len;
	uint8_t link; // enum link_type
};

// filter: a BPF expression, or NULL. 0, or -errno with a text in `error` (256 bytes):
//   -ENOENT, -EACCES, -EISDIR, ...  as the system says
//   -EBADMSG                        no capture
//   -EINVAL                         the filter does not compile
int capture_file_open(
	const char *path, const char *filter, struct capture_file **out, char error[256]);
void capture_file_close(struct capture_file *c);

enum capture_next { CAPTURE_FRAME, CAPTURE_END, CAPTURE_TRUNCATED };

// CAPTURE_TRUNCATED: the file ends in the middle of a packet or is broken from here on; error()
// says how. There is nothing more to read.
enum capture_next capture_file_next(struct capture_file *c, struct capture_frame *frame);
const char *capture_file_error(const struct capture_file *c);

// For progress: bytes read of the file on disk, and its size (0: unknown).
uint64_t capture_file_position(const struct capture_file *c);
uint64_t capture_file_size(const struct capture_file *c);
// Frames that the filter left aside.
uint64_t capture_file_filtered(const struct capture_file *c);
