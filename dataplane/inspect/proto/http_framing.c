// Bodies of HTTP/1: skipped by their length (RFC 9112 6, 7), or taken, when a rule looks at them.

#include "dataplane/inspect/proto/http_credentials.h"
#include "dataplane/inspect/proto/http_report.h"
#include "dataplane/inspect/proto/http_state.h"

static void give_back(struct http_side *s, const struct proto_io *io)
{
	if (s->head != NULL)
		io->gather_give(io->ctx, s->head);
	s->head = NULL;
}

void http_search(struct http_side *s, const struct proto_io *io)
{
	http_body_close(s, io, false);
	s->phase = PHASE_LINE;
	s->searching = true;
	s->overlong = false;
}

size_t http_scan_lines(struct http_side *s, const uint8_t *p, size_t len, bool *ended)
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

// Take the body, and keep the head for it?
static bool hold(struct http_side *s, const struct proto_io *io, const struct http_head *h)
{
	enum field field =
		h->role == HTTP_REQUESTS ? FIELD_HTTP_REQUEST_BODY : FIELD_HTTP_RESPONSE_BODY;
	enum coding coding;

	if ((!io_wants(io, field) && !http_credentials_form(h)) || !http_coding(h, &coding) ||
		!http_body_begin(&s->body, io, coding))
		return false;
	if (s->head != NULL)
		return true;
	s->head = io->gather_take(io->ctx);
	if (s->head == NULL) {
		http_body_drop(&s->body, io);
		return false;
	}
	memcpy(s->head->data, h->block.p, h->block.len);
	s->head->len = (uint32_t)h->block.len;
	return true;
}

static enum parse end_message(struct http_side *s, const struct proto_io *io)
{
	http_body_close(s, io, true);
	s->phase = PHASE_START;
	return PARSE_MORE;
}

enum parse http_body_open(struct http_side *s, const struct proto_io *io, const struct http_head *h,
	enum http_extent extent)
{
	static const uint8_t phases[] = {[HTTP_NO_BODY] = PHASE_START,
		[HTTP_SIZED] = PHASE_BODY,
		[HTTP_CHUNKED] = PHASE_CHUNK_SIZE,
		[HTTP_TO_CLOSE] = PHASE_TO_CLOSE};

	s->phase = phases[extent];
	s->length = 0;
	s->has_digits = false;
	if (extent != HTTP_NO_BODY && hold(s, io, h))
		return PARSE_MORE;

	struct http_message m = {.head = h,
		.id = s->id,
		.ended = extent == HTTP_NO_BODY && h->role == HTTP_RESPONSES};
	http_report(io, &m);
	give_back(s, io);
	return extent == HTTP_TO_CLOSE ? PARSE_DONE : PARSE_MORE;
}

void http_body_close(struct http_side *s, const struct proto_io *io, bool ended)
{
	struct http_head h;
	struct http_message m = {.head = &h, .id = s->id, .has_body = true, .ended = ended};

	if (s->body.out == NULL)
		return;
	m.body = http_body_view(&s->body);
	m.length = s->length;
	if (http_head_parse((struct bytes){s->head->data, s->head->len, false},
		    (enum http_role)s->role, &h))
		http_report(io, &m);
	http_body_drop(&s->body, io);
	give_back(s, io);
}

// n bytes of a body or chunk, of known length, went by or were lost.
static enum parse skip(struct http_side *s, const struct proto_io *io, size_t n)
{
	s->left -= n;
	s->length += n;
	s->body.sent += n;
	if (s->left > 0)
		return PARSE_MORE;
	if (s->phase == PHASE_BODY)
		return end_message(s, io);
	s->phase = PHASE_CHUNK_END;
	return PARSE_MORE;
}

// The bound is reached: told now, the rest is skipped.
static void take(struct http_side *s, const struct proto_io *io, struct bytes part)
{
	if (s->body.out != NULL && !http_body_bytes(&s->body, io, part))
		http_body_close(s, io, false);
}

static enum parse sized_bytes(struct http_side *s, const struct proto_io *io, struct bytes *in)
{
	size_t n = s->left < in->len ? (size_t)s->left : in->len;

	take(s, io, bytes_take(in, n));
	return skip(s, io, n);
}

static enum parse to_close_bytes(struct http_side *s, const struct proto_io *io, struct bytes *in)
{
	struct bytes all = bytes_take(in, in->len);

	s->length += all.len;
	take(s, io, all);
	return s->body.out != NULL ? PARSE_MORE : PARSE_DONE;
}

static int hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
		return (c | 0x20) - 'a' + 10;
	return -1;
}

static void end_chunk_size(struct http_side *s, const struct proto_io *io)
{
	if (!s->has_digits) {
		http_search(s, io);
		return;
	}
	s->has_digits = false;
	s->line_empty = true;
	s->phase = s->left > 0 ? PHASE_CHUNK_DATA : PHASE_TRAILER;
}

// What fits no chunk is left for the search.
static void chunk_size_byte(struct http_side *s, const struct proto_io *io, struct bytes *in)
{
	uint8_t c = in->p[0];
	int digit = hex_value(c);

	if (digit >= 0 && s->left >> 59 == 0) {
		s->left = s->left << 4 | (uint64_t)digit;
		s->has_digits = true;
	} else if (c == '\n') {
		end_chunk_size(s, io);
	} else if (c == ';' || c == '\r' || c == ' ' || c == '\t') {
		s->phase = PHASE_CHUNK_EXTENSION;
	} else {
		http_search(s, io);
		return;
	}
	bytes_take(in, 1);
}

static void chunk_end_byte(struct http_side *s, const struct proto_io *io, struct bytes *in)
{
	uint8_t c = in->p[0];

	if (c != '\r' && c != '\n') {
		http_search(s, io);
		return;
	}
	if (c == '\n')
		s->phase = PHASE_CHUNK_SIZE;
	bytes_take(in, 1);
}

enum parse http_body_data(struct http_side *s, const struct proto_io *io, struct bytes *in)
{
	bool ended;

	switch (s->phase) {
	case PHASE_TO_CLOSE:
		return to_close_bytes(s, io, in);
	case PHASE_CHUNK_SIZE:
		chunk_size_byte(s, io, in);
		return PARSE_MORE;
	case PHASE_CHUNK_EXTENSION:
		if (bytes_u8(in) == '\n')
			end_chunk_size(s, io);
		return PARSE_MORE;
	case PHASE_CHUNK_END:
		chunk_end_byte(s, io, in);
		return PARSE_MORE;
	case PHASE_TRAILER:
		bytes_take(in, http_scan_lines(s, in->p, in->len, &ended));
		return ended ? end_message(s, io) : PARSE_MORE;
	default:
		return sized_bytes(s, io, in);
	}
}

bool http_body_gap(struct http_side *s, const struct proto_io *io, uint32_t missing)
{
	bool sized = s->phase == PHASE_BODY || s->phase == PHASE_CHUNK_DATA;

	if (s->phase != PHASE_TO_CLOSE && (!sized || missing > s->left))
		return false;
	http_body_close(s, io, false);
	if (sized)
		skip(s, io, missing);
	return true;
}
