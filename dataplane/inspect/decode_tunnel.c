// What IP packets carry IP packets in. Each tunnel begins with open_tunnel(); when it proves
// to hold no IP packet, decode_packet() goes back to the outer one.

#include "dataplane/inspect/decode_walk.h"

static void open_tunnel(struct walk *w)
{
	w->outer = w->inner;
	w->outer_tagged = w->tagged;
	w->inside = true;
	w->inner.tunnelled = true;
}

// Where there is an outer packet it is delivered, and the cause is not counted.
static enum layer no_tunnel(struct walk *w)
{
	return walk_stop(w, CTR_TUNNEL_BAD);
}

static enum layer skip(struct walk *w, size_t n, enum layer next)
{
	return bytes_take(&w->in, n).bad ? no_tunnel(w) : next;
}

enum layer walk_udp_port(uint16_t port)
{
	switch (port) {
	case 2152:
		return LAYER_GTP;
	case 3544:
		return LAYER_TEREDO;
	case 4754:
		return LAYER_GRE;
	case 4789:
	case 4790: // with a protocol field
	case 8472: // before there was a number
		return LAYER_VXLAN;
	case 5072:
		return LAYER_AYIYA;
	case 6081:
		return LAYER_GENEVE;
	case 6635:
		return LAYER_MPLS_IN_IP;
	default:
		return LAYER_DELIVER;
	}
}

enum layer layer_ip_in_ip(struct walk *w)
{
	open_tunnel(w);
	return LAYER_RAW_IP;
}

enum layer layer_mpls_in_ip(struct walk *w)
{
	open_tunnel(w);
	return LAYER_MPLS;
}

// RFC 3378: version 3, then zeros.
enum layer layer_ether_ip(struct walk *w)
{
	open_tunnel(w);
	return bytes_u16(&w->in) == 0x3000 ? LAYER_ETHERNET : no_tunnel(w);
}

// RFC 7761 4.9: a Register message of version 2 has a whole multicast packet behind it.
enum layer layer_pim(struct walk *w)
{
	open_tunnel(w);
	return bytes_u8(&w->in) == 0x21 ? skip(w, 7, LAYER_RAW_IP) : no_tunnel(w);
}

// RFC 8300. What an NSH carries may be a link of its own as well as a tunnel over UDP.
enum layer layer_nsh(struct walk *w)
{
	enum { IP4 = 1, IP6 = 2, ETHERNET = 3, NSH = 4, MPLS = 5, BASE = 4 };

	w->inner.tunnelled = true;
	uint16_t flags = bytes_u16(&w->in);
	bytes_u8(&w->in); // metadata type
	uint8_t next = bytes_u8(&w->in);
	size_t len = (flags & 0x3f) * 4u;

	if (len < BASE || bytes_take(&w->in, len - BASE).bad)
		return no_tunnel(w);
	switch (next) {
	case IP4:
		return LAYER_IP4;
	case IP6:
		return LAYER_IP6;
	case ETHERNET:
		return LAYER_ETHERNET;
	case NSH:
		return LAYER_NSH;
	case MPLS:
		return LAYER_MPLS;
	default:
		return walk_stop(w, CTR_NOT_IP);
	}
}

enum {
	GRE_CHECKSUM = 0x8000,
	GRE_ROUTING = 0x4000,
	GRE_KEY = 0x2000,
	GRE_SEQUENCE = 0x1000,
	GRE_ACK = 0x0080,
	GRE_VERSION = 0x0007,
	GRE_PPP = 0x880b,
	GRE_ERSPAN = 0x88be,
	GRE_ERSPAN3 = 0x22eb,
	GRE_WCCP = 0x883e,
};

static enum layer gre_payload(struct walk *w, uint16_t flags, uint16_t type)
{
	switch (type) {
	case GRE_ERSPAN: // version I has no header and no sequence
		return flags & GRE_SEQUENCE ? LAYER_ERSPAN2 : LAYER_ETHERNET;
	case GRE_ERSPAN3:
		return LAYER_ERSPAN3;
	case GRE_WCCP:
		return LAYER_WCCP;
	default:
		return walk_ethertype(w, type);
	}
}

// RFC 2784, RFC 2890; version 1 is PPTP's, RFC 2637, where half of the key is a length.
enum layer layer_gre(struct walk *w)
{
	open_tunnel(w);
	uint16_t flags = bytes_u16(&w->in);
	uint16_t type = bytes_u16(&w->in);
	uint16_t version = flags & GRE_VERSION;

	if (version > 1 || (flags & GRE_ROUTING) || (version == 1 && type != GRE_PPP))
		return no_tunnel(w);
	if (flags & GRE_CHECKSUM)
		bytes_u32(&w->in);
	if (flags & GRE_KEY) {
		uint32_t key = bytes_u32(&w->in);
		if (version == 0)
			w->inner.tunnel.gre_key = key;
	}
	if (flags & GRE_SEQUENCE)
		bytes_u32(&w->in);
	if (version == 1 && (flags & GRE_ACK))
		bytes_u32(&w->in);
	return w->in.bad ? no_tunnel(w) : gre_payload(w, flags, type);
}

enum layer layer_erspan2(struct walk *w)
{
	return skip(w, 8, LAYER_ETHERNET);
}

enum layer layer_erspan3(struct walk *w)
{
	enum { FRAME_TYPE = 0x7c00, IP = 2 << 10, WITH_SUBHEADER = 0x0001 };

