// WebSocket (RFC 6455): the frames of both directions. It has no first bytes of its own: HTTP
// switches to it.
//
// A frame is told when its header is whole, and its payload skipped; or, when a rule looks at
// payloads, at its end, the last frame of a message with what the whole message says, unmasked and
// inflated (RFC 7692).

#include "dataplane/inspect/proto/websocket.h"

#include "dataplane/inspect/proto/inflate.h"
#include "dataplane/inspect/proto/kit.h"
#include "dataplane/inspect/proto/proto.h"

#include <assert.h>
#include <netinet/in.h>

enum {
	RECORDS_MAX = 64, // frames of a connection that make records
	HEADER_MAX = 14,
	CONTROL_MAX = 125, // RFC 6455 5.5
	// A message's bytes; behind them stands what a control frame between its frames says.
	PAYLOAD_MAX = GATHER_MAX - CONTROL_MAX,
	PIECE = 1024, // unmasked at a time
	// What a message may grow to, and all of a direction: so much, and so many times their size.
	MESSAGE_MAX = 1 << 20,
	INFLATED_FREE = 1 << 22,
	INFLATED_TIMES = 32,
};

enum phase {
	PHASE_HEADER = 0,
	PHASE_PAYLOAD,
	PHASE_ANSWER, // the rest of the HTTP response that agreed to this
};

enum opcode { OP_CONTINUATION = 0, OP_TEXT = 1, OP_BINARY = 2, OP_CLOSE = 8, OP_PING, OP_PONG };

static const char *const opcodes[] = {[OP_CONTINUATION] = "continuation",
	[OP_TEXT] = "text",
	[OP_BINARY] = "binary",
	[OP_CLOSE] = "close",
	[OP_PING] = "ping",
	[OP_PONG] = "pong"};

struct ws_side {
	struct gather *payload;
	struct inflater *inflater;
	uint64_t left; // of the frame's payload
	uint64_t length; // of the frame's payload
	uint64_t deflated; // bytes of compressed messages, and what they made
	uint64_t inflated;
	uint32_t made; // of the message at hand
	uint8_t header[HEADER_MAX];
	uint8_t header_len;
	uint8_t phase; // enum phase
	uint8_t setup; // WEBSOCKET_...
	uint8_t control_len;
	bool begun; // the direction's first byte was seen
	bool taking; // the message's payload is being taken
	bool compressed; // the message at hand
	bool opaque; // compressed messages cannot be inflated any more
	bool line_empty;
};

struct ws_state {
	struct ws_side side[2];
	uint32_t n_records;
};
static_assert(sizeof(struct ws_state) <= PROTO_STATE_MAX, "fits a session");

static enum opcode frame_opcode(const struct ws_side *s)
{
	return (enum opcode)(s->header[0] & 0x0f);
}

static bool frame_final(const struct ws_side *s)
{
	return (s->header[0] & 0x80) != 0;
}

static bool frame_masked(const struct ws_side *s)
{
	return (s->header[1] & 0x80) != 0;
}

static bool frame_is_control(const struct ws_side *s)
{
	return frame_opcode(s) >= OP_CLOSE;
}

static void give_back(struct ws_side *s, const struct proto_io *io)
{
	if (s->payload != NULL)
		io->gather_give(io->ctx, s->payload);
	s->payload = NULL;
}

static void drop_inflater(struct ws_side *s, const struct proto_io *io)
{
	inflater_give(io->kit->inflaters, s->inflater);
	s->inflater = NULL;
}

static void tell(struct ws_state *ws, struct ws_side *s, const struct proto_io *io, enum dir dir,
	struct bytes payload)
{
	size_t mask_at = s->header_len - 4u;
	uint8_t fin = frame_final(s);
	uint8_t length[8];
	struct tx tx;

