#include "dataplane/inspect/decode.h"

#include "dataplane/base/hash.h"
#include "dataplane/inspect/checksum.h"
#include "dataplane/inspect/decode_walk.h"

#include <stdlib.h>

enum { HEADERS_MAX = 32, IP4_HEAD = 20 };

struct decoder {
	struct decoder_options options;
	uint64_t second_seed;
	uint64_t *counters;
	struct defrag *defrag;
};

#define X(id, function) [id] = function,
static enum layer (*const layers[LAYER_COUNT])(struct walk *) = {LAYERS(X)};
#undef X

static const enum layer links[LINK_UNKNOWN] = {
	[LINK_ETHERNET] = LAYER_ETHERNET,
	[LINK_RAW_IP] = LAYER_RAW_IP,
	[LINK_NULL] = LAYER_NULL,
	[LINK_SLL] = LAYER_SLL,
	[LINK_SLL2] = LAYER_SLL2,
	[LINK_PPP] = LAYER_PPP,
	[LINK_PPPOE] = LAYER_PPPOE,
	[LINK_CHDLC] = LAYER_CHDLC,
	[LINK_FRAME_RELAY] = LAYER_FRAME_RELAY,
	[LINK_IEEE80211] = LAYER_IEEE80211,
	[LINK_RADIOTAP] = LAYER_RADIOTAP,
	[LINK_PPI] = LAYER_PPI,
	[LINK_PKTAP] = LAYER_PKTAP,
	[LINK_NFLOG] = LAYER_NFLOG,
	[LINK_ARCNET_LINUX] = LAYER_ARCNET,
	[LINK_JUNIPER_ETHERNET] = LAYER_JUNIPER,
	[LINK_IP_OVER_IB] = LAYER_IPOIB,
};

struct decoder_options decoder_defaults(void)
{
	return (struct decoder_options){
		.verify_checksum = true,
		.max_datagrams = 4096,
		.max_fragment_bytes = 8 << 20,
		.fragment_timeout_ns = 30000000000ull,
	};
}

struct decoder *decoder_new(const struct decoder_options *options, uint64_t *counters)
{
	struct decoder *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	d->options = *options;
	d->second_seed = hash_mix(options->seed, 2);
	d->counters = counters;
	d->defrag = defrag_new(options, counters);
	if (d->defrag == NULL) {
		free(d);
		return NULL;
	}
	return d;
}

void decoder_free(struct decoder *d)
{
	if (d == NULL)
		return;
	defrag_free(d->defrag);
	free(d);
}

void decoder_expire(struct decoder *d, uint64_t now_ns)
{
	defrag_expire(d->defrag, now_ns);
}

void decoder_flush(struct decoder *d)
{
	defrag_flush(d->defrag);
}

uint32_t walk_tag(const struct walk *w)
{
	const struct event_tunnel *t = &w->inner.tunnel;

	if (!w->tagged)
		return 0;
	uint64_t h = hash_mix(w->d->options.seed, (uint64_t)t->vlan[0] << 32 | t->vlan[1]);
	h = hash_mix(h, (uint64_t)t->vxlan_vni << 32 | t->pppoe_session);
	return (uint32_t)h != 0 ? (uint32_t)h : 1;
}

enum layer walk_fragment(struct walk *w, struct fragment *f)
{
	f->tag = walk_tag(w);
	enum counter verdict = defrag_add(w->d->defrag, w->p, f);
	if (verdict != CTR_DELIVERED)
		return walk_stop(w, verdict);

	// The fragment's frame is gone, and with it what was seen on the way here.
	w->inside = false;
	w->in = (struct bytes){.p = w->p->data, .len = w->p->len};
	return LAYER_RAW_IP;
}

static void walk_begin(struct walk *w, struct decoder *d, struct packet *p)
{
	w->d = d;
	w->p = p;
	w->in = (struct bytes){.p = p->data, .len = p->len};
	w->tagged = false;
	w->inside = false;
	w->inner.tunnelled = false;
	memset(&w->inner.tunnel, 0xff, sizeof(w->inner.tunnel)); // TUNNEL_NONE
	w->inner.tunnel.reserved = 0;
	w->inner.vlans = (struct vlan_path){0};

	p->flags = 0;
	p->frames = 1;
	p->tcp_flags = 0;
	p->icmp_type = 0;
	p->icmp_code = 0;
	p->tcp_window = 0;
	p->tcp_seq = 0;
	p->tcp_ack = 0;
	p->frame_bytes = p->wire_len;
}

