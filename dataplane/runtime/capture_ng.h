// pcapng (draft-ietf-opsawg-pcapng), read by ourselves: libpcap refuses a file whose interfaces
// differ in link type or snap length, as captures of tunnels and merged ones often do.

#pragma once

#include <pcap/pcap.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct capture_ng;

struct capture_ng_frame {
	const uint8_t *data; // until the next call
	uint64_t ts_ns;
	uint32_t len;
	uint32_t wire_len;
	int dlt;
};

enum capture_ng_next { CAPTURE_NG_FRAME, CAPTURE_NG_END, CAPTURE_NG_BROKEN };

// `file` is the reader's from here on, whatever is returned. NULL: short of memory.
struct capture_ng *capture_ng_open(FILE *file);
void capture_ng_close(struct capture_ng *c);
// CAPTURE_NG_BROKEN: *error says how (static text); nothing more can be read.
enum capture_ng_next capture_ng_next(
	struct capture_ng *c, struct capture_ng_frame *frame, const char **error);
// The link type of the first interface; -1: the file ends before one, or is none.
int capture_ng_first_dlt(struct capture_ng *c, const char **error);
