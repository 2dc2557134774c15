// Messengers with protocols of their own, known by the first bytes of a talk: one transaction, and
// nothing more is read. What the bytes are, and where that is known from: docs/messengers.md.

#include "dataplane/inspect/proto/proto.h"

#include <assert.h>
#include <netinet/in.h>
#include <stdio.h>

struct mark {
	const char *marker;
	const char *function; // NULL: the bytes do not tell
	const char *confidence;
	const char *transport; // MTProto
	uint16_t version; // 0: none
	uint16_t command;
	bool has_command;
	uint32_t account; // 0: none
	enum dir sender;
};

// PROBE_YES fills in *m. TCP: `in` is the begin of the stream. UDP: a datagram.
typedef enum probe (*recogniser)(struct bytes in, uint16_t sport, uint16_t dport, struct mark *m);

static uint32_t le32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static bool begins(struct bytes in, const char *with, size_t n)
{
	return memcmp(in.p, with, in.len < n ? in.len : n) == 0;
}

// "WA", version, then frames with a length of three bytes; edge routing may stand in front.
static enum probe whatsapp(struct bytes in, uint16_t sport, uint16_t dport, struct mark *m)
{
	(void)sport;
	(void)dport;
	if (in.len == 0)
		return PROBE_MORE;
	if (begins(in, "ED\0\1", 4)) {
		*m = (struct mark){"edge_routing", "chat", "high", .sender = DIR_C2S};
		return in.len < 7 ? PROBE_MORE : in.p[4] == 0 ? PROBE_YES : PROBE_NO;
	}
	if (!begins(in, "WA", 2) || (in.len > 2 && (in.p[2] < 1 || in.p[2] > 9)) ||
		(in.len > 3 && in.p[3] > 9) || (in.len > 4 && in.p[4] != 0))
		return PROBE_NO;
	if (in.len < 7)
		return PROBE_MORE;
	*m = (struct mark){"noise_prologue", "chat", "high", .sender = DIR_C2S};
	m->version = (uint16_t)(in.p[2] << 8 | in.p[3]);
	return PROBE_YES;
}

// Records as TLS has them, of versions 0xf103 and 0xf104.
static enum probe mmtls(struct bytes in, uint16_t sport, uint16_t dport, struct mark *m)
{
	(void)sport;
	(void)dport;
	if (in.len == 0)
		return PROBE_MORE;
	if ((in.p[0] != 0x15 && in.p[0] != 0x16 && in.p[0] != 0x17 && in.p[0] != 0x19) ||
		(in.len > 1 && in.p[1] != 0xf1) || (in.len > 2 && in.p[2] != 3 && in.p[2] != 4))
		return PROBE_NO;
	if (in.len < 5)
		return PROBE_MORE;
	size_t len = (size_t)in.p[3] << 8 | in.p[4];
	*m = (struct mark){"mmtls_record", "chat", "high", .sender = DIR_C2S};
	m->version = (uint16_t)(in.p[1] << 8 | in.p[2]);
	return len > 0 && len <= 0x4800 ? PROBE_YES : PROBE_NO;
}

// 02, version, command, sequence, QQ number, ..., 03.
static enum probe oicq(struct bytes in, uint16_t sport, uint16_t dport, struct mark *m)
{
	enum { COMMAND_MAX = 0xff, LOGIN_FIRST = 0x0825, LOGIN_LAST = 0x0839, ACCOUNT_MIN = 10000 };

	(void)dport;
	if (in.len < 13 || in.p[0] != 0x02 || in.p[in.len - 1] != 0x03)
		return PROBE_NO;
	uint16_t version = (uint16_t)(in.p[1] << 8 | in.p[2]);
	uint16_t command = (uint16_t)(in.p[3] << 8 | in.p[4]);
	uint32_t account = (uint32_t)in.p[7] << 24 | (uint32_t)in.p[8] << 16 |
		(uint32_t)in.p[9] << 8 | in.p[10];
	bool login = command >= LOGIN_FIRST && command <= LOGIN_LAST;
	if (version < 0x0100 || version > 0x4fff || (command > COMMAND_MAX && !login) ||
		command == 0 || (account < ACCOUNT_MIN && account != 0))
		return PROBE_NO;
	*m = (struct mark){"oicq_header", login ? "login" : "chat", "high", .version = version,
		.command = command, .has_command = true, .account = account,
		.sender = sport == 8000 ? DIR_S2C : DIR_C2S};
	return PROBE_YES;
}

