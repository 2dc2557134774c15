// TCP in order: the bytes of one direction of a flow, each once, in sequence.
//
// In-order segments pass without a copy. A segment that comes too early is kept with its
// buffer, within a budget per direction and per worker. Overlap: the bytes that came first
// win, always. A hole is skipped when the peer acknowledged past it (the capture missed it),
// when the budget of the direction is spent, when it is older than the limit, or when the
// flow ends; it is counted and reported by gap(). One-way traffic and flows seen from the
// middle begin at the first segment seen.
//
// An acknowledgement counts once three segments are held: it may be captured before the data.
// A stray does not move the stream: more than 1 GiB ahead it is passed over; behind a hole of
// more than 16 MiB it is given back unreported, unless three segments in a row stand there (the
// capture lost that much); and a hole has no age while the stream before it goes on.

#pragma once

#include "dataplane/api/counters.h"
#include "dataplane/inspect/packet.h"

#include <stdint.h>

// One direction. Part of a session; zero is its initial state.
struct tcp_half {
	uint64_t next_offset; // stream offset of next_seq: bytes delivered or skipped so far
	uint64_t oldest_ns; // since when a hole is waited for
	uint32_t next_seq;
	uint32_t held_head; // pool index + 1, by sequence; 0: none
	uint16_t held_count;
	uint8_t begun;
	uint8_t fin; // FIN delivered
	uint32_t held_bytes;
	uint32_t fin_seq; // of a FIN that came before what it ends,
	uint8_t fin_seen; // while there is one
	uint8_t pad[3];
};

struct tcp_orderer;

struct tcp_order_options {
	uint32_t max_held; // segments, per worker
	uint16_t max_held_flow; // segments, per direction
	uint32_t max_held_bytes_flow;
	uint64_t max_wait_ns;
};

struct tcp_order_options tcp_order_defaults(void);

// What an orderer tells about a stream. The bytes are inside p and valid until p is freed;
// in `data`, p is the packet that carried them (for held segments: an earlier one).
struct tcp_order_events {
	void (*data)(void *ctx, struct packet *p, const uint8_t *bytes, uint32_t len);
	void (*gap)(void *ctx, uint32_t missing);
	// A held packet is no longer needed; ctx as given to the call. The callee owns p->buf.
	void (*release)(void *ctx, struct packet *p);
};

// counters: private array; keeps HELD_OUT_OF_ORDER exact in frames, adds TCP_* .
struct tcp_orderer *tcp_orderer_new(const struct tcp_order_options *options,
	const struct tcp_order_events *events, uint64_t *counters);
void tcp_orderer_free(struct tcp_orderer *o);

// Take one segment of direction `half` (its packet has tcp_seq, tcp_flags, payload).
// Returns
//   CTR_DELIVERED          all that it brought was reported; the caller keeps p
//   CTR_HELD_OUT_OF_ORDER  p was copied, p->buf is owned by the orderer until release()
//   CTR_OOO_SHED           beyond the budget of the worker; the caller keeps p, counts it
// A held packet that is released was taken out of HELD_OUT_OF_ORDER already and is to be
// counted as delivered by release().
enum counter tcp_order(struct tcp_orderer *o, struct tcp_half *half, struct packet *p, void *ctx);

// The peer acknowledged up to `ack`: holes before it will never be filled.
void tcp_order_acked(struct tcp_orderer *o, struct tcp_half *half, uint32_t ack, void *ctx);

// Skip holes older than the limit.
void tcp_order_expire(struct tcp_orderer *o, struct tcp_half *half, uint64_t now_ns, void *ctx);

// The flow ends: report what is held, with gaps, and release it.
void tcp_order_finish(struct tcp_orderer *o, struct tcp_half *half, void *ctx);
// The rest of the stream is of no interest: release without reporting.
void tcp_order_drop(struct tcp_orderer *o, struct tcp_half *half, void *ctx);
