// The counter page: one per thread that touches packets (workers and the capture
// reader), in shared memory. Written by that thread at the end of each burst under
// a sequence count; read by anyone, who retries while the count is odd or moved.
//
// The accounting law, true in every snapshot of a page:
//
//   rx_packets + handed_in = delivered + handed_out + held_* + every CAUSE
//
// Pages are published at the end of a burst, of which none is in flight then: every 16 busy turns, and at
// once when nothing comes.
//
// A packet is a frame as received: a datagram put together from three fragments
// is delivered as three.

#pragma once

#include "dataplane/api/borders.h"
#include "dataplane/api/fields.h"
#include "dataplane/api/leaks.h"
#include "dataplane/api/posture.h"
#include "dataplane/api/rule_counts.h"
#include "dataplane/api/service.h"
#include "dataplane/api/stages.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

// By protocol, in the order of enum app_proto from CTR_TX, CTR_FLOWS and CTR_BYTES on.
#define TX_COUNTER(id, name, eve)                                                                  \
	X(CTR_TX_##id, "tx_" name, KIND_INFO, "messages of " name " parsed")
#define FLOW_COUNTER(id, name, eve)                                                                \
	X(CTR_FLOWS_##id, "flows_" name, KIND_INFO, "ended flows of " name)
#define BYTE_COUNTER(id, name, eve)                                                                \
	X(CTR_BYTES_##id, "bytes_" name, KIND_INFO, "frame bytes of ended flows of " name)

// By stage, in the order of enum stage from CTR_CYCLES on.
#define STAGE_COUNTER(id, name, help)                                                              \
	X(CTR_CYCLES_##id, "cycles_" name, KIND_INFO, "cycles of timed turns spent in " help)

// X(id, name, kind, help)
#define COUNTERS(X)                                                                                \
	X(CTR_RX_PACKETS, "rx_packets", KIND_IN, "frames taken from the source")                   \
	X(CTR_HANDED_IN, "handed_in", KIND_IN, "frames taken over from another thread")            \
	X(CTR_RX_BYTES, "rx_bytes", KIND_INFO, "bytes of these frames on the wire")                \
	X(CTR_DELIVERED, "delivered", KIND_OUT, "frames counted in a flow and inspected")          \
	X(CTR_HANDED_OUT, "handed_out", KIND_OUT, "frames given to the thread that owns them")     \
	X(CTR_HELD_FRAGMENTS, "held_fragments", KIND_HELD, "fragments that wait for the rest")     \
	X(CTR_HELD_OUT_OF_ORDER, "held_out_of_order", KIND_HELD, "TCP segments that wait")         \
	/* decode */                                                                               \
	X(CTR_NOT_IP, "not_ip", KIND_CAUSE, "no IP packet: ARP, STP, LLDP, ...")                   \
	X(CTR_LINK_UNKNOWN, "link_unknown", KIND_CAUSE, "link type without a decoder")             \
	X(CTR_LINK_TRUNCATED, "link_truncated", KIND_CAUSE, "cut inside the link header")          \
	X(CTR_IP4_BAD, "ip4_bad", KIND_CAUSE, "malformed IPv4 header")                             \
	X(CTR_IP6_BAD, "ip6_bad", KIND_CAUSE, "malformed IPv6 or extension header")                \
	X(CTR_L4_TRUNCATED, "l4_truncated", KIND_CAUSE, "cut inside the TCP or UDP header")        \
	X(CTR_TCP_BAD, "tcp_bad", KIND_CAUSE, "malformed TCP header")                              \
	X(CTR_UDP_BAD, "udp_bad", KIND_CAUSE, "malformed UDP header")                              \
	X(CTR_TUNNEL_BAD, "tunnel_bad", KIND_CAUSE, "malformed tunnel header")                     \
	X(CTR_TUNNEL_TOO_DEEP, "tunnel_too_deep", KIND_CAUSE, "more nested headers than allowed")  \
	X(CTR_CHECKSUM_DROPPED, "checksum_dropped", KIND_CAUSE, "bad checksum, port set to drop")  \
	X(CTR_FRAG_BAD, "frag_bad", KIND_CAUSE, "fragment with impossible offset or length")       \
	X(CTR_FRAG_DUPLICATE, "frag_duplicate", KIND_CAUSE, "fragment that brought nothing new")   \
	X(CTR_FRAG_TIMEOUT, "frag_timeout", KIND_CAUSE, "fragments whose rest never came")         \
	X(CTR_FRAG_SHED, "frag_shed", KIND_CAUSE, "fragments shed: table or memory full")          \
	X(CTR_TOO_BIG, "too_big", KIND_CAUSE, "frame larger than the largest buffer")              \
	/* flow and order */                                                                       \
	X(CTR_FLOW_TABLE_FULL, "flow_table_full", KIND_CAUSE, "no record and none to shed")        \
	X(CTR_SYN_BUDGET, "syn_budget", KIND_CAUSE, "bare SYN beyond the budget for them")         \
	X(CTR_HANDOVER_FULL, "handover_full", KIND_CAUSE, "ring to the owning worker full")        \
	X(CTR_OOO_SHED, "ooo_shed", KIND_CAUSE, "out-of-order segment beyond the budget")          \
	X(CTR_FILTERED, "filtered", KIND_CAUSE, "left aside by the source's filter")               \
	/* further facts, not part of the law */                                                   \
	X(CTR_MISSED, "missed", KIND_INFO, "frames lost before us, as the port tells")             \
	X(CTR_CAPTURE_TRUNCATED, "capture_truncated", KIND_INFO,                                   \
		"captures that end in mid packet")                                                 \
	X(CTR_BAD_CHECKSUM, "bad_checksum", KIND_INFO,                                             \
		"checksum of IP wrong, or of TCP or UDP where the payload was looked at")          \
	X(CTR_SNAPPED, "snapped", KIND_INFO, "frames captured shorter than they were")             \
	X(CTR_FRAG_REASSEMBLED, "frag_reassembled", KIND_INFO, "datagrams put together")           \
	X(CTR_TUNNELLED, "tunnelled", KIND_INFO, "frames with a tunnel inside")                    \
	X(CTR_PAYLOAD_BYTES, "payload_bytes", KIND_INFO, "TCP and UDP payload delivered")          \
	X(CTR_FLOWS_NEW, "flows_new", KIND_INFO, "flows begun")                                    \
	X(CTR_FLOWS_ENDED, "flows_ended", KIND_INFO, "flows ended, by any reason")                 \
	X(CTR_FLOWS_SHED, "flows_shed", KIND_INFO, "flows ended early to make room")               \
	X(CTR_FLOWS_ACTIVE, "flows_active", KIND_GAUGE, "flows in the table")                      \
	X(CTR_SESSIONS_ACTIVE, "sessions_active", KIND_GAUGE, "flows still being parsed")          \
	X(CTR_SESSIONS_DENIED, "sessions_denied", KIND_INFO, "flows not parsed: no session left")  \
	X(CTR_SESSIONS_SHED, "sessions_shed", KIND_INFO,                                           \
		"flows no longer parsed: a newer one needed the session")                          \
	X(CTR_TCP_GAPS, "tcp_gaps", KIND_INFO, "holes in TCP streams that were skipped")           \
	X(CTR_TCP_GAP_BYTES, "tcp_gap_bytes", KIND_INFO, "bytes that these holes miss")            \
	X(CTR_TCP_RETRANSMITTED, "tcp_retransmitted", KIND_INFO, "segments that brought no news")  \
	X(CTR_TCP_OUT_OF_ORDER, "tcp_out_of_order", KIND_INFO, "segments that came too early")     \
	X(CTR_PARSE_BAD, "parse_bad", KIND_INFO, "flows whose protocol broke its own rules")       \
	X(CTR_GATHER_DENIED, "gather_denied", KIND_INFO, "messages not parsed: no buffer left")    \
	X(CTR_GATHER_EVICTED, "gather_evicted", KIND_INFO,                                         \
		"flows that gave up a message: the oldest when buffers ran short")                 \
	X(CTR_INFLATE_DENIED, "inflate_denied", KIND_INFO, "bodies not unpacked: no decoder left") \
	X(CTR_NAMES_SHED, "names_shed", KIND_INFO, "addresses whose name was given up: no room")   \
	X(CTR_WITNESS_LOST, "witness_lost", KIND_INFO,                                             \
		"answers of DNS that other workers were not told of")                              \
	X(CTR_SCANS, "scans", KIND_INFO, "fields and payloads scanned")                            \
	X(CTR_CANDIDATES, "candidates", KIND_INFO,                                                 \
		"rules that a scan brought to the confirm step")                                   \
	X(CTR_HITS_OVERFLOW, "hits_overflow", KIND_INFO,                                           \
		"rule hits beyond what one message reports")                                       \
	X(CTR_CONFIRM_GAVE_UP, "confirm_gave_up", KIND_INFO, "confirm steps beyond their budget")  \
	X(CTR_RULE_STATE_SHED, "rule_state_shed", KIND_INFO,                                       \
		"bits, numbers and limits of rules that were given up: no room")                   \
	X(CTR_APPLICATIONS_FULL, "applications_full", KIND_INFO,                                   \
		"ids of applications that were not told: no room")                                 \
	X(CTR_ALERTS, "alerts", KIND_INFO, "rule hits")                                            \
	X(CTR_ALERTS_SUPPRESSED, "alerts_suppressed", KIND_INFO,                                   \
		"rule hits that the threshold file keeps silent")                                  \
	X(CTR_ALERTS_LIMITED, "alerts_limited", KIND_INFO,                                         \
		"rule hits beyond what a threshold lets alert")                                    \
	X(CTR_SHADOW_FINDS, "shadow_finds", KIND_INFO,                                             \
		"packets, messages and pieces of streams that a shadow set was matched with")      \
	X(CTR_POSTURE_EVENTS, "posture_events", KIND_INFO,                                         \
		"flows told of because a check of their posture holds")                            \
	X(CTR_POSTURE_CELLS_FULL, "posture_cells_full", KIND_INFO,                                 \
		"flows whose service and segment had no place in the table of postures")           \
	X(CTR_POSTURE_SERVERS_SHED, "posture_servers_shed", KIND_INFO,                             \
		"servers that offered STARTTLS and were forgotten: no room")                       \
	X(CTR_TEXTS, "texts", KIND_INFO, "texts looked at for personal data")                      \
	X(CTR_TEXT_BYTES, "text_bytes", KIND_INFO, "bytes of these texts, before decoding")        \
	X(CTR_TEXTS_WITHOUT, "texts_binary", KIND_INFO,                                            \
		"of them, those in which there is no text")                                        \
	X(CTR_TEXTS_DEEP, "texts_deep", KIND_INFO, "wrapped in more layers than are looked at")    \
	X(CTR_TEXTS_CUT, "texts_cut", KIND_INFO, "longer, or decoded longer, than is looked at")   \
	X(CTR_TEXTS_SHED, "texts_shed", KIND_INFO, "streams given up early: no window was left")   \
	X(CTR_LEAKS, "leaks", KIND_INFO, "findings of personal data that were told")               \
	X(CTR_LEAKS_UNTOLD, "leaks_lost", KIND_INFO,                                               \
		"kinds and values beyond what a text may have")                                    \
	X(CTR_LEAK_SUMS_SHED, "leak_sums_shed", KIND_INFO, "sums of lists given up: no room")      \
	X(CTR_EVIDENCE, "evidence", KIND_INFO, "sealed windows put into the event ring")           \
	X(CTR_EVIDENCE_LIMITED, "evidence_limited", KIND_INFO,                                     \
		"windows beyond what a second takes")                                              \
	X(CTR_EVIDENCE_LOST, "evidence_lost", KIND_INFO,                                           \
		"windows that the full ring did not take")                                         \
	X(CTR_EVIDENCE_NO_KEYS, "evidence_no_keys", KIND_INFO,                                     \
		"windows asked for while there are no evidence_keys")                              \
	X(CTR_EVENTS, "events", KIND_INFO, "records put into the event ring")                      \
	X(CTR_EVENTS_LOST, "events_lost", KIND_INFO, "records that the full ring did not take")    \
	X(CTR_BUSY_NS, "busy_ns", KIND_INFO,                                                       \
		"time in turns that had frames, waits for others included")                        \
	/* what each stage cost, of timed turns: cycles of the time stamp counter */               \
	X(CTR_STAGE_PACKETS, "stage_packets", KIND_INFO, "frames of the turns that were timed")    \
	STAGES(STAGE_COUNTER)                                                                      \
	APP_PROTOS(TX_COUNTER)                                                                     \
	APP_PROTOS(FLOW_COUNTER)                                                                   \
	APP_PROTOS(BYTE_COUNTER)

enum counter_kind { KIND_IN, KIND_OUT, KIND_HELD, KIND_CAUSE, KIND_INFO, KIND_GAUGE };

#define X(id, name, kind, help) id,
enum counter { COUNTERS(X) CTR_COUNT };
#undef X
enum {
	CTR_CYCLES = CTR_CYCLES_STAGE_RECEIVE,
	CTR_TX = CTR_TX_APP_UNKNOWN,
	CTR_FLOWS = CTR_FLOWS_APP_UNKNOWN,
	CTR_BYTES = CTR_BYTES_APP_UNKNOWN,
};

struct counter_info {
	const char *name;
	enum counter_kind kind;
	const char *help;
};

static const struct counter_info counter_table[CTR_COUNT] __attribute__((unused)) = {
#define X(id, name, kind, help) [id] = {name, kind, help},
	COUNTERS(X)
#undef X
};

// Rules and services keep their slot for the life of the dataplane, whatever set is
// loaded: so their counters go on through a swap. Slot 0 of each collects what came
// after the table was full.
enum { SERVICE_SLOTS = 1024, SERVICE_NAME_LEN = 32 };

// Segments of the network, the default one included, which is the first. The operator names them; they
// do not change while the dataplane runs.
enum { SEGMENTS_MAX = 64, SEGMENT_NAME_LEN = 32 };

struct rule_slot {
	uint32_t gid;
	uint32_t sid;
	uint32_t rev;
	uint32_t reserved;
};

// Written by the dataplane's main thread only; a slot is complete before the count
// that includes it is published.
struct directory_page {
	_Atomic uint32_t n_rules;
	_Atomic uint32_t n_services;
	struct rule_slot rules[RULE_SLOTS];
	char services[SERVICE_SLOTS][SERVICE_NAME_LEN];
	uint32_t n_segments; // set before control sees the page
	char segments[SEGMENTS_MAX][SEGMENT_NAME_LEN];
};

// A flow and its traffic count for a service when it is named; what is known of it when it ends.
struct service_count {
	_Atomic uint64_t flows;
	_Atomic uint64_t packets;
	_Atomic uint64_t bytes;
	// Of flows that ended: what does not depend on where bursts end, or on a name that another one
	// took the place of.
	_Atomic uint64_t ended_flows;
	_Atomic uint64_t ended_packets;
	_Atomic uint64_t ended_bytes;
	_Atomic uint64_t by[SERVICE_BYS]; // ended flows, by what named them,
	_Atomic uint64_t confidence[CONFIDENCES]; // by how sure that is,
	_Atomic uint64_t function[FUNCTIONS]; // by what they were used for
};

struct counter_page {
	_Atomic uint32_t seq; // odd while it is being written
	uint32_t thread; // worker number, or THREAD_READER
	_Atomic uint64_t heartbeat_ns; // CLOCK_MONOTONIC of the last burst or idle turn
	_Atomic uint64_t values[CTR_COUNT];
	struct service_count services[SERVICE_SLOTS]; // written as it happens
	_Atomic uint64_t segments[SERVICE_SLOTS][SEGMENTS_MAX]; // ended flows; likewise
	struct rule_counts rules; // likewise
	// Of the flows that a shadow set looks at: its numbers, and those of the live set beside it. They
	// go on through shadows, so what one of them counted is the difference to when it came.
	struct rule_counts shadow, beside;
	struct leak_count leaks[DETECTOR_COUNT]; // as rules
	struct posture_page posture; // likewise
	struct border_page borders; // of flows that ended
};

enum { THREAD_READER = 0xffff };

// One writer a counter: load and store, no locked instruction.
static inline void counter_add(_Atomic uint64_t *c, uint64_t n)
{
	uint64_t v = atomic_load_explicit(c, memory_order_relaxed);
	atomic_store_explicit(c, v + n, memory_order_relaxed);
}

// Writer: publish the thread's private totals. One writer a page.
static inline void counter_page_publish(struct counter_page *page, const uint64_t values[CTR_COUNT])
{
	uint32_t seq = atomic_load_explicit(&page->seq, memory_order_relaxed);
	atomic_store_explicit(&page->seq, seq + 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	for (unsigned i = 0; i < CTR_COUNT; i++)
		atomic_store_explicit(&page->values[i], values[i], memory_order_relaxed);
	atomic_store_explicit(&page->seq, seq + 2, memory_order_release);
}

// Reader: a consistent copy. False when the writer kept on writing; try later.
static inline bool counter_page_read(struct counter_page *page, uint64_t values[CTR_COUNT])
{
	for (unsigned tries = 0; tries < 10000; tries++) {
		uint32_t seq = atomic_load_explicit(&page->seq, memory_order_acquire);
		if (seq & 1)
			continue;
		for (unsigned i = 0; i < CTR_COUNT; i++)
			values[i] = atomic_load_explicit(&page->values[i], memory_order_relaxed);
		atomic_thread_fence(memory_order_acquire);
		if (atomic_load_explicit(&page->seq, memory_order_relaxed) == seq)
			return true;
	}
	return false;
}

// How far a snapshot is from the accounting law: 0.
static inline int64_t counters_unaccounted(const uint64_t values[CTR_COUNT])
{
	int64_t left = 0;
	for (unsigned i = 0; i < CTR_COUNT; i++) {
		if (counter_table[i].kind == KIND_IN)
			left += (int64_t)values[i];
		else if (counter_table[i].kind <= KIND_CAUSE)
			left -= (int64_t)values[i];
	}
	return left;
}
