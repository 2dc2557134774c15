// The event record: what a worker tells about traffic. Already masked: an address
// is a pseudonym unless EVENT_CLEAR is set; a URL carries no parameter values.
//
// A record is a head and then values, each: u16 tag, u16 len, `len` bytes, padding
// to 4. Tags below EVENT_TAG_BASE are enum field (dataplane/api/fields.h); the same
// tag may come several times and order matters. Numbers are in host order unless the
// field says otherwise: both ends are on one machine.

#pragma once

#include "dataplane/api/fields.h"

#include <assert.h>
#include <stdint.h>

enum event_type {
	EVENT_ALERT = 1,
	EVENT_TX, // one message of head.app_proto
	EVENT_FLOW,
	EVENT_EVIDENCE, // behind the head no values but a record of dataplane/api/evidence.h; for no log
	EVENT_POSTURE, // a flow ended, and a check of its posture holds
	EVENT_LEAK, // personal data in clear text: never the data
};

enum { EVENT_CLEAR = 1 << 0 }; // addresses and values are unmasked (--lab)

enum event_tag {
	EVENT_TAG_BASE = 0x100,
	TAG_ALERT = EVENT_TAG_BASE, // struct event_alert
	TAG_MSG, // text
	TAG_CATEGORY, // text: of its class
	TAG_METADATA, // "key value", one a pair
	TAG_REFERENCE, // a URL, or "type,value"
	TAG_FLOW, // struct event_flow
	TAG_SERVICE, // text: service id
	TAG_SERVICE_BY, // text: what named the service: service_by_words
	TAG_TUNNEL, // struct event_tunnel
	TAG_SERVER_NAME, // text: of the flow's server, when the flow does not tell it itself,
	TAG_SERVER_NAME_BY, // text: where it is from,
	TAG_LEAK, // struct event_leak
	TAG_MASKED, // text: what of the value may be shown
	TAG_SERVER_NAME_CONFIDENCE, // text: and how sure it is, when that is to be said
	TAG_CONFIDENCE, // text: how sure the service is
	TAG_FUNCTION, // text: what the flow is used for
	TAG_APPLICATION, // text: id of who uses the service
	TAG_COUNTRY, // text: of the flow's server, two letters
	TAG_SEGMENT, // text: of the network
	TAG_MASKING, // text: what its segment does to addresses, where that is not the usual
	TAG_GRADE, // text: of the flow's posture, A to F
	TAG_SEVERITY, // text: of the worst of
	TAG_CHECK, // text: "check" or "check.part" that holds, one each
	TAG_AS, // u32: number of the autonomous system of the flow's server
};

enum { EVENT_RECORD_MAX = 16384 }; // bytes, head included; longer values are cut

struct event_head {
	uint32_t len; // of the whole record, multiple of 8
	uint8_t type;
	uint8_t flags;
	uint8_t l4; // IPPROTO_*
	uint8_t ip_version; // 4, 6
	uint64_t ts_ns; // since 1970: packet time
	uint64_t flow_id;
	uint64_t pcap_cnt; // number of the frame in its capture; 0: live
	uint8_t src[16]; // IPv4 in the first four bytes, rest zero
	uint8_t dst[16];
	uint16_t sport; // ICMP: type, code of the packet in sport, dport
	uint16_t dport;
	uint8_t app_proto;
	uint8_t dir; // enum dir of the packet or transaction; src is its sender
	uint16_t worker;
	uint32_t tx_id;
	uint32_t generation; // of the pattern set
	uint32_t reserved[2];
};
static_assert(sizeof(struct event_head) == 88, "layout is shared");

struct event_alert {
	uint32_t gid;
	uint32_t sid;
	uint32_t rev;
	uint8_t severity; // 1 high .. 255
	uint8_t reserved;
	uint16_t field; // enum field that was hit first
};
static_assert(sizeof(struct event_alert) == 16, "layout is shared");

enum { LEAK_TEST_DATA = 1 << 0, LEAK_TOKEN = 1 << 1, LEAK_NO_CLIENT = 1 << 2 };

struct event_leak {
	uint8_t detector; // enum detector_id
	uint8_t confidence; // enum detect_confidence
	uint8_t flags; // LEAK_TOKEN: there is one; LEAK_NO_CLIENT: told of the server alone
	uint8_t span; // enum aggregate_span: 0 one text, 1 a flow, 2 both addresses, some minutes
	uint16_t field; // enum field in which it stood
	uint16_t layers; // enum plain_layer
	uint32_t count; // different values
	uint32_t epoch; // of the token's key: days since 1970
	uint8_t token[8]; // the same for the same value within the epoch
};
static_assert(sizeof(struct event_leak) == 24, "layout is shared");

enum flow_reason { FLOW_TIMEOUT = 1, FLOW_CLOSED, FLOW_SHED, FLOW_END_OF_INPUT };
enum flow_state { FLOW_STATE_NEW = 0, FLOW_STATE_ESTABLISHED, FLOW_STATE_CLOSED };

struct event_flow {
	uint64_t start_ns;
	uint64_t end_ns;
	uint64_t packets[2]; // by enum dir
	uint64_t bytes[2];
	uint8_t state;
	uint8_t reason;
	uint8_t tcp_flags[2]; // seen, by enum dir
	uint8_t alerted;
	uint8_t reserved[3];
};
static_assert(sizeof(struct event_flow) == 56, "layout is shared");

enum { TUNNEL_VLANS = 2, TUNNEL_NONE = 0xffffffff };

// Ids of what the flow came in; TUNNEL_NONE where there is none.
struct event_tunnel {
	uint32_t vlan[TUNNEL_VLANS]; // outer first
	uint32_t mpls;
	uint32_t gtp_teid;
	uint32_t vxlan_vni;
	uint32_t gre_key;
	uint32_t pppoe_session;
	uint32_t reserved;
};
static_assert(sizeof(struct event_tunnel) == 32, "layout is shared");

struct event_value {
	uint16_t tag;
	uint16_t len;
	uint8_t data[];
};
