// HTTP/2 in clear text (RFC 9113): by prior knowledge, or after an upgrade to h2c.
//
//   bytes -> frames (4.1) -> header blocks (4.3) -> HPACK -> requests and answers (8.3)
//
// Bodies are taken when somebody looks at them (http2_body.h). After a hole the table of HPACK is lost, and with it the direction.

#include "dataplane/inspect/proto/collect.h"
#include "dataplane/inspect/proto/hpack.h"
#include "dataplane/inspect/proto/http2_body.h"
#include "dataplane/inspect/proto/http_credentials.h"
#include "dataplane/inspect/proto/kit.h"

#include <assert.h>
#include <netinet/in.h>

static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"; // RFC 9113 3.4

enum {
	PREFACE_LEN = sizeof(preface) - 1,
	FRAME_HEAD_LEN = 9,
	FRAME_MAX = 1 << 20, // far beyond what anybody asks for

	FRAME_DATA = 0,
	FRAME_HEADERS = 1,
	FRAME_SETTINGS = 4,
	FRAME_PUSH_PROMISE = 5,
	FRAME_CONTINUATION = 9,
	FLAG_END_STREAM = 0x01,
	FLAG_END_HEADERS = 0x04,
	FLAG_PADDED = 0x08,
	FLAG_PRIORITY = 0x20,
};

struct http2_side {
	struct gather *block; // header block in the making
	struct hpack *hpack;
	uint32_t left; // of the frame's payload
	uint32_t stream;
	uint32_t frame_at; // where the frame's payload begins in the block
	uint8_t head_len;
	uint8_t head[FRAME_HEAD_LEN];
	uint8_t type;
	uint8_t flags;
	bool promised; // the block is a PUSH_PROMISE's
	uint8_t preface; // bytes of it seen
	bool last; // the block's frame ended its stream
	bool pad_due; // DATA: its length of padding comes first
	uint8_t pad; // DATA: bytes behind the data
	struct http2_body body;
};

struct http2_state {
	struct http2_side side[2];
};
static_assert(sizeof(struct http2_state) <= PROTO_STATE_MAX, "fits a session");

static const struct {
	const char *name;
	enum field field;
} headers[] = {{":method", FIELD_HTTP_METHOD}, {":path", FIELD_HTTP_URI},
	{":path", FIELD_HTTP_RAW_URI}, {":authority", FIELD_HTTP_RAW_HOST},
	{":authority", FIELD_HTTP_HOST}, {":status", FIELD_HTTP_STAT_CODE},
	{"user-agent", FIELD_HTTP_USER_AGENT}, {"content-type", FIELD_HTTP_CONTENT_TYPE},
	{"referer", FIELD_HTTP_REFERER}, {"cookie", FIELD_HTTP_COOKIE},
	{"set-cookie", FIELD_HTTP_COOKIE}, {"server", FIELD_HTTP_SERVER},
	{"location", FIELD_HTTP_LOCATION}, {"accept", FIELD_HTTP_ACCEPT},
	{"accept-encoding", FIELD_HTTP_ACCEPT_ENC}, {"accept-language", FIELD_HTTP_ACCEPT_LANG},
	{"content-length", FIELD_HTTP_CONTENT_LEN}};

static void finish(struct http2_side *s, const struct proto_io *io, enum dir dir)
{
	http2_body_end(&s->body, io, dir, 0);
	collect_give(&s->block, io);
	hpack_give(io->kit->hpack, s->hpack);
	s->hpack = NULL;
}

static void put_header(struct tx *tx, const struct hpack_header *h)
{
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		if (bytes_equal(h->name, headers[i].name, strlen(headers[i].name)))
			tx_put_some(tx, headers[i].field, h->value);
	}
	if (bytes_equal(h->name, "authorization", 13))
		tx_put_text(tx, FIELD_HTTP_CREDENTIALS, http_credentials_scheme(h->value));
	else if (bytes_equal(h->name, "cookie", 6) && http_credentials_session(h->value))
		tx_put_text(tx, FIELD_HTTP_CREDENTIALS, "session");
}

// "name: value", one for each, behind the texts that HPACK made.
static void put_whole(struct tx *tx, enum field field, const struct hpack_header *list, int n,
	uint8_t *text, size_t cap)
{
	size_t used = 0;

	for (int i = 0; i < n; i++) {
		size_t len = list[i].name.len + 2 + list[i].value.len;
		if (len > cap - used || list[i].name.len == 0)
			continue;
		memcpy(text + used, list[i].name.p, list[i].name.len);
		memcpy(text + used + list[i].name.len, ": ", 2);
		if (list[i].value.len > 0)
			memcpy(text + used + list[i].name.len + 2, list[i].value.p,
				list[i].value.len);
		tx_put(tx, field, (struct bytes){.p = text + used, .len = len});
		used += len;
	}
}

// A block's headers, as a request's or an answer's. What a server promises is a request that nobody
// made (RFC 9113 8.4): it is read for the sake of the table only.
static enum parse report(
	struct http2_side *s, const struct proto_io *io, enum dir dir, struct bytes block)
{
	struct hpack_header list[HPACK_HEADERS_MAX];
	enum field whole = dir == DIR_C2S ? FIELD_HTTP_REQUEST_HEADER : FIELD_HTTP_RESPONSE_HEADER;
	struct gather *text = io->gather_take(io->ctx);
	uint8_t stream[4];
	struct tx tx;

