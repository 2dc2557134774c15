#include "dataplane/inspect/tcp_order.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_data(void *ctx, struct packet *p, const uint8_t *bytes, uint32_t len)
{
	uint64_t *sum = ctx;

	(void)p;
	for (uint32_t i = 0; i < len; i++)
		*sum += bytes[i];
}

static void on_gap(void *ctx, uint32_t missing)
{
	*(uint64_t *)ctx += missing;
}

static void on_release(void *ctx, struct packet *p)
{
	(void)ctx;
	free(p->buf);
}

// Four bytes a segment: where, how long, flags, and what else happens.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct tcp_order_events events = {on_data, on_gap, on_release};
	struct tcp_order_options options = tcp_order_defaults();
	uint64_t counters[CTR_COUNT] = {0};
	struct tcp_half half = {0};
	uint64_t sum = 0;

	options.max_held = 16;
	options.max_held_flow = 8;
	struct tcp_orderer *o = tcp_orderer_new(&options, &events, counters);
	for (size_t i = 0; i + 4 <= size; i += 4) {
		uint32_t len = data[i + 1] % 32;
		uint8_t *memory = calloc(1, sizeof(struct pktbuf) + len);
		struct packet p = {.buf = (struct pktbuf *)memory,
			.payload = memory + sizeof(struct pktbuf),
			.payload_len = len,
			.tcp_seq = 0xffffff80u + data[i] * (data[i + 3] & 1 ? 1u : 4099u),
			.tcp_flags = data[i + 2],
			.frames = 1,
			.ts_ns = i};
		if (tcp_order(o, &half, &p, &sum) != CTR_HELD_OUT_OF_ORDER)
			free(memory);
		if (data[i + 3] & 2)
			tcp_order_acked(o, &half, p.tcp_seq, &sum);
		if (data[i + 3] & 4)
			tcp_order_expire(o, &half, i + options.max_wait_ns, &sum);
		if ((data[i + 3] & 0x38) == 0x38)
			tcp_order_drop(o, &half, &sum);
	}
	tcp_order_finish(o, &half, &sum);
	if (counters[CTR_HELD_OUT_OF_ORDER] != 0)
		abort();
	tcp_orderer_free(o);
	return 0;
}