// core.telegram.org/mtproto: a message without a key begins with eight zeros.
static bool without_key(struct bytes in, size_t at)
{
	static const uint8_t zeros[8];
	return in.len >= at + 8 && memcmp(in.p + at, zeros, 8) == 0;
}

static enum probe mtproto(struct bytes in, uint16_t sport, uint16_t dport, struct mark *m)
{
	(void)sport;
	(void)dport;
	*m = (struct mark){"mtproto_tag", "chat", "high", .sender = DIR_C2S};
	if (in.len == 0)
		return PROBE_MORE;
	if (in.p[0] == 0xef) {
		m->transport = "abridged";
		if (in.len < 10)
			return PROBE_MORE;
		return in.p[1] < 0x7f && without_key(in, 2) ? PROBE_YES : PROBE_NO;
	}
	bool padded = begins(in, "\xdd\xdd\xdd\xdd", 4);
	if (!padded && !begins(in, "\xee\xee\xee\xee", 4))
		return PROBE_NO;
	m->transport = padded ? "padded" : "intermediate";
	if (in.len < 16)
		return PROBE_MORE;
	if (!without_key(in, 8))
		m->confidence = "medium"; // a talk that goes on with a key
	return le32(in.p + 4) <= 0x1000000 ? PROBE_YES : PROBE_NO;
}

// Calls by a reflector: sixteen bytes of the peer, then twelve of ones.
static enum probe reflector(struct bytes in, uint16_t sport, uint16_t dport, struct mark *m)
{
	(void)sport;
	(void)dport;
	if (in.len < 32)
		return PROBE_NO;
	for (unsigned i = 16; i < 28; i++) {
		if (in.p[i] != 0xff)
			return PROBE_NO;
	}
	if (le32(in.p) == 0xffffffff || le32(in.p + 12) == 0xffffffff || le32(in.p) == 0)
		return PROBE_NO;
	*m = (struct mark){"reflector_ping", "call", "medium", .sender = DIR_C2S};
	return PROBE_YES;
}

// LOCO: length and kind of a sealed key, all in the least significant byte first.
static enum probe kakaotalk(struct bytes in, uint16_t sport, uint16_t dport, struct mark *m)
{
	static const char zeros[] = "\0\1\0\0";

	(void)sport;
	(void)dport;
	if (in.len == 0)
		return PROBE_MORE;
	if (!begins(in, zeros, 4))
		return PROBE_NO;
	if (in.len < 12)
		return PROBE_MORE;
	uint32_t type = le32(in.p + 4), cipher = le32(in.p + 8);
	*m = (struct mark){"loco_handshake", "chat", "high", .sender = DIR_C2S};
	return type >= 12 && type <= 16 && cipher >= 1 && cipher <= 3 ? PROBE_YES : PROBE_NO;
}

// Length of all, least significant byte first; fc ff at 6 and 80 at 9.
static enum probe viber(struct bytes in, uint16_t sport, uint16_t dport, struct mark *m)
{
	enum { LEN_MIN = 16, LEN_MAX = 4096 };

	(void)sport;
	(void)dport;
	*m = (struct mark){"login_header", "chat", "medium", .sender = DIR_C2S};
	if (in.len < 2)
		return PROBE_MORE;
	unsigned len = in.p[0] | (unsigned)in.p[1] << 8;
	if (len < LEN_MIN || len > LEN_MAX || (in.len > 6 && in.p[6] != 0xfc) ||
		(in.len > 7 && in.p[7] != 0xff) || (in.len > 9 && in.p[9] != 0x80))
		return PROBE_NO;
	return in.len < 10 ? PROBE_MORE : PROBE_YES;
}

