// How decode goes from header to header; private to decode*.c.
//
// A layer is a function: it takes its header off the front of `in` and says which layer
// is next. The loop that calls them is decode_packet().
//
//     ETHERNET → VLAN → IP4 → UDP → VXLAN → ETHERNET → IP6 → TCP → DELIVER
//
// `inner` describes the innermost IP packet seen so far. A layer that opens a tunnel sets
// it aside in `outer` first, so that a tunnel that turns out to be none is undone.

#pragma once

#include "dataplane/base/bytes.h"
#include "dataplane/inspect/decode.h"
#include "dataplane/inspect/defrag.h"

// X(id, function)
#define LAYERS(X)                                                                                  \
	/* links */                                                                                \
	X(LAYER_ETHERNET, layer_ethernet)                                                          \
	X(LAYER_LLC, layer_llc)                                                                    \
	X(LAYER_VLAN, layer_vlan)                                                                  \
	X(LAYER_PBB, layer_pbb)                                                                    \
	X(LAYER_VN_TAG, layer_vn_tag)                                                              \
	X(LAYER_E_TAG, layer_e_tag)                                                                \
	X(LAYER_MACSEC, layer_macsec)                                                              \
	X(LAYER_CISCO_META, layer_cisco_meta)                                                      \
	X(LAYER_MPLS, layer_mpls)                                                                  \
	X(LAYER_PPPOE, layer_pppoe)                                                                \
	X(LAYER_PPP, layer_ppp)                                                                    \
	X(LAYER_CHDLC, layer_chdlc)                                                                \
	X(LAYER_FRAME_RELAY, layer_frame_relay)                                                    \
	X(LAYER_NULL, layer_null)                                                                  \
	X(LAYER_SLL, layer_sll)                                                                    \
	X(LAYER_SLL2, layer_sll2)                                                                  \
	X(LAYER_IEEE80211, layer_ieee80211)                                                        \
	X(LAYER_RADIOTAP, layer_radiotap)                                                          \
	X(LAYER_PPI, layer_ppi)                                                                    \
	X(LAYER_PKTAP, layer_pktap)                                                                \
	X(LAYER_NFLOG, layer_nflog)                                                                \
	X(LAYER_ARCNET, layer_arcnet)                                                              \
	X(LAYER_JUNIPER, layer_juniper)                                                            \
	X(LAYER_IPOIB, layer_ipoib)                                                                \
	X(LAYER_NSH, layer_nsh)                                                                    \
	/* IP */                                                                                   \
	X(LAYER_RAW_IP, layer_raw_ip)                                                              \
	X(LAYER_IP4, layer_ip4)                                                                    \
	X(LAYER_IP6, layer_ip6)                                                                    \
	X(LAYER_AH, layer_ah)                                                                      \
	X(LAYER_TCP, layer_tcp)                                                                    \
	X(LAYER_UDP, layer_udp)                                                                    \
	X(LAYER_SCTP, layer_sctp)                                                                  \
	X(LAYER_ICMP, layer_icmp)                                                                  \
	/* tunnels over IP */                                                                      \
	X(LAYER_IP_IN_IP, layer_ip_in_ip)                                                          \
	X(LAYER_MPLS_IN_IP, layer_mpls_in_ip)                                                      \
	X(LAYER_ETHER_IP, layer_ether_ip)                                                          \
	X(LAYER_PIM, layer_pim)                                                                    \
	X(LAYER_GRE, layer_gre)                                                                    \
	X(LAYER_ERSPAN2, layer_erspan2)                                                            \
	X(LAYER_ERSPAN3, layer_erspan3)                                                            \
	X(LAYER_WCCP, layer_wccp)                                                                  \
	X(LAYER_VXLAN, layer_vxlan)                                                                \
	X(LAYER_GENEVE, layer_geneve)                                                              \
	X(LAYER_GTP, layer_gtp)                                                                    \
	X(LAYER_TEREDO, layer_teredo)                                                              \
	X(LAYER_AYIYA, layer_ayiya)

#define X(id, function) id,
enum layer {
	LAYERS(X) LAYER_COUNT,
	LAYER_DELIVER = LAYER_COUNT, // `inner` is the innermost packet
	LAYER_STOP, // `verdict` says why
};
#undef X

// An IP packet, as far as its transport header. Pointers are into the frame.
struct ip_view {
	const uint8_t *head;
	const uint8_t *segment; // what the transport checksum covers
	uint32_t segment_len;
	uint32_t payload_len;
	const uint8_t *payload; // where the segment begins, when its header is none or cut
	uint16_t head_len; // IPv4: with options; IPv6: 40
	uint16_t sport;
	uint16_t dport;
	uint8_t version;
	uint8_t l4;
	bool open_ended; // length 0: left to an offloading NIC; the frame ends it
	bool unsummed; // the transport checksum can not be told
	bool snapped;
	bool tunnelled;
	struct event_tunnel tunnel;
	struct vlan_path vlans;
};

struct walk {
	struct decoder *d;
	struct packet *p;
	struct bytes in; // from the next header to the end of what encloses it
	enum counter verdict;
	bool tagged; // inner.tunnel has an id that belongs into the key
	bool inside; // of a tunnel whose outer packet is `outer`
	bool outer_tagged;
	struct ip_view inner;
	struct ip_view outer;
};

#define X(id, function) enum layer function(struct walk *w);
LAYERS(X)
#undef X

static inline enum layer walk_stop(struct walk *w, enum counter why)
{
	w->verdict = why;
	return LAYER_STOP;
}

// Skip `n` bytes of header and go on with `next`.
static inline enum layer walk_skip(struct walk *w, size_t n, enum layer next)
{
	return bytes_take(&w->in, n).bad ? walk_stop(w, CTR_LINK_TRUNCATED) : next;
}

// A frame that needs no walk: `inner` is filled in. False: it is for the walk, and p is as it was.
// (decode_plain.c)
bool decode_plain(struct walk *w);

// What follows an EtherType; LAYER_STOP, with the verdict set, when it can not lead to IP.
enum layer walk_ethertype(struct walk *w, uint16_t type);

// What follows an IP header.
enum layer walk_transport(struct walk *w, uint8_t protocol);

// The tunnel that a UDP port stands for; LAYER_DELIVER when none.
enum layer walk_udp_port(uint16_t port);

// Hash of the ids that tell equal addresses apart; 0 without any.
uint32_t walk_tag(const struct walk *w);

// `in` is a fragment's body: take it into the table.
enum layer walk_fragment(struct walk *w, struct fragment *f);
