// From a frame to the IP packet in it, on wires: Ethernet and its tags, MPLS, PPP and other
// serial lines.

#include "dataplane/inspect/decode_walk.h"

enum {
	ETHERTYPE_MIN = 0x600, // below: a length (IEEE 802.3 3.2.6)
	VID_MASK = 0x0fff,
	NLPID_IP4 = 0xcc,
	NLPID_IP6 = 0x8e,
	NLPID_SNAP = 0x80,
	NLPID_PPP = 0xcf,
};

static enum layer ethertype_layer(uint16_t type)
{
	switch (type) {
	case 0x0800:
		return LAYER_IP4;
	case 0x86dd:
		return LAYER_IP6;
	case 0x8100: // 802.1Q
	case 0x88a8: // 802.1ad
	case 0x9100: // QinQ before there was 802.1ad
	case 0x9200:
		return LAYER_VLAN;
	case 0x8847:
	case 0x8848:
		return LAYER_MPLS;
	case 0x8864:
		return LAYER_PPPOE;
	case 0x6558: // transparent Ethernet bridging
		return LAYER_ETHERNET;
	case 0x880b:
		return LAYER_PPP;
	case 0x8909:
		return LAYER_CISCO_META;
	case 0x88e7: // 802.1ah
		return LAYER_PBB;
	case 0x8926:
		return LAYER_VN_TAG;
	case 0x893f: // 802.1BR
		return LAYER_E_TAG;
	case 0x88e5: // 802.1AE
		return LAYER_MACSEC;
	case 0x894f:
		return LAYER_NSH;
	default:
		return LAYER_STOP;
	}
}

enum layer walk_ethertype(struct walk *w, uint16_t type)
{
	w->verdict = CTR_NOT_IP;
	return ethertype_layer(type);
}

// An EtherType that stands at the end of a header of `n` bytes.
static enum layer skip_to_ethertype(struct walk *w, size_t n)
{
	bytes_take(&w->in, n);
	uint16_t type = bytes_u16(&w->in);
	if (w->in.bad)
		return walk_stop(w, CTR_LINK_TRUNCATED);
	return type < ETHERTYPE_MIN ? LAYER_LLC : walk_ethertype(w, type);
}

enum layer layer_ethernet(struct walk *w)
{
	return skip_to_ethertype(w, 12);
}

// RFC 1042, RFC 2427: what follows an organisation and its own type.
static enum layer snap(struct walk *w)
{
	uint32_t organisation = bytes_u24(&w->in);
	uint16_t type = bytes_u16(&w->in);

	if (w->in.bad)
		return walk_stop(w, CTR_LINK_TRUNCATED);
	if (organisation == 0x000000 || organisation == 0x0000f8)
		return walk_ethertype(w, type);
	if (organisation == 0x0080c2 && (type == 0x0001 || type == 0x0007))
		return LAYER_ETHERNET;
	return walk_stop(w, CTR_NOT_IP);
}

static enum layer nlpid(struct walk *w, uint8_t id)
{
	switch (id) {
	case NLPID_IP4:
		return LAYER_IP4;
	case NLPID_IP6:
		return LAYER_IP6;
	case NLPID_PPP:
		return LAYER_PPP;
	case NLPID_SNAP:
		return snap(w);
	default:
		return walk_stop(w, CTR_NOT_IP);
	}
}

// IEEE 802.2: two service access points and the unnumbered-information control byte.
enum layer layer_llc(struct walk *w)
{
	switch (bytes_u24(&w->in)) {
	case 0xaaaa03:
		return snap(w);
	case 0x060603:
		return LAYER_RAW_IP;
	case 0xfefe03:
		return nlpid(w, bytes_u8(&w->in));
	default:
		return walk_stop(w, w->in.bad ? CTR_LINK_TRUNCATED : CTR_NOT_IP);
	}
}

enum layer layer_vlan(struct walk *w)
{
	uint32_t *vlan = w->inner.tunnel.vlan;
	struct vlan_path *path = &w->inner.vlans;
	uint32_t vid = bytes_u16(&w->in) & VID_MASK;

	if (path->n < VLANS_MAX)
		path->id[path->n++] = (uint16_t)vid;
	// VLAN 0 is a priority without a network.
	if (vid != 0 && vlan[0] == TUNNEL_NONE)
		vlan[0] = vid;
	else if (vid != 0 && vlan[1] == TUNNEL_NONE)
		vlan[1] = vid;
	w->tagged |= vid != 0;
	return skip_to_ethertype(w, 0);
}

enum layer layer_pbb(struct walk *w)
{
	return walk_skip(w, 4, LAYER_ETHERNET);
}

enum layer layer_vn_tag(struct walk *w)
{
	return skip_to_ethertype(w, 4);
}

