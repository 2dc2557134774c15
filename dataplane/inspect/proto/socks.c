// SOCKS 4, 4a and 5 (RFC 1928, RFC 1929): where a client wants to go. Behind the answer comes what
// it wants to say there, which is another protocol.

#include "dataplane/inspect/proto/proto.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>

enum {
	VERSION_4 = 4,
	VERSION_5 = 5,
	COMMAND_MAX = 3, // CONNECT, BIND, UDP ASSOCIATE
	METHOD_USER = 2, // RFC 1929
	METHOD_NONE = 0xff,
	ADDRESS_4 = 1,
	ADDRESS_NAME = 3,
	ADDRESS_6 = 4,
	GRANTED_4 = 90,
	MESSAGE_MAX = 600, // 4a: user and name of 255 bytes each
};

enum phase { PHASE_GREETING = 0, PHASE_AUTH, PHASE_REQUEST, PHASE_OVER };

struct socks_side {
	struct gather *kept; // a message in pieces
	uint8_t phase; // enum phase
};

struct socks_state {
	struct socks_side side[2];
	uint8_t version; // 0: not known
	uint8_t method; // chosen by the server, SOCKS 5
	bool method_known;
	bool asked; // a request was read
};
static_assert(sizeof(struct socks_state) <= PROTO_STATE_MAX, "fits a session");

// A message at the begin of a view: its length, 0 when more is needed, or -1 when it is none.
typedef int (*read_message)(
	struct socks_state *s, const struct proto_io *io, enum dir dir, struct bytes in);

static int length(struct bytes all, struct bytes rest)
{
	return rest.bad ? 0 : (int)(all.len - rest.len);
}

static void put_address(
	struct tx *tx, uint8_t type, struct bytes address, char text[INET6_ADDRSTRLEN])
{
	if (type == ADDRESS_NAME) {
		tx_put_some(tx, FIELD_SOCKS_HOST, address);
		return;
	}
	inet_ntop(type == ADDRESS_4 ? AF_INET : AF_INET6, address.p, text, INET6_ADDRSTRLEN);
	tx_put_text(tx, FIELD_SOCKS_HOST, text);
}

static struct bytes take_address(struct bytes *b, uint8_t type)
{
	if (type == ADDRESS_NAME)
		return bytes_vec8(b);
	if (type == ADDRESS_4 || type == ADDRESS_6)
		return bytes_take(b, type == ADDRESS_4 ? 4 : 16);
	return (struct bytes){.bad = true};
}

static void begin(struct tx *tx, enum dir dir, const uint8_t *version)
{
	tx_begin(tx, APP_SOCKS, dir);
	tx_put(tx, FIELD_SOCKS_VERSION, (struct bytes){version, 1, false});
}

static struct bytes take_text(struct bytes *b)
{
	const uint8_t *nul = b->len > 0 ? memchr(b->p, '\0', b->len) : NULL;
	struct bytes text = bytes_take(b, nul != NULL ? (size_t)(nul - b->p) : b->len + 1);

	bytes_take(b, 1);
	return text;
}

// Version, command, port, address, user; 4a: 0.0.0.x and a name behind the user.
static int request_4(struct socks_state *s, const struct proto_io *io, struct bytes in)
{
	struct bytes b = in;
	char text[INET6_ADDRSTRLEN];
	struct tx tx;

	bytes_u8(&b);
	struct bytes command = bytes_take(&b, 1), port = bytes_take(&b, 2);
	struct bytes address = bytes_take(&b, 4), user = take_text(&b), name = {0};
	bool named = !address.bad && (address.p[0] | address.p[1] | address.p[2]) == 0 &&
		address.p[3] != 0;
	if (named)
		name = take_text(&b);
	if (b.bad)
		return 0;
	if (command.p[0] < 1 || command.p[0] > COMMAND_MAX)
		return -1;
	begin(&tx, DIR_C2S, in.p);
	tx_put(&tx, FIELD_SOCKS_COMMAND, command);
	put_address(&tx, named ? ADDRESS_NAME : ADDRESS_4, named ? name : address, text);
	tx_put(&tx, FIELD_SOCKS_PORT, port);
	tx_put_some(&tx, FIELD_SOCKS_USER, user);
	io->tx(io->ctx, &tx);
	s->asked = true;
	s->side[DIR_C2S].phase = PHASE_OVER;
	return length(in, b);
}

