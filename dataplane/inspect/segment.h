// Segments: parts of the network as the operator names them. The first one that a flow's first packet
// fits labels the flow; what fits none is of the default segment, number 0.
//
// A flow fits a segment when all that the segment names is there: one of its ends is in the prefixes,
// one of its VLAN ids is in the ranges, the server's port is in the ranges. The end in the prefixes is
// the person's (SEGMENT_SUBSCRIBER) or the server's (SEGMENT_SERVER); where that tells nothing, because
// both ends are or there are no prefixes, the client is the person.
//
// Filled at start, then read by all workers.

#pragma once

#include "dataplane/api/counters.h"
#include "dataplane/inspect/flow.h"

enum {
	SEGMENT_RANGES_MAX = 8192, // of one kind, of all segments: IPv4, IPv6, VLANs, ports
};

enum segment_side { SEGMENT_SUBSCRIBER, SEGMENT_SERVER };

enum segment_masking {
	SEGMENT_PSEUDONYMS, // addresses leave as keyed pseudonyms
	SEGMENT_HIDDEN, // not at all: they are all zeros
	SEGMENT_CLEAR_SERVERS, // addresses in the prefixes of a SEGMENT_SERVER as they are, others as pseudonyms
};

struct segments;

struct segments *segments_new(void); // NULL: short of memory
void segments_free(struct segments *s); // NULL is allowed

// The next one; what is added below belongs to it. Its number, from 1, or -ENOSPC. The name is cut.
int segments_add(
	struct segments *s, const char *name, enum segment_side side, enum segment_masking masking);
// An address as in flow_key; bits behind `len` are not looked at. 0, -ENOSPC, -ENOMEM.
int segments_prefix(
	struct segments *s, uint8_t ip_version, const uint8_t address[16], unsigned len);
int segments_vlans(struct segments *s, uint16_t lo, uint16_t hi);
int segments_ports(struct segments *s, uint16_t lo, uint16_t hi);
// All are there: from here on they may be looked for. 0 or -ENOMEM.
int segments_ready(struct segments *s);

unsigned segments_count(const struct segments *s); // the default one included; NULL: 1
const char *segments_name(const struct segments *s, unsigned segment); // NULL: "default"
enum segment_masking segments_masking(const struct segments *s, unsigned segment);
// Is the address in its prefixes? False when it has none.
bool segments_hold(
	const struct segments *s, unsigned segment, uint8_t ip_version, const uint8_t address[16]);

// p begins a flow: its segment, and whose end is the person's.
void segments_label(const struct segments *s, const struct packet *p, struct flow_note *note);
