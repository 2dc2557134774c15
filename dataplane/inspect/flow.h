// The flow table of one worker: no locks, memory sized at start, expiry on packet time.
//
// Lookup is in two steps so that a burst's cache misses overlap: flow_prefetch() for each
// packet, then flow_lookup().

#pragma once

#include "dataplane/api/counters.h"
#include "dataplane/inspect/packet.h"

#include <stdbool.h>
#include <stdint.h>

enum flow_flag {
	FLOW_A_IS_CLIENT = 1 << 0,
	FLOW_CLIENT_KNOWN = 1 << 1, // by SYN or by protocol; else the ports, the first sender tell
	FLOW_SETTLED = 1 << 2, // only counted from here on
	FLOW_ALERTED = 1 << 3,
	FLOW_SYN_ONLY = 1 << 4, // nothing but SYNs of one side so far
	FLOW_STARTED_A = 1 << 5, // a packet of a was inspected,
	FLOW_STARTED_B = 1 << 6, // of b
	FLOW_NAMED = 1 << 7, // it tells its server's name itself: SNI, Host
	FLOW_LABELLED = 1 << 8, // DNS told a name for its server before it began;
	FLOW_LABEL_USED = 1 << 9, // that was looked at for its service
	FLOW_TOLD_C2S = 1 << 10, // a message to the server was told,
	FLOW_TOLD_S2C = 1 << 11, // to the client
	FLOW_PASSED = 1 << 12, // a pass rule about all of it hit: no rule counts any more
	FLOW_KNOWN_A = 1 << 13, // a packet of a was inspected since the protocol is known,
	FLOW_KNOWN_B = 1 << 14, // of b
};

enum { FLOW_NONE = 0xffffffff };

// The hot record. Written by its worker only.
struct flow {
	struct flow_key key;
	uint64_t first_ns;
	uint64_t last_ns;
	uint64_t bytes[2]; // by sender: [0] a, [1] b
	uint32_t packets[2];
	uint32_t hash;
	uint32_t session; // index in the session pool, or FLOW_NONE
	uint32_t wheel_next;
	uint32_t wheel_prev;
	uint16_t service; // slot, 0: none
	uint16_t flags; // enum flow_flag
	uint16_t service_by; // enum service_by (dataplane/api/service.h)
	uint8_t app_proto; // enum app_proto
	uint8_t state : 2; // enum flow_state
	uint8_t app_first : 6; // enum app_proto, before it changed; APP_UNKNOWN: it did not
	uint8_t tcp_flags[2]; // seen, by sender as `bytes`
	uint16_t wheel_slot;
	uint32_t tunnel; // index of its event_tunnel, or FLOW_NONE
	uint32_t tx_count;
	uint32_t burst; // the last one that touched it
};
static_assert(sizeof(struct flow) <= 128, "two cache lines");
static_assert(APP_COUNT <= 64, "six bits hold a protocol");

// Whose end of the flow the person's is, as its segment tells.
enum flow_person { PERSON_CLIENT, PERSON_A, PERSON_B };

// What else is known of a flow. Apart from the hot record: it is touched when the flow begins, when
// something is told of it, and when it ends, never by a packet that is only counted. Cleared when
// the flow begins; written by its worker only.
struct flow_note {
	uint64_t posture; // bits of checks
	uint16_t country[2]; // of key.a, of key.b, as geo_map.h has them; 0: not known
	uint8_t segment : 6; // 0: the default one
	uint8_t person : 2; // enum flow_person
	uint8_t grade; // of the posture
	uint16_t confidence : 2; // of the service: enum confidence (dataplane/api/service.h)
	uint16_t function : 3; // of the flow: enum flow_function
	uint16_t application : 11; // on the service: a number of its worker's; 0: not known
};
static_assert(sizeof(struct flow_note) == 16, "four to a cache line");
static_assert(SEGMENTS_MAX <= 64, "six bits hold a segment");

struct flow_table;

struct flow_options {
	uint32_t max_flows;
	uint32_t max_tunnels; // records of tunnel ids
	uint32_t max_syn_only; // flows that are bare SYNs: a flood stays inside this
	uint64_t tcp_new_ns; // idle timeouts, packet time
	uint64_t tcp_established_ns;
	uint64_t tcp_closed_ns;
	uint64_t udp_ns;
	uint64_t other_ns;
};

struct flow_options flow_defaults(void);

// Called for each flow that ends; the record is valid during the call only. The owner
// gives back the session here. reason: see dataplane/api/event.h.
typedef void (*flow_end_fn)(void *ctx, struct flow *flow, enum flow_reason reason);

struct flow_table *flow_table_new(
	const struct flow_options *options, uint64_t *counters, flow_end_fn end, void *ctx);
void flow_table_free(struct flow_table *t); // ends no flow: call flow_table_flush() first

// Bring the lines that flow_lookup() will read into the cache.
void flow_prefetch(struct flow_table *t, uint32_t hash);

// Find or begin the flow of p and count p in it (packets, bytes = p->frame_bytes, last_ns,
// tcp_flags, state). When the table or both buckets are full, one among them is ended (FLOW_SHED,
// counted): who got no answer before who did, and then who was idle longest; but never one touched
// in this burst: pass the `burst` number, which the table remembers per flow.
// NULL with *cause set to CTR_FLOW_TABLE_FULL or CTR_SYN_BUDGET when there is no record.
// Sets the client side from SYN / SYN+ACK, else the first sender (for UDP and midstream TCP:
// the side with the higher port, when one port is below 1024 and the other is not).
// The pointer is good until the next call to flow_lookup with a later burst number,
// flow_table_expire or flow_table_flush.
struct flow *flow_lookup(
	struct flow_table *t, const struct packet *p, uint32_t burst, enum counter *cause);

// Of the record: below max_flows, and no other flow has it.
uint32_t flow_number(const struct flow_table *t, const struct flow *f);
struct flow_note *flow_note(const struct flow_table *t, const struct flow *f);

// Is key.a the person's address, and key.b the server's? Or the other way round. Asked anew each time: who
// the client is may come to be known later.
static inline bool flow_person_is_a(const struct flow *f, const struct flow_note *note)
{
	if (note->person == PERSON_CLIENT)
		return (f->flags & FLOW_A_IS_CLIENT) != 0;
	return note->person == PERSON_A;
}

// Direction of p in f.
enum dir flow_dir(const struct flow *f, const struct packet *p);

// The tunnel ids the flow came in, or NULL.
const struct event_tunnel *flow_tunnel(const struct flow_table *t, const struct flow *f);

// End flows whose idle time is over. Bounded work per call; call once a burst with the
// burst's time. Time that goes back does nothing.
void flow_table_expire(struct flow_table *t, uint64_t now_ns);
// End all, oldest first by first_ns, with FLOW_END_OF_INPUT.
void flow_table_flush(struct flow_table *t);

uint32_t flow_table_count(const struct flow_table *t);