	if (text == NULL)
		return PARSE_DONE;
	int n = hpack_decode(s->hpack, block, text->data, GATHER_MAX / 2, list);
	if (n > 0 && !s->promised) {
		tx_begin(&tx, APP_HTTP2, dir);
		tx.id = s->stream;
		tx_put_text(&tx, FIELD_HTTP_PROTOCOL, "HTTP/2");
		tx_put_number(&tx, FIELD_HTTP2_STREAM, s->stream, stream, sizeof(stream));
		for (int i = 0; i < n; i++)
			put_header(&tx, &list[i]);
		if (io_wants(io, whole))
			put_whole(&tx, whole, list, n, text->data + GATHER_MAX / 2, GATHER_MAX / 2);
		io->tx(io->ctx, &tx);
		if (s->last) // trailers may end it
			http2_body_end(&s->body, io, dir, s->stream);
		else
			http2_body_begin(&s->body, io, dir, s->stream, list, n);
	}
	io->gather_give(io->ctx, text);
	return n < 0 ? PARSE_BAD : PARSE_MORE;
}

// What of a frame's payload is header block: without padding, priority, promised stream. Bad when
// it is shorter than they are.
static struct bytes fragment(const struct http2_side *s, struct bytes payload)
{
	uint8_t padding = 0;

	if (s->type != FRAME_CONTINUATION && (s->flags & FLAG_PADDED))
		padding = bytes_u8(&payload);
	if (s->type == FRAME_HEADERS && (s->flags & FLAG_PRIORITY))
		bytes_take(&payload, 5);
	if (s->type == FRAME_PUSH_PROMISE)
		bytes_take(&payload, 4);
	if (payload.bad || padding > payload.len)
		return (struct bytes){.bad = true};
	payload.len -= padding;
	return payload;
}

// The whole payload of a frame with headers is at hand: in place, or at the end of the block.
static enum parse end_frame(
	struct http2_side *s, const struct proto_io *io, enum dir dir, struct bytes payload)
{
	struct bytes part = fragment(s, payload);
	enum parse result = PARSE_MORE;

	if (part.bad)
		return PARSE_BAD;
	if (s->block == NULL && (s->flags & FLAG_END_HEADERS))
		return report(s, io, dir, part);
	if (s->block == NULL || s->block->len == s->frame_at) {
		if (part.len > GATHER_MAX - collected(s->block) ||
			!collect(&s->block, io, &part, part.len))
			return PARSE_DONE;
	} else {
		memmove(s->block->data + s->frame_at, part.p, part.len);
		s->block->len = s->frame_at + (uint32_t)part.len;
	}
	if (s->flags & FLAG_END_HEADERS) {
		result = report(s, io, dir, collect_view(s->block));
		collect_give(&s->block, io);
	}
	return result;
}

static bool has_headers(uint8_t type)
{
	return type == FRAME_HEADERS || type == FRAME_PUSH_PROMISE || type == FRAME_CONTINUATION;
}

static enum parse begin_frame(struct http2_side *s, const struct proto_io *io)
{
	struct bytes head = {s->head, FRAME_HEAD_LEN, false};

	s->left = bytes_u24(&head);
	s->type = bytes_u8(&head);
	s->flags = bytes_u8(&head);
	s->stream = bytes_u32(&head) & 0x7fffffff;
	s->head_len = 0;
	s->frame_at = (uint32_t)collected(s->block);
	if (s->left > FRAME_MAX)
		return PARSE_BAD;
	// RFC 9113 6.10: nothing may come between the parts of a block.
	if ((s->type == FRAME_CONTINUATION) != (s->block != NULL))
		return PARSE_BAD;
	s->pad_due = s->type == FRAME_DATA && (s->flags & FLAG_PADDED);
	s->pad = 0;
	if (!has_headers(s->type))
		return PARSE_MORE;
	if (s->type != FRAME_CONTINUATION) {
		s->promised = s->type == FRAME_PUSH_PROMISE;
		s->last = (s->flags & FLAG_END_STREAM) != 0;
	}
	if (s->left > GATHER_MAX - collected(s->block))
		return PARSE_DONE;
	if (s->hpack == NULL)
		s->hpack = hpack_take(io->kit->hpack);
	return s->hpack != NULL ? PARSE_MORE : PARSE_DONE;
}

// n bytes of a DATA frame's payload, of which `left` are still to come behind them (RFC 9113 6.1).
static void data_bytes(
	struct http2_side *s, const struct proto_io *io, enum dir dir, struct bytes part)
{
	if (s->pad_due && part.len > 0) {
		s->pad = bytes_u8(&part);
		s->pad_due = false;
	}
	size_t padding = s->left < s->pad ? s->pad - s->left : 0; // of these
	if (padding < part.len)
		http2_body_bytes(&s->body, io, dir, s->stream,
			(struct bytes){part.p, part.len - padding, false});
	if (s->left == 0 && (s->flags & FLAG_END_STREAM))
		http2_body_end(&s->body, io, dir, s->stream);
}

