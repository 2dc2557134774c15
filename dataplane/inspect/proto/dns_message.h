// One message of DNS (RFC 1035 4): its header, questions and records, to a transaction.

#pragma once

#include "dataplane/inspect/proto/proto.h"

enum {
	DNS_HEADER_LEN = 12,
	DNS_NAME_MAX = 255, // RFC 1035 2.3.4; the text is shorter
	DNS_RESPONSE = 0x8000, // in the flags
	DNS_OPCODE_SHIFT = 11,
	DNS_RCODE_MASK = 0x000f,
	DNS_CLASS_IN = 1,
	DNS_CLASS_MASK = 0x7fff, // RFC 6762 10.2, 5.4: the highest bit is another thing in mDNS
	DNS_PORT = 53,
	DNS_PORT_MDNS = 5353,
	DNS_PORT_LLMNR = 5355,

	// IANA, DNS parameters.
	DNS_TYPE_A = 1,
	DNS_TYPE_NS = 2,
	DNS_TYPE_CNAME = 5,
	DNS_TYPE_SOA = 6,
	DNS_TYPE_PTR = 12,
	DNS_TYPE_MX = 15,
	DNS_TYPE_TXT = 16,
	DNS_TYPE_AAAA = 28,
	DNS_TYPE_SRV = 33,
	DNS_TYPE_DNAME = 39,
	DNS_TYPE_OPT = 41,
	DNS_TYPE_SVCB = 64,
	DNS_TYPE_HTTPS = 65,
	DNS_TYPE_ANY = 255,
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

// A record without its name. RFC 1035 4.1.3.
struct dns_record {
	uint16_t type;
	uint16_t class;
	uint32_t ttl;
	struct bytes data;
};

// A message that is being read. Names point into each other: what all of them may cost together
// is bounded, so that a long message of pointers costs no more than an honest one.
struct dns_message {
	struct bytes all; // or its first bytes
	unsigned steps; // labels and pointers that may still be followed
};

enum dns_read { DNS_READ_OK, DNS_READ_CUT, DNS_READ_BAD };

struct dns_message dns_open(struct bytes all);
struct dns_header dns_read_header(struct bytes *in);
// The name at *in, whose labels may go on elsewhere in the message.
enum dns_read dns_read_name(
	struct dns_message *m, struct bytes *in, uint8_t name[DNS_NAME_MAX], uint8_t *len);
enum dns_read dns_read_question(struct dns_message *m, struct bytes *in, struct dns_question *q);
// What comes behind the record's name. False: the message ends in it.
bool dns_read_record(struct bytes *in, struct dns_record *record);

// Report a message, or the first bytes of one: what of it is whole is told. PARSE_BAD: it is none.
enum parse dns_report(const struct proto_io *io, struct bytes message);
