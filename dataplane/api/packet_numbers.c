#include "dataplane/api/packet_numbers.h"

#include "dataplane/base/bytes.h"

#include <netinet/in.h>

enum { IP4_HEAD = 20, TCP_HEAD = 20 };

// `len` bytes at `at`, in network order.
static bool number_at(struct bytes head, size_t at, size_t len, uint64_t *out)
{
	bytes_take(&head, at);
	struct bytes v = bytes_take(&head, len);
	uint64_t n = 0;

	if (head.bad)
		return false;
	for (size_t i = 0; i < len; i++)
		n = n << 8 | v.p[i];
	*out = n;
	return true;
}

// The IP header when it is of this version, else nothing.
static struct bytes ip_of(const struct packet_headers *h, uint8_t version)
{
	if (h->ip == NULL || h->ip_len == 0 || h->ip[0] >> 4 != version)
		return (struct bytes){0};
	return (struct bytes){.p = h->ip, .len = h->ip_len};
}

static struct bytes l4_of(const struct packet_headers *h, uint8_t proto)
{
	if (h->l4 == NULL || h->l4_proto != proto)
		return (struct bytes){0};
	return (struct bytes){.p = h->l4, .len = h->l4_len};
}

static bool ip4_number(const struct packet_headers *h, size_t at, size_t len, uint64_t *out)
{
	return number_at(ip_of(h, 4), at, len, out);
}

static bool tcp_number(const struct packet_headers *h, size_t at, size_t len, uint64_t *out)
{
	return number_at(l4_of(h, IPPROTO_TCP), at, len, out);
}

static bool icmp_number(const struct packet_headers *h, size_t at, size_t len, uint64_t *out)
{
	return number_at(l4_of(h, IPPROTO_ICMP), at, len, out) ||
		number_at(l4_of(h, IPPROTO_ICMPV6), at, len, out);
}

static bool ip_proto(const struct packet_headers *h, uint64_t *out)
{
	if (ip_of(h, 6).len > 0) {
		*out = h->l4_proto;
		return true;
	}
	return ip4_number(h, 9, 1, out);
}

static bool fragbits(const struct packet_headers *h, uint64_t *out)
{
	if (!ip4_number(h, 6, 1, out))
		return false;
	*out >>= 5;
	return true;
}

// RFC 8200 4: the offset in the first fragment header among the extension headers.
static bool fragoffset6(const struct packet_headers *h, uint64_t *out)
{
	struct bytes in = ip_of(h, 6);

	bytes_take(&in, 6);
	uint8_t next = bytes_u8(&in);
	bytes_take(&in, 33);
	while (next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING || next == IPPROTO_DSTOPTS ||
		next == IPPROTO_AH) {
		bool words_of_4 = next == IPPROTO_AH; // RFC 4302 2.2
		next = bytes_u8(&in);
		uint8_t more_words = bytes_u8(&in);
		bytes_take(&in, 6 + more_words * (words_of_4 ? 4u : 8u));
		if (in.bad)
			return false;
	}
	if (next != IPPROTO_FRAGMENT || !number_at(in, 2, 2, out))
		return false;
	*out &= 0xfff8;
	return true;
}

static bool fragoffset(const struct packet_headers *h, uint64_t *out)
{
	if (!ip4_number(h, 6, 2, out))
		return fragoffset6(h, out);
	*out &= 0x1fff;
	return true;
}

// The next of a row of options, of IPv4 or TCP alike: `body` is what it holds behind its length.
// False at the end, and when the length can not be.
static bool next_option(struct bytes *options, uint8_t *type, struct bytes *body)
{
	enum { EOL = 0, NOP = 1 };

	if (options->len == 0)
		return false;
	*type = bytes_u8(options);
	*body = (struct bytes){0};
	if (*type == EOL)
		options->len = 0;
	if (*type == EOL || *type == NOP)
		return true;
	uint8_t len = bytes_u8(options);
	if (len < 2)
		return false;
	*body = bytes_take(options, len - 2u);
	return !options->bad;
}

