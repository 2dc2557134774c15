// IPv4, IPv6 with its extension headers, and the transports.

#include "dataplane/inspect/decode_walk.h"

enum {
	IP4_HEAD = 20,
	IP6_HEAD = 40,
	TCP_HEAD = 20,
	UDP_HEAD = 8,
	SCTP_HEAD = 12,
	ICMP_HEAD = 8,
	IP4_MORE = 0x2000,
	IP6_MORE = 0x0001,
	PROTO_MPLS = 137,
	PROTO_ETHER_IP = 97,
};

enum layer layer_raw_ip(struct walk *w)
{
	if (w->in.len == 0)
		return walk_stop(w, CTR_LINK_TRUNCATED);
	switch (w->in.p[0] >> 4) {
	case 4:
		return LAYER_IP4;
	case 6:
		return LAYER_IP6;
	default:
		return walk_stop(w, CTR_NOT_IP);
	}
}

// Cut what is left to the length the IP header says; what lies behind is padding. False:
// the packet is longer than the tunnel's whole outer packet, so it is none.
static bool limit(struct walk *w, size_t len)
{
	struct ip_view *ip = &w->inner;

	ip->snapped = len > w->in.len;
	if (!ip->snapped)
		w->in.len = len;
	return !ip->snapped || !w->inside || w->outer.snapped;
}

// A length of 0 was left to the NIC to fill in: the frame says where the packet ends.
static void limit_to_frame(struct walk *w)
{
	w->inner.open_ended = true;
	w->inner.snapped = w->p->len < w->p->wire_len;
}

// A fragment that was cut can not be put together; the first one at least has the ports.
static enum layer fragment_or(
	struct walk *w, struct fragment *f, enum layer (*go_on)(struct walk *, uint8_t))
{
	if (!w->inner.snapped)
		return walk_fragment(w, f);
	return f->offset == 0 ? go_on(w, f->l4) : walk_stop(w, CTR_FRAG_BAD);
}

static void begin_ip(struct walk *w, uint8_t version, const uint8_t *head, size_t head_len)
{
	struct ip_view *ip = &w->inner;

	ip->head = head;
	ip->head_len = (uint16_t)head_len;
	ip->version = version;
	ip->open_ended = false;
	ip->unsummed = false;
}

enum layer layer_ip4(struct walk *w)
{
	struct bytes head = bytes_take(&w->in, IP4_HEAD);
	const uint8_t *start = head.p;
	uint8_t first = bytes_u8(&head);
	bytes_u8(&head); // type of service
	size_t total_len = bytes_u16(&head);
	uint16_t id = bytes_u16(&head);
	uint16_t frag = bytes_u16(&head);
	bytes_u8(&head); // time to live
	uint8_t protocol = bytes_u8(&head);

	size_t head_len = (first & 0x0f) * 4u;
	if (head.bad || first >> 4 != 4 || head_len < IP4_HEAD)
		return walk_stop(w, CTR_IP4_BAD);
	if (bytes_take(&w->in, head_len - IP4_HEAD).bad)
		return walk_stop(w, CTR_IP4_BAD);
	begin_ip(w, 4, start, head_len);
	if (total_len == 0)
		limit_to_frame(w);
	else if (total_len < head_len || !limit(w, total_len - head_len))
		return walk_stop(w, CTR_IP4_BAD);

	if ((frag & 0x3fff) == 0)
		return walk_transport(w, protocol);
	struct fragment f = {
		.head = start,
		.body = w->in,
		.id = id,
		.offset = (frag & 0x1fffu) * 8,
		.more = frag & IP4_MORE,
		.version = 4,
		.l4 = protocol,
	};
	return fragment_or(w, &f, walk_transport);
}

static enum layer extensions(struct walk *w, uint8_t next);

static enum layer fragment6(struct walk *w)
{
	uint8_t next = bytes_u8(&w->in);
	bytes_u8(&w->in);
	uint16_t offset = bytes_u16(&w->in);
	uint32_t id = bytes_u32(&w->in);

	if (w->in.bad)
		return walk_stop(w, CTR_IP6_BAD);
	if ((offset & ~6) == 0) // RFC 6946: an atomic fragment is a whole packet
		return extensions(w, next);
	struct fragment f = {
		.head = w->inner.head,
		.body = w->in,
		.id = id,
		.offset = offset & 0xfff8u,
		.more = offset & IP6_MORE,
		.version = 6,
		.l4 = next,
	};
	return fragment_or(w, &f, extensions);
}

static enum layer extensions(struct walk *w, uint8_t next)
{
	while (next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING || next == IPPROTO_DSTOPTS) {
		uint8_t type = next;
		next = bytes_u8(&w->in);
		uint8_t more_words = bytes_u8(&w->in);
		struct bytes rest = bytes_take(&w->in, 6 + more_words * 8u);
		if (rest.bad)
			return walk_stop(w, CTR_IP6_BAD);
		// With segments left, the sum is over a destination that is not in the header.
		if (type == IPPROTO_ROUTING && rest.p[1] != 0)
			w->inner.unsummed = true;
	}
	if (next == IPPROTO_FRAGMENT)
		return fragment6(w);
	return walk_transport(w, next);
}

enum layer layer_ip6(struct walk *w)
{
	struct bytes head = bytes_take(&w->in, IP6_HEAD);
	const uint8_t *start = head.p;
	uint8_t first = bytes_u8(&head);
	bytes_u24(&head); // class, flow label
	uint16_t payload_len = bytes_u16(&head);
	uint8_t next = bytes_u8(&head);

