// A frame of a capture, and how reading goes on.

#pragma once

#include "dataplane/runtime/packet_window.h"

struct capture_frame {
	const uint8_t *data; // until the next call, or
	struct packet_window *window; // as long as a packet is kept there; NULL: it cannot be
	uint64_t ts_ns; // since 1970
	uint32_t len; // captured
	uint32_t wire_len;
	uint8_t link; // enum link_type
};

enum capture_next { CAPTURE_FRAME, CAPTURE_END, CAPTURE_TRUNCATED };
