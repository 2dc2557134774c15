// An mbuf as a packet's buffer. Pools are made with room for struct mbuf_private in each.

#pragma once

#include "dataplane/inspect/packet.h"

#include <rte_mbuf.h>

// What lies in the private area of each mbuf.
struct mbuf_private {
	struct pktbuf buf; // first: a buffer is its private area
};

static inline void mbuf_free(struct pktbuf *buf)
{
	rte_pktmbuf_free((struct rte_mbuf *)((uint8_t *)buf - sizeof(struct rte_mbuf)));
}

// NONE: a virtual device whose peer left the sum to a NIC that there is none of.
static inline bool mbuf_l4_sound(const struct rte_mbuf *m)
{
	uint64_t told = m->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK;

	return told == RTE_MBUF_F_RX_L4_CKSUM_GOOD || told == RTE_MBUF_F_RX_L4_CKSUM_NONE;
}

// An Ethernet frame; its time and port are the caller's to set. p owns m from here on. A frame over
// several mbufs is brought into one where there is room; else its first part is looked at, and the
// rest counts as cut off.
static inline void mbuf_packet(struct rte_mbuf *m, struct packet *p)
{
	struct mbuf_private *private = rte_mbuf_to_priv(m);
	uint32_t wire_len = m->pkt_len;

	if (m->nb_segs > 1)
		rte_pktmbuf_linearize(m);
	private->buf.free = mbuf_free;
	p->data = rte_pktmbuf_mtod(m, const uint8_t *);
	p->buf = &private->buf;
	p->pcap_cnt = 0;
	p->len = m->data_len;
	p->wire_len = wire_len;
	p->link = LINK_ETHERNET;
	p->l4_sound = mbuf_l4_sound(m);
}
