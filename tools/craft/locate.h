// Where the headers of a captured frame are. Any bytes are safe: what can not be followed is
// not located, and the caller leaves such a frame as it is.

#pragma once

#include "tools/craft/frame.h"

#include <stdbool.h>

// The outermost IP packet. Offsets are from the start of the frame.
struct located {
	uint32_t type_at; // of the two bytes that say "IP"; 0: the link has none (raw IP)
	uint32_t ip;
	uint32_t ip_len; // the packet, without link padding; bytes on the wire
	uint32_t l4; // behind the IPv4 options or IPv6 extension headers
	uint32_t next_at; // of the protocol number that would name a fragment header
	uint32_t frag_at; // where a fragment header goes; IPv6 only
	uint8_t version;
	uint8_t protocol; // at l4
	bool fragment; // any but a whole datagram
	bool first; // it holds the l4 header
	bool whole; // all ip_len bytes were captured
};

struct located_tcp {
	struct located ip;
	uint32_t payload;
	uint32_t payload_len;
	uint32_t seq;
	uint8_t flags;
};

// `link` is a DLT_ value: Ethernet (with 802.1Q tags), raw IP or Linux cooked.
bool locate_ip(int link, const struct frame *f, struct located *out);
// A TCP segment that is whole and no fragment.
bool locate_tcp(int link, const struct frame *f, struct located_tcp *out);

// Linux cooked, Ethernet or raw: the link types there are.
bool locate_link_known(int link);
