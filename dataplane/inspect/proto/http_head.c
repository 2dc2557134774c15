#include "dataplane/inspect/proto/http_head.h"

#include <strings.h>

enum { METHOD_MAX = 32, VERSION_LEN = 8, SCHEME_MAX = 16 };

// RFC 9110, WebDAV (3253, 3648, 3744, 4791, 4918, 5323, 5842), UPnP, and what Microsoft's
// clients speak.
static const char *const methods[] = {"GET", "POST", "HEAD", "PUT", "OPTIONS", "DELETE", "PATCH",
	"CONNECT", "TRACE", "PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK",
	"REPORT", "SEARCH", "ACL", "CHECKOUT", "CHECKIN", "UNCHECKOUT", "UPDATE", "LABEL", "MERGE",
	"BASELINE-CONTROL", "VERSION-CONTROL", "MKACTIVITY", "MKWORKSPACE", "ORDERPATCH",
	"MKCALENDAR", "BIND", "UNBIND", "REBIND", "LINK", "UNLINK", "QUERY", "NOTIFY", "SUBSCRIBE",
	"UNSUBSCRIBE", "M-SEARCH", "PURGE", "POLL", "BCOPY", "BDELETE", "BMOVE", "BPROPFIND",
	"BPROPPATCH", "BITS_POST", "CCM_POST", "RPC_IN_DATA", "RPC_OUT_DATA", "RDG_IN_DATA",
	"RDG_OUT_DATA", "SSTP_DUPLEX_POST", "SOURCE", "TRACK", "DEBUG"};

enum { N_METHODS = sizeof(methods) / sizeof(methods[0]) };

// Targets of protocols that borrowed the syntax; the brace is NATS' CONNECT.
static const char *const foreign[] = {
	"{", "sip:", "sips:", "tel:", "rtsp:", "rtspu:", "rtsps:", "icap:"};

enum { N_FOREIGN = sizeof(foreign) / sizeof(foreign[0]) };

enum header {
	HEADER_HOST,
	HEADER_USER_AGENT,
	HEADER_CONTENT_TYPE,
	HEADER_REFERER,
	HEADER_CONTENT_LENGTH,
	HEADER_TRANSFER_ENCODING,
	HEADER_UPGRADE,
	HEADER_COUNT,
};

