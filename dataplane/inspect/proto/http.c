// HTTP/1: the messages of a connection, requests from one side, responses from the other.
//
// A side's first bytes tell what comes from it. After a hole the parser searches for the next line
// that ends like a request's, or begins like a response's.

#include "dataplane/inspect/proto/http_report.h"
#include "dataplane/inspect/proto/http_state.h"
#include "dataplane/inspect/proto/http_upgrade.h"

#include <netinet/in.h>

// How far a direction is searched for a message before it is given up.
enum { SEARCH_MAX = 1 << 20 };

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

static void count(struct http_state *http, struct http_side *s, const struct http_head *h)
{
	if (h->role == HTTP_REQUESTS)
		http_count_request(http, s, h);
	else
		http_count_response(http, s, h);
}

// The rest of a message will not come: its whole lines are worth telling all the same.
static void salvage(struct http_state *http, struct http_side *s, const struct proto_io *io)
{
	struct http_head h;
	struct http_message m = {.head = &h};

	http_body_close(s, io, false);
	if (s->phase == PHASE_HEAD && s->head != NULL &&
		http_head_parse(gathered_bytes(s), (enum http_role)s->role, &h)) {
		count(http, s, &h);
		m.id = s->id;
		http_report(io, &m);
	}
	give_back(s, io);
}

static enum parse end_request(struct http_state *http, struct http_side *s,
	const struct proto_io *io, const struct http_head *h)
{
	http_count_request(http, s, h);
	return http_body_open(s, io, h, http_extent(h, &s->left));
}

// Servers of proxies that nobody heard the CONNECT for say what they did.
static bool opens_tunnel(const struct http_head *h, enum http_kind kind, enum http_extent extent)
{
	static const char said[] = "connection established";

	if (kind == KIND_CONNECT)
		return h->status / 100 == 2;
	struct bytes reason = h->reason;
	reason.len = reason.len < sizeof(said) - 1 ? reason.len : sizeof(said) - 1;
	return kind == KIND_NOT_SEEN && h->status == 200 && extent == HTTP_TO_CLOSE &&
		http_equal(reason, said);
}

static enum parse end_response(struct http_state *http, struct http_side *s,
	const struct proto_io *io, const struct http_head *h)
{
	enum http_kind kind = http_count_response(http, s, h);
	enum http_extent extent = http_extent(h, &s->left);
	bool tunnel = opens_tunnel(h, kind, extent);

	if (kind == KIND_HEAD || tunnel)
		extent = HTTP_NO_BODY;
	bool switched = h->status == 101 || tunnel;
	if (h->status == 101)
		http_switched(h, (enum http_offer)http->side[s == &http->side[0]].offer, io->next);
	enum parse result = http_body_open(s, io, h, extent); // h ends here
	return switched ? PARSE_SWITCH : result;
}

static enum parse end_head(
	struct http_state *http, struct http_side *s, const struct proto_io *io, struct bytes block)
{
	struct http_head h;

	if (!http_head_parse(block, (enum http_role)s->role, &h))
		return PARSE_BAD;
	http->established = true;
	return s->role == HTTP_REQUESTS ? end_request(http, s, io, &h)
					: end_response(http, s, io, &h);
}

// The start line and `seen` bytes of `in` were gone through.
static enum parse head_bytes(struct http_state *http, struct http_side *s,
	const struct proto_io *io, struct bytes *in, size_t seen)
{
	size_t room = GATHER_MAX - gathered(s);
	size_t n = in->len < room ? in->len : room;
	bool ended = false;

	if (seen < n)
		n = seen + http_scan_lines(s, in->p + seen, n - seen, &ended);
	if (ended && s->head == NULL)
		return end_head(http, s, io, bytes_take(in, n));
	if (!gather(s, io, in, n))
		return PARSE_DONE;
	if (ended)
		return end_head(http, s, io, gathered_bytes(s));
	return n == room ? PARSE_DONE : PARSE_MORE; // too long: told as far as it was read
}

// What comes from this side?
static void open_side(struct http_side *s, enum dir dir, struct bytes in)
{
	enum dir sender;

	if (s->role != HTTP_UNTOLD)
		return;
	switch (http_first_bytes(in, &sender)) {
	case PROBE_YES:
		s->role = sender == DIR_C2S ? HTTP_REQUESTS : HTTP_RESPONSES;
		break;
	case PROBE_NO: // the line's end decides
		s->role = dir == DIR_C2S ? HTTP_REQUESTS : HTTP_RESPONSES;
		break;
	default:
		break;
	}
}

