// From a frame to the innermost IP packet: link layer, VLAN/QinQ, MPLS, PPPoE, IPv4,
// IPv6 and extension headers, tunnels (IPinIP, 6in4, GRE, ERSPAN, VXLAN, GENEVE, GTP-U,
// Teredo, AYIYA), fragments, TCP, UDP, SCTP, ICMP.
//
// One decoder belongs to one thread. It owns the fragment table (defrag.h).

#pragma once

#include "dataplane/api/counters.h"
#include "dataplane/inspect/packet.h"

#include <stdint.h>

struct decoder;

struct decoder_options {
	uint64_t seed; // of the hashes; the same for all threads of a process
	bool verify_checksum; // default: yes; off where the NIC or the source did it
	bool drop_bad_checksum; // default: count and inspect
	// A transport's checksum is left to who needs the payload (PACKET_SUM_DUE, decode_is_sound): to
	// look at it brings all of the packet into the cache. Not with drop_bad_checksum.
	bool late_checksum;
	uint32_t max_datagrams; // fragment table: datagrams in the making
	uint32_t max_fragment_bytes; // and their bytes
	uint64_t fragment_timeout_ns; // packet time
};

// Sensible values for all options but the seed.
struct decoder_options decoder_defaults(void);

// `counters` is the calling thread's private array (CTR_COUNT); the decoder adds to
// BAD_CHECKSUM, SNAPPED, TUNNELLED, FRAG_*, and keeps HELD_FRAGMENTS exact (it adds a
// held frame, and moves it to its FRAG_* cause or back out when the datagram is whole).
// NULL when memory is short.
struct decoder *decoder_new(const struct decoder_options *options, uint64_t *counters);
// Every packet it put together must have been freed.
void decoder_free(struct decoder *d);

// Returns
//   CTR_DELIVERED       p is filled in; after a reassembly p->buf was exchanged for the
//                       datagram's own buffer (the fragment's was freed) and p->frames
//                       says how many frames it stands for
//   CTR_HELD_FRAGMENTS  the fragment was copied away; the caller frees p
//   any KIND_CAUSE      why it goes no further; the decoder has NOT counted p itself
//                       under that cause: the caller counts it (1 frame) and frees p.
//                       When p completed a datagram first, the decoder has counted the
//                       frames that had been held for it.
// A packet that is IP but neither TCP nor UDP is delivered with ports 0 (ICMP: type and
// code set). A frame with a tunnel that turns out malformed is delivered as the outer
// flow when the outer header is sound.
enum counter decode_packet(struct decoder *d, struct packet *p);

// Of a packet that is PACKET_SUM_DUE: is its checksum right?
bool decode_is_sound(const struct packet *p);

// Give up datagrams older than the timeout. Call about ten times a second of packet time.
void decoder_expire(struct decoder *d, uint64_t now_ns);
// Give up all: at the end of input.
void decoder_flush(struct decoder *d);
