// Session descriptions (RFC 8866): which media, and are they sealed?

#pragma once

#include "dataplane/inspect/proto/proto.h"

enum { SDP_MEDIA_MAX = 32 };

struct sdp {
	struct bytes media[SDP_MEDIA_MAX]; // values of m= lines
	uint8_t n_media;
	uint8_t srtp; // every medium that is not refused is sealed
};

// False: `body` describes no media.
bool sdp_read(struct bytes body, struct sdp *out);