	if (head.bad || first >> 4 != 6)
		return walk_stop(w, CTR_IP6_BAD);
	begin_ip(w, 6, start, IP6_HEAD);
	// 0 is a jumbogram or left to the NIC, but for a packet that ends here.
	if (payload_len == 0 && next != IPPROTO_NONE)
		limit_to_frame(w);
	else if (!limit(w, payload_len))
		return walk_stop(w, CTR_IP6_BAD);
	return extensions(w, next);
}

// RFC 4302 2: the length counts words of four bytes, less two.
enum layer layer_ah(struct walk *w)
{
	uint8_t next = bytes_u8(&w->in);
	uint8_t words = bytes_u8(&w->in);

	// Cut or not, it is the IP packet of two hosts.
	if (bytes_take(&w->in, words * 4u + 6).bad)
		return LAYER_DELIVER;
	return w->inner.version == 6 ? extensions(w, next) : walk_transport(w, next);
}

enum layer walk_transport(struct walk *w, uint8_t protocol)
{
	struct ip_view *ip = &w->inner;

	ip->l4 = protocol;
	ip->sport = 0;
	ip->dport = 0;
	ip->segment = ip->payload = w->in.p;
	ip->segment_len = ip->payload_len = (uint32_t)w->in.len;
	switch (protocol) {
	case IPPROTO_TCP:
		return LAYER_TCP;
	case IPPROTO_UDP:
		return LAYER_UDP;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return LAYER_ICMP;
	case IPPROTO_SCTP:
		return LAYER_SCTP;
	case IPPROTO_AH:
		return LAYER_AH;
	case IPPROTO_GRE:
		return LAYER_GRE;
	case IPPROTO_IPIP:
	case IPPROTO_IPV6:
		return LAYER_IP_IN_IP;
	case IPPROTO_PIM:
		return LAYER_PIM;
	case PROTO_ETHER_IP:
		return LAYER_ETHER_IP;
	case PROTO_MPLS:
		return LAYER_MPLS_IN_IP;
	default:
		return LAYER_DELIVER;
	}
}

static void set_payload(struct walk *w)
{
	w->inner.payload = w->in.p;
	w->inner.payload_len = (uint32_t)w->in.len;
}

enum layer layer_tcp(struct walk *w)
{
	struct packet *p = w->p;
	struct bytes head = bytes_take(&w->in, TCP_HEAD);

	if (head.bad)
		return walk_stop(w, CTR_L4_TRUNCATED);
	uint16_t sport = bytes_u16(&head);
	uint16_t dport = bytes_u16(&head);
	uint32_t seq = bytes_u32(&head);
	uint32_t ack = bytes_u32(&head);
	uint32_t head_len = (bytes_u8(&head) >> 4) * 4u;
	uint8_t flags = bytes_u8(&head);
	uint16_t window = bytes_u16(&head);

	if (head_len < TCP_HEAD)
		return walk_stop(w, CTR_TCP_BAD);
	bool cut = bytes_take(&w->in, head_len - TCP_HEAD).bad;
	if (cut && !w->inner.snapped)
		return walk_stop(w, CTR_TCP_BAD);
	w->inner.sport = sport;
	w->inner.dport = dport;
	p->tcp_seq = seq;
	p->tcp_ack = ack;
	p->tcp_flags = flags;
	p->tcp_window = window;
	if (cut) // where the payload begins is beyond what was captured
		w->inner.payload_len = 0;
	else
		set_payload(w);
	return LAYER_DELIVER;
}

// Cut what is left to the length the UDP header says. A datagram that claims more than its
// packet has is taken for what there is.
static bool limit_udp(struct walk *w, size_t len)
{
	struct ip_view *ip = &w->inner;

	if (len == 0 && ip->open_ended) // RFC 2675 4
		return true;
	if (len < UDP_HEAD)
		return false;
	if (len - UDP_HEAD > w->in.len) {
		ip->unsummed = true;
		return true;
	}
	w->in.len = len - UDP_HEAD;
	ip->segment_len = (uint32_t)len;
	return true;
}

enum layer layer_udp(struct walk *w)
{
	struct bytes head = bytes_take(&w->in, UDP_HEAD);

	if (head.bad)
		return walk_stop(w, CTR_L4_TRUNCATED);
	uint16_t sport = bytes_u16(&head);
	uint16_t dport = bytes_u16(&head);
	if (!limit_udp(w, bytes_u16(&head)))
		return walk_stop(w, CTR_UDP_BAD);
	w->inner.sport = sport;
	w->inner.dport = dport;
	set_payload(w);

	enum layer tunnel = walk_udp_port(dport);
	return tunnel != LAYER_DELIVER ? tunnel : walk_udp_port(sport);
}

enum layer layer_sctp(struct walk *w)
{
	struct bytes head = bytes_take(&w->in, SCTP_HEAD);

	if (head.bad)
		return walk_stop(w, CTR_L4_TRUNCATED);
	w->inner.sport = bytes_u16(&head);
	w->inner.dport = bytes_u16(&head);
	set_payload(w);
	return LAYER_DELIVER;
}

enum layer layer_icmp(struct walk *w)
{
	struct bytes head = w->in;

	w->p->icmp_type = bytes_u8(&head);
	w->p->icmp_code = bytes_u8(&head);
	bytes_take(&w->in, ICMP_HEAD);
	set_payload(w);
	return LAYER_DELIVER;
}
