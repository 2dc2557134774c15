// SIP (RFC 3261) over UDP and TCP: one record a message, with the media of the session description
// in it. Other bodies, which may be what people write (RFC 3428), are passed over.
//
// Over UDP a datagram is a message. Over TCP the head is followed by Content-Length bytes; lines
// that begin no message are passed over, so that a stream is found again behind a hole.

#include "dataplane/inspect/proto/collect.h"
#include "dataplane/inspect/proto/sip_message.h"

#include <assert.h>
#include <netinet/in.h>

enum {
	LINE_MAX_LEN = 8192,
	SEARCH_MAX = 65536, // how far a direction is searched for a message
	KEEPALIVE_MAX = 8, // RFC 5626 3.5.1, and what vendors made of it: "hello"
	PORT = 5060,
};

enum phase {
	PHASE_START = 0, // between messages
	PHASE_LINE,
	PHASE_HEAD,
	PHASE_BODY, // that is collected
	PHASE_REST, // of a body that is passed over
};

struct sip_side {
	struct gather *message;
	uint32_t head_len;
	uint32_t line_at; // where the line at hand begins in the head
	uint32_t left; // of the body, and not collected
	uint32_t searched;
	uint8_t phase; // enum phase
	bool overlong; // the line at hand is too long to be looked at
};

struct sip_state {
	struct sip_side side[2];
};
static_assert(sizeof(struct sip_state) <= PROTO_STATE_MAX, "fits a session");

static bool is_keepalive(uint8_t c)
{
	return c == '\r' || c == '\n' || c == '\0' || c == ' ';
}

static void skip_keepalives(struct bytes *in)
{
	while (in->len > 0 && is_keepalive(in->p[0]))
		bytes_take(in, 1);
}

static struct bytes first_line(struct bytes in)
{
	const uint8_t *lf = memchr(in.p, '\n', in.len);

	in.len = lf != NULL ? (size_t)(lf - in.p) : in.len;
	if (in.len > 0 && in.p[in.len - 1] == '\r')
		in.len--;
	return in;
}

// A header that has lost its end is no header.
static struct bytes whole_lines(struct bytes in)
{
	while (in.len > 0 && in.p[in.len - 1] != '\n')
		in.len--;
	return in;
}

static size_t body_room(size_t head_len, uint32_t length)
{
	return length < GATHER_MAX - head_len ? length : GATHER_MAX - head_len;
}

// A message that is there as a whole is reported where it stands. False: it is not.
static bool message_in_place(
	struct sip_side *s, const struct proto_io *io, enum dir dir, struct bytes *in)
{
	const uint8_t *lf = memchr(in->p, '\n', in->len);
	struct sip_head head;

	if (lf == NULL || lf - in->p >= LINE_MAX_LEN || !sip_is_start_line(first_line(*in)))
		return false;
	size_t head_len = sip_head_len(*in);
	if (head_len == 0 || head_len > GATHER_MAX)
		return false;
	sip_head_read((struct bytes){in->p, head_len, false}, &head);
	size_t body_len = sip_body_counts(&head) ? body_room(head_len, head.content_length) : 0;
	if (body_len > in->len - head_len)
		return false;
	bytes_take(in, head_len);
	sip_report(io, dir, &head, bytes_take(in, body_len));
	s->left = head.content_length - (uint32_t)body_len;
	s->phase = PHASE_REST;
	s->searched = 0;
	return true;
}

static void report_collected(struct sip_side *s, const struct proto_io *io, enum dir dir)
{
	struct bytes body = collect_view(s->message);
	struct sip_head head;

	sip_head_read(bytes_take(&body, s->head_len), &head);
	sip_report(io, dir, &head, body);
	collect_give(&s->message, io);
}

// The rest of a message will not come.
static void salvage(struct sip_side *s, const struct proto_io *io, enum dir dir)
{
	if (s->message != NULL && s->phase == PHASE_HEAD) {
		s->message->len = (uint32_t)whole_lines(collect_view(s->message)).len;
		s->head_len = s->message->len;
	}
	if (s->message != NULL && (s->phase == PHASE_HEAD || s->phase == PHASE_BODY))
		report_collected(s, io, dir);
	collect_give(&s->message, io);
}

