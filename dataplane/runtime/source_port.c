#include "dataplane/runtime/source_port.h"

#include "dataplane/base/clock.h"
#include "dataplane/runtime/mbuf.h"

#include <rte_ethdev.h>

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	QUEUES_MAX = 64,
	MBUF_CACHE = 256,
	MBUFS_BASE = 4096, // bursts, hand-over rings
	MBUFS_WORKER = 2048, // of each worker: held segments (PORT_HELD_MAX), and as many more
	// The kernel's interfaces give what offloads have put together: frames larger than the MTU.
	// Large buffers there, as many bytes as the frames of eal.c's net_af_packet ring.
	MBUF_DATA_IFACE = 16384 + RTE_PKTMBUF_HEADROOM,
	RSS_KEY_LEN = 40,
};

struct port_queue {
	struct source source; // first: a source is its queue
	uint16_t port;
	uint16_t queue;
	uint16_t number; // of the port in the configuration
	_Atomic uint64_t received; // worker: rw, main: ro
};

struct source_port {
	uint16_t port;
	uint16_t n_queues;
	bool rss; // the device deals by addresses
	struct rte_mempool *mbufs;
	char iface[64]; // net_af_packet: whose counter tells what was missed
	uint64_t iface_start;
	uint64_t iface_seen; // at the last look
	uint64_t missed; // never goes back
	struct port_queue queues[QUEUES_MAX];
};

static unsigned port_rx(struct source *s, struct packet *packets, unsigned n)
{
	struct port_queue *q = (struct port_queue *)s;
	struct rte_mbuf *mbufs[BURST_MAX];

	n = rte_eth_rx_burst(q->port, q->queue, mbufs, (uint16_t)(n < BURST_MAX ? n : BURST_MAX));
	if (n == 0)
		return 0;
	uint64_t now = clock_wall_ns();
	for (unsigned i = 0; i < n; i++) {
		packets[i].ts_ns = now;
		packets[i].port = q->number;
		mbuf_packet(mbufs[i], &packets[i]);
	}
	counter_add(&q->received, n);
	return n;
}

static uint64_t iface_counter(const char *iface)
{
	char path[160];
	unsigned long long v = 0;

	snprintf(path, sizeof(path), "/sys/class/net/%s/statistics/rx_packets", iface);
	FILE *f = fopen(path, "r");
	if (f == NULL)
		return 0;
	if (fscanf(f, "%llu", &v) != 1)
		v = 0;
	fclose(f);
	return v;
}

// "iface:eth1" and "net_af_packet0,iface=eth1,..." name an interface of the kernel.
static void find_iface(struct source_port *p, const char *device)
{
	const char *at = NULL;

	if (strncmp(device, "iface:", 6) == 0)
		at = device + 6;
	else if (strncmp(device, "net_af_packet", 13) == 0 && strstr(device, "iface=") != NULL)
		at = strstr(device, "iface=") + 6;
	if (at == NULL)
		return;
	size_t len = strcspn(at, ",");
	if (len < sizeof(p->iface)) {
		memcpy(p->iface, at, len);
		p->iface[len] = '\0';
	}
}

static int complain(char error[256], const char *what, int err)
{
	snprintf(error, 256, "%s: %s", what, rte_strerror(-err));
	return err;
}

// Symmetric: 0x6d5a repeated gives both directions of an address pair one hash (Woo, Park:
// "Scalable TCP session monitoring with symmetric receive-side scaling", 2012). Addresses
// only, so that fragments follow.
static void set_rss(struct source_port *p, const struct rte_eth_dev_info *info,
	struct rte_eth_conf *conf, uint8_t key[RSS_KEY_LEN])
{
	const uint64_t wanted = RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_FRAG_IPV4 | RTE_ETH_RSS_IPV6 |
		RTE_ETH_RSS_FRAG_IPV6 | RTE_ETH_RSS_NONFRAG_IPV4_OTHER |
		RTE_ETH_RSS_NONFRAG_IPV6_OTHER;

	p->rss = (info->flow_type_rss_offloads & (RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_IPV6)) != 0 &&
		info->hash_key_size == RSS_KEY_LEN;
	if (!p->rss)
		return;
	for (unsigned i = 0; i < RSS_KEY_LEN; i++)
		key[i] = i % 2 == 0 ? 0x6d : 0x5a;
	conf->rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
	conf->rx_adv_conf.rss_conf.rss_key = key;
	conf->rx_adv_conf.rss_conf.rss_key_len = RSS_KEY_LEN;
	conf->rx_adv_conf.rss_conf.rss_hf = wanted & info->flow_type_rss_offloads;
}

static uint16_t choose_queues(const struct source_port *p, const struct port_config *config,
	const struct rte_eth_dev_info *info, unsigned n_workers)
{
	unsigned n = config->queues != 0 ? config->queues : n_workers;

	// Without dealing by address the queues would tear flows apart.
	if (!p->rss)
		return 1;
	if (n > info->max_rx_queues)
		n = info->max_rx_queues;
	if (n > n_workers)
		n = n_workers;
	return (uint16_t)(n < QUEUES_MAX ? n : QUEUES_MAX);
}

