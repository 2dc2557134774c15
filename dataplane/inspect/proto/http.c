// HTTP/1: the requests of a connection, one after the other. Bodies are skipped, responses
// are recognised and left alone.
//
// After a hole the parser searches for the next line that ends like a request's.

#include "dataplane/inspect/proto/http_head.h"

#include <assert.h>
#include <netinet/in.h>

// How far a direction is searched for a request before it is given up.
enum { SEARCH_MAX = 1 << 20 };

enum phase {
	PHASE_START = 0, // between messages: empty lines
	PHASE_LINE, // in the request line
	PHASE_HEAD, // in the header lines
	PHASE_BODY,
	PHASE_CHUNK_SIZE, // RFC 9112 7.1
	PHASE_CHUNK_EXTENSION,
	PHASE_CHUNK_DATA,
	PHASE_CHUNK_END,
	PHASE_TRAILER,
	PHASE_SWITCH, // what comes next is another protocol
};

struct http_side {
	struct gather *head; // the head so far, when it comes in pieces
	uint64_t left; // of the body or chunk
	uint32_t searched; // bytes since the last message, or what was taken for one
	uint8_t phase; // enum phase
	bool opened; // it is known that requests come from this side
	bool line_empty; // the line at hand holds nothing yet
	bool has_digits; // of a chunk's size
	bool switches; // after this message comes another protocol
	bool established; // one request was read
	bool searching;
	bool overlong; // searching: the line at hand is too long to be looked at
};

struct http_state {
	struct http_side side[2];
};
static_assert(sizeof(struct http_state) <= PROTO_STATE_MAX, "fits a session");

static void give_back(struct http_side *s, const struct proto_io *io)
{
	if (s->head != NULL)
		io->gather_give(io->ctx, s->head);
	s->head = NULL;
}

static size_t gathered(const struct http_side *s)
{
	return s->head != NULL ? s->head->len : 0;
}

// Move the first n bytes of `in` to what was gathered. False: no buffer left.
static bool gather(struct http_side *s, const struct proto_io *io, struct bytes *in, size_t n)
{
	if (s->head == NULL)
		s->head = io->gather_take(io->ctx);
	if (s->head == NULL)
		return false;

	struct bytes part = bytes_take(in, n);
	if (n > 0)
		memcpy(s->head->data + s->head->len, part.p, n);
	s->head->len += (uint32_t)n;
	return true;
}

static struct bytes gathered_bytes(const struct http_side *s)
{
	return (struct bytes){s->head->data, s->head->len, false};
}

static void put(struct tx *tx, enum field field, struct bytes value)
{
	if (value.len > 0)
		tx->fields[tx->n_fields++] = (struct field_value){(uint16_t)field, value};
}

static void emit(const struct proto_io *io, const struct http_head *h)
{
	struct tx tx;

	tx_begin(&tx, APP_HTTP, DIR_C2S);
	put(&tx, FIELD_HTTP_METHOD, h->method);
	put(&tx, FIELD_HTTP_URI, h->uri);
	put(&tx, FIELD_HTTP_PROTOCOL, h->protocol);
	put(&tx, FIELD_HTTP_HOST, h->host);
	put(&tx, FIELD_HTTP_USER_AGENT, h->user_agent);
	put(&tx, FIELD_HTTP_CONTENT_TYPE, h->content_type);
	put(&tx, FIELD_HTTP_REFERER, h->referer);
	io->tx(io->ctx, &tx);
}

// The rest of a head will not come: its whole lines are worth telling all the same.
static void salvage(struct http_side *s, const struct proto_io *io)
{
	struct http_head h;

	if (s->phase == PHASE_HEAD && s->head != NULL && http_head_parse(gathered_bytes(s), &h))
		emit(io, &h);
	give_back(s, io);
}

static void begin_search(struct http_side *s)
{
	s->phase = PHASE_LINE;
	s->opened = true;
	s->searching = true;
	s->overlong = false;
}

static enum parse end_message(struct http_side *s)
{
	s->phase = s->switches ? PHASE_SWITCH : PHASE_START;
	return PARSE_MORE;
}

static enum parse end_head(struct http_side *s, const struct proto_io *io, struct bytes block)
{
	struct http_head h;

	if (!http_head_parse(block, &h))
		return PARSE_BAD;
	emit(io, &h);
	give_back(s, io);
	s->established = true;
	s->switches = h.switches;
	s->left = h.body_len;
	s->has_digits = false;
	s->phase = h.chunked ? PHASE_CHUNK_SIZE : PHASE_BODY;
	return h.chunked || h.body_len > 0 ? PARSE_MORE : end_message(s);
}

