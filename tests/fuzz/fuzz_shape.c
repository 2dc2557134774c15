// Any lengths and acknowledgements: what is told does not depend on pieces, and is told for good.
//
// Input: records of a length (two bytes, the highest bit is the direction) and an acknowledgement
// (two bytes).

#include "dataplane/inspect/shape.h"

#include <stdlib.h>

enum { CLIENT_SEQ = 0xfffffff0, SERVER_SEQ = 100, CHUNK = 512 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint32_t first_seq[2] = {[DIR_C2S] = CLIENT_SEQ, [DIR_S2C] = SERVER_SEQ};

static enum shape_kind run(struct bytes in, const uint8_t *text, uint32_t step)
{
	struct shape s = {0};
	enum shape_kind kind = SHAPE_UNKNOWN;

	while (in.len >= 4) {
		uint16_t head = bytes_u16(&in);
		enum dir dir = head & 0x8000 ? DIR_S2C : DIR_C2S;
		uint32_t ack = first_seq[!dir] + bytes_u16(&in);
		for (uint32_t left = head & (CHUNK - 1), n; left > 0; left -= n) {
			n = left < step ? left : step;
			shape_bytes(
				&s, dir, (struct bytes){text + s.seen[dir] % CHUNK, n, false}, ack);
			enum shape_kind now = shape_judge(&s, first_seq, 443);
			if (kind != SHAPE_UNKNOWN && now != kind)
				abort();
			kind = now;
		}
	}
	return kind;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t text[2 * CHUNK];
	struct bytes in = {data, size, false};
	uint32_t x = 1;

	for (unsigned i = 0; i < sizeof(text); i++) {
		x = x * 1664525 + 1013904223;
		text[i] = (uint8_t)(x >> 24);
	}
	if (run(in, text, CHUNK) != run(in, text, 7))
		abort();
	return 0;
}
