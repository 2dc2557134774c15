#include "dataplane/inspect/proto/http_line.h"

#include "dataplane/inspect/proto/http_text.h"

enum { METHOD_MAX = 32, VERSION_LEN = 8, CODE_LEN = 3, STATUS_LEN = 12 };

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

static bool is_version(struct bytes word)
{
	return word.len == VERSION_LEN && http_starts_with(word, "HTTP/", 5) &&
		http_is_digit(word.p[5]) && word.p[6] == '.' && http_is_digit(word.p[7]);
}

// The last word of a trimmed line is cut off it.
static struct bytes take_last_word(struct bytes *line)
{
	size_t n = line->len;

	while (n > 0 && !http_is_blank(line->p[n - 1]))
		n--;
	struct bytes word = {line->p + n, line->len - n, false};
	line->len = n;
	*line = http_trim(*line);
	return word;
}

static struct bytes take_method(struct bytes *line)
{
	size_t n = 0;

	while (n < line->len && http_is_token(line->p[n]))
		n++;
	if (n > METHOD_MAX || n == line->len || (line->p[n] != ' ' && line->p[n] != '\t'))
		n = 0;
	return bytes_take(line, n);
}

static bool is_path(struct bytes v)
{
	return http_starts_with(v, "/", 1) || http_starts_with(v, "http://", 7);
}

// RFC 9112 3. A target with spaces is invalid; the servers that answer it take all up to the
// version for the target, and so what was asked for is told in full.
static bool parse_request_line(struct bytes line, struct http_head *h)
{
	h->method = take_method(&line);
	line = http_trim(line);
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

// RFC 9112 4. RFC 9110 15: of a code that is none, the first digit tells the class.
static bool parse_status_line(struct bytes line, struct http_head *h)
{
	h->protocol = bytes_take(&line, VERSION_LEN);
	if (!is_version(h->protocol) || h->protocol.p[5] != '1' || line.len == 0 ||
		!http_is_blank(line.p[0]))
		return false;
	line = http_trim(line);
	h->code = bytes_take(&line, CODE_LEN);
	if (h->code.bad || !http_is_digit(h->code.p[0]) ||
		(line.len > 0 && !http_is_blank(line.p[0])))
		return false;
	h->status = 0;
	for (unsigned i = 0; i < CODE_LEN; i++) {
		uint8_t c = h->code.p[i];
		if (!http_is_digit(c) && !http_is_alpha(c))
			return false;
		h->status = (uint16_t)(h->status * 10 + (http_is_digit(c) ? c - '0' : 0));
	}
	h->reason = http_trim(line);
	return true;
}

bool http_line_parse(struct bytes line, enum http_role role, struct http_head *h)
{
	line = http_trim(line);
	h->role = (uint8_t)role;
	h->line = line;
	return role == HTTP_RESPONSES ? parse_status_line(line, h) : parse_request_line(line, h);
}

bool http_is_start_line(struct bytes line, enum http_role role)
{
	struct http_head h = {0};
	return http_line_parse(line, role, &h);
}

static size_t request_in(struct bytes line)
{
	struct bytes left = http_trim(line);
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

// A body's last line may have no end of its own. Blanks behind it are cut off once, and not again
// for each letter that may begin a response.
static size_t response_in(struct bytes line)
{
	struct bytes left = http_trim(line);

	while (left.len >= STATUS_LEN) {
		const uint8_t *h = memchr(left.p, 'H', left.len - STATUS_LEN + 1);
		if (h == NULL)
			break;
		bytes_take(&left, (size_t)(h - left.p));
		if (http_is_start_line(left, HTTP_RESPONSES))
			return (size_t)(left.p - line.p);
		bytes_take(&left, 1);
	}
	return line.len;
}

size_t http_start_in(struct bytes line, enum http_role role)
{
	return role == HTTP_RESPONSES ? response_in(line) : request_in(line);
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

	while (n < in.len && http_is_token(in.p[n]))
		n++;
	if (n > METHOD_MAX || (n < in.len && (n == 0 || in.p[n] != ' ')))
		return PROBE_NO;
	if (!http_take_line(&in, &line))
		return may_grow ? PROBE_MORE : PROBE_NO;
	if (!http_line_parse(line, HTTP_REQUESTS, &h) || h.protocol.len == 0 ||
		h.protocol.p[5] > '1')
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
