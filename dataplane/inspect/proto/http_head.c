#include "dataplane/inspect/proto/http_head.h"

#include "dataplane/inspect/proto/http_line.h"
#include "dataplane/inspect/proto/http_text.h"

enum { SCHEME_MAX = 16, NAME_MAX_LEN = 24, SAME_LEN_MAX = 3 };

static const char *const names[HTTP_HEADERS] = {
	[HTTP_ACCEPT] = "accept",
	[HTTP_ACCEPT_ENCODING] = "accept-encoding",
	[HTTP_ACCEPT_LANGUAGE] = "accept-language",
	[HTTP_AUTHORIZATION] = "authorization",
	[HTTP_CONNECTION] = "connection",
	[HTTP_CONTENT_ENCODING] = "content-encoding",
	[HTTP_CONTENT_LENGTH] = "content-length",
	[HTTP_CONTENT_TYPE] = "content-type",
	[HTTP_COOKIE] = "cookie",
	[HTTP_HOST] = "host",
	[HTTP_LOCATION] = "location",
	[HTTP_PROXY_AUTHORIZATION] = "proxy-authorization",
	[HTTP_REFERER] = "referer",
	[HTTP_SERVER] = "server",
	[HTTP_SET_COOKIE] = "set-cookie",
	[HTTP_TRANSFER_ENCODING] = "transfer-encoding",
	[HTTP_UPGRADE] = "upgrade",
	[HTTP_USER_AGENT] = "user-agent",
	[HTTP_WEBSOCKET_EXTENSIONS] = "sec-websocket-extensions",
};

// By their length: most names of a message are compared with none of them.
static const uint8_t by_len[NAME_MAX_LEN + 1][SAME_LEN_MAX] = {
	[4] = {HTTP_HOST},
	[6] = {HTTP_ACCEPT, HTTP_COOKIE, HTTP_SERVER},
	[7] = {HTTP_REFERER, HTTP_UPGRADE},
	[8] = {HTTP_LOCATION},
	[10] = {HTTP_CONNECTION, HTTP_USER_AGENT, HTTP_SET_COOKIE},
	[12] = {HTTP_CONTENT_TYPE},
	[13] = {HTTP_AUTHORIZATION},
	[14] = {HTTP_CONTENT_LENGTH},
	[15] = {HTTP_ACCEPT_ENCODING, HTTP_ACCEPT_LANGUAGE},
	[16] = {HTTP_CONTENT_ENCODING},
	[17] = {HTTP_TRANSFER_ENCODING},
	[19] = {HTTP_PROXY_AUTHORIZATION},
	[24] = {HTTP_WEBSOCKET_EXTENSIONS},
};

// `lower` has letters and hyphens only.
static bool is_name(struct bytes name, const char *lower)
{
	size_t i = name.len; // from the end: beginnings are alike

	while (i > 0 && name.p[i - 1] >= '-' && (name.p[i - 1] | 0x20) == lower[i - 1])
		i--;
	return i == 0;
}

enum http_header http_header_find(struct bytes name)
{
	if (name.len > NAME_MAX_LEN)
		return HTTP_OTHER;
	for (unsigned i = 0; i < SAME_LEN_MAX; i++) {
		unsigned id = by_len[name.len][i];
		if (id == HTTP_OTHER)
			break;
		if (is_name(name, names[id]))
			return (enum http_header)id;
	}
	return HTTP_OTHER;
}

bool http_equal(struct bytes v, const char *s)
{
	return v.len == strlen(s) && http_starts_with(v, s, v.len);
}

bool http_next_header(struct bytes *lines, struct bytes *name, struct bytes *value)
{
	const uint8_t *p = lines->p, *end = p + lines->len;

	while (p < end) {
		const uint8_t *lf = memchr(p, '\n', (size_t)(end - p));
		const uint8_t *line = p, *colon = p;
		if (lf == NULL)
			break;
		p = lf + 1;
		while (*colon != ':' && colon < lf) // names are short
			colon++;
		if (colon == lf || *line == ' ' || *line == '\t')
			continue;
		while (p < end && (*p == ' ' || *p == '\t') &&
			(lf = memchr(p, '\n', (size_t)(end - p))) != NULL)
			p = lf + 1;
		*name = http_trim((struct bytes){.p = line, .len = (size_t)(colon - line)});
		*value = http_trim((struct bytes){.p = colon + 1, .len = (size_t)(p - colon - 1)});
		*lines = (struct bytes){.p = p, .len = (size_t)(end - p)};
		return true;
	}
	*lines = (struct bytes){0};
	return false;
}