// Where in a line of something else the message begins; the line's length when nowhere.
static size_t start_at(
	struct http_state *http, struct http_side *s, const struct proto_io *io, struct bytes line)
{
	if (!s->searching && http_is_start_line(line, (enum http_role)s->role))
		return 0;
	if (!s->searching && !http->established)
		return line.len;
	// The message before was not as long as it said, or its begin was not seen.
	if (!s->searching)
		http_search(s, io);
	return http_start_in(line, (enum http_role)s->role);
}

static enum parse whole_line(struct http_state *http, struct http_side *s,
	const struct proto_io *io, struct bytes *in, size_t n, size_t *seen)
{
	bool in_place = s->head == NULL;
	struct bytes line = in_place ? (struct bytes){in->p, n, false} : gathered_bytes(s);
	size_t at = start_at(http, s, io, line);
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

// A line that is too long to be a message's first.
static enum parse overlong_line(struct http_state *http, struct http_side *s,
	const struct proto_io *io, struct bytes *in, size_t n, bool ended)
{
	if (!s->searching && !http->established)
		return PARSE_BAD;
	if (!s->searching)
		http_search(s, io);
	bytes_take(in, n);
	give_back(s, io);
	s->overlong = !ended;
	return PARSE_MORE;
}

static enum parse line_bytes(struct http_state *http, struct http_side *s,
	const struct proto_io *io, enum dir dir, struct bytes *in, size_t *seen)
{
	const uint8_t *lf = memchr(in->p, '\n', in->len);
	size_t n = lf != NULL ? (size_t)(lf - in->p) + 1 : in->len;

	*seen = 0;
	if (s->head == NULL)
		open_side(s, dir, *in);
	s->searched += n < SEARCH_MAX ? (uint32_t)n : SEARCH_MAX;
	if (s->searched > SEARCH_MAX)
		return PARSE_DONE;
	if (s->overlong || n > GATHER_MAX - gathered(s))
		return overlong_line(http, s, io, in, n, lf != NULL);
	if (lf != NULL && s->head == NULL)
		return whole_line(http, s, io, in, n, seen);
	if (!gather(s, io, in, n))
		return PARSE_DONE;
	open_side(s, dir, gathered_bytes(s));
	return lf != NULL ? whole_line(http, s, io, in, 0, seen) : PARSE_MORE;
}

// CONNECT, Upgrade: the client sends on, and no answer was seen. Is this still HTTP?
static bool switches(
	struct http_state *http, struct http_side *s, const struct proto_io *io, uint8_t first)
{
	uint8_t asked = s->asked;

	s->asked = KIND_OTHER;
	if (asked == KIND_OTHER || http->n_responses >= http->n_requests)
		return false;
	return asked == KIND_CONNECT ||
		http_offer_taken((enum http_offer)s->offer, first, io->next);
}

static enum parse start_bytes(
	struct http_state *http, struct http_side *s, const struct proto_io *io, struct bytes *in)
{
	if (switches(http, s, io, in->p[0]))
		return PARSE_SWITCH;
	while (in->len > 0 && (in->p[0] == '\r' || in->p[0] == '\n'))
		bytes_take(in, 1);
	if (in->len > 0)
		s->phase = PHASE_LINE;
	return PARSE_MORE;
}

static enum parse side_data(struct http_state *http, struct http_side *s, const struct proto_io *io,
	enum dir dir, struct bytes in)
{
	enum parse result = PARSE_MORE;
	size_t seen = 0;

	while (result == PARSE_MORE && in.len > 0) {
		switch (s->phase) {
		case PHASE_START:
			result = start_bytes(http, s, io, &in);
			break;
		case PHASE_LINE:
			result = line_bytes(http, s, io, dir, &in, &seen);
			break;
		case PHASE_HEAD:
			result = head_bytes(http, s, io, &in, seen);
			seen = 0;
			break;
		default:
			result = http_body_data(s, io, &in);
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
	enum parse result = side_data(http, s, io, dir, in);

	if (result != PARSE_MORE)
		salvage(http, s, io);
	// An answer that is no HTTP is no reason to stop reading the questions.
	return result == PARSE_BAD && dir == DIR_S2C ? PARSE_DONE : result;
}

static enum parse http_gap(void *state, const struct proto_io *io, enum dir dir, uint32_t missing)
{
	struct http_state *http = state;
	struct http_side *s = &http->side[dir];

	if (http_body_gap(s, io, missing))
		return PARSE_MORE;
	salvage(http, s, io);
	if (s->role == HTTP_UNTOLD)
		s->role = dir == DIR_C2S ? HTTP_REQUESTS : HTTP_RESPONSES;
	s->lost = true;
	http_search(s, io);
	return PARSE_MORE;
}

static void http_end(void *state, const struct proto_io *io)
{
	struct http_state *http = state;

	for (unsigned i = 0; i < 2; i++) {
		struct http_side *s = &http->side[i];
		http_body_close(s, io, s->phase == PHASE_TO_CLOSE);
		salvage(http, s, io);
	}
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
