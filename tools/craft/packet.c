#include "tools/craft/packet.h"

#include "dataplane/inspect/checksum.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>

enum { IPV4_LEN = 20, UDP_LEN = 8, TCP_LEN = 20, MSS_OPTION_LEN = 4, TTL = 64, WINDOW = 64240 };

struct host host_of(const char *text, uint16_t port)
{
	struct host h = {.version = strchr(text, ':') != NULL ? 6 : 4, .port = port};
	int ok = inet_pton(h.version == 6 ? AF_INET6 : AF_INET, text, h.ip);

	assert(ok == 1);
	(void)ok;
	return h;
}

// Locally administered, and told from the address, so that it is the same in every frame.
static void put_mac(struct wire *w, const struct host *h)
{
	const uint8_t *last = h->ip + (h->version == 6 ? 13 : 1);
	uint8_t mac[6] = {0x02, 0x00, h->version, last[0], last[1], last[2]};

	wire_put(w, mac, sizeof(mac));
}

void packet_ethernet(
	struct wire *w, const struct host *from, const struct host *to, uint16_t ethertype)
{
	put_mac(w, to);
	put_mac(w, from);
	wire_u16(w, ethertype);
}

void packet_sum_ipv4(uint8_t *ip)
{
	memset(ip + 10, 0, 2);
	uint16_t sum = (uint16_t)~checksum_fold(checksum_add(0, ip, (ip[0] & 0x0fu) * 4));
	memcpy(ip + 10, &sum, 2);
}

void packet_sum_l4(const uint8_t *ip, uint8_t version, uint8_t protocol, uint8_t *l4, size_t len)
{
	uint8_t tail[8] = {(uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8),
		(uint8_t)len, 0, 0, 0, protocol};
	uint8_t *field = l4 + (protocol == IPPROTO_TCP ? 16 : 6);
	uint64_t pseudo = version == 6 ? checksum_add(0, ip + 8, 32) : checksum_add(0, ip + 12, 8);

	memset(field, 0, 2);
	uint64_t sum = checksum_add(checksum_add(pseudo, tail, sizeof(tail)), l4, len);
	uint16_t value = (uint16_t)~checksum_fold(sum);
	// RFC 768: zero says that there is none.
	if (value == 0 && protocol == IPPROTO_UDP)
		value = 0xffff;
	memcpy(field, &value, 2);
}

static void put_ipv4(struct wire *w, const struct host *from, const struct host *to, uint16_t id,
	uint8_t protocol, size_t len)
{
	size_t at = w->len;

	wire_u16(w, 0x4500);
	wire_u16(w, (uint16_t)(IPV4_LEN + len));
	wire_u16(w, id);
	wire_u16(w, 0x4000); // don't fragment
	wire_u8(w, TTL);
	wire_u8(w, protocol);
	wire_u16(w, 0);
	wire_put(w, from->ip, 4);
	wire_put(w, to->ip, 4);
	if (!w->full)
		packet_sum_ipv4(w->p + at);
}

static void put_ipv6(struct wire *w, const struct host *from, const struct host *to,
	uint8_t protocol, size_t len)
{
	wire_u32(w, 0x60000000);
	wire_u16(w, (uint16_t)len);
	wire_u8(w, protocol);
	wire_u8(w, TTL);
	wire_put(w, from->ip, 16);
	wire_put(w, to->ip, 16);
}

void packet_ip(struct wire *w, const struct host *from, const struct host *to, uint16_t id,
	uint8_t protocol, size_t len)
{
	if (from->version == 6)
		put_ipv6(w, from, to, protocol, len);
	else
		put_ipv4(w, from, to, id, protocol, len);
}

// Ethernet and IP; gives back where the IP header is.
static size_t put_lower(struct wire *w, const struct host *from, const struct host *to, uint16_t id,
	uint8_t protocol, size_t len)
{
	packet_ethernet(w, from, to, from->version == 6 ? ETHERTYPE_OF_IPV6 : ETHERTYPE_OF_IPV4);
	size_t at = w->len;
	packet_ip(w, from, to, id, protocol, len);
	return at;
}

void packet_tcp(struct wire *w, const struct host *from, const struct host *to, uint16_t id,
	const struct tcp_header *tcp, const void *payload, size_t len)
{
	size_t header = TCP_LEN + (tcp->mss != 0 ? MSS_OPTION_LEN : 0);
	size_t ip = put_lower(w, from, to, id, IPPROTO_TCP, header + len);
	size_t l4 = w->len;

	wire_u16(w, from->port);
	wire_u16(w, to->port);
	wire_u32(w, tcp->seq);
	wire_u32(w, tcp->ack);
	wire_u8(w, (uint8_t)(header / 4 << 4));
	wire_u8(w, tcp->flags);
	wire_u16(w, WINDOW);
	wire_u32(w, 0); // checksum, urgent pointer
	if (tcp->mss != 0) {
		wire_u16(w, 0x0204);
		wire_u16(w, tcp->mss);
	}
	wire_put(w, payload, len);
	if (!w->full)
		packet_sum_l4(w->p + ip, from->version, IPPROTO_TCP, w->p + l4, header + len);
}

void packet_udp(struct wire *w, const struct host *from, const struct host *to, uint16_t id,
	const void *payload, size_t len)
{
	size_t ip = put_lower(w, from, to, id, IPPROTO_UDP, UDP_LEN + len);
	size_t l4 = w->len;

	wire_u16(w, from->port);
	wire_u16(w, to->port);
	wire_u16(w, (uint16_t)(UDP_LEN + len));
	wire_u16(w, 0);
	wire_put(w, payload, len);
	if (!w->full)
		packet_sum_l4(w->p + ip, from->version, IPPROTO_UDP, w->p + l4, UDP_LEN + len);
}