// RFC 1928 3: the methods a client offers.
static int greeting_5(struct socks_state *s, const struct proto_io *io, struct bytes in)
{
	struct bytes b = in;
	struct tx tx;

	bytes_u8(&b);
	struct bytes methods = bytes_vec8(&b);
	if (b.bad)
		return 0;
	if (methods.len == 0)
		return -1;
	begin(&tx, DIR_C2S, in.p);
	tx_put(&tx, FIELD_SOCKS_METHODS, methods);
	io->tx(io->ctx, &tx);
	s->side[DIR_C2S].phase = PHASE_AUTH;
	return length(in, b);
}

// RFC 1929: a user's name, and a word that is not told. Without it the request follows.
static int auth_5(struct socks_state *s, const struct proto_io *io, struct bytes in)
{
	struct bytes b = in;
	static const uint8_t version = VERSION_5;
	struct tx tx;

	s->side[DIR_C2S].phase = PHASE_REQUEST;
	if (in.p[0] == VERSION_5)
		return 0;
	s->side[DIR_C2S].phase = PHASE_AUTH;
	if (bytes_u8(&b) != 1)
		return -1;
	struct bytes user = bytes_vec8(&b);
	bytes_vec8(&b);
	if (b.bad)
		return 0;
	begin(&tx, DIR_C2S, &version);
	tx_put_some(&tx, FIELD_SOCKS_USER, user);
	io->tx(io->ctx, &tx);
	s->side[DIR_C2S].phase = PHASE_REQUEST;
	return length(in, b);
}

// RFC 1928 4.
static int request_5(struct socks_state *s, const struct proto_io *io, struct bytes in)
{
	struct bytes b = in;
	char text[INET6_ADDRSTRLEN];
	struct tx tx;

	if (in.p[0] != VERSION_5 || (in.len > 1 && (in.p[1] < 1 || in.p[1] > COMMAND_MAX)))
		return -1;
	bytes_u8(&b);
	struct bytes command = bytes_take(&b, 1);
	bytes_u8(&b);
	uint8_t type = bytes_u8(&b);
	if (b.bad)
		return 0;
	if (type != ADDRESS_4 && type != ADDRESS_6 && type != ADDRESS_NAME)
		return -1;
	struct bytes address = take_address(&b, type), port = bytes_take(&b, 2);
	if (b.bad)
		return 0;
	begin(&tx, DIR_C2S, in.p);
	tx_put(&tx, FIELD_SOCKS_COMMAND, command);
	put_address(&tx, type, address, text);
	tx_put(&tx, FIELD_SOCKS_PORT, port);
	io->tx(io->ctx, &tx);
	s->asked = true;
	s->side[DIR_C2S].phase = PHASE_OVER;
	return length(in, b);
}

static int client_message(
	struct socks_state *s, const struct proto_io *io, enum dir dir, struct bytes in)
{
	(void)dir;
	if (s->version == 0)
		s->version = in.p[0];
	if (s->version == VERSION_4)
		return request_4(s, io, in);
	switch (s->side[DIR_C2S].phase) {
	case PHASE_GREETING:
		return greeting_5(s, io, in);
	case PHASE_AUTH: {
		int n = auth_5(s, io, in);
		return n == 0 && s->side[DIR_C2S].phase == PHASE_REQUEST ? request_5(s, io, in) : n;
	}
	default:
		return request_5(s, io, in);
	}
}