	tx_begin(&tx, APP_WEBSOCKET, dir);
	tx.quiet = ws->n_records >= RECORDS_MAX;
	if (tx.quiet && payload.len == 0)
		return;
	ws->n_records += !tx.quiet;
	tx_put(&tx, FIELD_WEBSOCKET_FIN, (struct bytes){.p = &fin, .len = 1});
	tx_put_text(&tx, FIELD_WEBSOCKET_OPCODE, opcodes[frame_opcode(s)]);
	if (frame_masked(s))
		tx_put(&tx, FIELD_WEBSOCKET_MASK,
			(struct bytes){.p = s->header + mask_at, .len = 4});
	tx_put_number(&tx, FIELD_WEBSOCKET_LENGTH, s->length, length, sizeof(length));
	tx_put_some(&tx, FIELD_WEBSOCKET_PAYLOAD, payload);
	io->tx(io->ctx, &tx);
}

// RFC 6455 5.2: how many bytes the header has, as far as the two first tell.
static size_t header_size(const struct ws_side *s)
{
	uint8_t len = s->header[1] & 0x7f;
	size_t size = 2u + (len == 126 ? 2u : len == 127 ? 8u : 0u);
	return frame_masked(s) ? size + 4 : size;
}

static uint64_t payload_length(const struct ws_side *s)
{
	struct bytes in = {s->header, s->header_len, false};

	bytes_take(&in, 1);
	uint8_t len = bytes_u8(&in) & 0x7f;
	if (len < 126)
		return len;
	if (len == 126)
		return bytes_u16(&in);
	uint64_t high = bytes_u32(&in);
	return high << 32 | bytes_u32(&in);
}

// RFC 6455 5.2, 5.5; RSV1 belongs to extensions.
static bool frame_valid(const struct ws_side *s)
{
	enum opcode op = frame_opcode(s);

	if ((s->header[0] & 0x30) != 0 || op > OP_PONG || opcodes[op] == NULL)
		return false;
	if (frame_is_control(s) &&
		((s->header[0] & 0xc0) != 0x80 || (s->header[1] & 0x7f) > CONTROL_MAX))
		return false;
	return s->header_len < 10 || (s->header[1] & 0x7f) != 127 || s->header[2] < 0x80;
}

static uint8_t fresh_flag(enum dir dir)
{
	return dir == DIR_C2S ? WEBSOCKET_CLIENT_FRESH : WEBSOCKET_SERVER_FRESH;
}

// RFC 7692 7.2: a decoder for the message; kept for those after it unless they begin anew.
static bool begin_inflating(struct ws_side *s, const struct proto_io *io, enum dir dir)
{
	bool fresh = (s->setup & fresh_flag(dir)) != 0;

	if (!(s->setup & WEBSOCKET_DEFLATE) || s->opaque ||
		s->inflated > INFLATED_FREE + INFLATED_TIMES * s->deflated)
		return false;
	if (s->inflater == NULL)
		s->inflater = inflater_take(io->kit->inflaters, CODING_DEFLATE, !fresh);
	return s->inflater != NULL;
}

// A data frame that begins a message, or goes on with one.
static void begin_data(struct ws_side *s, const struct proto_io *io, enum dir dir)
{
	if (frame_opcode(s) == OP_CONTINUATION)
		return;
	s->compressed = (s->header[0] & 0x40) != 0;
	s->taking = io_wants(io, FIELD_WEBSOCKET_PAYLOAD);
	s->made = 0;
	if (s->payload != NULL)
		s->payload->len = 0;
	if (s->compressed && (!s->taking || !begin_inflating(s, io, dir))) {
		// The messages after it build on this one.
		s->opaque = s->opaque || !(s->setup & fresh_flag(dir));
		s->taking = false;
		drop_inflater(s, io);
	}
	if (s->taking && s->payload == NULL)
		s->payload = io->gather_take(io->ctx);
	if (s->payload == NULL)
		s->taking = false;
	if (!s->taking)
		give_back(s, io);
}

static bool takes_payload(const struct ws_side *s)
{
	return frame_is_control(s) ? s->payload != NULL : s->taking;
}

