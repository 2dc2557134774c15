// STUN and TURN, over UDP, and over TCP bare (RFC 8489 6.2.2) or framed (RFC 4571).
//
// Over UDP the flow is shared with what STUN opened the way for (RFC 7983): without state, each
// datagram speaks for itself.

#include "dataplane/inspect/proto/stun_message.h"

#include <assert.h>
#include <netinet/in.h>

enum {
	CHANNEL_FIRST = 0x4000, // RFC 8656 12
	CHANNEL_LAST = 0x4fff,
	FRAME_LEN = 2,
	KNOWN_BY = 10, // bytes that tell whether there are frames
	MESSAGE_MAX = 4096,
};

static uint16_t u16_at(struct bytes in, size_t at)
{
	return in.len >= at + 2 ? (uint16_t)(in.p[at] << 8 | in.p[at + 1]) : 0;
}

static bool has_cookie(struct bytes in, size_t at)
{
	return in.len >= at + 4 && u16_at(in, at) == STUN_COOKIE >> 16 &&
		u16_at(in, at + 2) == (STUN_COOKIE & 0xffff);
}

// RFC 8656 12.4: a number, a length, data.
static bool is_channel(struct bytes in)
{
	uint16_t number = u16_at(in, 0);

	return in.len >= 4 && number >= CHANNEL_FIRST && number <= CHANNEL_LAST &&
		u16_at(in, 2) <= in.len - 4 && in.len - 4 - u16_at(in, 2) < 4;
}

static enum parse stun_data(void *state, const struct proto_io *io, enum dir dir, struct bytes in)
{
	struct stun_message m;

	(void)state;
	if (stun_parse(in, &m)) {
		stun_report(io, dir, &m);
		return PARSE_MORE;
	}
	return is_channel(in) ? PARSE_MORE : PARSE_OTHER;
}

static enum probe stun_probe(struct bytes in, uint16_t sport, uint16_t dport, enum dir *sender)
{
	struct stun_message m;

	(void)sport;
	(void)dport;
	if (in.len < STUN_HEAD_LEN || (in.p[0] & 0xc0) || !stun_parse(in, &m))
		return PROBE_NO;
	*sender = stun_is_response(m.type) ? DIR_S2C : DIR_C2S;
	return PROBE_YES;
}

const struct proto proto_stun = {
	.name = "stun",
	.app_proto = APP_STUN,
	.l4 = IPPROTO_UDP,
	.probe = stun_probe,
	.data = stun_data,
};

struct stun_side {
	struct gather *kept; // a message in pieces, its frame's head included
	bool known; // whether there are frames
	bool framed;
};

struct stun_state {
	struct stun_side side[2];
};
static_assert(sizeof(struct stun_state) <= PROTO_STATE_MAX, "fits a session");

static void give(struct stun_side *s, const struct proto_io *io)
{
	if (s->kept != NULL)
		io->gather_give(io->ctx, s->kept);
	s->kept = NULL;
}

// How long the message at the begin of `b` is, with its frame; 0: more bytes are needed.
static size_t message_len(const struct stun_side *s, struct bytes b)
{
	if (s->framed)
		return b.len < FRAME_LEN ? 0 : FRAME_LEN + (size_t)u16_at(b, 0);
	if (b.len < 4)
		return 0;
	uint16_t first = u16_at(b, 0), len = u16_at(b, 2);
	if (first >= CHANNEL_FIRST && first <= CHANNEL_LAST) // padded over TCP
		return 4 + ((size_t)len + 3) / 4 * 4;
	return STUN_HEAD_LEN + (size_t)len;
}

static void whole(
	const struct stun_side *s, const struct proto_io *io, enum dir dir, struct bytes b)
{
	struct stun_message m;

	if (s->framed)
		bytes_take(&b, FRAME_LEN);
	// What else comes in frames is media.
	if (has_cookie(b, 4) && stun_parse(b, &m))
		stun_report(io, dir, &m);
}