static int reply(struct socks_state *s, const struct proto_io *io, struct bytes in, size_t len)
{
	const uint8_t *code = in.p + 1;
	struct tx tx;

	if (in.len < len)
		return 0;
	begin(&tx, DIR_S2C, s->version == VERSION_4 ? (const uint8_t *)"\x04" : in.p);
	tx_put(&tx, FIELD_SOCKS_REPLY, (struct bytes){code, 1, false});
	io->tx(io->ctx, &tx);
	s->side[DIR_S2C].phase = PHASE_OVER;
	return (int)len;
}

// RFC 1928 6: as long as its address.
static int reply_5(struct socks_state *s, const struct proto_io *io, struct bytes in)
{
	struct bytes b = in;

	bytes_take(&b, 3);
	uint8_t type = bytes_u8(&b);
	if (b.bad)
		return 0;
	if (in.p[0] != VERSION_5 ||
		(type != ADDRESS_4 && type != ADDRESS_6 && type != ADDRESS_NAME))
		return -1;
	take_address(&b, type);
	bytes_take(&b, 2);
	return b.bad ? 0 : reply(s, io, in, in.len - b.len);
}

static int choice_5(struct socks_state *s, const struct proto_io *io, struct bytes in)
{
	struct tx tx;

	if (in.len < 2)
		return 0;
	if (in.p[0] != VERSION_5)
		return -1;
	begin(&tx, DIR_S2C, in.p);
	tx_put(&tx, FIELD_SOCKS_METHODS, (struct bytes){in.p + 1, 1, false});
	io->tx(io->ctx, &tx);
	s->method = in.p[1];
	s->method_known = true;
	s->side[DIR_S2C].phase = s->method == METHOD_USER ? PHASE_AUTH : PHASE_REQUEST;
	return 2;
}

static int server_message(
	struct socks_state *s, const struct proto_io *io, enum dir dir, struct bytes in)
{
	(void)dir;
	if (s->version == 0)
		s->version = in.p[0] == 0 ? VERSION_4 : VERSION_5;
	if (s->version == VERSION_4)
		return in.p[0] == 0 ? reply(s, io, in, 8) : -1;
	switch (s->side[DIR_S2C].phase) {
	case PHASE_GREETING:
		return choice_5(s, io, in);
	case PHASE_AUTH: // RFC 1929 2: version, status
		if (in.len < 2)
			return 0;
		s->side[DIR_S2C].phase = PHASE_REQUEST;
		return 2;
	default:
		return reply_5(s, io, in);
	}
}

static void give(struct socks_side *s, const struct proto_io *io)
{
	if (s->kept != NULL)
		io->gather_give(io->ctx, s->kept);
	s->kept = NULL;
}

// One message, of what was kept and of `in`; bytes that belong to it are taken off `in`.
static enum parse one_message(
	struct socks_state *s, const struct proto_io *io, enum dir dir, struct bytes *in)
{
	read_message read = dir == DIR_C2S ? client_message : server_message;
	struct socks_side *here = &s->side[dir];

	if (here->kept == NULL) {
		// No more than is kept of one that comes in pieces.
		struct bytes view = {in->p, in->len < MESSAGE_MAX ? in->len : MESSAGE_MAX, false};
		int n = read(s, io, dir, view);
		if (n > 0)
			bytes_take(in, (size_t)n);
		if (n != 0 || view.len == MESSAGE_MAX)
			return n > 0 ? PARSE_MORE : PARSE_BAD;
		here->kept = io->gather_take(io->ctx);
		if (here->kept == NULL)
			return PARSE_DONE;
	}
	// Messages are short: byte by byte, so that none of the next one is taken.
	struct gather *g = here->kept;
	g->data[g->len++] = bytes_u8(in);
	int n = read(s, io, dir, (struct bytes){g->data, g->len, false});
	if (n == 0)
		return g->len < MESSAGE_MAX ? PARSE_MORE : PARSE_BAD;
	give(here, io);
	return n > 0 ? PARSE_MORE : PARSE_BAD;
}

