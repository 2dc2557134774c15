// Ethernet, IPv4, IPv6, TCP and UDP headers with right lengths and checksums.

#pragma once

#include "tools/craft/wire.h"

enum {
	TCP_FIN = 0x01,
	TCP_SYN = 0x02,
	TCP_RST = 0x04,
	TCP_PSH = 0x08,
	TCP_ACK = 0x10,
	TCP_URG = 0x20
};
enum { ETHERNET_LEN = 14, ETHERTYPE_OF_IPV4 = 0x0800, ETHERTYPE_OF_IPV6 = 0x86dd };

struct host {
	uint8_t ip[16]; // IPv4: the first four bytes
	uint8_t version; // 4 or 6
	uint16_t port;
};

struct tcp_header {
	uint32_t seq;
	uint32_t ack;
	uint8_t flags;
	uint16_t mss; // 0: no option
};

// `text` is an address literal of our own; anything else is a bug.
struct host host_of(const char *text, uint16_t port);

// A whole Ethernet frame is appended to `w`. `id` is the IPv4 identification.
void packet_tcp(struct wire *w, const struct host *from, const struct host *to, uint16_t id,
	const struct tcp_header *tcp, const void *payload, size_t len);
void packet_udp(struct wire *w, const struct host *from, const struct host *to, uint16_t id,
	const void *payload, size_t len);

// Headers alone. The IP header is for `len` bytes that follow it.
void packet_ethernet(
	struct wire *w, const struct host *from, const struct host *to, uint16_t ethertype);
void packet_ip(struct wire *w, const struct host *from, const struct host *to, uint16_t id,
	uint8_t protocol, size_t len);

// Set the header checksum of the IPv4 header at `ip`.
void packet_sum_ipv4(uint8_t *ip);
// Set the checksum of the TCP or UDP message of `len` bytes at `l4`, under the IP header `ip`
// of the given version.
void packet_sum_l4(const uint8_t *ip, uint8_t version, uint8_t protocol, uint8_t *l4, size_t len);