enum layer layer_e_tag(struct walk *w)
{
	return skip_to_ethertype(w, 6);
}

// Only integrity without encryption leaves something to be read.
enum layer layer_macsec(struct walk *w)
{
	enum { ENCRYPTED = 0x08, CHANGED = 0x04, EXPLICIT_SCI = 0x20 };
	uint8_t tci = bytes_u8(&w->in);

	if (tci & (ENCRYPTED | CHANGED))
		return walk_stop(w, CTR_NOT_IP);
	return skip_to_ethertype(w, tci & EXPLICIT_SCI ? 13 : 5);
}

enum layer layer_cisco_meta(struct walk *w)
{
	bytes_u8(&w->in); // version
	uint8_t n_options = bytes_u8(&w->in);
	return skip_to_ethertype(w, n_options * 4u);
}

static bool is_ethernet_at(struct bytes b, size_t offset)
{
	bytes_take(&b, offset + 12);
	uint16_t type = bytes_u16(&b);
	return !b.bad && ethertype_layer(type) != LAYER_STOP;
}

// Nothing in a label stack says what is under it; the first nibble does by convention
// (RFC 4928), and Ethernet shows by its EtherType, with or without a control word.
enum layer layer_mpls(struct walk *w)
{
	uint32_t entry = 0;

	w->inner.tunnelled = true;
	do {
		entry = bytes_u32(&w->in);
		if (w->inner.tunnel.mpls == TUNNEL_NONE && !w->in.bad)
			w->inner.tunnel.mpls = entry >> 12;
	} while (!w->in.bad && !(entry & 0x100));
	if (w->in.len == 0)
		return walk_stop(w, CTR_LINK_TRUNCATED);

	uint8_t nibble = w->in.p[0] >> 4;
	if (nibble == 4 || nibble == 6)
		return layer_raw_ip(w);
	if (nibble == 0 && is_ethernet_at(w->in, 4))
		return walk_skip(w, 4, LAYER_ETHERNET);
	return is_ethernet_at(w->in, 0) ? LAYER_ETHERNET : walk_stop(w, CTR_NOT_IP);
}

enum layer layer_pppoe(struct walk *w)
{
	uint8_t version_type = bytes_u8(&w->in);
	uint8_t code = bytes_u8(&w->in);
	uint16_t session = bytes_u16(&w->in);
	uint16_t len = bytes_u16(&w->in);

	if (w->in.bad)
		return walk_stop(w, CTR_LINK_TRUNCATED);
	if (version_type != 0x11)
		return walk_stop(w, CTR_TUNNEL_BAD);
	if (code != 0)
		return walk_stop(w, CTR_NOT_IP);
	if (len < w->in.len)
		w->in.len = len;
	w->inner.tunnel.pppoe_session = session;
	w->inner.tunnelled = true;
	w->tagged = true;
	return LAYER_PPP;
}

// RFC 1661 6.5: a protocol number whose first byte is odd has only that byte.
static uint16_t ppp_protocol(struct bytes *b)
{
	uint8_t first = bytes_u8(b);
	return first & 1 ? first : (uint16_t)(first << 8 | bytes_u8(b));
}

enum layer layer_ppp(struct walk *w)
{
	struct bytes ahead = w->in;
	uint16_t address_control = bytes_u16(&ahead);

	if (address_control == 0xff03)
		w->in = ahead;
	else if (address_control == 0x0f00 || address_control == 0x8f00)
		return LAYER_CHDLC; // a serial line's other framing, under the same link type

	uint16_t protocol = ppp_protocol(&w->in);
	if (w->in.bad)
		return walk_stop(w, CTR_LINK_TRUNCATED);
	switch (protocol) {
	case 0x0021:
		return LAYER_IP4;
	case 0x0057:
		return LAYER_IP6;
	case 0x0281:
	case 0x0283:
		return LAYER_MPLS;
	case 0x0031: // RFC 3518: flags and a type, then the bridged frame
		return walk_skip(w, 2, LAYER_ETHERNET);
	default:
		return walk_stop(w, CTR_NOT_IP);
	}
}

enum layer layer_chdlc(struct walk *w)
{
	return skip_to_ethertype(w, 2);
}

// RFC 2427, or Cisco's own, which has an EtherType where the control byte would be.
enum layer layer_frame_relay(struct walk *w)
{
	for (unsigned i = 0; i < 4; i++) {
		if (bytes_u8(&w->in) & 1)
			break;
	}
	if (w->in.len == 0)
		return walk_stop(w, CTR_LINK_TRUNCATED);
	if (w->in.p[0] != 0x03)
		return skip_to_ethertype(w, 0);
	bytes_u8(&w->in);
	uint8_t id = bytes_u8(&w->in);
	if (id == 0) // padding to an even length
		id = bytes_u8(&w->in);
	return nlpid(w, id);
}