static const struct {
	const char *name;
	size_t len;
} headers[HEADER_COUNT] = {
	[HEADER_HOST] = {"host", 4},
	[HEADER_USER_AGENT] = {"user-agent", 10},
	[HEADER_CONTENT_TYPE] = {"content-type", 12},
	[HEADER_REFERER] = {"referer", 7},
	[HEADER_CONTENT_LENGTH] = {"content-length", 14},
	[HEADER_TRANSFER_ENCODING] = {"transfer-encoding", 17},
	[HEADER_UPGRADE] = {"upgrade", 7},
};

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_alpha(uint8_t c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

// RFC 9110 5.6.2
static bool is_token(uint8_t c)
{
	return is_alpha(c) || is_digit(c) || (c != 0 && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static struct bytes trim(struct bytes v)
{
	while (v.len > 0 && is_blank(v.p[v.len - 1]))
		v.len--;
	while (v.len > 0 && is_blank(v.p[0]))
		bytes_take(&v, 1);
	return v;
}

static bool starts_with(struct bytes v, const char *s, size_t len)
{
	return v.len >= len && strncasecmp((const char *)v.p, s, len) == 0;
}

static bool is_version(struct bytes word)
{
	return word.len == VERSION_LEN && starts_with(word, "HTTP/", 5) && is_digit(word.p[5]) &&
		word.p[6] == '.' && is_digit(word.p[7]);
}

// The last word of a trimmed line is cut off it.
static struct bytes take_last_word(struct bytes *line)
{
	size_t n = line->len;

	while (n > 0 && !is_blank(line->p[n - 1]))
		n--;
	struct bytes word = {line->p + n, line->len - n, false};
	line->len = n;
	*line = trim(*line);
	return word;
}

static struct bytes take_method(struct bytes *line)
{
	size_t n = 0;

	while (n < line->len && is_token(line->p[n]))
		n++;
	if (n > METHOD_MAX || n == line->len || (line->p[n] != ' ' && line->p[n] != '\t'))
		n = 0;
	return bytes_take(line, n);
}

static bool is_path(struct bytes v)
{
	return starts_with(v, "/", 1) || starts_with(v, "http://", 7);
}

static bool parse_request_line(struct bytes line, struct http_head *h)
{
	line = trim(line);
	h->method = take_method(&line);
	line = trim(line);
	if (h->method.len == 0 || line.len == 0)
		return false;

	h->protocol = take_last_word(&line);
	h->uri = line;
	if (is_version(h->protocol)) {
		// "GET HTTP/1.1" is answered by servers; HTTP/2's preface is none of ours.
		return !bytes_equal(h->method, "PRI", 3) || h->protocol.p[5] != '2';
	}
	// HTTP/0.9 (RFC 1945 3.1): nothing but GET and a path.
	if (h->uri.len > 0 || !bytes_equal(h->method, "GET", 3) || !is_path(h->protocol))
		return false;
	h->uri = h->protocol;
	h->protocol.len = 0;
	return true;
}

// Up to and with the LF. False when there is no whole line left.
static bool take_line(struct bytes *in, struct bytes *line)
{
	const uint8_t *lf = in->len > 0 ? memchr(in->p, '\n', in->len) : NULL;

	if (lf == NULL)
		return false;
	*line = bytes_take(in, (size_t)(lf - in->p) + 1);
	return true;
}

static enum header header_find(struct bytes name)
{
	for (unsigned i = 0; i < HEADER_COUNT; i++) {
		if (name.len == headers[i].len && starts_with(name, headers[i].name, name.len))
			return (enum header)i;
	}
	return HEADER_COUNT;
}

// The first of a name counts. RFC 9112 5.2: a line that begins with space goes on with the
// value before; its view then spans both.
static void parse_headers(struct bytes in, struct bytes values[HEADER_COUNT])
{
	struct bytes *last = NULL;
	struct bytes line;

	while (take_line(&in, &line)) {
		if (line.p[0] == ' ' || line.p[0] == '\t') {
			if (last != NULL)
				last->len = (size_t)(line.p + line.len - last->p);
			continue;
		}
		last = NULL;
		const uint8_t *colon = memchr(line.p, ':', line.len);
		if (colon == NULL)
			continue;
		struct bytes name = bytes_take(&line, (size_t)(colon - line.p));
		enum header id = header_find(trim(name));
		if (id == HEADER_COUNT || values[id].p != NULL)
			continue;
		bytes_take(&line, 1);
		values[id] = line;
		last = &values[id];
	}
	for (unsigned i = 0; i < HEADER_COUNT; i++)
		values[i] = trim(values[i]);
}

// RFC 3986 3.2, without user and password; empty when the target has none. CONNECT's target
// is nothing else.
static struct bytes authority(struct bytes uri, bool bare)
{
	size_t n = 0;

	while (n < uri.len && n < SCHEME_MAX && is_alpha(uri.p[n]))
		n++;
	struct bytes rest = {uri.p + n, uri.len - n, false};
	bool has_scheme = n > 0 && starts_with(rest, "://", 3);
	if (!has_scheme && !bare)
		return (struct bytes){0};
	if (has_scheme)
		bytes_take(&uri, n + 3);
	for (n = 0; n < uri.len && strchr("/?# ", uri.p[n]) == NULL;) {
		if (uri.p[n++] == '@') {
			bytes_take(&uri, n);
			n = 0;
		}
	}
	return bytes_take(&uri, n);
}

static uint64_t parse_length(struct bytes v)
{
	uint64_t n = 0;

	for (size_t i = 0; i < v.len && is_digit(v.p[i]); i++)
		n = n < UINT64_MAX / 10 - 1 ? n * 10 + (v.p[i] - '0') : UINT64_MAX / 10;
	return n;
}

static bool is_chunked(struct bytes encodings)
{
	struct bytes tail = encodings;

	if (tail.len < 7)
		return false;
	bytes_take(&tail, tail.len - 7);
	return starts_with(tail, "chunked", 7);
}

bool http_head_parse(struct bytes block, struct http_head *out)
{
	struct bytes values[HEADER_COUNT] = {0};
	struct http_head h = {0};
	struct bytes line;

	if (!take_line(&block, &line) || !parse_request_line(line, &h))
		return false;
	parse_headers(block, values);

	bool connects = bytes_equal(h.method, "CONNECT", 7);
	h.host = values[HEADER_HOST];
	if (h.host.len == 0)
		h.host = authority(h.uri, connects);
	h.user_agent = values[HEADER_USER_AGENT];
	h.content_type = values[HEADER_CONTENT_TYPE];
	h.referer = values[HEADER_REFERER];
	h.switches = connects || values[HEADER_UPGRADE].len > 0;
	if (!connects) { // RFC 9110 9.3.6: CONNECT has no body
		h.chunked = is_chunked(values[HEADER_TRANSFER_ENCODING]);
		h.body_len = h.chunked ? 0 : parse_length(values[HEADER_CONTENT_LENGTH]);
	}
	*out = h;
	return true;
}

bool http_is_request_line(struct bytes line)
{
	struct http_head h = {0};
	return parse_request_line(line, &h);
}

size_t http_request_in(struct bytes line)
{
	struct bytes left = trim(line);
	struct bytes version = take_last_word(&left);
	struct bytes target = take_last_word(&left);
	size_t best = 0;

	if (!is_version(version) || target.len == 0)
		return line.len;
	for (unsigned i = 0; i < N_METHODS; i++) {
		size_t len = strlen(methods[i]);
		if (len > best && left.len >= len &&
			memcmp(left.p + left.len - len, methods[i], len) == 0)
			best = len;
	}
	if (best == 0)
		return line.len;
	return (size_t)(left.p - line.p) + left.len - best;
}

// Does `in` begin with `s`? PROBE_MORE when it is shorter and fits.
static enum probe prefix(struct bytes in, const char *s)
{
	size_t len = strlen(s);
	size_t n = in.len < len ? in.len : len;

	if (n > 0 && memcmp(in.p, s, n) != 0)
		return PROBE_NO;
	return n < len ? PROBE_MORE : PROBE_YES;
}

// What follows a known method and its space.
static enum probe probe_target(struct bytes in)
{
	enum probe result = in.len > 0 ? PROBE_YES : PROBE_MORE;

	for (unsigned i = 0; i < N_FOREIGN && in.len > 0; i++) {
		enum probe is = prefix(in, foreign[i]);
		if (is == PROBE_YES)
			return PROBE_NO;
		if (is == PROBE_MORE)
			result = PROBE_MORE;
	}
	return result;
}

static enum probe probe_known(struct bytes in)
{
	enum probe result = PROBE_NO;

	for (unsigned i = 0; i < N_METHODS; i++) {
		struct bytes rest = in;
		enum probe is = PROBE_NO;
		if (in.p[0] == (uint8_t)methods[i][0])
			is = prefix(in, methods[i]);
		if (is == PROBE_NO)
			continue;
		bytes_take(&rest, strlen(methods[i]));
		if (is == PROBE_MORE || rest.len == 0) {
			result = PROBE_MORE;
			continue;
		}
		if (bytes_u8(&rest) == ' ')
			return probe_target(rest);
	}
	return result;
}

// A method that nobody knows: the whole line must be there. HTTP/2's preface is no request.
static enum probe probe_line(struct bytes in, bool may_grow)
{
	struct http_head h = {0};
	struct bytes line;
	size_t n = 0;

	while (n < in.len && is_token(in.p[n]))
		n++;
	if (n > METHOD_MAX || (n < in.len && (n == 0 || in.p[n] != ' ')))
		return PROBE_NO;
	if (!take_line(&in, &line))
		return may_grow ? PROBE_MORE : PROBE_NO;
	if (!parse_request_line(line, &h) || h.protocol.len == 0 || h.protocol.p[5] > '1')
		return PROBE_NO;
	return PROBE_YES;
}

enum probe http_first_bytes(struct bytes in, enum dir *sender)
{
	bool may_grow = in.len < PROBE_BYTES;

	*sender = DIR_C2S;
	if (!may_grow)
		in.len = PROBE_BYTES;
	while (in.len > 0 && (in.p[0] == '\r' || in.p[0] == '\n'))
		bytes_take(&in, 1);
	if (in.len == 0)
		return may_grow ? PROBE_MORE : PROBE_NO;

	enum probe response = prefix(in, "HTTP/1.");
	if (response == PROBE_YES)
		*sender = DIR_S2C;
	if (response != PROBE_NO)
		return response;
	enum probe known = probe_known(in);
	if (known == PROBE_MORE && !may_grow)
		return PROBE_NO;
	return known != PROBE_NO ? known : probe_line(in, may_grow);
}