// A tunnel that holds no sound IP packet was none: its outer packet is what there is. A
// fragment in it was taken care of already.
static bool is_undone(const struct walk *w)
{
	switch (w->verdict) {
	case CTR_HELD_FRAGMENTS:
	case CTR_FRAG_BAD:
	case CTR_FRAG_DUPLICATE:
	case CTR_FRAG_SHED:
	case CTR_TUNNEL_TOO_DEEP:
		return false;
	default:
		return w->inside;
	}
}

static enum layer walk_run(struct walk *w, enum layer next)
{
	for (unsigned n = 0; next < LAYER_COUNT; n++) {
		if (n == HEADERS_MAX)
			next = walk_stop(w, CTR_TUNNEL_TOO_DEEP);
		else
			next = layers[next](w);
	}
	if (next == LAYER_STOP && is_undone(w)) {
		w->inner = w->outer;
		w->tagged = w->outer_tagged;
		next = LAYER_DELIVER;
	}
	return next;
}

// RFC 9293 3.1, RFC 8200 8.1: addresses, length and protocol are summed up with the segment.
static bool is_transport_sound(
	const uint8_t *ip, bool four, uint8_t l4, const uint8_t *segment, uint32_t len)
{
	uint64_t sum = htons((uint16_t)len);

	// A UDP checksum of 0 means none.
	if (l4 == IPPROTO_UDP && segment[6] == 0 && segment[7] == 0)
		return true;
	sum += htons((uint16_t)(len >> 16));
	sum += htons(l4);
	if (four)
		sum = checksum_add8(sum, ip + 12);
	else
		sum = checksum_add(sum, ip + 8, 32);
	sum = checksum_add(sum, segment, len);
	return checksum_fold(sum) == 0xffff;
}

bool decode_is_sound(const struct packet *p)
{
	return is_transport_sound(
		p->ip, p->key.ip_version == 4, p->key.l4, p->l4, p->l4_len + p->payload_len);
}

static bool is_head_sound(const struct ip_view *ip)
{
	const uint8_t *head = ip->head;
	uint64_t sum = checksum_add4(checksum_add8(checksum_add8(0, head), head + 8), head + 16);

	if (ip->head_len > IP4_HEAD)
		sum = checksum_add(sum, head + IP4_HEAD, ip->head_len - IP4_HEAD);
	return checksum_fold(sum) == 0xffff;
}

// Can the transport's sum be told? With no length in the header the NIC was to fill in the rest as well.
static bool is_summed(const struct ip_view *ip)
{
	return !ip->snapped && !ip->open_ended && !ip->unsummed &&
		(ip->l4 == IPPROTO_TCP || ip->l4 == IPPROTO_UDP);
}

// What is to be said of the checksums: 0, PACKET_BAD_CHECKSUM or PACKET_SUM_DUE.
static uint8_t sum_flag(const struct decoder *d, const struct packet *p, const struct ip_view *ip)
{
	bool four = ip->version == 4;

	if (four && !is_head_sound(ip))
		return PACKET_BAD_CHECKSUM;
	if (!is_summed(ip))
		return 0;
	if (p->l4_sound && !ip->tunnelled && (p->flags & PACKET_FRAGMENTED) == 0)
		return 0;
	if (d->options.late_checksum && ip->segment - ip->head <= UINT16_MAX)
		return PACKET_SUM_DUE;
	return is_transport_sound(ip->head, four, ip->l4, ip->segment, ip->segment_len)
		? 0
		: PACKET_BAD_CHECKSUM;
}

// Whether the sender stands second in the key. The addresses are as they are in the header.
static bool is_swapped(const struct ip_view *ip, const uint8_t *src, const uint8_t *dst)
{
	uint32_t a, b;

	if (ip->version == 6) {
		int order = memcmp(src, dst, 16);
		return order > 0 || (order == 0 && ip->sport > ip->dport);
	}
	memcpy(&a, src, sizeof(a));
	memcpy(&b, dst, sizeof(b));
	bool swapped = ntohl(a) > ntohl(b);
	return a != b ? swapped : ip->sport > ip->dport;
}

// The words of a key's address. An IPv4 address is written as one word, for who reads it as one soon.
static void set_address(uint8_t to[16], const uint8_t *from, uint8_t version)
{
	uint64_t word = 0;

	if (version == 6) {
		memcpy(to, from, 16);
		return;
	}
	memcpy(&word, from, 4);
	memcpy(to, &word, 8);
	memset(to + 8, 0, 8);
}

