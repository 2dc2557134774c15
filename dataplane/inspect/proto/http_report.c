#include "dataplane/inspect/proto/http_report.h"

#include "dataplane/inspect/proto/http_credentials.h"
#include "dataplane/inspect/proto/http_text.h"

enum { HEADERS_MAX = 64, COOKIES_MAX = 8 };

// What comes of a header of its own.
static const struct {
	uint8_t header; // enum http_header
	uint8_t role; // HTTP_UNTOLD: both
	bool recorded; // otherwise for rules only
	uint16_t field;
} header_fields[] = {
	{HTTP_USER_AGENT, HTTP_REQUESTS, true, FIELD_HTTP_USER_AGENT},
	{HTTP_CONTENT_TYPE, HTTP_UNTOLD, true, FIELD_HTTP_CONTENT_TYPE},
	{HTTP_REFERER, HTTP_REQUESTS, true, FIELD_HTTP_REFERER},
	{HTTP_SERVER, HTTP_RESPONSES, true, FIELD_HTTP_SERVER},
	{HTTP_LOCATION, HTTP_RESPONSES, true, FIELD_HTTP_LOCATION},
	{HTTP_UPGRADE, HTTP_UNTOLD, true, FIELD_HTTP_UPGRADE},
	{HTTP_HOST, HTTP_REQUESTS, false, FIELD_HTTP_RAW_HOST},
	{HTTP_ACCEPT, HTTP_REQUESTS, false, FIELD_HTTP_ACCEPT},
	{HTTP_ACCEPT_ENCODING, HTTP_REQUESTS, false, FIELD_HTTP_ACCEPT_ENC},
	{HTTP_ACCEPT_LANGUAGE, HTTP_REQUESTS, false, FIELD_HTTP_ACCEPT_LANG},
	{HTTP_CONNECTION, HTTP_UNTOLD, false, FIELD_HTTP_CONNECTION},
	{HTTP_CONTENT_LENGTH, HTTP_UNTOLD, false, FIELD_HTTP_CONTENT_LEN},
};

static void put_wanted(
	struct tx *tx, const struct proto_io *io, enum field field, struct bytes value)
{
	if (value.len > 0 && io_wants(io, field))
		tx_put(tx, field, value);
}

static void put_start(struct tx *tx, const struct proto_io *io, const struct http_head *h)
{
	if (h->role == HTTP_REQUESTS) {
		tx_put_some(tx, FIELD_HTTP_METHOD, h->method);
		tx_put_some(tx, FIELD_HTTP_URI, h->uri);
		tx_put_some(tx, FIELD_HTTP_PROTOCOL, h->protocol);
		tx_put_some(tx, FIELD_HTTP_HOST, h->host);
		put_wanted(tx, io, FIELD_HTTP_RAW_URI, h->uri);
		put_wanted(tx, io, FIELD_HTTP_REQUEST_LINE, h->line);
	} else {
		tx_put_some(tx, FIELD_HTTP_PROTOCOL, h->protocol);
		tx_put_some(tx, FIELD_HTTP_STAT_CODE, h->code);
		put_wanted(tx, io, FIELD_HTTP_STAT_MSG, h->reason);
		put_wanted(tx, io, FIELD_HTTP_RESPONSE_LINE, h->line);
	}
}

static void put_headers(struct tx *tx, const struct proto_io *io, const struct http_head *h)
{
	for (unsigned i = 0; i < sizeof(header_fields) / sizeof(header_fields[0]); i++) {
		struct bytes value = h->values[header_fields[i].header];
		uint8_t role = header_fields[i].role;
		if (role != HTTP_UNTOLD && role != h->role)
			continue;
		if (header_fields[i].recorded)
			tx_put_some(tx, (enum field)header_fields[i].field, value);
		else
			put_wanted(tx, io, (enum field)header_fields[i].field, value);
	}
	put_wanted(tx, io, FIELD_HTTP_START, h->block);
	put_wanted(tx, io, FIELD_HTTP_RAW_HEADER, h->headers);
}

static bool is_cookie(struct bytes name)
{
	enum http_header id = http_header_find(name);
	return id == HTTP_COOKIE || id == HTTP_SET_COOKIE;
}

static void put_cookies(struct tx *tx, const struct proto_io *io, const struct http_head *h)
{
	struct bytes lines = h->headers, name, value;
	unsigned n = 0;

	if (!io_wants(io, FIELD_HTTP_COOKIE) ||
		h->values[HTTP_COOKIE].len + h->values[HTTP_SET_COOKIE].len == 0)
		return;
	while (n < COOKIES_MAX && http_next_header(&lines, &name, &value)) {
		if (is_cookie(name) && value.len > 0) {
			tx_put(tx, FIELD_HTTP_COOKIE, value);
			n++;
		}
	}
}

