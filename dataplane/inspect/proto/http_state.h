// What the HTTP/1 parser remembers of a connection.

#pragma once

#include "dataplane/inspect/proto/http_body.h"
#include "dataplane/inspect/proto/http_head.h"

#include <assert.h>

enum http_phase {
	PHASE_START = 0, // between messages: empty lines
	PHASE_LINE, // in the start line
	PHASE_HEAD, // in the header lines
	PHASE_BODY,
	PHASE_TO_CLOSE, // in a body that ends with the connection
	PHASE_CHUNK_SIZE, // RFC 9112 7.1
	PHASE_CHUNK_EXTENSION,
	PHASE_CHUNK_DATA,
	PHASE_CHUNK_END,
	PHASE_TRAILER,
};

// What a request means for its response (RFC 9112 6.3).
enum http_kind { KIND_OTHER, KIND_HEAD, KIND_CONNECT, KIND_UPGRADE, KIND_NOT_SEEN };

// Requests whose kinds are remembered while they wait for their responses.
enum { KINDS_MAX = 32, KIND_BITS = 2 };

struct http_side {
	// The head so far, when it comes in pieces; or a whole one that waits for its body.
	struct gather *head;
	struct http_body body;
	uint64_t left; // of the body or chunk
	uint64_t length; // of the body that went by
	uint32_t searched; // bytes since the last message, or what was taken for one
	uint32_t n; // messages so far: exchanges
	uint32_t id; // of the message: its place among them
	uint8_t phase; // enum http_phase
	uint8_t role; // enum http_role: what comes from this side
	uint8_t asked; // enum http_kind: CONNECT or UPGRADE was the last request
	uint8_t offer; // enum http_offer: for what
	bool line_empty; // the line at hand holds nothing yet
	bool has_digits; // of a chunk's size
	bool searching;
	bool overlong; // searching: the line at hand is too long to be looked at
	bool lost; // messages may have been lost since the last one
};

struct http_state {
	struct http_side side[2];
	uint64_t kinds; // of the last KINDS_MAX requests
	// What is known of both sides together, messages that were lost taken into account.
	uint32_t n_requests;
	uint32_t n_responses; // final ones
	bool established; // one message was read
};
static_assert(sizeof(struct http_state) <= PROTO_STATE_MAX, "fits a session");

// Which exchange a message belongs to: its number, as s->id, and its kind.
void http_count_request(struct http_state *http, struct http_side *s, const struct http_head *h);
enum http_kind http_count_response(
	struct http_state *http, struct http_side *s, const struct http_head *h);

// From here on a message is searched for.
void http_search(struct http_side *s, const struct proto_io *io);

// The body of the message whose head is `h`. Its transaction is made now, or at the body's end
// when a rule looks at bodies.
enum parse http_body_open(struct http_side *s, const struct proto_io *io, const struct http_head *h,
	enum http_extent extent);
// The next bytes of a body; *in is cut by what was read.
enum parse http_body_data(struct http_side *s, const struct proto_io *io, struct bytes *in);
// False: the hole is larger than what is known of the body.
bool http_body_gap(struct http_side *s, const struct proto_io *io, uint32_t missing);
// The message that waits for its body is told; `ended`: the body is whole.
void http_body_close(struct http_side *s, const struct proto_io *io, bool ended);

// Go through lines up to and with the first empty one. Gives the bytes gone through.
size_t http_scan_lines(struct http_side *s, const uint8_t *p, size_t len, bool *ended);