static enum parse start_bytes(
	struct sip_side *s, const struct proto_io *io, enum dir dir, struct bytes *in)
{
	skip_keepalives(in);
	if (in->len > 0 && !message_in_place(s, io, dir, in))
		s->phase = PHASE_LINE;
	return PARSE_MORE;
}

static enum parse line_bytes(struct sip_side *s, const struct proto_io *io, struct bytes *in)
{
	const uint8_t *lf = memchr(in->p, '\n', in->len);
	size_t n = lf != NULL ? (size_t)(lf - in->p) + 1 : in->len;

	if (s->overlong || n > LINE_MAX_LEN - collected(s->message)) {
		s->searched += (uint32_t)(n <= SEARCH_MAX ? n : SEARCH_MAX + 1);
		s->searched += (uint32_t)collected(s->message);
		collect_give(&s->message, io);
		bytes_take(in, n);
		s->overlong = lf == NULL;
		s->phase = lf == NULL ? PHASE_LINE : PHASE_START;
		return s->searched <= SEARCH_MAX ? PARSE_MORE : PARSE_DONE;
	}
	if (!collect(&s->message, io, in, n))
		return PARSE_DONE;
	if (lf == NULL)
		return PARSE_MORE;
	if (sip_is_start_line(first_line(collect_view(s->message)))) {
		s->line_at = s->message->len;
		s->searched = 0;
		s->phase = PHASE_HEAD;
		return PARSE_MORE;
	}
	s->searched += s->message->len;
	collect_give(&s->message, io);
	s->phase = PHASE_START;
	return s->searched <= SEARCH_MAX ? PARSE_MORE : PARSE_DONE;
}

static void end_head(struct sip_side *s, const struct proto_io *io, enum dir dir)
{
	struct sip_head head;

	s->head_len = s->message->len;
	sip_head_read(collect_view(s->message), &head);
	s->left = head.content_length;
	s->phase = PHASE_BODY;
	if (s->left > 0 && sip_body_counts(&head))
		return;
	report_collected(s, io, dir);
	s->phase = PHASE_REST;
}

static enum parse head_bytes(
	struct sip_side *s, const struct proto_io *io, enum dir dir, struct bytes *in)
{
	const uint8_t *lf = memchr(in->p, '\n', in->len);
	size_t n = lf != NULL ? (size_t)(lf - in->p) + 1 : in->len;

	if (n > GATHER_MAX - s->message->len) {
		salvage(s, io, dir);
		return PARSE_DONE;
	}
	if (!collect(&s->message, io, in, n))
		return PARSE_DONE;
	if (lf == NULL)
		return PARSE_MORE;
	uint32_t line_len = s->message->len - s->line_at;
	if (line_len == 1 || (line_len == 2 && s->message->data[s->line_at] == '\r'))
		end_head(s, io, dir);
	else
		s->line_at = s->message->len;
	return PARSE_MORE;
}

static enum parse body_bytes(
	struct sip_side *s, const struct proto_io *io, enum dir dir, struct bytes *in)
{
	size_t n = body_room(s->message->len, s->left);

	if (n > in->len)
		n = in->len;
	if (!collect(&s->message, io, in, n))
		return PARSE_DONE;
	s->left -= (uint32_t)n;
	if (s->left > 0 && s->message->len < GATHER_MAX)
		return PARSE_MORE;
	report_collected(s, io, dir);
	s->phase = PHASE_REST;
	return PARSE_MORE;
}

static enum parse rest_bytes(struct sip_side *s, struct bytes *in)
{
	size_t n = s->left < in->len ? s->left : in->len;

	bytes_take(in, n);
	s->left -= (uint32_t)n;
	if (s->left == 0)
		s->phase = PHASE_START;
	return PARSE_MORE;
}