// Bytes of the message at hand; what is longer than a message may be is cut.
static enum parse keep(struct stun_side *s, const struct proto_io *io, struct bytes *in, size_t n)
{
	if (s->kept == NULL)
		s->kept = io->gather_take(io->ctx);
	if (s->kept == NULL)
		return PARSE_DONE;
	struct bytes part = bytes_take(in, n < in->len ? n : in->len);
	memcpy(s->kept->data + s->kept->len, part.p, part.len);
	s->kept->len += (uint32_t)part.len;
	return PARSE_MORE;
}

// The first `len` bytes of what was kept, or of `in`.
static void one_message(
	struct stun_side *s, const struct proto_io *io, enum dir dir, struct bytes *in, size_t len)
{
	if (s->kept == NULL) {
		whole(s, io, dir, bytes_take(in, len));
		return;
	}
	struct gather *g = s->kept;
	whole(s, io, dir, (struct bytes){g->data, len, false});
	// Until it was known how long the first message is, more may have been kept.
	memmove(g->data, g->data + len, g->len - len);
	g->len -= (uint32_t)len;
	if (g->len == 0)
		give(s, io);
}

static size_t collected_len(const struct stun_side *s)
{
	return s->kept != NULL ? s->kept->len : 0;
}

static enum parse stun_tcp_data(
	void *state, const struct proto_io *io, enum dir dir, struct bytes in)
{
	struct stun_state *stun = state;
	struct stun_side *s = &stun->side[dir];
	enum parse result = PARSE_MORE;

	while (result == PARSE_MORE) {
		struct bytes b =
			s->kept != NULL ? (struct bytes){s->kept->data, s->kept->len, false} : in;
		if (!s->known && b.len >= KNOWN_BY) {
			s->known = true;
			s->framed = !has_cookie(b, 4) && has_cookie(b, 6) &&
				u16_at(b, 0) >= STUN_HEAD_LEN;
		}
		size_t len = s->known ? message_len(s, b) : 0;
		if (len > GATHER_MAX) {
			result = PARSE_BAD;
		} else if (len > 0 && b.len >= len) {
			one_message(s, io, dir, &in, len);
		} else if (in.len > 0) {
			// One byte at a time until the length is known.
			result = keep(s, io, &in, len > b.len ? len - collected_len(s) : 1);
		} else {
			break;
		}
	}
	if (result != PARSE_MORE)
		give(s, io);
	return result;
}

static enum parse stun_tcp_gap(
	void *state, const struct proto_io *io, enum dir dir, uint32_t missing)
{
	struct stun_state *stun = state;

	(void)missing;
	give(&stun->side[dir], io);
	return PARSE_DONE;
}

static void stun_tcp_end(void *state, const struct proto_io *io)
{
	struct stun_state *stun = state;

	give(&stun->side[DIR_C2S], io);
	give(&stun->side[DIR_S2C], io);
}

static bool fits(struct bytes in, size_t at)
{
	uint16_t type = u16_at(in, at);

	return (in.len < at + 2 || (type & 0xc000) == 0) &&
		(in.len < at + 4 || u16_at(in, at + 2) <= MESSAGE_MAX) &&
		(in.len < at + 6 || u16_at(in, at + 4) == STUN_COOKIE >> 16) &&
		(in.len < at + 8 || has_cookie(in, at + 4));
}

static enum probe stun_tcp_probe(struct bytes in, uint16_t sport, uint16_t dport, enum dir *sender)
{
	bool bare = in.len < 1 || (in.p[0] & 0xc0) == 0 ? fits(in, 0) : false;
	bool framed = fits(in, FRAME_LEN) && (in.len < 1 || in.p[0] < 0x20);

	(void)sport;
	(void)dport;
	if (!bare && !framed)
		return PROBE_NO;
	if (in.len < 10)
		return PROBE_MORE;
	*sender = stun_is_response(u16_at(in, bare ? 0 : FRAME_LEN)) ? DIR_S2C : DIR_C2S;
	return PROBE_YES;
}

const struct proto proto_stun_tcp = {
	.name = "stun_tcp",
	.app_proto = APP_STUN,
	.l4 = IPPROTO_TCP,
	.state_size = sizeof(struct stun_state),
	.probe = stun_tcp_probe,
	.data = stun_tcp_data,
	.gap = stun_tcp_gap,
	.end = stun_tcp_end,
};
