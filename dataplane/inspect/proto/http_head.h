// A request's line and headers (RFC 9112 3, 5), read from one piece of memory.
//
// As lenient as servers are: bare LF, odd spacing, folded lines, methods nobody knows.

#pragma once

#include "dataplane/api/fields.h"
#include "dataplane/base/bytes.h"
#include "dataplane/inspect/proto/proto.h"

struct http_head {
	struct bytes method;
	struct bytes uri;
	struct bytes protocol; // empty: HTTP/0.9
	struct bytes host; // the rest: empty when absent
	struct bytes user_agent;
	struct bytes content_type;
	struct bytes referer;
	uint64_t body_len;
	bool chunked;
	bool switches; // CONNECT, Upgrade: another protocol may follow
};

// The views point into `block`: the request line, and the header lines that are whole.
// False when the first line is no request line.
bool http_head_parse(struct bytes block, struct http_head *out);

// `line` ends with its LF. SIP, RTSP and ICAP look alike up to the last word.
bool http_is_request_line(struct bytes line);

// Where in a line of something else a request begins: at its end stands a version, before it
// a target and a known method. line.len when nowhere.
size_t http_request_in(struct bytes line);

// By the first PROBE_BYTES at most; see struct proto.
enum probe http_first_bytes(struct bytes in, enum dir *sender);
