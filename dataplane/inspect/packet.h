// A packet on its way through the stages, and the memory behind it.

#pragma once

#include "dataplane/api/event.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The memory that holds a frame: an mbuf, a slot of the capture pool, a reassembled
// datagram. Whoever has the packet owns it, and frees it once. `free` may be called on
// any thread.
struct pktbuf {
	void (*free)(struct pktbuf *buf);
};

enum link_type {
	LINK_ETHERNET,
	LINK_RAW_IP, // version nibble tells 4 from 6
	LINK_NULL, // BSD loopback: family in either byte order
	LINK_SLL,
	LINK_SLL2,
	LINK_PPP,
	LINK_PPPOE, // bare PPPoE session header
	LINK_CHDLC,
	LINK_FRAME_RELAY,
	LINK_IEEE80211,
	LINK_RADIOTAP,
	LINK_PPI,
	LINK_PKTAP,
	LINK_NFLOG,
	LINK_ARCNET_LINUX,
	LINK_JUNIPER_ETHERNET,
	LINK_IP_OVER_IB,
	LINK_UNKNOWN,
};

// Both ends of a flow in one order, whichever side sent the packet. a < b by
// (address, port). IPv4 addresses stand in the first four bytes, the rest is zero.
struct flow_key {
	uint8_t a[16];
	uint8_t b[16];
	uint16_t aport; // host order; 0 without ports
	uint16_t bport;
	uint32_t tag; // hash of VLAN ids, VXLAN/GENEVE VNI, PPPoE session; 0 without any
	uint8_t l4; // IPPROTO_*, of the innermost packet
	uint8_t ip_version;
	uint8_t zero[6];
};
static_assert(sizeof(struct flow_key) == 48, "hashed as eight-byte words");

enum { VLANS_MAX = 3, ETHER_HEAD = 14 };

// The VLAN ids on the way to the innermost packet, outermost first, in tunnels too. 0 is one: a
// priority without a network. More than VLANS_MAX are passed over.
struct vlan_path {
	uint16_t id[VLANS_MAX];
	uint16_t n;
};
static_assert(sizeof(struct vlan_path) == 8, "set and copied as a word");

enum packet_flag {
	PACKET_SWAPPED = 1 << 0, // sender is b
	PACKET_TUNNELLED = 1 << 1,
	PACKET_BAD_CHECKSUM = 1 << 2,
	PACKET_SNAPPED = 1 << 3, // payload was cut by the capture's snap length
	PACKET_FRAGMENTED = 1 << 4, // put together from fragments
	// A copy of another worker's packet, for what it tells of addresses: it belongs to no flow
	// here, stands for no frame, and is not counted.
	PACKET_WITNESS = 1 << 5,
	PACKET_SUM_DUE = 1 << 6, // its transport's checksum was not looked at yet
};

// Behind the serial numbers of all packets: what flows tell at the end of the input, in the order in
// which they began.
#define SERIAL_END (1ull << 63)

struct packet {
	// set by the source
	const uint8_t *data;
	struct pktbuf *buf;
	uint64_t ts_ns; // since 1970
	uint64_t pcap_cnt; // number of the frame in its capture, from 1; 0: live
	uint64_t serial; // number of all frames a reader has dealt, from 1; 0: nobody deals
	// Time went on to here before this packet, for flows: set by who deals, at moments that do not depend
	// on how many there are to deal to. 0: nothing new.
	uint64_t tick_ns;
	uint32_t len; // bytes at `data`
	uint32_t wire_len; // bytes there were
	uint16_t port; // number of the source it came from
	uint8_t link; // enum link_type
	// The NIC has summed up TCP or UDP of the outermost IP packet, and it was right. What it says of
	// others, of tunnels or of fragments, differs from NIC to NIC: these are summed up here.
	uint8_t l4_sound;
	// set by decode
	uint8_t flags; // enum packet_flag
	uint16_t frames; // received frames it stands for: 1, or its fragments
	uint8_t tcp_flags;
	uint8_t icmp_type;
	uint8_t icmp_code;
	uint16_t tcp_window;
	uint32_t tcp_seq;
	uint32_t tcp_ack;
	const uint8_t *payload; // into data
	// Headers of the innermost packet, into data. IP with its options or extension headers: NULL
	// when that is more than a length holds. TCP with its options, UDP, ICMP (8 bytes), SCTP (12):
	// NULL when it is another protocol, or was not captured whole.
	const uint8_t *ip;
	const uint8_t *l4;
	uint16_t ip_len;
	uint16_t l4_len;
	uint32_t payload_len;
	struct vlan_path vlans;
	uint32_t owner_hash; // symmetric, of the innermost addresses only
	uint32_t flow_hash; // of the key
	uint32_t frame_bytes; // sum of wire_len over `frames`
	struct flow_key key;
	struct event_tunnel tunnel;
};

// The outermost Ethernet header, ETHER_HEAD bytes without the tags behind; NULL when there is none.
// What was put together from fragments has lost it.
static inline const uint8_t *packet_ether(const struct packet *p)
{
	return p->link == LINK_ETHERNET && p->len >= ETHER_HEAD ? p->data : NULL;
}

// For packets that nobody dealt: before them, time goes on to the last one's.
static inline void packets_tick(struct packet *packets, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		packets[i].tick_ns = i == 0 ? packets[n - 1].ts_ns : 0;
}

static inline void packet_free(struct packet *p)
{
	if (p->buf != NULL)
		p->buf->free(p->buf);
	p->buf = NULL;
}
