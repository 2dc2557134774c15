// Packets that tell which name is at which address: answers of DNS and mDNS, recognised by their
// port, because every worker must come to the same view of each packet alone: the worker that has
// the talk with the resolver is seldom the one that has the talk with the server.

#pragma once

#include "dataplane/base/bytes.h"
#include "dataplane/inspect/packet.h"

struct name_table; // proto/names.h

// Bytes of a message that are looked at: RFC 6891 6.2.5, what resolvers take at most.
enum { ANSWER_BYTES_MAX = 4096 };

enum {
	ANSWER_PORT_DNS = 53,
	ANSWER_PORT_MDNS = 5353,
};

static inline uint16_t packet_sender_port(const struct packet *p)
{
	return p->flags & PACKET_SWAPPED ? p->key.bport : p->key.aport;
}

static inline bool packet_may_answer(const struct packet *p)
{
	uint16_t sport = packet_sender_port(p);

	return (sport == ANSWER_PORT_DNS &&
		       (p->key.l4 == IPPROTO_UDP || p->key.l4 == IPPROTO_TCP)) ||
		(sport == ANSWER_PORT_MDNS && p->key.l4 == IPPROTO_UDP);
}

// The DNS message that p brings, or as much of it as is looked at; nothing: it is no answer. Over
// TCP only one that begins with its segment.
struct bytes answer_of(const struct packet *p);

// Learn what the answer in p tells, if it is one.
void answers_learn(struct name_table *t, const struct packet *p);