// Go through lines up to and with the first empty one. Gives the bytes gone through.
static size_t scan_lines(struct http_side *s, const uint8_t *p, size_t len, bool *ended)
{
	size_t at = 0;

	*ended = false;
	while (at < len) {
		const uint8_t *lf = memchr(p + at, '\n', len - at);
		size_t end = lf != NULL ? (size_t)(lf - p) : len;
		while (at < end && s->line_empty)
			s->line_empty = p[at++] == '\r';
		if (lf == NULL)
			return len;
		at = end + 1;
		*ended = s->line_empty;
		s->line_empty = true;
		if (*ended)
			return at;
	}
	return len;
}

// The request line and `seen` bytes of `in` were gone through.
static enum parse head_bytes(
	struct http_side *s, const struct proto_io *io, struct bytes *in, size_t seen)
{
	size_t room = GATHER_MAX - gathered(s);
	size_t n = in->len < room ? in->len : room;
	bool ended = false;

	if (seen < n)
		n = seen + scan_lines(s, in->p + seen, n - seen, &ended);
	if (ended && s->head == NULL)
		return end_head(s, io, bytes_take(in, n));
	if (!gather(s, io, in, n))
		return PARSE_DONE;
	if (ended)
		return end_head(s, io, gathered_bytes(s));
	return n == room ? PARSE_DONE : PARSE_MORE; // too long: told as far as it was read
}

// Do requests come from here? False: nothing is wanted.
static bool open_side(struct http_side *s, enum dir dir, struct bytes in)
{
	enum dir sender;

	if (s->opened)
		return true;
	switch (http_first_bytes(in, &sender)) {
	case PROBE_YES:
		s->opened = true;
		return sender == DIR_C2S;
	case PROBE_NO:
		// The line's end decides, where a client is.
		s->opened = true;
		return dir == DIR_C2S;
	default:
		return true;
	}
}

// Where in a line the request begins; its length when there is none.
static size_t request_at(struct http_side *s, struct bytes line)
{
	if (!s->searching && http_is_request_line(line))
		return 0;
	if (!s->searching && !s->established)
		return line.len;
	// The message before was not as long as it said.
	if (!s->searching)
		begin_search(s);
	return http_request_in(line);
}

static enum parse whole_line(
	struct http_side *s, const struct proto_io *io, struct bytes *in, size_t n, size_t *seen)
{
	bool in_place = s->head == NULL;
	struct bytes line = in_place ? (struct bytes){in->p, n, false} : gathered_bytes(s);
	size_t at = request_at(s, line);
	bool found = at < line.len;

	if (!found && !s->searching)
		return PARSE_BAD;
	if (in_place) {
		bytes_take(in, at);
		*seen = line.len - at;
	} else {
		memmove(s->head->data, s->head->data + at, line.len - at);
		s->head->len = (uint32_t)(line.len - at);
	}
	if (!found) {
		give_back(s, io);
		return PARSE_MORE;
	}
	s->phase = PHASE_HEAD;
	s->line_empty = true;
	s->searching = false;
	s->searched = 0;
	return PARSE_MORE;
}

// A line that is too long to be a request's.
static enum parse overlong_line(
	struct http_side *s, const struct proto_io *io, struct bytes *in, size_t n, bool ended)
{
	if (!s->searching && !s->established)
		return PARSE_BAD;
	if (!s->searching)
		begin_search(s);
	bytes_take(in, n);
	give_back(s, io);
	s->overlong = !ended;
	return PARSE_MORE;
}

static enum parse line_bytes(struct http_side *s, const struct proto_io *io, enum dir dir,
	struct bytes *in, size_t *seen)
{
	const uint8_t *lf = memchr(in->p, '\n', in->len);
	size_t n = lf != NULL ? (size_t)(lf - in->p) + 1 : in->len;

	*seen = 0;
	if (s->head == NULL && !open_side(s, dir, *in))
		return PARSE_DONE;
	s->searched += n < SEARCH_MAX ? (uint32_t)n : SEARCH_MAX;
	if (s->searched > SEARCH_MAX)
		return PARSE_DONE;
	if (s->overlong || n > GATHER_MAX - gathered(s))
		return overlong_line(s, io, in, n, lf != NULL);
	if (lf != NULL && s->head == NULL)
		return whole_line(s, io, in, n, seen);
	if (!gather(s, io, in, n))
		return PARSE_DONE;
	if (!open_side(s, dir, gathered_bytes(s)))
		return PARSE_DONE;
	return lf != NULL ? whole_line(s, io, in, 0, seen) : PARSE_MORE;
}

static enum parse start_bytes(struct http_side *s, struct bytes *in)
{
	while (in->len > 0 && (in->p[0] == '\r' || in->p[0] == '\n'))
		bytes_take(in, 1);
	if (in->len > 0)
		s->phase = PHASE_LINE;
	return PARSE_MORE;
}

// n <= s->left bytes of a body or chunk went by, or were lost.
static enum parse skip(struct http_side *s, size_t n)
{
	s->left -= n;
	if (s->left > 0)
		return PARSE_MORE;
	if (s->phase == PHASE_BODY)
		return end_message(s);
	s->phase = PHASE_CHUNK_END;
	return PARSE_MORE;
}

