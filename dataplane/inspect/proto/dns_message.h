// One message of DNS (RFC 1035 4): its header, questions and records, to a transaction.

#pragma once

#include "dataplane/inspect/proto/proto.h"

enum {
	DNS_HEADER_LEN = 12,
	DNS_NAME_MAX = 255, // RFC 1035 2.3.4; the text is shorter
	DNS_RESPONSE = 0x8000, // in the flags
	DNS_PORT_MDNS = 5353,
	DNS_PORT_LLMNR = 5355,
};

struct dns_header {
	uint16_t id;
	uint16_t flags;
	uint16_t questions;
	uint16_t answers;
	uint16_t authorities;
	uint16_t additionals;
};

struct dns_question {
	uint8_t name[DNS_NAME_MAX]; // dotted text
	uint8_t len;
	uint8_t type[2];
	uint16_t class;
};

enum dns_read { DNS_READ_OK, DNS_READ_CUT, DNS_READ_BAD };

struct dns_header dns_read_header(struct bytes *in);
// The question at *in of `message`, whose labels may go on elsewhere in it.
enum dns_read dns_read_question(struct bytes message, struct bytes *in, struct dns_question *q);

// Report a message, or the first bytes of one: what of it is whole is told. PARSE_BAD: it is none.
enum parse dns_report(const struct proto_io *io, struct bytes message);
