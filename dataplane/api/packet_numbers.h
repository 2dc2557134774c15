// The numbers that rules look at in a packet's headers: read from the bytes when they are asked
// for, because few packets are asked.

#pragma once

#include <stdbool.h>
#include <stdint.h>

// Headers of one packet: hostile bytes, of which the lengths alone are sure. Any cut is safe: what
// is not there has no number.
struct packet_headers {
	const uint8_t *ip; // IPv4 with options, IPv6 with extension headers; NULL: none
	const uint8_t *l4; // TCP with options, UDP, ICMP, SCTP; NULL: none
	uint16_t ip_len; // bytes
	uint16_t l4_len;
	uint8_t l4_proto; // IPPROTO_*
	uint32_t payload_len; // bytes behind l4
};

// As Suricata has them: IPv4 only, where nothing else is said.
enum packet_number {
	NUMBER_TTL, // IPv6: hop limit
	NUMBER_TOS,
	NUMBER_IP_ID,
	NUMBER_IP_PROTO, // IPv6: what comes behind the extension headers
	NUMBER_FRAGBITS, // enum fragbit
	NUMBER_FRAGOFFSET, // units of 8 bytes; IPv6: bytes, of a packet with a fragment header
	NUMBER_TCP_FLAGS,
	NUMBER_TCP_SEQ,
	NUMBER_TCP_ACK,
	NUMBER_TCP_WINDOW, // not scaled
	NUMBER_TCP_MSS, // of the first such option
	NUMBER_ICMP_TYPE, // IPv6: ICMPv6
	NUMBER_ICMP_CODE, // likewise
	NUMBER_ICMP_ID, // of echo, timestamp, information, address mask; IPv6: of echo
	NUMBER_ICMP_SEQ, // likewise
	NUMBER_ICMPV6_MTU, // of "packet too big" with code 0
	NUMBER_DSIZE, // payload_len, of any packet
	NUMBER_COUNT,
};

enum fragbit {
	FRAGBIT_MORE = 1 << 0,
	FRAGBIT_DONT = 1 << 1,
	FRAGBIT_RESERVED = 1 << 2,
};

// False, and *out as it was: the packet has no such number. It is of another protocol, cut, or has
// no such option.
bool packet_number(const struct packet_headers *h, enum packet_number what, uint64_t *out);

enum ipopt {
	IP_OPTION_EOL = 1 << 0,
	IP_OPTION_NOP = 1 << 1,
	IP_OPTION_RR = 1 << 2, // record route
	IP_OPTION_QS = 1 << 3, // quick start
	IP_OPTION_TS = 1 << 4, // timestamp
	IP_OPTION_SEC = 1 << 5, // security
	IP_OPTION_LSRR = 1 << 6, // loose source route
	IP_OPTION_ESEC = 1 << 7, // extended security
	IP_OPTION_CIPSO = 1 << 8,
	IP_OPTION_SATID = 1 << 9, // stream id
	IP_OPTION_SSRR = 1 << 10, // strict source route
	IP_OPTION_RTRALT = 1 << 11, // router alert
	IP_OPTION_OTHER = 1 << 12,
};

// The IPv4 options of a packet, a bit (enum ipopt) each. Nothing counts from the first one on whose
// length can not be.
uint32_t packet_ip_options(const struct packet_headers *h);
