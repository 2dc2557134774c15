// The records of a plain pcap file (draft-ietf-opsawg-pcap), read by ourselves in large pieces.
// libpcap takes two locked reads and a copy a record: 80 to 140 ns more than this.
//
// What libpcap 1.10 makes of a record, this makes of it, and ends as it does, in its words. The
// file's header, older versions and modified forms are left to libpcap.

#pragma once

#include "dataplane/runtime/capture_frame.h"

#include <stdbool.h>
#include <sys/types.h>

enum { CAPTURE_PCAP_HEAD = 24, CAPTURE_PCAP_ERROR = 128 };

struct capture_pcap_form {
	bool swapped; // numbers are not in our byte order
	bool nano; // times are of nanoseconds
	uint32_t snap; // what is longer is cut; above 0
};

struct capture_pcap;

// Does a file that begins with `head` have records as they are read here? Then `form` is filled in,
// but for the snap length.
bool capture_pcap_form(const uint8_t head[CAPTURE_PCAP_HEAD], struct capture_pcap_form *form);

// fd: of a file, wherever it stands; the reader's from here on. windows: where frames may lie longer
// than until the next call, borrowed; NULL: nowhere. NULL, and fd is the caller's still: short of
// memory.
struct capture_pcap *capture_pcap_open(
	int fd, const struct capture_pcap_form *form, struct packet_windows *windows);
void capture_pcap_close(struct capture_pcap *c);

// wire_len is what the record says, also when that is less than len; link is left alone.
// CAPTURE_TRUNCATED: capture_pcap_error() says how. There is nothing more to read.
enum capture_next capture_pcap_next(struct capture_pcap *c, struct capture_frame *frame);
const char *capture_pcap_error(const struct capture_pcap *c);
// Bytes of the file read so far.
uint64_t capture_pcap_position(const struct capture_pcap *c);