static enum parse end_header(
	struct ws_state *ws, struct ws_side *s, const struct proto_io *io, enum dir dir)
{
	if (!frame_valid(s))
		return PARSE_BAD;
	s->length = payload_length(s);
	s->left = s->length;
	s->control_len = 0;
	if (!frame_is_control(s))
		begin_data(s, io, dir);
	else if (s->payload == NULL && io_wants(io, FIELD_WEBSOCKET_PAYLOAD))
		s->payload = io->gather_take(io->ctx);
	if (!takes_payload(s))
		tell(ws, s, io, dir, (struct bytes){0});
	s->phase = PHASE_PAYLOAD;
	return PARSE_MORE;
}

static enum parse header_byte(struct ws_state *ws, struct ws_side *s, const struct proto_io *io,
	enum dir dir, struct bytes *in)
{
	if (s->header_len == 0 && ws->n_records >= RECORDS_MAX &&
		!io_wants(io, FIELD_WEBSOCKET_PAYLOAD))
		return PARSE_DONE;
	s->header[s->header_len++] = bytes_u8(in);
	if (s->header_len < 2 || s->header_len < header_size(s))
		return PARSE_MORE;
	return end_header(ws, s, io, dir);
}

static void append(struct ws_side *s, struct bytes part)
{
	struct gather *g = s->payload;
	bool control = frame_is_control(s);
	uint32_t at = g->len + (control ? s->control_len : 0u);
	size_t room = (control ? GATHER_MAX : PAYLOAD_MAX) - at;
	size_t n = part.len < room ? part.len : room;

	if (n > 0)
		memcpy(g->data + at, part.p, n);
	if (control)
		s->control_len = (uint8_t)(s->control_len + n);
	else
		g->len += (uint32_t)n;
}

// What is beyond the bound is decoded all the same, for the messages that build on it.
static void inflate_part(struct ws_side *s, const struct proto_io *io, struct bytes part)
{
	struct gather *g = s->payload;
	enum inflated result = INFLATED_MORE;
	uint8_t waste[PIECE];

	s->deflated += part.len;
	while (part.len > 0 || result == INFLATED_FULL) {
		uint32_t before = g->len, wasted = 0;
		uint32_t room = MESSAGE_MAX - s->made < PIECE ? MESSAGE_MAX - s->made : PIECE;
		if (g->len < PAYLOAD_MAX)
			result = inflater_feed(s->inflater, &part, g->data, &g->len, PAYLOAD_MAX);
		else
			result = inflater_feed(s->inflater, &part, waste, &wasted, room);
		s->made += g->len - before + wasted;
		// RFC 7692 7.2.3.4: the block was the last of its stream.
		bool again = result == INFLATED_END && inflater_restart(s->inflater);
		if ((result >= INFLATED_END && !again) || s->made >= MESSAGE_MAX) {
			s->opaque = true;
			drop_inflater(s, io);
			return;
		}
		if (result == INFLATED_MORE)
			return;
	}
}

static void take(struct ws_side *s, const struct proto_io *io, struct bytes in)
{
	const uint8_t *mask = s->header + s->header_len - 4;
	uint8_t piece[PIECE];

	while (in.len > 0) {
		struct bytes part = bytes_take(&in, in.len < PIECE ? in.len : PIECE);
		if (frame_masked(s)) {
			uint64_t at = s->length - s->left;
			for (size_t i = 0; i < part.len; i++)
				piece[i] = part.p[i] ^ mask[(at + i) & 3];
			part.p = piece;
		}
		s->left -= part.len;
		if (frame_is_control(s) || !s->compressed)
			append(s, part);
		else if (s->inflater != NULL)
			inflate_part(s, io, part);
	}
}

static void end_message(struct ws_side *s, const struct proto_io *io, enum dir dir)
{
	static const uint8_t tail[] = {0x00, 0x00, 0xff, 0xff}; // RFC 7692 7.2.2

	s->inflated += s->made;
	if (!s->compressed || s->inflater == NULL)
		return;
	inflate_part(s, io, (struct bytes){tail, sizeof(tail), false});
	if (s->setup & fresh_flag(dir))
		drop_inflater(s, io);
}