static void put_credentials(struct tx *tx, const struct http_message *m)
{
	const struct http_head *h = m->head;
	const struct bytes values[] = {
		h->values[HTTP_AUTHORIZATION], h->values[HTTP_PROXY_AUTHORIZATION]};
	struct bytes query = h->uri;

	for (unsigned i = 0; i < 2; i++) {
		if (values[i].len > 0)
			tx_put_text(tx, FIELD_HTTP_CREDENTIALS, http_credentials_scheme(values[i]));
	}
	if (http_credentials_session(h->values[HTTP_COOKIE]))
		tx_put_text(tx, FIELD_HTTP_CREDENTIALS, "session");
	const uint8_t *mark = query.len > 0 ? memchr(query.p, '?', query.len) : NULL;
	bytes_take(&query, mark != NULL ? (size_t)(mark - query.p) + 1 : query.len);
	if (http_credentials_in_form(query) ||
		(m->has_body && http_credentials_form(h) && http_credentials_in_form(m->body)))
		tx_put_text(tx, FIELD_HTTP_CREDENTIALS, "form");
}

static void append(struct gather *g, struct bytes v)
{
	size_t room = GATHER_MAX - g->len;
	size_t n = v.len < room ? v.len : room;

	if (n > 0)
		memcpy(g->data + g->len, v.p, n);
	g->len += (uint32_t)n;
}

static void append_text(struct gather *g, const char *s)
{
	append(g, (struct bytes){.p = (const uint8_t *)s, .len = strlen(s)});
}

// RFC 9112 5.2: the end of a folded line, and the space around it, is one space.
static void append_unfolded(struct gather *g, struct bytes value)
{
	struct bytes line;

	while (http_take_line(&value, &line)) {
		append(g, http_trim(line));
		append_text(g, " ");
	}
	append(g, http_trim(value));
}

// "Name: value CR LF" of each header that is (not) a cookie; each of them is a value, too.
static void put_lines(struct tx *tx, struct gather *g, const struct http_head *h, bool cookies,
	unsigned *room, enum field each)
{
	struct bytes lines = h->headers, name, value;

	while (http_next_header(&lines, &name, &value)) {
		uint32_t from = g->len;
		if (is_cookie(name) != cookies)
			continue;
		append(g, name);
		append_text(g, ": ");
		append_unfolded(g, value);
		if (*room > 0) {
			tx_put(tx, each, (struct bytes){g->data + from, g->len - from, false});
			(*room)--;
		}
		append_text(g, "\r\n");
	}
}

static struct gather *put_normal(
	struct tx *tx, const struct proto_io *io, const struct http_head *h)
{
	enum field each =
		h->role == HTTP_REQUESTS ? FIELD_HTTP_REQUEST_HEADER : FIELD_HTTP_RESPONSE_HEADER;
	unsigned room = io_wants(io, each) ? HEADERS_MAX : 0;

	if (room == 0 && !io_wants(io, FIELD_HTTP_HEADER))
		return NULL;
	struct gather *g = io->gather_take(io->ctx);
	if (g == NULL)
		return NULL;
	put_lines(tx, g, h, false, &room, each);
	put_wanted(tx, io, FIELD_HTTP_HEADER, (struct bytes){g->data, g->len, false});
	if (room > 0)
		put_lines(tx, g, h, true, &room, each);
	return g;
}

static struct gather *put_names(struct tx *tx, const struct proto_io *io, const struct http_head *h)
{
	struct bytes lines = h->headers, name, value;

	if (!io_wants(io, FIELD_HTTP_HEADER_NAMES))
		return NULL;
	struct gather *g = io->gather_take(io->ctx);
	if (g == NULL)
		return NULL;
	append_text(g, "\r\n");
	while (http_next_header(&lines, &name, &value)) {
		append(g, name);
		append_text(g, "\r\n");
	}
	append_text(g, "\r\n");
	tx_put(tx, FIELD_HTTP_HEADER_NAMES, (struct bytes){g->data, g->len, false});
	return g;
}

void http_report(const struct proto_io *io, const struct http_message *m)
{
	const struct http_head *h = m->head;
	bool request = h->role == HTTP_REQUESTS;
	uint8_t length[8];
	struct tx tx;

	tx_begin(&tx, APP_HTTP, request ? DIR_C2S : DIR_S2C);
	tx.id = m->id;
	put_start(&tx, io, h);
	put_headers(&tx, io, h);
	if (request)
		put_credentials(&tx, m);
	if (m->ended)
		tx_put_number(&tx, FIELD_HTTP_LENGTH, m->length, length, sizeof(length));
	put_cookies(&tx, io, h);
	struct gather *lines = put_normal(&tx, io, h);
	struct gather *names = put_names(&tx, io, h);
	if (m->has_body)
		put_wanted(&tx, io, request ? FIELD_HTTP_REQUEST_BODY : FIELD_HTTP_RESPONSE_BODY,
			m->body);
	io->tx(io->ctx, &tx);
	if (lines != NULL)
		io->gather_give(io->ctx, lines);
	if (names != NULL)
		io->gather_give(io->ctx, names);
}