	bytes_take(&w->in, 10);
	uint16_t flags = bytes_u16(&w->in);
	return skip(w, flags & WITH_SUBHEADER ? 8 : 0,
		(flags & FRAME_TYPE) == IP ? LAYER_RAW_IP : LAYER_ETHERNET);
}

// Version 2 has a redirect header of four bytes, version 1 none.
enum layer layer_wccp(struct walk *w)
{
	if (w->in.len > 0 && w->in.p[0] >> 4 == 4)
		return LAYER_IP4;
	return skip(w, 4, LAYER_IP4);
}

// RFC 7348, and the generic form of draft-ietf-nvo3-vxlan-gpe.
enum layer layer_vxlan(struct walk *w)
{
	enum { HAS_VNI = 0x08, HAS_PROTOCOL = 0x04, IP4 = 1, IP6 = 2, ETHERNET = 3, NSH = 4 };

	open_tunnel(w);
	uint8_t flags = bytes_u8(&w->in);
	bytes_u16(&w->in);
	uint8_t protocol = bytes_u8(&w->in);
	uint32_t vni = bytes_u24(&w->in);
	bytes_u8(&w->in);
	if (w->in.bad || !(flags & HAS_VNI))
		return no_tunnel(w);
	w->inner.tunnel.vxlan_vni = vni;
	w->tagged = true;
	switch (flags & HAS_PROTOCOL ? protocol : ETHERNET) {
	case IP4:
		return LAYER_IP4;
	case IP6:
		return LAYER_IP6;
	case NSH:
		return LAYER_NSH;
	case ETHERNET:
		return LAYER_ETHERNET;
	default:
		return no_tunnel(w);
	}
}

// RFC 8926.
enum layer layer_geneve(struct walk *w)
{
	open_tunnel(w);
	uint8_t version_len = bytes_u8(&w->in);
	bytes_u8(&w->in); // flags
	uint16_t type = bytes_u16(&w->in);
	uint32_t vni = bytes_u24(&w->in);
	bytes_u8(&w->in);
	bytes_take(&w->in, (version_len & 0x3f) * 4u);
	if (w->in.bad || version_len >> 6 != 0)
		return no_tunnel(w);
	w->inner.tunnel.vxlan_vni = vni;
	w->tagged = true;
	return walk_ethertype(w, type);
}

// 3GPP TS 29.281 5.2: extension headers count in words of four bytes, and the last byte of
// each says what the next one is.
static bool skip_gtp_extensions(struct bytes *in)
{
	bytes_u24(in); // sequence, N-PDU
	uint8_t next = bytes_u8(in);
	while (next != 0 && !in->bad) {
		size_t len = bytes_u8(in) * 4u;
		if (len == 0)
			return false;
		bytes_take(in, len - 2);
		next = bytes_u8(in);
	}
	return !in->bad;
}

enum layer layer_gtp(struct walk *w)
{
	enum { VERSION_AND_TYPE = 0xf0, GTP1 = 0x30, OPTIONS = 0x07, G_PDU = 255 };

	open_tunnel(w);
	uint8_t flags = bytes_u8(&w->in);
	uint8_t message = bytes_u8(&w->in);
	uint16_t len = bytes_u16(&w->in);
	uint32_t teid = bytes_u32(&w->in);
	if (w->in.bad || (flags & VERSION_AND_TYPE) != GTP1 || message != G_PDU)
		return no_tunnel(w);
	if (len > w->in.len && !w->outer.snapped)
		return no_tunnel(w);
	if (len < w->in.len)
		w->in.len = len;
	if ((flags & OPTIONS) && !skip_gtp_extensions(&w->in))
		return no_tunnel(w);
	w->inner.tunnel.gtp_teid = teid;
	return LAYER_RAW_IP;
}

// RFC 4380 5.1.1: at most one authentication and one origin indication stand before IPv6.
enum layer layer_teredo(struct walk *w)
{
	enum { AUTHENTICATION = 0x0001, ORIGIN = 0x0000 };

	open_tunnel(w);
	struct bytes ahead = w->in;
	if (bytes_u16(&ahead) == AUTHENTICATION) {
		uint8_t id_len = bytes_u8(&ahead);
		uint8_t value_len = bytes_u8(&ahead);
		bytes_take(&ahead, id_len + value_len + 9u); // both, nonce, confirmation
		w->in = ahead;
	}
	ahead = w->in;
	if (bytes_u16(&ahead) == ORIGIN && !ahead.bad)
		bytes_take(&w->in, 8);
	return w->in.bad ? no_tunnel(w) : LAYER_IP6;
}

// draft-massar-v6ops-ayiya-02: the identity is 2^n bytes, the signature a number of words.
enum layer layer_ayiya(struct walk *w)
{
	enum { FORWARD = 1 };

	open_tunnel(w);
	uint8_t identity = bytes_u8(&w->in);
	uint8_t signature = bytes_u8(&w->in);
	uint8_t operation = bytes_u8(&w->in);
	uint8_t next = bytes_u8(&w->in);
	bytes_u32(&w->in); // time
	bytes_take(&w->in, (size_t)1 << (identity >> 4));
	bytes_take(&w->in, (signature >> 4) * 4u);
	if (w->in.bad || (operation & 0x0f) != FORWARD)
		return no_tunnel(w);
	return next == IPPROTO_IPV6 || next == IPPROTO_IPIP ? LAYER_RAW_IP : no_tunnel(w);
}