// Calls: two bytes of the call, a kind, 00; most kinds are of one length. On Viber's ports.
static enum probe viber_call(struct bytes in, uint16_t sport, uint16_t dport, struct mark *m)
{
	static const uint16_t ports[] = {5243, 7985, 7987, 9785};
	static const uint8_t kinds[][2] = {
		{0x03, 20}, {0x09, 20}, {0x0b, 34}, {0x0c, 76}, {0x19, 34}, {0x1a, 20}};
	bool from = false, to = false;

	for (unsigned i = 0; i < sizeof(ports) / sizeof(ports[0]); i++) {
		from = from || sport == ports[i];
		to = to || dport == ports[i];
	}
	if (in.len < 20 || in.p[3] != 0 || (!from && !to))
		return PROBE_NO;
	*m = (struct mark){"call_header", "call", "medium", .sender = from ? DIR_S2C : DIR_C2S};
	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (in.p[2] == kinds[i][0] && in.len == kinds[i][1])
			return PROBE_YES;
	}
	return in.p[2] == 0x01 && in.len > 200 ? PROBE_YES : PROBE_NO;
}

// Calls: 11011, eleven bits of the length of what follows the four bytes, a number, 06 02.
static enum probe line(struct bytes in, uint16_t sport, uint16_t dport, struct mark *m)
{
	(void)sport;
	(void)dport;
	if (in.len < 32 || in.p[0] >> 3 != 0x1b || in.p[4] != 6 || in.p[5] != 2)
		return PROBE_NO;
	*m = (struct mark){"call_header", "call", "medium", .sender = DIR_C2S};
	return ((in.p[0] & 7u) << 8 | in.p[1]) == in.len - 4 ? PROBE_YES : PROBE_NO;
}

// LWP: 10, and soon the options of a hello.
static enum probe dingtalk(struct bytes in, uint16_t sport, uint16_t dport, struct mark *m)
{
	static const uint8_t hello[] = {
		0x87, 0x80, 0x01, 0x00, 0x01, 0x00, 0x02, 0x00, 0x02, 0x64, 0x6b, 0x03};
	enum { REACH = 32 };

	(void)sport;
	(void)dport;
	*m = (struct mark){"lwp_hello", "chat", "high", .sender = DIR_C2S};
	if (in.len > 0 && in.p[0] != 0x10)
		return PROBE_NO;
	size_t len = in.len < REACH ? in.len : REACH;
	if (len > 0 && memmem(in.p, len, hello, sizeof(hello)) != NULL)
		return PROBE_YES;
	return len < REACH ? PROBE_MORE : PROBE_NO;
}

// Discord's documentation, Voice: IP discovery. Before and between media: eight bytes, a number in them.
static enum probe discord(struct bytes in, uint16_t sport, uint16_t dport, struct mark *m)
{
	(void)sport;
	(void)dport;
	if (in.len == 8 && begins(in, "\x13\x37\xca\xfe", 4)) {
		*m = (struct mark){"voice_ping", "call", "medium", .sender = DIR_C2S};
		return PROBE_YES;
	}
	if (in.len != 74 || in.p[0] != 0 || (in.p[1] != 1 && in.p[1] != 2) || in.p[2] != 0 ||
		in.p[3] != 70)
		return PROBE_NO;
	*m = (struct mark){
		"ip_discovery", "call", "high", .sender = in.p[1] == 1 ? DIR_C2S : DIR_S2C};
	return PROBE_YES;
}

// The first two datagrams with a media server: a name of 16 bytes, which the answer repeats.
static bool zoom_connect(struct bytes in)
{
	static const uint8_t zeros[7];
	bool asks = begins(in, "\x01\x00\x02", 3) && in.len >= 64 && in.len <= 256 &&
		memcmp(in.p + 19, zeros, sizeof(zeros)) == 0;

	return asks || (begins(in, "\x02\x00\x01", 3) && in.len == 35);
}

// The header that Zoom's media servers put in front of media, on their ports.
static enum probe zoom(struct bytes in, uint16_t sport, uint16_t dport, struct mark *m)
{
	static const uint8_t p2p[] = {0x1f, 0x02, 0x01, 0x00};
	bool from = sport >= 8801 && sport <= 8810, to = dport >= 8801 && dport <= 8810;

