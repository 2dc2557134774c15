// RTMP 1.0 (Adobe): the handshake of both sides, and the client's "connect", which says where it
// wants to go. What is streamed afterwards is not looked at.

#include "dataplane/inspect/proto/collect.h"
#include "dataplane/inspect/proto/proto.h"

#include <assert.h>
#include <netinet/in.h>

enum {
	PORT = 1935,
	VERSION = 3, // 5.2.2: 0 to 2 are old, 32 and more are text
	HELLO = 1 + 1536, // C0 and C1, 5.2.1
	HANDSHAKE = HELLO + 1536, // and C2
	PROBE_LEN = 17,
	CHUNK_DEFAULT = 128, // 5.4.1
	MESSAGES_MAX = 4, // before "connect"
	CONNECT_MAX = 4096,
	HEAD_MAX = 3 + 11 + 4,
	TYPE_CHUNK_SIZE = 1,
	TYPE_COMMAND_3 = 17, // AMF 3: a byte, then as AMF 0
	TYPE_COMMAND = 20,
};

// AMF 0, 2.1
enum { AMF_NUMBER = 0, AMF_BOOLEAN, AMF_STRING, AMF_OBJECT, AMF_NULL = 5, AMF_UNDEFINED };

struct rtmp_state {
	uint32_t seen[2]; // bytes of the handshake
	// Of the client, behind it: the message at hand.
	struct gather *body;
	uint32_t chunk; // size; 0: CHUNK_DEFAULT
	uint32_t left; // of the chunk at hand; 0: in a chunk's head
	uint16_t len;
	uint8_t type;
	bool extended; // each of its chunks has a longer time
	uint16_t used; // bytes
	uint8_t messages; // that are over
	uint8_t head_len;
	uint8_t head[HEAD_MAX];
	bool told[2];
};
static_assert(sizeof(struct rtmp_state) <= PROTO_STATE_MAX, "fits a session");

// More bytes are needed; the command is whole; it will not be found.
enum progress { PROGRESS_MORE, PROGRESS_DONE, PROGRESS_NONE };

// 5.3.1.1: chunk stream ids of 6, 8 or 16 bits.
static size_t basic_len(uint8_t first)
{
	uint8_t id = first & 0x3f;
	return id == 0 ? 2 : id == 1 ? 3 : 1;
}

// How long the head of the chunk at hand is (5.3.1.2), as far as its begin tells.
static size_t head_want(const struct rtmp_state *s)
{
	enum { WITH_STREAM_LEN = 11, WITHOUT_STREAM_LEN = 7, TIME_LATER_LEN = 4 };
	size_t basic = s->head_len > 0 ? basic_len(s->head[0]) : 1;

	if (s->head_len < basic)
		return basic;
	if (collected(s->body) > 0)
		return basic + (s->extended ? TIME_LATER_LEN : 0);
	size_t n = basic + (s->head[0] >> 6 == 0 ? WITH_STREAM_LEN : WITHOUT_STREAM_LEN);
	bool later = s->head_len >= basic + 3 && memcmp(s->head + basic, "\xff\xff\xff", 3) == 0;
	return n + (later ? TIME_LATER_LEN : 0);
}

static enum progress begin_message(struct rtmp_state *s)
{
	enum { TIMESTAMP_LATER = 0xffffff };
	struct bytes in = {s->head, s->head_len, false};

	bytes_take(&in, basic_len(s->head[0]));
	s->extended = bytes_u24(&in) == TIMESTAMP_LATER;
	uint32_t len = bytes_u24(&in);
	s->type = bytes_u8(&in);
	if (len > CONNECT_MAX)
		return PROGRESS_NONE;
	s->len = (uint16_t)len;
	return PROGRESS_DONE;
}

static enum progress head_bytes(struct rtmp_state *s, struct bytes *in)
{
	enum { WITHOUT_STREAM = 1 };
	bool first = collected(s->body) == 0;