static void end_frame(
	struct ws_state *ws, struct ws_side *s, const struct proto_io *io, enum dir dir)
{
	bool control = frame_is_control(s);

	if (takes_payload(s)) {
		struct gather *g = s->payload;
		struct bytes payload = {0};
		if (control) {
			payload = (struct bytes){g->data + g->len, s->control_len, false};
		} else if (frame_final(s)) {
			end_message(s, io, dir);
			payload = (struct bytes){g->data, g->len, false};
		}
		tell(ws, s, io, dir, payload);
	}
	if (!control && frame_final(s))
		s->taking = false;
	if (!s->taking)
		give_back(s, io);
	s->header_len = 0;
	s->phase = PHASE_HEADER;
}

// The response that agreed to the switch came after the client's first frames. No frame begins
// with its first letter: it would be half a control frame.
static void answer_byte(struct ws_side *s, struct bytes *in)
{
	uint8_t c = bytes_u8(in);

	if (c == '\n' && s->line_empty)
		s->phase = PHASE_HEADER;
	s->line_empty = c == '\n' || (c == '\r' && s->line_empty);
}

static enum parse ws_data(void *state, const struct proto_io *io, enum dir dir, struct bytes in)
{
	struct ws_state *ws = state;
	struct ws_side *s = &ws->side[dir];
	enum parse result = PARSE_MORE;

	if (!s->begun && in.len > 0 && in.p[0] == 'H')
		s->phase = PHASE_ANSWER;
	s->begun = true;
	while (result == PARSE_MORE &&
		(in.len > 0 || (s->phase == PHASE_PAYLOAD && s->left == 0))) {
		if (s->phase == PHASE_ANSWER) {
			answer_byte(s, &in);
		} else if (s->phase == PHASE_HEADER) {
			result = header_byte(ws, s, io, dir, &in);
		} else if (s->left == 0) {
			end_frame(ws, s, io, dir);
		} else {
			struct bytes part = bytes_take(&in, s->left < in.len ? s->left : in.len);
			if (takes_payload(s))
				take(s, io, part);
			else
				s->left -= part.len;
		}
	}
	if (result != PARSE_MORE) {
		give_back(s, io);
		drop_inflater(s, io);
	}
	return result;
}

// Inside a payload the next frame is found; what the message says is not known any more.
static enum parse ws_gap(void *state, const struct proto_io *io, enum dir dir, uint32_t missing)
{
	struct ws_state *ws = state;
	struct ws_side *s = &ws->side[dir];
	bool inside = s->phase == PHASE_PAYLOAD && missing <= s->left;

	if (inside && takes_payload(s))
		tell(ws, s, io, dir, (struct bytes){0});
	s->opaque = s->opaque || s->compressed;
	s->taking = false;
	give_back(s, io);
	drop_inflater(s, io);
	if (!inside)
		return PARSE_DONE;
	s->left -= missing;
	if (s->left == 0)
		end_frame(ws, s, io, dir);
	return PARSE_MORE;
}

static void ws_end(void *state, const struct proto_io *io)
{
	struct ws_state *ws = state;

	for (unsigned i = 0; i < 2; i++) {
		give_back(&ws->side[i], io);
		drop_inflater(&ws->side[i], io);
	}
}

static void ws_setup(void *state, const uint8_t setup[15])
{
	struct ws_state *ws = state;

	ws->side[DIR_C2S].setup = setup[0];
	ws->side[DIR_S2C].setup = setup[0];
}

const struct proto proto_websocket = {
	.name = "websocket",
	.app_proto = APP_WEBSOCKET,
	.l4 = IPPROTO_TCP,
	.state_size = sizeof(struct ws_state),
	.data = ws_data,
	.gap = ws_gap,
	.end = ws_end,
	.setup = ws_setup,
};