// Two IPv4 addresses are one word: one multiplication.
static uint64_t address_hash(
	const struct decoder *d, uint8_t version, const uint8_t *a, const uint8_t *b)
{
	uint32_t pair[2];

	if (version == 6)
		return hash_mix(
			hash_words(a, 16, d->options.seed), hash_words(b, 16, d->second_seed));
	memcpy(&pair[0], a, 4);
	memcpy(&pair[1], b, 4);
	return hash_mix(((uint64_t)pair[0] << 32 | pair[1]) ^ d->options.seed, d->second_seed);
}

// Who stands first is as good as random, so it is not branched on.
static void set_key(struct packet *p, const struct walk *w)
{
	const struct ip_view *ip = &w->inner;
	struct flow_key *key = &p->key;
	size_t step = ip->version == 4 ? 4 : 16;
	const uint8_t *src = ip->head + (ip->version == 4 ? 12 : 8);
	uint32_t swapped = is_swapped(ip, src, src + step);
	const uint8_t *a = src + step * swapped, *b = src + step * (1 - swapped);
	uint32_t exchange = (ip->sport ^ ip->dport) & (0 - swapped);
	uint16_t aport = (uint16_t)(ip->sport ^ exchange);
	uint16_t bport = (uint16_t)(ip->dport ^ exchange);
	uint32_t tag = walk_tag(w);

	p->flags |= (uint8_t)(PACKET_SWAPPED * swapped);
	set_address(key->a, a, ip->version);
	set_address(key->b, b, ip->version);
	key->aport = aport;
	key->bport = bport;
	key->tag = tag;
	key->l4 = ip->l4;
	key->ip_version = ip->version;
	memset(key->zero, 0, sizeof(key->zero));

	uint64_t h = address_hash(w->d, ip->version, a, b);
	p->owner_hash = (uint32_t)h;
	h ^= (uint64_t)aport << 48 | (uint64_t)bport << 32 | tag;
	p->flow_hash =
		(uint32_t)hash_mix(h, w->d->options.seed ^ ((uint64_t)ip->l4 << 8 | ip->version));
}

// An IPv6 header reaches up to its transport: that has no bound in a jumbogram.
static void set_headers(struct packet *p, const struct ip_view *ip)
{
	size_t ip_len = ip->version == 4 ? ip->head_len : (size_t)(ip->segment - ip->head);
	uint16_t l4_len = (uint16_t)(ip->payload - ip->segment);
	bool fits = ip_len <= UINT16_MAX;

	p->ip = fits ? ip->head : NULL;
	p->ip_len = fits ? (uint16_t)ip_len : 0;
	p->l4 = l4_len > 0 ? ip->segment : NULL;
	p->l4_len = l4_len;
}

static enum counter deliver(struct walk *w)
{
	struct decoder *d = w->d;
	struct packet *p = w->p;
	const struct ip_view *ip = &w->inner;

	if (d->options.verify_checksum)
		p->flags |= sum_flag(d, p, ip);
	if (p->flags & PACKET_BAD_CHECKSUM) {
		d->counters[CTR_BAD_CHECKSUM]++;
		if (d->options.drop_bad_checksum)
			return CTR_CHECKSUM_DROPPED;
	}
	if (ip->snapped) {
		p->flags |= PACKET_SNAPPED;
		d->counters[CTR_SNAPPED]++;
	}
	if (ip->tunnelled) {
		p->flags |= PACKET_TUNNELLED;
		d->counters[CTR_TUNNELLED] += p->frames;
	}
	p->payload = ip->payload;
	p->payload_len = ip->payload_len;
	p->tunnel = ip->tunnel;
	p->vlans = ip->vlans;
	set_headers(p, ip);
	set_key(p, w);
	return CTR_DELIVERED;
}

enum counter decode_packet(struct decoder *d, struct packet *p)
{
	struct walk w;

	walk_begin(&w, d, p);
	if (p->link >= LINK_UNKNOWN)
		return CTR_LINK_UNKNOWN;
	if (p->link == LINK_ETHERNET && decode_plain(&w))
		return deliver(&w);
	enum layer end = walk_run(&w, links[p->link]);
	enum counter verdict = end == LAYER_DELIVER ? deliver(&w) : w.verdict;
	// The caller counts one frame; the others of a datagram came before.
	if (verdict != CTR_DELIVERED && verdict != CTR_HELD_FRAGMENTS)
		d->counters[verdict] += p->frames - 1u;
	return verdict;
}