// The answer opens the way; so does a client that speaks on without one being seen.
static bool over(const struct socks_state *s, enum dir dir)
{
	return s->side[dir].phase == PHASE_OVER &&
		(dir == DIR_S2C || s->side[DIR_S2C].phase != PHASE_OVER);
}

static enum parse socks_data(void *state, const struct proto_io *io, enum dir dir, struct bytes in)
{
	struct socks_state *s = state;
	enum parse result = PARSE_MORE;

	while (result == PARSE_MORE && in.len > 0 && !over(s, dir))
		result = one_message(s, io, dir, &in);
	if (result == PARSE_MORE && over(s, dir) && (dir == DIR_S2C || in.len > 0)) {
		*io->unread = (uint32_t)in.len;
		result = PARSE_SWITCH;
	}
	if (result != PARSE_MORE) {
		give(&s->side[DIR_C2S], io);
		give(&s->side[DIR_S2C], io);
	}
	return result;
}

static void socks_end(void *state, const struct proto_io *io)
{
	struct socks_state *s = state;

	give(&s->side[DIR_C2S], io);
	give(&s->side[DIR_S2C], io);
}

// RFC 1928 3: version, number of methods, methods, and nothing behind them yet. A server's choice
// is too short to be sure of.
static enum probe probe_5(struct bytes in)
{
	if (in.len > 1 && (in.p[1] == 0 || in.p[1] > 9))
		return PROBE_NO;
	for (size_t i = 2; i < in.len && i < 2u + in.p[1]; i++) {
		if (in.p[i] > 9 && in.p[i] < 0x80)
			return PROBE_NO;
	}
	if (in.len < 2 || in.len < 2u + in.p[1])
		return PROBE_MORE;
	return in.len == 2u + in.p[1] ? PROBE_YES : PROBE_NO;
}

static bool is_text(uint8_t c)
{
	return c > 0x20 && c < 0x7f;
}

// Version, command, a port and an address that can be, a user of printable letters; 4a: 0.0.0.x and
// a name behind the user.
static enum probe probe_4(struct bytes in)
{
	bool named = in.len > 7 && in.p[4] == 0 && in.p[5] == 0 && in.p[6] == 0 && in.p[7] != 0;
	size_t at = 8;

	if ((in.len > 1 && in.p[1] != 1 && in.p[1] != 2) ||
		(in.len > 3 && in.p[2] == 0 && in.p[3] == 0) || (in.len > 4 && in.p[4] >= 224) ||
		(in.len > 7 && in.p[4] == 0 && !named))
		return PROBE_NO;
	while (at < in.len && is_text(in.p[at]))
		at++;
	if (at >= in.len)
		return in.len < PROBE_BYTES ? PROBE_MORE : PROBE_NO;
	if (in.p[at] != '\0')
		return PROBE_NO;
	if (!named)
		return in.len == at + 1 ? PROBE_YES : PROBE_NO; // nothing is said before the answer
	size_t name = at + 1;
	for (at = name; at < in.len && is_text(in.p[at]); at++)
		;
	if (at >= in.len)
		return in.len < PROBE_BYTES ? PROBE_MORE : PROBE_NO;
	return in.p[at] == '\0' && at > name + 2 ? PROBE_YES : PROBE_NO;
}

static enum probe socks_probe(struct bytes in, uint16_t sport, uint16_t dport, enum dir *sender)
{
	(void)sport;
	(void)dport;
	*sender = DIR_C2S;
	if (in.len == 0)
		return PROBE_MORE;
	if (in.p[0] == VERSION_5)
		return probe_5(in);
	return in.p[0] == VERSION_4 ? probe_4(in) : PROBE_NO;
}

const struct proto proto_socks = {
	.name = "socks",
	.app_proto = APP_SOCKS,
	.l4 = IPPROTO_TCP,
	.state_size = sizeof(struct socks_state),
	.probe = socks_probe,
	.data = socks_data,
	.end = socks_end,
};
