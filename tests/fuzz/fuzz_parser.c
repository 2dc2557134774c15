// One parser (PROTO), any bytes: safe, every buffer given back, and for a stream the same
// transactions however it is cut.
//
// Input: step, hole (whose highest bit: rules look at nothing), then pieces, each with a length of
// two bytes whose highest bit tells the direction. seeds.c writes such inputs from captures.

#include "dataplane/inspect/posture/posture.h"
#include "tests/unit/tx_log.h"

#include <netinet/in.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t nothing[FIELD_COUNT];
static uint8_t setup[15]; // what the protocol before tells one that is only switched to

static bool next_piece(struct bytes *in, enum dir *dir, struct bytes *piece)
{
	if (in->len < 3)
		return false;
	uint16_t head = bytes_u16(in);
	size_t len = head & 0x7fff;

	*dir = head & 0x8000 ? DIR_S2C : DIR_C2S;
	*piece = bytes_take(in, len < in->len ? len : in->len);
	return true;
}

// A switch ends the talk for both; so does what breaks the rules.
static bool ended(const struct parser_run *r)
{
	for (unsigned dir = 0; dir < 2; dir++) {
		if (r->result[dir] == PARSE_SWITCH || r->result[dir] == PARSE_BAD)
			return true;
	}
	return false;
}

// Whatever a parser tells, its posture is asked.
static void on_tx(void *ctx, const struct tx *tx)
{
	static const struct flow flow = {.flags = FLOW_A_IS_CLIENT, .key = {.bport = 443}};
	struct flow of = flow;
	struct find find = {.kind = FIND_TX,
		.app_proto = tx->app_proto,
		.dir = tx->dir,
		.flow = &of,
		.fields = tx->fields,
		.n_fields = tx->n_fields,
		.ts_ns = 1700000000000000000};

	posture_message(&find);
	run_on_tx(ctx, tx);
}

// Pieces in parts of `step` bytes, 0: whole; the one numbered `hole` is lost.
static void run_pieces(struct parser_run *r, struct bytes in, size_t step, unsigned hole)
{
	struct bytes piece;
	enum dir dir;

	run_begin(r, &PROTO);
	r->io.tx = on_tx;
	if (PROTO.setup != NULL)
		PROTO.setup(r->state, setup);
	for (unsigned n = 0; !ended(r) && next_piece(&in, &dir, &piece); n++) {
		if (n == hole && PROTO.l4 == IPPROTO_TCP) {
			if (PROTO.gap != NULL)
				run_gap(r, dir, (uint32_t)piece.len);
			else
				r->result[dir] = PARSE_DONE;
			continue;
		}
		while (piece.len > 0 && !ended(r)) {
			size_t len = step > 0 && step < piece.len ? step : piece.len;
			struct bytes part = bytes_take(&piece, len);
			run_feed(r, dir, part.p, part.len);
		}
	}
	run_end(r);
	if (r->borrowed != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct parser_run whole = {.mute = true}, cut = {.mute = true},
				 holed = {.mute = true};
	struct bytes in = {data, size, false};
	size_t step = 1 + (size_t)bytes_u8(&in) % 64;
	unsigned hole = bytes_u8(&in);
	enum dir sender;

	if (in.bad)
		return 0;
	setup[0] = (uint8_t)hole;
	whole.wanted = cut.wanted = holed.wanted = hole & 0x80 ? nothing : NULL;
	hole &= 0x7f;
	if (PROTO.probe != NULL)
		PROTO.probe(in, 40000, 443, &sender);
	run_pieces(&whole, in, 0, UINT32_MAX);
	if (PROTO.l4 == IPPROTO_TCP) {
		run_pieces(&cut, in, step, UINT32_MAX);
		if (whole.hash != cut.hash || whole.n_tx != cut.n_tx ||
			memcmp(whole.result, cut.result, sizeof(whole.result)) != 0)
			abort();
		run_pieces(&holed, in, 0, hole);
	}
	return 0;
}