static int set_up_queues(struct source_port *p, uint16_t descriptors, unsigned n_workers)
{
	int socket = rte_eth_dev_socket_id(p->port);
	char name[32];
	int err = 0;

	bool iface = p->iface[0] != '\0';
	unsigned n = MBUFS_BASE + n_workers * MBUFS_WORKER + p->n_queues * descriptors * 2u;
	uint16_t room = iface ? MBUF_DATA_IFACE : RTE_MBUF_DEFAULT_BUF_SIZE;

	snprintf(name, sizeof(name), "mbufs%u", p->port);
	p->mbufs = rte_pktmbuf_pool_create(
		name, n, MBUF_CACHE, sizeof(struct mbuf_private), room, socket);
	if (p->mbufs == NULL)
		return -rte_errno;
	for (uint16_t q = 0; q < p->n_queues && err == 0; q++) {
		err = rte_eth_rx_queue_setup(
			p->port, q, descriptors, (unsigned)socket, NULL, p->mbufs);
		p->queues[q] = (struct port_queue){
			.source = {.rx = port_rx, .live = true}, .port = p->port, .queue = q};
	}
	return err;
}

static int set_up(struct source_port *p, const struct port_config *config, unsigned n_workers,
	char error[256])
{
	struct rte_eth_conf conf = {0};
	struct rte_eth_dev_info info;
	uint8_t key[RSS_KEY_LEN];
	uint16_t descriptors = (uint16_t)config->descriptors;
	uint16_t tx_descriptors = 64;

	int err = rte_eth_dev_info_get(p->port, &info);
	if (err < 0)
		return complain(error, "device information", err);
	set_rss(p, &info, &conf, key);
	conf.rxmode.offloads = info.rx_offload_capa & RTE_ETH_RX_OFFLOAD_CHECKSUM;
	p->n_queues = choose_queues(p, config, &info, n_workers);
	// Passive: some drivers want a queue to send on; nothing is ever given to it.
	err = rte_eth_dev_configure(p->port, p->n_queues, 1, &conf);
	if (err < 0)
		return complain(error, "configure", err);
	err = rte_eth_dev_adjust_nb_rx_tx_desc(p->port, &descriptors, &tx_descriptors);
	if (err < 0)
		return complain(error, "descriptors", err);
	err = set_up_queues(p, descriptors, n_workers);
	if (err < 0)
		return complain(error, "receive queue", err);
	err = rte_eth_tx_queue_setup(
		p->port, 0, tx_descriptors, (unsigned)rte_eth_dev_socket_id(p->port), NULL);
	if (err < 0)
		return complain(error, "queues", err);
	if (p->iface[0] != '\0')
		p->iface_start = iface_counter(p->iface);
	err = rte_eth_dev_start(p->port);
	if (err < 0)
		return complain(error, "start", err);
	rte_eth_promiscuous_enable(
		p->port); // virtual devices may not know it: then all comes anyway
	return 0;
}

int source_port_open(unsigned number, const struct port_config *config, unsigned n_workers,
	struct source_port **out, char error[256])
{
	uint16_t port = 0;

	if (number >= rte_eth_dev_count_avail()) {
		snprintf(error, 256,
			"no such device, or no driver for it; dpdk-devbind.py --status "
			"lists devices");
		return -ENODEV;
	}
	for (port = (uint16_t)rte_eth_find_next(0); number > 0; number--)
		port = (uint16_t)rte_eth_find_next((uint16_t)(port + 1));

	struct source_port *p = calloc(1, sizeof(*p));
	if (p == NULL)
		return -ENOMEM;
	p->port = port;
	find_iface(p, config->device);
	int err = set_up(p, config, n_workers, error);
	if (err < 0) {
		source_port_close(p);
		return err;
	}
	*out = p;
	return 0;
}

void source_port_close(struct source_port *p)
{
	if (p == NULL)
		return;
	rte_eth_dev_stop(p->port);
	rte_eth_dev_close(p->port);
	rte_mempool_free(p->mbufs);
	free(p);
}

unsigned source_port_queues(const struct source_port *p)
{
	return p->n_queues;
}

struct source *source_port_queue(struct source_port *p, unsigned queue)
{
	return &p->queues[queue].source;
}

enum deal source_port_deal(const struct source_port *p, unsigned n_workers)
{
	if (n_workers == 1)
		return DEAL_NONE;
	return p->rss && p->n_queues == n_workers ? DEAL_TUNNELLED : DEAL_ALL;
}

uint64_t source_port_missed(struct source_port *p)
{
	struct rte_eth_stats stats = {0};
	uint64_t received = 0;

	if (p->iface[0] == '\0') {
		if (rte_eth_stats_get(p->port, &stats) < 0)
			return 0;
		return stats.imissed + stats.rx_nombuf;
	}
	for (unsigned q = 0; q < p->n_queues; q++)
		received += atomic_load_explicit(&p->queues[q].received, memory_order_relaxed);
	// What the interface had at the last look is with us by now, or lost.
	if (p->iface_seen > received && p->iface_seen - received > p->missed)
		p->missed = p->iface_seen - received;
	p->iface_seen = iface_counter(p->iface) - p->iface_start;
	return p->missed;
}
