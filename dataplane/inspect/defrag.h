// Datagrams in the making: fragments are copied into a bounded table, and a datagram that
// is whole leaves it as one packet.
//
// A datagram is a sparse memory of small pages, so it costs what has come of it. Where
// fragments overlap, the bytes that came first stay. When datagrams or pages run out, the
// oldest datagram is shed.

#pragma once

#include "dataplane/base/bytes.h"
#include "dataplane/inspect/decode.h"

struct fragment {
	const uint8_t *head; // fixed part of the IP header: 20 or 40 bytes
	struct bytes body;
	uint32_t id;
	uint32_t tag; // as flow_key.tag
	uint32_t offset; // bytes
	bool more;
	uint8_t version;
	uint8_t l4; // IPv4: protocol; IPv6: the fragment header's next header
};

struct defrag;

// `counters` as for decoder_new(). NULL when memory is short.
struct defrag *defrag_new(const struct decoder_options *options, uint64_t *counters);
// Every packet it gave out must have been freed.
void defrag_free(struct defrag *t);

// The frame p is a fragment of something.
//   CTR_DELIVERED       the datagram is whole: p is now a raw IP packet in a buffer of its
//                       own, without fragment header or options; its frames, frame_bytes
//                       and the flag are set
//   CTR_HELD_FRAGMENTS  copied, and counted as held
//   CTR_FRAG_*          not taken
enum counter defrag_add(struct defrag *t, struct packet *p, const struct fragment *f);

void defrag_expire(struct defrag *t, uint64_t now_ns);
void defrag_flush(struct defrag *t);