static enum parse skip_bytes(struct http_side *s, struct bytes *in)
{
	size_t n = s->left < in->len ? (size_t)s->left : in->len;

	bytes_take(in, n);
	return skip(s, n);
}

static int hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
		return (c | 0x20) - 'a' + 10;
	return -1;
}

static void end_chunk_size(struct http_side *s)
{
	if (!s->has_digits) {
		begin_search(s);
		return;
	}
	s->has_digits = false;
	s->line_empty = true;
	s->phase = s->left > 0 ? PHASE_CHUNK_DATA : PHASE_TRAILER;
}

// What fits no chunk is left for the search.
static void chunk_size_byte(struct http_side *s, struct bytes *in)
{
	uint8_t c = in->p[0];
	int digit = hex_value(c);

	if (digit >= 0 && s->left >> 59 == 0) {
		s->left = s->left << 4 | (uint64_t)digit;
		s->has_digits = true;
	} else if (c == '\n') {
		end_chunk_size(s);
	} else if (c == ';' || c == '\r' || c == ' ' || c == '\t') {
		s->phase = PHASE_CHUNK_EXTENSION;
	} else {
		begin_search(s);
		return;
	}
	bytes_take(in, 1);
}

static void chunk_end_byte(struct http_side *s, struct bytes *in)
{
	uint8_t c = in->p[0];

	if (c != '\r' && c != '\n') {
		begin_search(s);
		return;
	}
	if (c == '\n')
		s->phase = PHASE_CHUNK_SIZE;
	bytes_take(in, 1);
}

static enum parse chunk_bytes(struct http_side *s, struct bytes *in)
{
	bool ended;

	switch (s->phase) {
	case PHASE_CHUNK_SIZE:
		chunk_size_byte(s, in);
		return PARSE_MORE;
	case PHASE_CHUNK_EXTENSION:
		if (bytes_u8(in) == '\n')
			end_chunk_size(s);
		return PARSE_MORE;
	case PHASE_CHUNK_END:
		chunk_end_byte(s, in);
		return PARSE_MORE;
	default: // trailer
		bytes_take(in, scan_lines(s, in->p, in->len, &ended));
		return ended ? end_message(s) : PARSE_MORE;
	}
}

static enum parse side_data(
	struct http_side *s, const struct proto_io *io, enum dir dir, struct bytes in)
{
	enum parse result = PARSE_MORE;
	size_t seen = 0;

	while (result == PARSE_MORE && in.len > 0) {
		switch (s->phase) {
		case PHASE_START:
			result = start_bytes(s, &in);
			break;
		case PHASE_LINE:
			result = line_bytes(s, io, dir, &in, &seen);
			break;
		case PHASE_HEAD:
			result = head_bytes(s, io, &in, seen);
			seen = 0;
			break;
		case PHASE_SWITCH:
			result = PARSE_SWITCH;
			break;
		case PHASE_BODY:
		case PHASE_CHUNK_DATA:
			result = skip_bytes(s, &in);
			break;
		default:
			result = chunk_bytes(s, &in);
			break;
		}
	}
	if (result == PARSE_SWITCH)
		*io->unread = (uint32_t)in.len;
	return result;
}

static enum parse http_data(void *state, const struct proto_io *io, enum dir dir, struct bytes in)
{
	struct http_state *http = state;
	struct http_side *s = &http->side[dir];
	enum parse result = side_data(s, io, dir, in);

	if (result != PARSE_MORE)
		salvage(s, io);
	// An answer that is no HTTP is no reason to stop reading the questions.
	return result == PARSE_BAD && dir == DIR_S2C ? PARSE_DONE : result;
}

static enum parse http_gap(void *state, const struct proto_io *io, enum dir dir, uint32_t missing)
{
	struct http_state *http = state;
	struct http_side *s = &http->side[dir];

	if ((s->phase == PHASE_BODY || s->phase == PHASE_CHUNK_DATA) && missing <= s->left) {
		*io->unread = 0;
		return skip(s, missing);
	}
	salvage(s, io);
	if (dir == DIR_S2C && !s->established)
		return PARSE_DONE;
	begin_search(s);
	return PARSE_MORE;
}

static void http_end(void *state, const struct proto_io *io)
{
	struct http_state *http = state;

	salvage(&http->side[DIR_C2S], io);
	salvage(&http->side[DIR_S2C], io);
}

static enum probe http_probe(struct bytes in, uint16_t sport, uint16_t dport, enum dir *sender)
{
	(void)sport;
	(void)dport;
	return http_first_bytes(in, sender);
}

const struct proto proto_http = {
	.name = "http",
	.app_proto = APP_HTTP,
	.l4 = IPPROTO_TCP,
	.state_size = sizeof(struct http_state),
	.probe = http_probe,
	.data = http_data,
	.gap = http_gap,
	.end = http_end,
};
