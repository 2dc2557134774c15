// IRC (RFC 1459, RFC 2812, IRCv3) over TCP: one record a message. What people say, and what they
// prove themselves with, is passed over: only the first parameter is looked at, and only where it
// names somebody or a channel.

#include "dataplane/inspect/proto/collect.h"
#include "dataplane/inspect/proto/irc_message.h"

#include <assert.h>
#include <netinet/in.h>

enum {
	// IRCv3 message tags: 8191 bytes of tags, 512 of message; servers allow some more. What
	// is longer is told by its beginning.
	LINE_MAX_LEN = 16384,
	STRANGE_MAX = 64, // lines that are no messages, one after the other
	TLS_HANDSHAKE = 0x16,
};

struct irc_side {
	struct gather *line; // the line so far, when it comes in pieces
	uint8_t strange;
	bool overlong; // the line was told, the rest goes by
	bool lost; // behind a hole: in the middle of a line
};

struct irc_state {
	struct irc_side side[2];
};
static_assert(sizeof(struct irc_state) <= PROTO_STATE_MAX, "fits a session");

static enum parse end_line(
	struct irc_side *s, const struct proto_io *io, enum dir dir, struct bytes line)
{
	struct irc_message m;
	struct tx tx;

	while (line.len > 0 && (line.p[line.len - 1] == '\r' || line.p[line.len - 1] == '\n'))
		line.len--;
	if (line.len == 0)
		return PARSE_MORE;
	if (!irc_message_read(line, &m))
		return ++s->strange < STRANGE_MAX ? PARSE_MORE : PARSE_BAD;
	if (!m.known)
		return PARSE_MORE;
	s->strange = 0;
	tx_begin(&tx, APP_IRC, dir);
	tx_put(&tx, FIELD_IRC_COMMAND, m.command);
	tx_put_some(&tx, FIELD_IRC_PREFIX, m.prefix);
	tx_put_some(&tx, FIELD_IRC_TARGET, m.target);
	io->tx(io->ctx, &tx);
	// IRCv3 STARTTLS, RPL_STARTTLS: the server's next byte is TLS's.
	return bytes_equal(m.command, "670", 3) ? PARSE_SWITCH : PARSE_MORE;
}

static enum parse line_bytes(
	struct irc_side *s, const struct proto_io *io, enum dir dir, struct bytes *in)
{
	const uint8_t *lf = memchr(in->p, '\n', in->len);
	size_t n = lf != NULL ? (size_t)(lf - in->p) + 1 : in->len;
	size_t room = LINE_MAX_LEN - collected(s->line);
	enum parse result;

	if (s->overlong || s->lost) {
		bytes_take(in, n);
		if (lf != NULL)
			s->overlong = s->lost = false;
		return PARSE_MORE;
	}
	// The client goes on in TLS, whether the answer to its STARTTLS was seen or not.
	if (s->line == NULL && in->p[0] == TLS_HANDSHAKE)
		return PARSE_SWITCH;
	bool told = lf != NULL || n >= room;
	if (n >= room) {
		s->overlong = lf == NULL || n > room;
		n = room;
	}
	if (told && s->line == NULL)
		return end_line(s, io, dir, bytes_take(in, n));
	if (!collect(&s->line, io, in, n))
		return PARSE_DONE;
	if (!told)
		return PARSE_MORE;
	result = end_line(s, io, dir, collect_view(s->line));
	collect_give(&s->line, io);
	return result;
}

static enum parse irc_data(void *state, const struct proto_io *io, enum dir dir, struct bytes in)
{
	struct irc_state *irc = state;
	struct irc_side *s = &irc->side[dir];
	enum parse result = PARSE_MORE;

	while (result == PARSE_MORE && in.len > 0)
		result = line_bytes(s, io, dir, &in);
	if (result != PARSE_MORE)
		collect_give(&s->line, io);
	if (result == PARSE_SWITCH)
		*io->unread = (uint32_t)in.len;
	return result;
}

static enum parse irc_gap(void *state, const struct proto_io *io, enum dir dir, uint32_t missing)
{
	struct irc_state *irc = state;
	struct irc_side *s = &irc->side[dir];

	(void)missing;
	collect_give(&s->line, io);
	s->lost = true;
	return PARSE_MORE;
}

static void irc_end(void *state, const struct proto_io *io)
{
	struct irc_state *irc = state;

	collect_give(&irc->side[DIR_C2S].line, io);
	collect_give(&irc->side[DIR_S2C].line, io);
}

static enum probe irc_probe_bytes(struct bytes in, uint16_t sport, uint16_t dport, enum dir *sender)
{
	(void)sport;
	(void)dport;
	return irc_probe(in, sender);
}

const struct proto proto_irc = {
	.name = "irc",
	.app_proto = APP_IRC,
	.l4 = IPPROTO_TCP,
	.state_size = sizeof(struct irc_state),
	.probe = irc_probe_bytes,
	.data = irc_data,
	.gap = irc_gap,
	.end = irc_end,
};