	// Between two of a meeting: then eight or four bytes of options.
	if (in.len >= 32 && memcmp(in.p, p2p, sizeof(p2p)) == 0 && (in.p[4] == 4 || in.p[4] == 8) &&
		in.p[5] == 0 && in.p[6] == 1 && in.p[7] == 0) {
		*m = (struct mark){"p2p_probe", "call", "medium", .sender = DIR_C2S};
		return PROBE_YES;
	}
	if (in.len < 20 || (!from && !to))
		return PROBE_NO;
	if (zoom_connect(in)) {
		*m = (struct mark){"sfu_connect", "call", "medium",
			.sender = in.p[0] == 1 ? DIR_C2S : DIR_S2C};
		return PROBE_YES;
	}
	if (in.p[0] != 0x05 || (in.p[7] != 0 && in.p[7] != 4))
		return PROBE_NO;
	switch (in.p[8]) {
	case 13: // screen
	case 15: // audio
	case 16: // video
	case 21: // what the server says of the others
	case 30:
	case 33: // RTCP
	case 34:
		break;
	default:
		return PROBE_NO;
	}
	*m = (struct mark){"sfu_header", "call", "medium", .sender = from ? DIR_S2C : DIR_C2S};
	return PROBE_YES;
}

static void report(const struct proto_io *io, enum app_proto app, const struct mark *m)
{
	uint8_t version[2], command[2];
	char account[16];
	struct tx tx;

	tx_begin(&tx, app, m->sender);
	tx_put_text(&tx, FIELD_CONFIDENCE, m->confidence);
	tx_put_text(&tx, FIELD_IM_MARKER, m->marker);
	if (m->function != NULL)
		tx_put_text(&tx, FIELD_IM_FUNCTION, m->function);
	if (m->version != 0)
		tx_put_number(&tx, FIELD_IM_VERSION, m->version, version, sizeof(version));
	if (m->has_command)
		tx_put_number(&tx, FIELD_IM_COMMAND, m->command, command, sizeof(command));
	if (m->account != 0) {
		snprintf(account, sizeof(account), "%u", m->account);
		tx_put_text(&tx, FIELD_IM_ACCOUNT, account);
	}
	if (m->transport != NULL)
		tx_put_text(&tx, FIELD_IM_TRANSPORT, m->transport);
	io->tx(io->ctx, &tx);
}

// The begin of each direction, as far as a recogniser looks.
struct begin_state {
	struct {
		uint8_t len;
		uint8_t bytes[PROBE_BYTES];
	} side[2];
};
static_assert(sizeof(struct begin_state) <= PROTO_STATE_MAX, "fits a session");

static enum parse stream(void *state, const struct proto_io *io, enum dir dir, struct bytes in,
	enum app_proto app, recogniser known)
{
	struct begin_state *s = state;
	uint8_t *begin = s->side[dir].bytes;
	size_t room = PROBE_BYTES - s->side[dir].len;
	size_t n = in.len < room ? in.len : room;
	struct mark m;

	if (n > 0)
		memcpy(begin + s->side[dir].len, in.p, n);
	s->side[dir].len = (uint8_t)(s->side[dir].len + n);
	switch (known((struct bytes){begin, s->side[dir].len, false}, io->sport, io->dport, &m)) {
	case PROBE_YES:
		report(io, app, &m);
		return PARSE_DONE;
	case PROBE_MORE:
		return s->side[dir].len < PROBE_BYTES ? PARSE_MORE : PARSE_DONE;
	default:
		return PARSE_DONE; // the answer to it has no mark
	}
}

static enum parse datagram(
	const struct proto_io *io, struct bytes in, enum app_proto app, recogniser known)
{
	struct mark m;

	if (known(in, io->sport, io->dport, &m) != PROBE_YES)
		return PARSE_OTHER;
	report(io, app, &m);
	return PARSE_DONE;
}

static enum probe probe(
	recogniser known, struct bytes in, uint16_t sport, uint16_t dport, enum dir *sender)
{
	struct mark m;
	enum probe got = known(in, sport, dport, &m);

	if (got == PROBE_YES)
		*sender = m.sender;
	return got;
}

// wiki.mumble.info/wiki/Protocol, UDP ping: four zeros and a number of eight bytes; the answer is the
// server's version, the number, users, users at most, bandwidth. Only both together are a mark.
enum { MUMBLE_ASKS = 12, MUMBLE_TELLS = 24, MUMBLE_NUMBER = 8 };

