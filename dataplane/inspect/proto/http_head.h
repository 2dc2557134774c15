// The start line and headers of a message (RFC 9112 2 to 5), read from one piece of memory.
//
// As lenient as servers and browsers are: bare LF, odd spacing, folded lines, methods nobody
// knows, spaces in a target.

#pragma once

#include "dataplane/base/bytes.h"
#include "dataplane/inspect/proto/inflate.h"
#include "dataplane/inspect/proto/proto.h"

// Headers that are looked at one by one.
enum http_header {
	HTTP_OTHER,
	HTTP_ACCEPT,
	HTTP_ACCEPT_ENCODING,
	HTTP_ACCEPT_LANGUAGE,
	HTTP_AUTHORIZATION,
	HTTP_CONNECTION,
	HTTP_CONTENT_ENCODING,
	HTTP_CONTENT_LENGTH,
	HTTP_CONTENT_TYPE,
	HTTP_COOKIE,
	HTTP_HOST,
	HTTP_LOCATION,
	HTTP_PROXY_AUTHORIZATION,
	HTTP_REFERER,
	HTTP_SERVER,
	HTTP_SET_COOKIE,
	HTTP_TRANSFER_ENCODING,
	HTTP_UPGRADE,
	HTTP_USER_AGENT,
	HTTP_WEBSOCKET_EXTENSIONS,
	HTTP_HEADERS,
};

// Who sends a message of this kind.
enum http_role { HTTP_UNTOLD, HTTP_REQUESTS, HTTP_RESPONSES };

struct http_head {
	uint8_t role; // enum http_role
	uint16_t status;
	struct bytes block; // all of it
	struct bytes line; // the start line, without its end
	struct bytes headers; // the lines after it, as sent
	struct bytes protocol; // empty: HTTP/0.9
	struct bytes method;
	struct bytes uri;
	struct bytes host; // of the Host header, or else of the target
	struct bytes code;
	struct bytes reason;
	struct bytes values[HTTP_HEADERS]; // empty when absent
};

// RFC 9112 6.3: what comes after a head.
enum http_extent { HTTP_NO_BODY, HTTP_SIZED, HTTP_CHUNKED, HTTP_TO_CLOSE };

// The views point into `block`: the start line, and the header lines that are whole.
// False when the first line begins no message of that role: *out means nothing then.
bool http_head_parse(struct bytes block, enum http_role role, struct http_head *out);

// len: of a body that is HTTP_SIZED. For responses it does not know the request's method.
enum http_extent http_extent(const struct http_head *h, uint64_t *len);

// CODING_NONE: no coding that is known has this name.
enum coding http_coding_named(struct bytes name);
// How the body is coded. False when it cannot be decoded: unknown, or more than one coding.
bool http_coding(const struct http_head *h, enum coding *coding);

// The next header line of *lines, folded lines with it (RFC 9112 5.2). Lines that are no header
// are passed over. False when none is left that is whole.
bool http_next_header(struct bytes *lines, struct bytes *name, struct bytes *value);
enum http_header http_header_find(struct bytes name);

// One by one what a comma separates, trimmed (RFC 9110 5.6.1). False at the end.
bool http_next_element(struct bytes *list, struct bytes *element);

// Without regard to the case of letters; `s` is in lower case.
bool http_equal(struct bytes v, const char *s);

// `line` ends with its LF. SIP, RTSP and ICAP look alike up to a request's last word.
bool http_is_start_line(struct bytes line, enum http_role role);

// Where in a line of something else a message of that role begins; line.len when nowhere.
// A request: at the line's end stands a version, before it a target and a known method.
size_t http_start_in(struct bytes line, enum http_role role);

// By the first PROBE_BYTES at most; see struct proto.
enum probe http_first_bytes(struct bytes in, enum dir *sender);
