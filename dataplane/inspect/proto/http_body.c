#include "dataplane/inspect/proto/http_body.h"

#include "dataplane/inspect/proto/kit.h"

// What a side's bodies may grow to: so much, and so many times their size.
enum { DECODED_FREE = 1 << 20, DECODED_TIMES = 32 };

bool http_body_begin(struct http_body *b, const struct proto_io *io, enum coding coding)
{
	if (coding != CODING_NONE && b->decoded > DECODED_FREE + DECODED_TIMES * b->sent)
		return false;
	b->out = io->gather_take(io->ctx);
	if (b->out == NULL)
		return false;
	b->coding = (uint8_t)coding;
	b->begun = false;
	b->ended = false;
	return true;
}

// What is sent as "deflate" often has no zlib header (RFC 9110 8.4.1.2), and what is said to be
// gzip may be none. One byte tells: RFC 1950 2.2, RFC 1952 2.3.1.
static enum coding coding_at(enum coding coding, uint8_t first)
{
	if (coding == CODING_ZLIB && ((first & 0x0f) != 8 || first >> 4 > 7))
		return CODING_DEFLATE;
	if (coding == CODING_GZIP && first != 0x1f)
		return CODING_NONE;
	return coding;
}

static void begin(struct http_body *b, const struct proto_io *io, uint8_t first)
{
	b->begun = true;
	b->coding = (uint8_t)coding_at((enum coding)b->coding, first);
	if (b->coding == CODING_NONE)
		return;
	b->inflater = inflater_take(io->kit->inflaters, (enum coding)b->coding, false);
	b->ended = b->inflater == NULL;
}

bool http_body_bytes(struct http_body *b, const struct proto_io *io, struct bytes in)
{
	struct gather *g = b->out;

	if (in.len == 0 || b->ended)
		return true;
	if (!b->begun)
		begin(b, io, in.p[0]);
	if (b->ended)
		return true;
	if (b->inflater == NULL) {
		size_t room = GATHER_MAX - g->len;
		size_t n = in.len < room ? in.len : room;
		memcpy(g->data + g->len, in.p, n);
		g->len += (uint32_t)n;
		return g->len < GATHER_MAX;
	}

	uint32_t before = g->len;
	enum inflated result = inflater_feed(b->inflater, &in, g->data, &g->len, GATHER_MAX);
	b->decoded += g->len - before;
	b->ended = result == INFLATED_END || result == INFLATED_BAD;
	return g->len < GATHER_MAX;
}

struct bytes http_body_view(const struct http_body *b)
{
	return (struct bytes){b->out->data, b->out->len, false};
}

void http_body_drop(struct http_body *b, const struct proto_io *io)
{
	inflater_give(io->kit->inflaters, b->inflater);
	b->inflater = NULL;
	if (b->out != NULL)
		io->gather_give(io->ctx, b->out);
	b->out = NULL;
}