struct mumble_state {
	uint8_t number[MUMBLE_NUMBER];
	uint8_t dir;
};

static enum probe mumble_probe(struct bytes in, uint16_t sport, uint16_t dport, enum dir *sender)
{
	static const uint8_t zeros[4];

	(void)sport;
	(void)dport;
	if (in.len != MUMBLE_ASKS || memcmp(in.p, zeros, sizeof(zeros)) != 0)
		return PROBE_NO;
	*sender = DIR_C2S;
	return PROBE_MAYBE;
}

static enum parse mumble_data(void *state, const struct proto_io *io, enum dir dir, struct bytes in)
{
	struct mumble_state *s = state;
	struct mark m = {"ping_answer", NULL, "high", .sender = DIR_S2C};

	if (in.len == MUMBLE_ASKS && in.p[0] == 0) {
		memcpy(s->number, in.p + 4, MUMBLE_NUMBER);
		s->dir = (uint8_t)dir;
		return PARSE_MORE;
	}
	if (in.len != MUMBLE_TELLS || dir == s->dir || in.p[0] != 0 || in.p[1] == 0 ||
		memcmp(in.p + 4, s->number, MUMBLE_NUMBER) != 0)
		return PARSE_DONE;
	m.version = (uint16_t)(in.p[1] << 8 | in.p[2]);
	report(io, APP_MUMBLE, &m);
	return PARSE_DONE;
}

const struct proto proto_mumble = {.name = "mumble",
	.app_proto = APP_MUMBLE,
	.l4 = IPPROTO_UDP,
	.state_size = sizeof(struct mumble_state),
	.opens_flow = true,
	.probe = mumble_probe,
	.data = mumble_data};

#define STREAM(name_, app)                                                                         \
	static enum probe name_##_probe(                                                           \
		struct bytes in, uint16_t sport, uint16_t dport, enum dir *sender)                 \
	{                                                                                          \
		return probe(name_, in, sport, dport, sender);                                     \
	}                                                                                          \
	static enum parse name_##_data(                                                            \
		void *state, const struct proto_io *io, enum dir dir, struct bytes in)             \
	{                                                                                          \
		return stream(state, io, dir, in, app, name_);                                     \
	}                                                                                          \
	const struct proto proto_##name_ = {.name = #name_,                                        \
		.app_proto = app,                                                                  \
		.l4 = IPPROTO_TCP,                                                                 \
		.state_size = sizeof(struct begin_state),                                          \
		.probe = name_##_probe,                                                            \
		.data = name_##_data};

#define DATAGRAM(name_, app)                                                                       \
	static enum probe name_##_probe(                                                           \
		struct bytes in, uint16_t sport, uint16_t dport, enum dir *sender)                 \
	{                                                                                          \
		return probe(name_, in, sport, dport, sender);                                     \
	}                                                                                          \
	static enum parse name_##_data(                                                            \
		void *state, const struct proto_io *io, enum dir dir, struct bytes in)             \
	{                                                                                          \
		(void)state;                                                                       \
		(void)dir;                                                                         \
		return datagram(io, in, app, name_);                                               \
	}                                                                                          \
	const struct proto proto_##name_ = {.name = #name_,                                        \
		.app_proto = app,                                                                  \
		.l4 = IPPROTO_UDP,                                                                 \
		.opens_flow = true,                                                                \
		.probe = name_##_probe,                                                            \
		.data = name_##_data};

STREAM(whatsapp, APP_WHATSAPP)
STREAM(mmtls, APP_MMTLS)
STREAM(mtproto, APP_MTPROTO)
STREAM(kakaotalk, APP_KAKAOTALK)
STREAM(viber, APP_VIBER)
STREAM(dingtalk, APP_DINGTALK)
DATAGRAM(oicq, APP_OICQ)
DATAGRAM(reflector, APP_MTPROTO)
DATAGRAM(discord, APP_DISCORD)
DATAGRAM(zoom, APP_ZOOM)
DATAGRAM(viber_call, APP_VIBER)
DATAGRAM(line, APP_LINE)
