// The one entry point to inspection: decoded packets in; messages, stream bytes and ended
// flows out. One inspector belongs to one worker; nothing in it is shared.
//
//   inspect_burst()   flow -> TCP order -> protocol fields, for a burst of packets
//   hooks.match()     what was found in the burst so far: to be matched now
//   hooks.flow_end()  a flow ended
//
// Views in what match() gets are valid during the call.

#pragma once

#include "dataplane/api/geo_map.h"
#include "dataplane/api/packet_numbers.h"
#include "dataplane/inspect/flow.h"
#include "dataplane/inspect/packet.h"
#include "dataplane/inspect/proto/names.h"
#include "dataplane/inspect/session.h"
#include "dataplane/inspect/tcp_order.h"

#include <stdbool.h>
#include <stdint.h>

enum { BURST_MAX = 32, FINDS_MAX = 256 };

enum find_kind {
	FIND_PACKET, // one delivered packet; bytes: its payload
	FIND_STREAM, // TCP bytes in order
	FIND_TX, // the fields of one message
	FIND_TEXT, // bytes of a flow whose protocol tells no texts: TCP in order, or a datagram
	FIND_NAME, // a name that DNS told for the flow's server, as a query for it would look
};

// What a flow had when the packet at hand was counted. The record itself may be ahead of it: all
// of a burst is counted before the first packet of it is parsed.
struct flow_counts {
	uint32_t packets[2]; // by sender: [0] a, [1] b
	uint64_t bytes[2];
	uint8_t state; // enum flow_state
};

#define STREAM_BYTES_UNKNOWN UINT64_MAX

// Headers and counts of the packet at hand, for rules that look at them. Pointers are into its
// buffer: they live until the burst was matched.
struct packet_facts {
	struct packet_headers headers;
	const uint8_t *payload; // headers.payload_len bytes
	const uint8_t *ether; // NULL: none
	uint16_t ether_len;
	bool bad_checksum;
	bool fragmented; // headers.ip is made anew: no fragment's offset, bits or options
	struct vlan_path vlans;
	// TCP, by enum dir: bytes of the stream told in order, or skipped, before this packet's; or
	// before the piece of it, when held segments come in between. A SYN counts for nothing.
	// STREAM_BYTES_UNKNOWN once the flow is settled: from there on it is only counted.
	uint64_t stream_bytes[2];
	uint64_t flow_age_ns; // since the first packet of the flow
};

struct find {
	uint8_t kind;
	uint8_t dir; // enum dir of the bytes
	uint8_t icmp_type;
	uint8_t icmp_code;
	uint8_t app_proto; // of the message; of the flow, as it was known then
	uint8_t app_after; // of the flow, once the packet was parsed
	uint8_t first; // FIND_PACKET, FIND_TX: the first of its direction in the flow
	uint8_t first_known; // FIND_PACKET: the first of its direction since the protocol is known
	uint8_t quiet; // FIND_TX: matched, not told
	uint8_t doubtful; // FIND_NAME: others are at this address, too
	uint16_t n_fields;
	uint16_t n_secret; // the last so many of them are matched, not told
	uint32_t payload_len; // of the packet
	uint32_t tx_id;
	struct flow *flow;
	struct flow_note *note; // flow_note()
	uint32_t flow_number; // flow_number()
	struct flow_counts counts;
	struct session *session; // FIND_STREAM, FIND_TEXT of TCP
	uint64_t ts_ns;
	uint64_t pcap_cnt;
	uint64_t
		serial; // of the packet that came last: what was held until now has that of its release
	uint64_t offset; // FIND_STREAM, FIND_TEXT: of bytes in the stream
	struct bytes bytes; // FIND_PACKET, FIND_STREAM, FIND_TEXT
	const struct field_value *fields; // FIND_TX, FIND_NAME
	// Of the packet that led to it; NULL when they are not wanted, or there is none: for a name,
	// and for what a flow tells at its end.
	const struct packet_facts *facts;
};

struct inspect_wants {
	bool packets_tcp; // FIND_PACKET of TCP,
	bool packets_other; // of all else,
	bool flow_starts; // of the first packet of each direction of a flow
	uint64_t stream_depth; // FIND_STREAM of bytes that begin before this offset
	const uint8_t *fields; // by enum field: rules look at it; NULL: at none
	bool texts; // FIND_TEXT
	bool facts; // find.facts; streams are put in order to the end then
	const struct geo_map *countries; // for the notes of flows that begin; NULL: none is known
};

struct inspect_hooks {
	void *ctx;
	// Which finds are wanted: asked once a burst.
	struct inspect_wants (*wants)(void *ctx);
	void (*match)(void *ctx, const struct find *finds, unsigned n);
	// The session's matcher streams are to be closed (either may be NULL).
	void (*streams_close)(void *ctx, struct session *s);
	void (*flow_end)(void *ctx, struct flow *flow, enum flow_reason reason);
};

struct inspect_options {
	struct flow_options flow;
	struct tcp_order_options order;
	uint64_t seed; // of the table of names; the same for all workers
	uint32_t max_sessions;
	uint32_t max_gathers;
	uint32_t probe_packets; // UDP: datagrams of a flow that are looked at
	uint32_t search_bytes; // TCP: how far into a stream a TLS hello may begin
	uint64_t stream_depth; // bytes of a direction that are matched as stream
	// Counters by service slot, added to as packets of named flows pass; whoever names a flow
	// adds what it had until then. May be NULL.
	struct service_count *services;
	const struct segments *segments; // of the network; NULL: only the default one
	struct parse_costs *costs; // filled, for the bench; may be NULL
	struct stage_clock *clock; // of the thread; may be NULL
};

struct inspect_options inspect_defaults(void);

// May flows of this protocol have text that stands in no field?
bool inspect_text_app(uint8_t app_proto);

// What libraries make at their first use, for all who use them: before inspectors are made on threads of
// their own, so that it is in no thread's memory.
void inspect_set_up(void);

struct inspector;

// counters: the worker's private array (CTR_COUNT).
struct inspector *inspector_new(const struct inspect_options *options,
	const struct inspect_hooks *hooks, uint64_t *counters);
// Ends no flow: call inspect_finish() first.
void inspector_free(struct inspector *in);

// p was decoded and goes into the next burst: what it needs is brought into the cache meanwhile. In the
// order of the burst, at most BURST_MAX of them; none of it is needed for the answer.
void inspect_ahead(struct inspector *in, const struct packet *p);

// Takes n <= BURST_MAX decoded packets and their buffers: all are counted and freed, or held.
// Flows that are due by a packet's tick end before it.
void inspect_burst(struct inspector *in, struct packet *packets, unsigned n);
// No packets: let time pass (live sources).
void inspect_idle(struct inspector *in, uint64_t now_ns);
// End of input: deliver what is held, end all flows.
void inspect_finish(struct inspector *in);

const struct event_tunnel *inspect_tunnel(const struct inspector *in, const struct flow *flow);

// The name that DNS told for the flow's server, for one that tells none itself; else nothing.
struct known_name inspect_server_name(const struct inspector *in, const struct flow *flow);

// Of a flow that is not over: below max_flows, and no other has it.
uint32_t inspect_flow_number(const struct inspector *in, const struct flow *flow);
struct flow_note *inspect_note(const struct inspector *in, const struct flow *flow);