bool http_next_element(struct bytes *list, struct bytes *element)
{
	while (list->len > 0) {
		const uint8_t *comma = memchr(list->p, ',', list->len);
		size_t n = comma != NULL ? (size_t)(comma - list->p) : list->len;
		*element = http_trim(bytes_take(list, n));
		bytes_take(list, comma != NULL ? 1 : 0);
		if (element->len > 0)
			return true;
	}
	return false;
}

// The first of a name counts; of the transfer codings, the last (RFC 9112 6.1).
static void parse_headers(struct bytes lines, struct bytes values[HTTP_HEADERS])
{
	struct bytes name, value;

	while (http_next_header(&lines, &name, &value)) {
		enum http_header id = http_header_find(name);
		if (id != HTTP_OTHER && (values[id].p == NULL || id == HTTP_TRANSFER_ENCODING))
			values[id] = value;
	}
}

// RFC 3986 3.2, without user and password; empty when the target has none. CONNECT's target
// is nothing else.
static struct bytes authority(struct bytes uri, bool bare)
{
	size_t n = 0;

	while (n < uri.len && n < SCHEME_MAX && http_is_alpha(uri.p[n]))
		n++;
	struct bytes rest = {uri.p + n, uri.len - n, false};
	bool has_scheme = n > 0 && http_starts_with(rest, "://", 3);
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

bool http_head_parse(struct bytes block, enum http_role role, struct http_head *out)
{
	struct bytes line;

	*out = (struct http_head){.block = block};
	if (!http_take_line(&block, &line) || !http_line_parse(line, role, out))
		return false;
	out->headers = block;
	parse_headers(block, out->values);
	if (role == HTTP_REQUESTS) {
		out->host = out->values[HTTP_HOST];
		if (out->host.len == 0)
			out->host = authority(out->uri, bytes_equal(out->method, "CONNECT", 7));
	}
	return true;
}

static uint64_t parse_length(struct bytes v)
{
	uint64_t n = 0;

	for (size_t i = 0; i < v.len && http_is_digit(v.p[i]); i++)
		n = n < UINT64_MAX / 10 - 1 ? n * 10 + (v.p[i] - '0') : UINT64_MAX / 10;
	return n;
}

static bool is_chunked(struct bytes codings)
{
	struct bytes tail = codings;

	if (tail.len < 7)
		return false;
	bytes_take(&tail, tail.len - 7);
	return http_starts_with(tail, "chunked", 7);
}

static enum http_extent request_extent(const struct http_head *h, uint64_t *len)
{
	if (bytes_equal(h->method, "CONNECT", 7)) // RFC 9110 9.3.6
		return HTTP_NO_BODY;
	if (is_chunked(h->values[HTTP_TRANSFER_ENCODING]))
		return HTTP_CHUNKED;
	*len = parse_length(h->values[HTTP_CONTENT_LENGTH]);
	return *len > 0 ? HTTP_SIZED : HTTP_NO_BODY;
}

static enum http_extent response_extent(const struct http_head *h, uint64_t *len)
{
	struct bytes length = h->values[HTTP_CONTENT_LENGTH];
	struct bytes codings = h->values[HTTP_TRANSFER_ENCODING];

	if (h->status < 200 || h->status == 204 || h->status == 304)
		return HTTP_NO_BODY;
	if (is_chunked(codings))
		return HTTP_CHUNKED;
	if (length.len == 0 || !http_is_digit(length.p[0]) ||
		(codings.len > 0 && !http_equal(codings, "identity")))
		return HTTP_TO_CLOSE;
	*len = parse_length(length);
	return *len > 0 ? HTTP_SIZED : HTTP_NO_BODY;
}

enum http_extent http_extent(const struct http_head *h, uint64_t *len)
{
	*len = 0;
	return h->role == HTTP_RESPONSES ? response_extent(h, len) : request_extent(h, len);
}

enum coding http_coding_named(struct bytes name)
{
	if (http_equal(name, "gzip") || http_equal(name, "x-gzip"))
		return CODING_GZIP;
	if (http_equal(name, "deflate"))
		return CODING_ZLIB;
	if (http_equal(name, "br"))
		return CODING_BROTLI;
	return CODING_NONE;
}

bool http_coding(const struct http_head *h, enum coding *coding)
{
	const struct bytes lists[] = {
		h->values[HTTP_CONTENT_ENCODING], h->values[HTTP_TRANSFER_ENCODING]};

	*coding = CODING_NONE;
	for (unsigned i = 0; i < 2; i++) {
		struct bytes list = lists[i], name;
		while (http_next_element(&list, &name)) {
			enum coding c = http_coding_named(name);
			if (http_equal(name, "identity") || (i == 1 && http_equal(name, "chunked")))
				continue;
			if (c == CODING_NONE || *coding != CODING_NONE)
				return false;
			*coding = c;
		}
	}
	return true;
}
