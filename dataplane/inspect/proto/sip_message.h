// SIP messages (RFC 3261): what is the same over UDP and TCP.

#pragma once

#include "dataplane/inspect/proto/proto.h"

// Is this line, without its end, the first of a request or response (7.1, 7.2)?
bool sip_is_start_line(struct bytes line);

// The first line and the header lines, in place.
struct sip_head {
	struct bytes head; // all of it
	struct bytes content_type;
	uint32_t content_length;
	bool has_length;
};

// `head`: up to and with the empty line, or as much as there is.
void sip_head_read(struct bytes head, struct sip_head *out);

// May the body hold a session description?
bool sip_body_counts(const struct sip_head *head);

void sip_report(
	const struct proto_io *io, enum dir dir, const struct sip_head *head, struct bytes body);

// The length of a head up to and with its empty line; 0: there is none.
size_t sip_head_len(struct bytes in);

// `may_grow`: more bytes may follow.
enum probe sip_probe(struct bytes in, bool may_grow, enum dir *sender);