static bool tcp_mss(const struct packet_headers *h, uint64_t *out)
{
	enum { MSS = 2 };
	struct bytes options = l4_of(h, IPPROTO_TCP);
	struct bytes body;
	uint8_t type;

	bytes_take(&options, TCP_HEAD);
	while (next_option(&options, &type, &body)) {
		if (type == MSS && body.len == 2)
			return number_at(body, 0, 2, out);
	}
	return false;
}

// Does the message have an identifier and a sequence number? RFC 792, RFC 950, RFC 4443 4.
static bool is_query(const struct packet_headers *h)
{
	uint64_t type;

	if (number_at(l4_of(h, IPPROTO_ICMPV6), 0, 1, &type))
		return type == 128 || type == 129;
	if (!number_at(l4_of(h, IPPROTO_ICMP), 0, 1, &type))
		return false;
	return type == 0 || type == 8 || (type >= 13 && type <= 18);
}

static bool icmpv6_mtu(const struct packet_headers *h, uint64_t *out)
{
	enum { PACKET_TOO_BIG = 2 << 8 };
	struct bytes head = l4_of(h, IPPROTO_ICMPV6);
	uint64_t type_and_code;

	return number_at(head, 0, 2, &type_and_code) && type_and_code == PACKET_TOO_BIG &&
		number_at(head, 4, 4, out);
}

bool packet_number(const struct packet_headers *h, enum packet_number what, uint64_t *out)
{
	switch (what) {
	case NUMBER_TTL:
		return ip4_number(h, 8, 1, out) || number_at(ip_of(h, 6), 7, 1, out);
	case NUMBER_TOS:
		return ip4_number(h, 1, 1, out);
	case NUMBER_IP_ID:
		return ip4_number(h, 4, 2, out);
	case NUMBER_IP_PROTO:
		return ip_proto(h, out);
	case NUMBER_FRAGBITS:
		return fragbits(h, out);
	case NUMBER_FRAGOFFSET:
		return fragoffset(h, out);
	case NUMBER_TCP_FLAGS:
		return tcp_number(h, 13, 1, out);
	case NUMBER_TCP_SEQ:
		return tcp_number(h, 4, 4, out);
	case NUMBER_TCP_ACK:
		return tcp_number(h, 8, 4, out);
	case NUMBER_TCP_WINDOW:
		return tcp_number(h, 14, 2, out);
	case NUMBER_TCP_MSS:
		return tcp_mss(h, out);
	case NUMBER_ICMP_TYPE:
		return icmp_number(h, 0, 1, out);
	case NUMBER_ICMP_CODE:
		return icmp_number(h, 1, 1, out);
	case NUMBER_ICMP_ID:
		return is_query(h) && icmp_number(h, 4, 2, out);
	case NUMBER_ICMP_SEQ:
		return is_query(h) && icmp_number(h, 6, 2, out);
	case NUMBER_ICMPV6_MTU:
		return icmpv6_mtu(h, out);
	case NUMBER_DSIZE:
		*out = h->payload_len;
		return true;
	case NUMBER_COUNT:
		break;
	}
	return false;
}

// By the numbers of IANA, copied flag and class included.
static uint32_t option_bit(uint8_t type)
{
	static const uint16_t bits[256] = {
		[0] = IP_OPTION_EOL,
		[1] = IP_OPTION_NOP,
		[7] = IP_OPTION_RR,
		[25] = IP_OPTION_QS,
		[68] = IP_OPTION_TS,
		[130] = IP_OPTION_SEC,
		[131] = IP_OPTION_LSRR,
		[133] = IP_OPTION_ESEC,
		[134] = IP_OPTION_CIPSO,
		[136] = IP_OPTION_SATID,
		[137] = IP_OPTION_SSRR,
		[148] = IP_OPTION_RTRALT,
	};
	return bits[type] != 0 ? bits[type] : IP_OPTION_OTHER;
}

uint32_t packet_ip_options(const struct packet_headers *h)
{
	struct bytes options = ip_of(h, 4);
	struct bytes body;
	uint32_t seen = 0;
	uint8_t type;

	bytes_take(&options, IP4_HEAD);
	while (next_option(&options, &type, &body))
		seen |= option_bit(type);
	return seen;
}
