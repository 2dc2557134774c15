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
	TYPE_CHUNK_SIZE = 1,
	TYPE_COMMAND_3 = 17, // AMF 3: a byte, then as AMF 0
	TYPE_COMMAND = 20,
};

// AMF 0, 2.1
enum { AMF_NUMBER = 0, AMF_BOOLEAN, AMF_STRING, AMF_OBJECT, AMF_NULL = 5, AMF_UNDEFINED };

struct rtmp_state {
	uint32_t seen[2]; // bytes of the handshake
	struct gather *kept; // of the client, behind it
	bool told[2];
};
static_assert(sizeof(struct rtmp_state) <= PROTO_STATE_MAX, "fits a session");

struct message {
	uint8_t type;
	uint32_t len;
	uint8_t body[CONNECT_MAX];
};

enum progress { PROGRESS_MORE, PROGRESS_DONE, PROGRESS_NONE };

// 5.3.1.1: chunk stream ids of 6, 8 or 16 bits.
static uint8_t basic_header(struct bytes *in)
{
	uint8_t first = bytes_u8(in);

	if ((first & 0x3f) < 2)
		bytes_take(in, (first & 0x3f) == 0 ? 1 : 2);
	return first >> 6;
}

// A message off the front of `in`, out of its chunks (5.3.1).
static enum progress take_message(struct bytes *in, uint32_t chunk, struct message *m)
{
	enum { WITH_STREAM = 0, WITHOUT_STREAM = 1, TIMESTAMP_LATER = 0xffffff };
	uint32_t got = 0;

	uint8_t format = basic_header(in);
	if (!in->bad && format > WITHOUT_STREAM)
		return PROGRESS_NONE; // they repeat what was not there yet
	bool extended = bytes_u24(in) == TIMESTAMP_LATER;
	m->len = bytes_u24(in);
	m->type = bytes_u8(in);
	bytes_take(in, (format == WITH_STREAM ? 4u : 0u) + (extended ? 4u : 0u));
	if (!in->bad && m->len > CONNECT_MAX)
		return PROGRESS_NONE;
	while (!in->bad && got < m->len) {
		if (got > 0) {
			basic_header(in);
			bytes_take(in, extended ? 4 : 0);
		}
		struct bytes part = bytes_take(in, m->len - got < chunk ? m->len - got : chunk);
		if (part.len > 0)
			memcpy(m->body + got, part.p, part.len);
		got += (uint32_t)part.len;
	}
	return in->bad ? PROGRESS_MORE : PROGRESS_DONE;
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

static void tell(struct rtmp_state *s, const struct proto_io *io, enum dir dir, struct message *m)
{
	static const uint8_t version = VERSION;
	struct bytes body = {0};
	struct tx tx;

	if (s->told[dir])
		return;
	s->told[dir] = true;
	tx_begin(&tx, APP_RTMP, dir);
	tx_put(&tx, FIELD_RTMP_VERSION, (struct bytes){&version, 1, false});
	if (m != NULL) {
		body = (struct bytes){m->body, m->len, false};
		if (m->type == TYPE_COMMAND_3)
			bytes_u8(&body);
		put_connect(&tx, body);
	}
	io->tx(io->ctx, &tx);
}

// Until the first command. PROGRESS_DONE: it is in *m; PROGRESS_NONE: it will not be found.
static enum progress find_command(struct bytes in, struct message *m)
{
	uint32_t chunk = CHUNK_DEFAULT;

	for (unsigned i = 0; i < MESSAGES_MAX; i++) {
		enum progress progress = take_message(&in, chunk, m);
		if (progress != PROGRESS_DONE)
			return progress;
		if (m->type == TYPE_COMMAND || m->type == TYPE_COMMAND_3)
			return PROGRESS_DONE;
		struct bytes body = {m->body, m->len, false};
		uint32_t size = m->type == TYPE_CHUNK_SIZE ? bytes_u32(&body) : chunk;
		if (size == 0 || body.bad)
			return PROGRESS_NONE;
		chunk = size;
	}
	return PROGRESS_NONE;
}

static enum parse commands(struct rtmp_state *s, const struct proto_io *io, struct bytes in)
{
	// With the heads of its chunks; what is longer is none of a client that people use.
	enum { KEEP_MAX = 2 * CONNECT_MAX };
	struct message m;
	size_t room = KEEP_MAX - collected(s->kept);

	if (!collect(&s->kept, io, &in, in.len < room ? in.len : room)) {
		tell(s, io, DIR_C2S, NULL);
		return PARSE_DONE;
	}
	enum progress progress = find_command(collect_view(s->kept), &m);
	if (progress == PROGRESS_MORE && s->kept->len < KEEP_MAX)
		return PARSE_MORE;
	tell(s, io, DIR_C2S, progress == PROGRESS_DONE ? &m : NULL);
	collect_give(&s->kept, io);
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
	tell(s, io, dir, NULL);
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
		tell(s, io, dir, NULL);
	if (dir == DIR_C2S)
		collect_give(&s->kept, io);
	return PARSE_DONE;
}

static void rtmp_end(void *state, const struct proto_io *io)
{
	struct rtmp_state *s = state;

	if (s->seen[DIR_C2S] >= HELLO)
		tell(s, io, DIR_C2S, NULL);
	collect_give(&s->kept, io);
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
