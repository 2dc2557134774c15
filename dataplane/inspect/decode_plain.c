// The frames that nearly all are: Ethernet, one IP header without options or extensions, not a fragment,
// captured whole, TCP or UDP, no tunnel. One look at each header instead of a walk from layer to layer.

#include "dataplane/inspect/decode_walk.h"

enum { ETHER_LEN = 14, IP4_HEAD = 20, IP6_HEAD = 40, TCP_HEAD = 20, UDP_HEAD = 8 };

static uint32_t be16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t be32(const uint8_t *p)
{
	return be16(p) << 16 | be16(p + 2);
}

static bool plain_ip4(struct ip_view *ip, const uint8_t *head, size_t len)
{
	if (len < IP4_HEAD || head[0] != 0x45)
		return false;
	uint32_t total = be16(head + 2);
	if (total < IP4_HEAD || total > len || (be16(head + 6) & 0x3fff) != 0)
		return false;
	ip->l4 = head[9];
	ip->head_len = IP4_HEAD;
	ip->segment_len = total - IP4_HEAD;
	return true;
}

static bool plain_ip6(struct ip_view *ip, const uint8_t *head, size_t len)
{
	if (len < IP6_HEAD || head[0] >> 4 != 6)
		return false;
	uint32_t total = be16(head + 4);
	if (total == 0 || total > len - IP6_HEAD)
		return false;
	ip->l4 = head[6];
	ip->head_len = IP6_HEAD;
	ip->segment_len = total;
	return true;
}

static bool plain_tcp(struct packet *p, struct ip_view *ip)
{
	const uint8_t *head = ip->segment;

	if (ip->segment_len < TCP_HEAD)
		return false;
	uint32_t head_len = (head[12] >> 4) * 4u;
	if (head_len < TCP_HEAD || head_len > ip->segment_len)
		return false;
	p->tcp_seq = be32(head + 4);
	p->tcp_ack = be32(head + 8);
	p->tcp_flags = head[13];
	p->tcp_window = (uint16_t)be16(head + 14);
	ip->payload = head + head_len;
	ip->payload_len = ip->segment_len - head_len;
	return true;
}

static bool plain_udp(struct ip_view *ip)
{
	const uint8_t *head = ip->segment;

	if (ip->segment_len < UDP_HEAD)
		return false;
	uint32_t len = be16(head + 4);
	if (len < UDP_HEAD || len > ip->segment_len ||
		walk_udp_port((uint16_t)be16(head)) != LAYER_DELIVER ||
		walk_udp_port((uint16_t)be16(head + 2)) != LAYER_DELIVER)
		return false;
	ip->segment_len = len;
	ip->payload = head + UDP_HEAD;
	ip->payload_len = len - UDP_HEAD;
	return true;
}

bool decode_plain(struct walk *w)
{
	const struct packet *p = w->p;
	struct ip_view *ip = &w->inner;
	const uint8_t *head = p->data + ETHER_LEN;

	if (p->len < ETHER_LEN + IP4_HEAD)
		return false;
	uint32_t type = be16(p->data + 12);
	size_t len = p->len - ETHER_LEN;
	if (!(type == 0x0800 && plain_ip4(ip, head, len)) &&
		!(type == 0x86dd && plain_ip6(ip, head, len)))
		return false;
	ip->head = head;
	ip->version = type == 0x0800 ? 4 : 6;
	ip->segment = head + ip->head_len;
	ip->open_ended = false;
	ip->unsummed = false;
	ip->snapped = false;
	if (!(ip->l4 == IPPROTO_TCP && plain_tcp(w->p, ip)) &&
		!(ip->l4 == IPPROTO_UDP && plain_udp(ip)))
		return false;
	ip->sport = (uint16_t)be16(ip->segment);
	ip->dport = (uint16_t)be16(ip->segment + 2);
	return true;
}