	while (s->head_len < head_want(s)) {
		if (in->len == 0)
			return PROGRESS_MORE;
		s->head[s->head_len++] = bytes_u8(in);
		if (first && s->head[0] >> 6 > WITHOUT_STREAM)
			return PROGRESS_NONE; // it repeats what was not there yet
	}
	if (first && begin_message(s) != PROGRESS_DONE)
		return PROGRESS_NONE;
	uint32_t chunk = s->chunk != 0 ? s->chunk : CHUNK_DEFAULT;
	uint32_t rest = s->len - (uint32_t)collected(s->body);
	s->left = rest < chunk ? rest : chunk;
	s->head_len = 0;
	return PROGRESS_DONE;
}

// 5.4.1: of the messages before "connect" one counts.
static enum progress end_message(struct rtmp_state *s)
{
	struct bytes body = collect_view(s->body);

	if (s->type == TYPE_COMMAND || s->type == TYPE_COMMAND_3)
		return PROGRESS_DONE;
	if (s->type == TYPE_CHUNK_SIZE)
		s->chunk = bytes_u32(&body);
	if ((s->type == TYPE_CHUNK_SIZE && s->chunk == 0) || body.bad ||
		++s->messages == MESSAGES_MAX)
		return PROGRESS_NONE;
	s->body->len = 0;
	return PROGRESS_MORE;
}

// Out of its chunks (5.3.1), each byte once.
static enum progress chunk_bytes(struct rtmp_state *s, const struct proto_io *io, struct bytes *in)
{
	if (s->left == 0) {
		enum progress progress = head_bytes(s, in);
		if (progress != PROGRESS_DONE)
			return progress;
	}
	size_t n = s->left < in->len ? s->left : in->len;
	if (!collect(&s->body, io, in, n))
		return PROGRESS_NONE;
	s->left -= (uint32_t)n;
	return s->body->len < s->len ? PROGRESS_MORE : end_message(s);
}

static struct bytes amf_string(struct bytes *in)
{
	return bytes_u8(in) == AMF_STRING ? bytes_vec16(in) : (struct bytes){.bad = true};
}

// A property's value; *text, if it is one. False: what follows can not be told.
static bool amf_value(struct bytes *in, struct bytes *text)
{
	*text = (struct bytes){0};
	switch (bytes_u8(in)) {
	case AMF_NUMBER:
		bytes_take(in, 8);
		break;
	case AMF_BOOLEAN:
		bytes_take(in, 1);
		break;
	case AMF_STRING:
		*text = bytes_vec16(in);
		break;
	case AMF_NULL:
	case AMF_UNDEFINED:
		break;
	default:
		return false;
	}
	return !in->bad;
}

// 7.2.1.1: "connect", 1, { app: ..., tcUrl: ... }
static bool put_connect(struct tx *tx, struct bytes in)
{
	struct bytes name = amf_string(&in), text;

	if (name.bad || !bytes_equal(name, "connect", 7))
		return false;
	if (!amf_value(&in, &text) || bytes_u8(&in) != AMF_OBJECT)
		return true;
	while (in.len > 0) {
		struct bytes key = bytes_vec16(&in);
		if (in.bad || key.len == 0 || !amf_value(&in, &text))
			return true;
		if (bytes_equal(key, "app", 3))
			tx_put_some(tx, FIELD_RTMP_APP, text);
		if (bytes_equal(key, "tcUrl", 5))
			tx_put_some(tx, FIELD_RTMP_TC_URL, text);
	}
	return true;
}

// The handshake; and the command, if there is one at hand.
static void tell(struct rtmp_state *s, const struct proto_io *io, enum dir dir, bool command)
{
	static const uint8_t version = VERSION;
	struct tx tx;

	if (s->told[dir])
		return;
	s->told[dir] = true;
	tx_begin(&tx, APP_RTMP, dir);
	tx_put(&tx, FIELD_RTMP_VERSION, (struct bytes){&version, 1, false});
	if (command) {
		struct bytes body = collect_view(s->body);
		if (s->type == TYPE_COMMAND_3)
			bytes_u8(&body);
		put_connect(&tx, body);
	}
	io->tx(io->ctx, &tx);
}