static enum parse tcp_data(void *state, const struct proto_io *io, enum dir dir, struct bytes in)
{
	struct sip_state *sip = state;
	struct sip_side *s = &sip->side[dir];
	enum parse result = PARSE_MORE;

	while (result == PARSE_MORE && in.len > 0) {
		switch (s->phase) {
		case PHASE_START:
			result = start_bytes(s, io, dir, &in);
			break;
		case PHASE_LINE:
			result = line_bytes(s, io, &in);
			break;
		case PHASE_HEAD:
			result = head_bytes(s, io, dir, &in);
			break;
		case PHASE_BODY:
			result = body_bytes(s, io, dir, &in);
			break;
		default:
			result = rest_bytes(s, &in);
			break;
		}
	}
	if (result != PARSE_MORE)
		collect_give(&s->message, io);
	return result;
}

static enum parse tcp_gap(void *state, const struct proto_io *io, enum dir dir, uint32_t missing)
{
	struct sip_state *sip = state;
	struct sip_side *s = &sip->side[dir];
	bool in_body = s->phase == PHASE_BODY || s->phase == PHASE_REST;

	salvage(s, io, dir);
	s->left = in_body && missing <= s->left ? s->left - missing : 0;
	s->phase = PHASE_REST;
	s->overlong = false;
	return PARSE_MORE;
}

static void tcp_end(void *state, const struct proto_io *io)
{
	struct sip_state *sip = state;

	salvage(&sip->side[DIR_C2S], io, DIR_C2S);
	salvage(&sip->side[DIR_S2C], io, DIR_S2C);
}

static enum probe tcp_probe(struct bytes in, uint16_t sport, uint16_t dport, enum dir *sender)
{
	(void)sport;
	(void)dport;
	if (in.len > PROBE_BYTES)
		in.len = PROBE_BYTES;
	return sip_probe(in, in.len < PROBE_BYTES, sender);
}

// Peers send what keeps the way open; STUN does the same on the same flow (RFC 5626 3.5.2).
static enum parse udp_data(void *state, const struct proto_io *io, enum dir dir, struct bytes in)
{
	struct bytes message = in;
	struct sip_head head;

	(void)state;
	skip_keepalives(&message);
	if (message.len == 0)
		return PARSE_MORE;
	if (!sip_is_start_line(first_line(message)))
		return in.len <= KEEPALIVE_MAX ? PARSE_MORE : PARSE_OTHER;
	size_t head_len = sip_head_len(message);
	if (head_len == 0)
		message = whole_lines(message);
	sip_head_read(bytes_take(&message, head_len > 0 ? head_len : message.len), &head);
	if (head.has_length && head.content_length < message.len)
		message.len = head.content_length;
	if (head.head.len > 0)
		sip_report(io, dir, &head, message);
	return PARSE_MORE;
}

static enum probe udp_probe(struct bytes in, uint16_t sport, uint16_t dport, enum dir *sender)
{
	if (in.len == 0)
		return PROBE_NO;
	// Before the first message: the flow is not given up for it.
	if (in.len <= KEEPALIVE_MAX && (sport == PORT || dport == PORT))
		return PROBE_MAYBE;
	// The line's end stands in the datagram: a method or scheme need not be known.
	if (in.p[0] >= 'A' && in.p[0] <= 'Z' && sip_is_start_line(first_line(in))) {
		*sender = in.p[0] == 'S' && in.len > 3 && in.p[3] == '/' ? DIR_S2C : DIR_C2S;
		return PROBE_YES;
	}
	return sip_probe(in, false, sender);
}

const struct proto proto_sip_tcp = {
	.name = "sip",
	.app_proto = APP_SIP,
	.l4 = IPPROTO_TCP,
	.state_size = sizeof(struct sip_state),
	.probe = tcp_probe,
	.data = tcp_data,
	.gap = tcp_gap,
	.end = tcp_end,
};

const struct proto proto_sip = {
	.name = "sip",
	.app_proto = APP_SIP,
	.l4 = IPPROTO_UDP,
	.probe = udp_probe,
	.data = udp_data,
};
