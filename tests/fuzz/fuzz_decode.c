// Input: a link type, then frames, each behind a length of two bytes. All go through one
// decoder, so that fragments meet; each is in memory of its own size.

#include "dataplane/base/bytes.h"
#include "dataplane/inspect/decode.h"

#include <stdlib.h>

static uint64_t counters[CTR_COUNT], other_counters[CTR_COUNT];

static void check_headers(const struct packet *p)
{
	const uint8_t *end = p->data + p->len;

	if ((p->ip == NULL) != (p->ip_len == 0) || (p->l4 == NULL) != (p->l4_len == 0))
		abort();
	if (p->ip != NULL && (p->ip < p->data || p->ip + p->ip_len > end || p->ip_len < 20))
		abort();
	if (p->l4 != NULL && (p->l4 < p->data || p->l4 + p->l4_len > end || p->l4_len > 60))
		abort();
	if (p->l4 != NULL && p->ip != NULL && p->l4 < p->ip + p->ip_len)
		abort();
	if (p->vlans.n > VLANS_MAX)
		abort();
}

// The same IP packet without its Ethernet header goes the long way (decode_plain.c): it says the same.
static void check_plain(struct decoder *other, const struct packet *p)
{
	enum { ETHER_LEN = 14 };
	struct packet q = {.data = p->data + ETHER_LEN,
		.ts_ns = p->ts_ns,
		.len = p->len - ETHER_LEN,
		.wire_len = p->wire_len - ETHER_LEN,
		.link = LINK_RAW_IP};

	if (p->link != LINK_ETHERNET || p->frames != 1 || p->len < ETHER_LEN ||
		!((p->data[12] == 0x08 && p->data[13] == 0x00 && q.len > 0 &&
			  q.data[0] >> 4 == 4) ||
			(p->data[12] == 0x86 && p->data[13] == 0xdd && q.len > 0 &&
				q.data[0] >> 4 == 6)))
		return;
	if (decode_packet(other, &q) != CTR_DELIVERED || q.flow_hash != p->flow_hash ||
		q.owner_hash != p->owner_hash || q.flags != p->flags || q.payload != p->payload ||
		q.payload_len != p->payload_len || q.tcp_seq != p->tcp_seq ||
		q.tcp_flags != p->tcp_flags || memcmp(&q.key, &p->key, sizeof(q.key)) != 0)
		abort();
}

static void feed(struct decoder *d, struct decoder *other, uint8_t link, struct bytes frame)
{
	uint8_t *data = malloc(frame.len ? frame.len : 1);
	struct packet p = {
		.data = data,
		.ts_ns = counters[CTR_RX_PACKETS] * 1000000000,
		.len = (uint32_t)frame.len,
		.wire_len = (uint32_t)frame.len + (frame.len & 1),
		.link = link,
	};

	if (frame.len > 0)
		memcpy(data, frame.p, frame.len);
	counters[CTR_RX_PACKETS]++;
	enum counter verdict = decode_packet(d, &p);
	if (verdict == CTR_DELIVERED)
		counters[verdict] += p.frames;
	else if (verdict != CTR_HELD_FRAGMENTS)
		counters[verdict]++;
	if (verdict == CTR_DELIVERED &&
		(p.payload < p.data || p.payload + p.payload_len > p.data + p.len))
		abort();
	if (verdict == CTR_DELIVERED) {
		check_headers(&p);
		check_plain(other, &p);
	}
	packet_free(&p);
	free(data);
	if (counters_unaccounted(counters) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = {.p = data, .len = size};
	struct decoder_options options = decoder_defaults();

	options.max_datagrams = 4;
	options.max_fragment_bytes = 16384;
	memset(counters, 0, sizeof(counters));
	struct decoder *d = decoder_new(&options, counters);
	struct decoder *other = decoder_new(&options, other_counters);
	if (d == NULL || other == NULL)
		return 0;
	uint8_t link = bytes_u8(&in) % (LINK_UNKNOWN + 1);
	while (in.len > 0) {
		size_t len = bytes_u16(&in);
		feed(d, other, link, bytes_take(&in, len < in.len ? len : in.len));
	}
	decoder_flush(d);
	if (counters_unaccounted(counters) != 0 || counters[CTR_HELD_FRAGMENTS] != 0)
		abort();
	decoder_free(d);
	decoder_free(other);
	return 0;
}