static enum parse commands(struct rtmp_state *s, const struct proto_io *io, struct bytes in)
{
	// With the heads of its chunks; what is longer is none of a client that people use.
	enum { USED_MAX = 2 * CONNECT_MAX };
	enum progress progress = PROGRESS_MORE;
	size_t room = (size_t)(USED_MAX - s->used);

	if (in.len > room)
		in.len = room;
	s->used = (uint16_t)(s->used + in.len);
	while (progress == PROGRESS_MORE && in.len > 0)
		progress = chunk_bytes(s, io, &in);
	if (progress == PROGRESS_MORE && s->used < USED_MAX)
		return PARSE_MORE;
	tell(s, io, DIR_C2S, progress == PROGRESS_DONE);
	collect_give(&s->body, io);
	return PARSE_DONE;
}

static enum parse rtmp_data(void *state, const struct proto_io *io, enum dir dir, struct bytes in)
{
	struct rtmp_state *s = state;
	uint32_t until = dir == DIR_C2S ? HANDSHAKE : HELLO;

	if (s->seen[dir] == 0 && in.len > 0 && in.p[0] != VERSION)
		return PARSE_BAD;
	size_t left = until - s->seen[dir];
	s->seen[dir] += (uint32_t)bytes_take(&in, in.len < left ? in.len : left).len;
	if (s->seen[dir] < until)
		return PARSE_MORE;
	if (dir == DIR_C2S)
		return in.len > 0 ? commands(s, io, in) : PARSE_MORE;
	tell(s, io, dir, false);
	return PARSE_DONE;
}

// Within what is random anyway a hole takes nothing away.
static enum parse rtmp_gap(void *state, const struct proto_io *io, enum dir dir, uint32_t missing)
{
	struct rtmp_state *s = state;
	uint32_t until = dir == DIR_C2S ? HANDSHAKE : HELLO;

	if (s->seen[dir] > 0 && missing <= until - s->seen[dir]) {
		s->seen[dir] += missing;
		if (dir == DIR_C2S || s->seen[dir] < until)
			return PARSE_MORE;
	}
	if (s->seen[dir] >= HELLO)
		tell(s, io, dir, false);
	if (dir == DIR_C2S)
		collect_give(&s->body, io);
	return PARSE_DONE;
}

static void rtmp_end(void *state, const struct proto_io *io)
{
	struct rtmp_state *s = state;

	if (s->seen[DIR_C2S] >= HELLO)
		tell(s, io, DIR_C2S, false);
	collect_give(&s->body, io);
}

// 5.2.3: a time, four zeros, random bytes. Players since Flash 9 put their version in the place of
// the zeros: 10.0.45.2, 128.0.7.2.
static enum probe rtmp_probe(struct bytes in, uint16_t sport, uint16_t dport, enum dir *sender)
{
	static const uint8_t zeros[8] = {0};

	if (in.len > 0 && in.p[0] != VERSION)
		return PROBE_NO;
	if (in.len < PROBE_LEN)
		return PROBE_MORE;
	const uint8_t *v = in.p + 5;
	bool simple = memcmp(v, zeros, 4) == 0;
	bool player = ((v[0] >= 9 && v[0] <= 32) || v[0] == 128) && v[1] == 0 && v[3] == 2;
	if ((!simple && !player) || memcmp(v + 4, zeros, 8) == 0)
		return PROBE_NO;
	*sender = sport == PORT || (dport != PORT && sport < dport) ? DIR_S2C : DIR_C2S;
	return PROBE_YES;
}

const struct proto proto_rtmp = {
	.name = "rtmp",
	.app_proto = APP_RTMP,
	.l4 = IPPROTO_TCP,
	.state_size = sizeof(struct rtmp_state),
	.probe = rtmp_probe,
	.data = rtmp_data,
	.gap = rtmp_gap,
	.end = rtmp_end,
};
