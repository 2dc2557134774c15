// Any segments, acknowledgements and pauses, 6 bytes each: safe; each byte told is the one that
// came first at its place; told and missing bytes make up next_offset; each held packet comes
// back once.

#include "dataplane/base/bytes.h"
#include "dataplane/inspect/tcp_order.h"

#include <stdlib.h>

enum { SPACE = 1 << 16, SYN = 2, BASE = 0xffff8000u };

static int first_came[SPACE + 512]; // -1: nothing yet
static uint64_t offset; // told and missing so far
static unsigned held;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_data(void *ctx, struct packet *p, const uint8_t *bytes, uint32_t len)
{
	(void)ctx;
	(void)p;
	for (uint32_t i = 0; i < len; i++) {
		if (offset >= SPACE + 512 || bytes[i] != first_came[offset++])
			abort();
	}
}

static void on_gap(void *ctx, uint32_t missing)
{
	(void)ctx;
	if (missing == 0)
		abort();
	offset += missing;
}

static void on_release(void *ctx, struct packet *p)
{
	(void)ctx;
	held--;
	free(p->buf);
}

static void segment(
	struct tcp_orderer *o, struct tcp_half *half, uint32_t at, struct bytes in, uint64_t now_ns)
{
	struct packet p = {.tcp_seq = BASE + at, .frames = 1, .ts_ns = now_ns, .tcp_flags = 1 & at};
	uint32_t len = bytes_u8(&in);
	uint8_t fill = bytes_u8(&in);
	uint8_t *memory = malloc(sizeof(struct pktbuf) + len);

	p.buf = (struct pktbuf *)memory;
	p.payload = memory + sizeof(struct pktbuf);
	p.payload_len = len;
	for (uint32_t i = 0; i < len; i++) {
		memory[sizeof(struct pktbuf) + i] = (uint8_t)(fill + i);
		if (first_came[at + i] == -1)
			first_came[at + i] = (uint8_t)(fill + i);
	}
	if (tcp_order(o, half, &p, NULL) == CTR_HELD_OUT_OF_ORDER)
		held++;
	else
		free(memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct tcp_order_events events = {on_data, on_gap, on_release};
	struct bytes in = {data, size, false};
	struct tcp_order_options options = tcp_order_defaults();
	struct tcp_half half = {0};
	uint64_t counters[CTR_COUNT] = {0};
	uint64_t now_ns = 0;

	// Small budgets per direction too. The pool never ends, or bytes that came first are shed:
	// 256 entries, and 128 pieces of one more segment.
	options.max_held_flow = (uint16_t)(1 + bytes_u8(&in));
	options.max_held = 512;
	struct tcp_orderer *o = tcp_orderer_new(&options, &events, counters);
	memset(first_came, 0xff, sizeof(first_came));
	offset = 0;
	struct packet syn = {.tcp_seq = BASE - 1, .tcp_flags = SYN, .frames = 1};
	tcp_order(o, &half, &syn, NULL);

	while (in.len >= 6) {
		struct bytes step = bytes_take(&in, 6);
		uint8_t what = bytes_u8(&step);
		uint32_t at = bytes_u16(&step);
		now_ns += (uint64_t)bytes_u8(&step) << 26;
		if (what < 16)
			tcp_order_acked(o, &half, BASE + at, NULL);
		else if (what < 32)
			tcp_order_expire(o, &half, now_ns, NULL);
		else
			segment(o, &half, what & 1 ? at : at & 0x3ff, step, now_ns);
		if (half.next_offset != offset || counters[CTR_HELD_OUT_OF_ORDER] != held)
			abort();
	}
	tcp_order_finish(o, &half, NULL);
	if (held != 0 || half.held_bytes != 0 || half.held_count != 0 || half.next_offset != offset)
		abort();
	tcp_orderer_free(o);
	return 0;
}