static enum parse frame_bytes(
	struct http2_side *s, const struct proto_io *io, enum dir dir, struct bytes *in)
{
	size_t n = s->left < in->len ? s->left : in->len;
	bool whole = n == s->left;

	s->left -= (uint32_t)n;
	if (!has_headers(s->type)) {
		struct bytes part = bytes_take(in, n);
		if (s->type == FRAME_DATA)
			data_bytes(s, io, dir, part);
		return PARSE_MORE;
	}
	if (whole && collected(s->block) == s->frame_at)
		return end_frame(s, io, dir, bytes_take(in, n));
	if (!collect(&s->block, io, in, n))
		return PARSE_DONE;
	if (!whole)
		return PARSE_MORE;
	return end_frame(s, io, dir,
		(struct bytes){s->block->data + s->frame_at, s->block->len - s->frame_at, false});
}

static enum parse head_bytes(
	struct http2_side *s, const struct proto_io *io, enum dir dir, struct bytes *in)
{
	size_t want = FRAME_HEAD_LEN - s->head_len;
	struct bytes part = bytes_take(in, want < in->len ? want : in->len);

	memcpy(s->head + s->head_len, part.p, part.len);
	s->head_len = (uint8_t)(s->head_len + part.len);
	if (s->head_len < FRAME_HEAD_LEN)
		return PARSE_MORE;
	enum parse result = begin_frame(s, io);
	// A frame without payload ends here.
	if (result == PARSE_MORE && s->left == 0 && has_headers(s->type))
		result = end_frame(s, io, dir, (struct bytes){0});
	else if (result == PARSE_MORE && s->left == 0 && s->type == FRAME_DATA)
		data_bytes(s, io, dir, (struct bytes){0});
	return result;
}

static enum parse http2_data(void *state, const struct proto_io *io, enum dir dir, struct bytes in)
{
	struct http2_state *http = state;
	struct http2_side *s = &http->side[dir];
	enum parse result = PARSE_MORE;

	while (dir == DIR_C2S && s->preface < PREFACE_LEN && in.len > 0) {
		if (bytes_u8(&in) != (uint8_t)preface[s->preface++])
			return PARSE_BAD;
	}
	while (result == PARSE_MORE && in.len > 0) {
		if (s->left > 0)
			result = frame_bytes(s, io, dir, &in);
		else
			result = head_bytes(s, io, dir, &in);
	}
	if (result != PARSE_MORE)
		finish(s, io, dir);
	return result;
}

static enum parse http2_gap(void *state, const struct proto_io *io, enum dir dir, uint32_t missing)
{
	struct http2_state *http = state;
	struct http2_side *s = &http->side[dir];

	if (missing <= s->left && !has_headers(s->type)) {
		s->left -= missing;
		http2_body_end(&s->body, io, dir, 0);
		return PARSE_MORE;
	}
	finish(s, io, dir);
	return PARSE_DONE;
}

static void http2_end(void *state, const struct proto_io *io)
{
	struct http2_state *http = state;

	finish(&http->side[DIR_C2S], io, DIR_C2S);
	finish(&http->side[DIR_S2C], io, DIR_S2C);
}

// The client's preface; or a server's SETTINGS, which must come first (RFC 9113 3.4).
static enum probe http2_probe(struct bytes in, uint16_t sport, uint16_t dport, enum dir *sender)
{
	size_t n = in.len < PREFACE_LEN ? in.len : PREFACE_LEN;
	uint8_t b[FRAME_HEAD_LEN] = {0};

	(void)sport;
	(void)dport;
	*sender = DIR_C2S;
	if (memcmp(n > 0 ? in.p : (const uint8_t *)"", preface, n) == 0)
		return n == PREFACE_LEN ? PROBE_YES : PROBE_MORE;
	*sender = DIR_S2C;
	n = in.len < FRAME_HEAD_LEN ? in.len : FRAME_HEAD_LEN;
	memcpy(b, in.p, n);
	if (b[0] != 0 || b[1] != 0 || (n > 2 && (b[2] % 6 != 0 || b[2] > 60)) ||
		(n > 3 && b[3] != FRAME_SETTINGS) || b[4] != 0 || b[5] != 0 || b[6] != 0 ||
		b[7] != 0 || b[8] != 0)
		return PROBE_NO;
	// RFC 9113 6.5.1: the first setting has a number that is known.
	if (n < FRAME_HEAD_LEN || (b[2] > 0 && in.len < FRAME_HEAD_LEN + 2))
		return PROBE_MORE;
	bool known = b[2] == 0 || (in.p[9] == 0 && in.p[10] >= 1 && in.p[10] <= 9);
	return known ? PROBE_YES : PROBE_NO;
}

const struct proto proto_http2 = {
	.name = "http2",
	.app_proto = APP_HTTP2,
	.l4 = IPPROTO_TCP,
	.state_size = sizeof(struct http2_state),
	.probe = http2_probe,
	.data = http2_data,
	.gap = http2_gap,
	.end = http2_end,
};
