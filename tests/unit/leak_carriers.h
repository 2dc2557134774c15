// Ways of a text through a network: how it is encoded, what carries it, how it is cut.

#pragma once

#include "tests/unit/leak_rig.h"

#include <brotli/encode.h>
#include <zlib.h>

enum { WIRE_MAX = 1 << 20 };

struct text {
	const char *p;
	size_t len;
	enum dir dir;
};

struct buffer {
	uint8_t *p;
	size_t len;
};

static struct buffer room(void)
{
	struct buffer b = {malloc(WIRE_MAX), 0};

	if (b.p == NULL)
		abort();
	return b;
}

static void add(struct buffer *b, const void *p, size_t n)
{
	if (n > WIRE_MAX - b->len)
		abort();
	if (n > 0)
		memcpy(b->p + b->len, p, n);
	b->len += n;
}

__attribute__((format(printf, 2, 3))) static void addf(struct buffer *b, const char *format, ...)
{
	char line[512];
	va_list ap;

	va_start(ap, format);
	int n = vsnprintf(line, sizeof(line), format, ap);
	va_end(ap);
	add(b, line, (size_t)n);
}

// Encodings of a text.
static void as_it_is(const struct text *t, struct buffer *out)
{
	add(out, t->p, t->len);
}

static void percent(const struct text *t, struct buffer *out)
{
	for (size_t i = 0; i < t->len; i++)
		addf(out, "%%%02X", (uint8_t)t->p[i]);
}

static void percent_twice(const struct text *t, struct buffer *out)
{
	for (size_t i = 0; i < t->len; i++) {
		bool digit = t->p[i] >= '0' && t->p[i] <= '9';
		addf(out, digit ? "%%25%02x" : "%%%02x", (uint8_t)t->p[i]);
	}
}

static void unicode(const struct text *t, struct buffer *out)
{
	for (size_t i = 0; i < t->len; i++) {
		uint8_t c = (uint8_t)t->p[i];
		if (c < 0x80)
			addf(out, "\\u%04x", c);
		else
			add(out, &c, 1);
	}
}

static void base64(const struct text *t, struct buffer *out)
{
	static const char set[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const uint8_t *p = (const uint8_t *)t->p;

	for (size_t i = 0; i < t->len; i += 3) {
		size_t n = t->len - i < 3 ? t->len - i : 3;
		uint32_t v = (uint32_t)p[i] << 16 | (n > 1 ? (uint32_t)p[i + 1] << 8 : 0) |
			(n > 2 ? p[i + 2] : 0);
		char four[4] = {set[v >> 18], set[v >> 12 & 63], n > 1 ? set[v >> 6 & 63] : '=',
			n > 2 ? set[v & 63] : '='};
		add(out, four, 4);
		if (i % 57 == 54)
			add(out, "\r\n", 2);
	}
}

static void deflated(const struct text *t, struct buffer *out, int bits)
{
	z_stream z = {.next_in = (uint8_t *)(uintptr_t)t->p,
		.avail_in = (uInt)t->len,
		.next_out = out->p,
		.avail_out = WIRE_MAX};

	deflateInit2(&z, 6, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY);
	deflate(&z, Z_FINISH);
	deflateEnd(&z);
	out->len = z.total_out;
}

static void gzip(const struct text *t, struct buffer *out)
{
	deflated(t, out, 31);
}

static void deflate_(const struct text *t, struct buffer *out)
{
	deflated(t, out, -15);
}

static void brotli(const struct text *t, struct buffer *out)
{
	size_t len = WIRE_MAX;

	BrotliEncoderCompress(5, 18, BROTLI_MODE_TEXT, t->len, (const uint8_t *)t->p, &len, out->p);
	out->len = len;
}

static void protobuf(const struct text *t, struct buffer *out)
{
	uint8_t head[6] = {0x08, 0x01, 0x12};
	size_t n = 3;

	for (size_t v = t->len; n == 3 || v != 0; v >>= 7)
		head[n++] = (uint8_t)((v & 0x7f) | (v >> 7 != 0 ? 0x80 : 0));
	add(out, head, n);
	add(out, t->p, t->len);
}

static void parts(const struct text *t, struct buffer *out)
{
	addf(out, "--xYz\r\nContent-Disposition: form-data\r\n\r\n");
	add(out, t->p, t->len);
	addf(out, "\r\n--xYz--\r\n");
}

static void wide_digits(const struct text *t, struct buffer *out)
{
	for (size_t i = 0; i < t->len; i++) {
		uint8_t c = (uint8_t)t->p[i], wide[] = {0xef, 0xbc, (uint8_t)(0x90 + c - '0')};
		bool digit = c >= '0' && c <= '9';
		add(out, digit ? wide : &c, digit ? 3 : 1);
	}
}

static void no_width(const struct text *t, struct buffer *out)
{
	for (size_t i = 0; i < t->len; i++) {
		add(out, t->p + i, 1);
		if (t->p[i] >= '0' && t->p[i] <= '8' && i + 1 < t->len &&
			(uint8_t)t->p[i + 1] < 0x80)
			add(out, "\xe2\x80\x8b", 3);
	}
}

// Ways of a body.
struct carried {
	const uint8_t *p;
	size_t len;
	enum dir dir;
	const char *headers;
};
typedef void (*carrier_fn)(struct craft_session *s, const struct carried *c);

static void http_with(struct craft_session *s, const struct carried *c, size_t chunk)
{
	struct buffer b = room();
	enum craft_side from = c->dir == DIR_C2S ? CLIENT : SERVER;

	session_open(s);
	static const char get[] = "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n";
	if (c->dir == DIR_S2C)
		session_send(s, CLIENT, get, sizeof(get) - 1);
	addf(&b, "%s\r\n%s",
		c->dir == DIR_C2S ? "POST / HTTP/1.1\r\nHost: a.example" : "HTTP/1.1 200 OK",
		c->headers);
	if (chunk == 0)
		addf(&b, "Content-Length: %zu\r\n\r\n", c->len);
	else
		addf(&b, "Transfer-Encoding: chunked\r\n\r\n");
	for (size_t at = 0; at < c->len;) {
		size_t n = chunk == 0 || c->len - at < chunk ? c->len - at : chunk;
		if (chunk != 0)
			addf(&b, "%zx\r\n", n);
		add(&b, c->p + at, n);
		if (chunk != 0)
			addf(&b, "\r\n");
		at += n;
	}
	if (chunk != 0)
		addf(&b, "0\r\n\r\n");
	session_send(s, from, b.p, b.len);
	session_close(s);
	free(b.p);
}

static void http(struct craft_session *s, const struct carried *c)
{
	http_with(s, c, 0);
}

static void http_chunked(struct craft_session *s, const struct carried *c)
{
	http_with(s, c, 11);
}

static void h2_frame(struct buffer *b, uint8_t type, uint8_t flags, const void *p, size_t n)
{
	uint8_t head[9] = {
		(uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n, type, flags, 0, 0, 0, 1};

	head[8] = type == 4 ? 0 : 1;
	add(b, head, sizeof(head));
	add(b, p, n);
}

// RFC 9113, with prior knowledge; headers without a table (RFC 7541 6.2.2).
static void h2c(struct craft_session *s, const struct carried *c)
{
	static const uint8_t post[] = "\x83\x86\x84\x01\x09"
				      "a.example";
	struct buffer b = room(), head = room();

	add(&head, post, sizeof(post) - 1);
	if (strncmp(c->headers, "Content-Encoding: ", 18) == 0) {
		const char *value = c->headers + 18;
		uint8_t n = (uint8_t)strcspn(value, "\r");
		addf(&head, "%c%ccontent-encoding%c", 0, 16, n);
		add(&head, value, n);
	}
	if (strncmp(c->headers, "Content-Type: ", 14) == 0) {
		const char *value = c->headers + 14;
		uint8_t n = (uint8_t)strcspn(value, "\r");
		addf(&head, "%c%ccontent-type%c", 0, 12, n);
		add(&head, value, n);
	}
	session_open(s);
	addf(&b, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
	h2_frame(&b, 4, 0, NULL, 0);
	h2_frame(&b, 1, 4, head.p, head.len);
	for (size_t at = 0; at < c->len; at += 4000) {
		size_t n = c->len - at < 4000 ? c->len - at : 4000;
		h2_frame(&b, 0, at + n == c->len, c->p + at, n);
	}
	session_send(s, CLIENT, b.p, b.len);
	session_close(s);
	free(b.p);
	free(head.p);
}

static void websocket(struct craft_session *s, const struct carried *c)
{
	static const char hello[] = "GET /w HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade\r\n"
				    "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
				    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
	static const char yes[] = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
				  "Upgrade: websocket\r\n"
				  "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
	struct buffer b = room();
	uint8_t head[14] = {0x82, 0x80 | 127}, key[4] = {1, 2, 3, 4};

	for (unsigned i = 0; i < 8; i++)
		head[2 + i] = (uint8_t)((uint64_t)c->len >> 8 * (7 - i));
	memcpy(head + 10, key, 4);
	if (c->len < 126) {
		head[1] = (uint8_t)(0x80 | c->len);
		memcpy(head + 2, key, 4);
	} else if (c->len < 65536) {
		head[1] = 0x80 | 126;
		head[2] = (uint8_t)(c->len >> 8);
		head[3] = (uint8_t)c->len;
		memcpy(head + 4, key, 4);
	}
	add(&b, head, c->len < 126 ? 6 : c->len < 65536 ? 8 : 14);
	for (size_t i = 0; i < c->len; i++) {
		uint8_t masked = c->p[i] ^ key[i % 4];
		add(&b, &masked, 1);
	}
	session_open(s);
	session_send(s, CLIENT, hello, sizeof(hello) - 1);
	session_send(s, SERVER, yes, sizeof(yes) - 1);
	session_send(s, CLIENT, b.p, b.len);
	session_close(s);
	free(b.p);
}

static void mqtt(struct craft_session *s, const struct carried *c)
{
	static const uint8_t connect[] = "\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\x04unit";
	struct buffer b = room();
	size_t rest = 3 + c->len;

	add(&b, connect, sizeof(connect) - 1);
	add(&b, "\x30", 1);
	do {
		uint8_t byte = (uint8_t)((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
		add(&b, &byte, 1);
		rest >>= 7;
	} while (rest > 0);
	add(&b, "\x00\x01t", 3);
	add(&b, c->p, c->len);
	session_open(s);
	session_send(s, CLIENT, b.p, b.len);
	session_close(s);
	free(b.p);
}

static void bare(struct craft_session *s, const struct carried *c)
{
	session_open(s);
	session_send(s, c->dir == DIR_C2S ? CLIENT : SERVER, c->p, c->len);
	session_close(s);
}

static void datagram_(struct craft_session *s, const struct carried *c)
{
	session_datagram(s, CLIENT, c->p, c->len);
}

static void smtp(struct craft_session *s, const struct carried *c)
{
	static const char before[] = "EHLO a.example\r\nMAIL FROM:<>\r\nDATA\r\n\r\n";

	session_open(s);
	session_send(s, SERVER, "220 b.example ESMTP\r\n", 21);
	session_send(s, CLIENT, before, sizeof(before) - 1);
	session_send(s, CLIENT, c->p, c->len);
	session_send(s, CLIENT, "\r\n.\r\n", 5);
	session_close(s);
}

static void xmpp(struct craft_session *s, const struct carried *c)
{
	static const char before[] =
		"<?xml version='1.0'?><stream:stream to='a.example' xmlns='jabber:client' "
		"xmlns:stream='http://etherx.jabber.org/streams' version='1.0'><message><body>";

	session_open(s);
	session_send(s, CLIENT, before, sizeof(before) - 1);
	session_send(s, CLIENT, c->p, c->len);
	session_send(s, CLIENT, "</body></message>", 17);
	session_close(s);
}

// RFC 959: commands, and a file by itself.
static void ftp(struct craft_session *s, const struct carried *c)
{
	session_open(s);
	session_send(s, SERVER, "220 ready\r\n", 11);
	session_send(s, CLIENT, "USER anonymous\r\nPASV\r\nSTOR f\r\n", 30);
	session_close(s);
	s->host[CLIENT].port++;
	s->host[SERVER].port = 2121;
	bare(s, c);
}

static const struct variant {
	const char *name;
	void (*encode)(const struct text *t, struct buffer *out);
	carrier_fn carry;
	const char *headers;
	uint16_t port, mss;
	bool answers; // also of servers
	bool is_short; // of short texts only
} variants[] = {
	{"body", as_it_is, http, "", 80, 1400, true, false},
	{"body, 3 bytes a segment", as_it_is, http, "", 80, 3, true, true},
	{"body, 700 bytes a segment", as_it_is, http, "", 80, 700, true, false},
	{"chunked", as_it_is, http_chunked, "", 80, 1400, true, false},
	{"percent", percent, http, "", 80, 1400, true, false},
	{"percent in a form", percent, http, "Content-Type: application/x-www-form-urlencoded\r\n",
		80, 1400, false, false},
	{"percent twice", percent_twice, http, "", 80, 1400, true, false},
	{"unicode", unicode, http, "", 80, 1400, true, false},
	{"base64", base64, http, "", 80, 1400, true, false},
	{"gzip", gzip, http, "Content-Encoding: gzip\r\n", 80, 1400, true, false},
	{"gzip that nobody told of", gzip, http, "", 80, 1400, true, false},
	{"gzip, chunked", gzip, http_chunked, "Content-Encoding: gzip\r\n", 80, 100, true, false},
	{"deflate", deflate_, http, "Content-Encoding: deflate\r\n", 80, 1400, true, false},
	{"brotli", brotli, http, "Content-Encoding: br\r\n", 80, 1400, true, false},
	{"protobuf", protobuf, http, "Content-Type: application/x-protobuf\r\n", 80, 1400, true,
		false},
	{"parts", parts, http, "Content-Type: multipart/form-data; boundary=xYz\r\n", 80, 1400,
		false, false},
	{"full width", wide_digits, http, "", 80, 1400, false, false},
	{"no width", no_width, http, "", 80, 1400, false, false},
	{"h2c", as_it_is, h2c, "", 80, 1400, false, false},
	{"h2c, small segments", as_it_is, h2c, "", 80, 13, false, true},
	{"h2c, gzip", gzip, h2c, "Content-Encoding: gzip\r\n", 80, 1400, false, false},
	{"h2c, percent", percent, h2c, "Content-Type: application/x-www-form-urlencoded\r\n", 80,
		1400, false, false},
	{"websocket", as_it_is, websocket, "", 80, 1400, false, false},
	{"mqtt", as_it_is, mqtt, "", 1883, 1400, false, false},
	{"mqtt, small segments", as_it_is, mqtt, "", 1883, 5, false, true},
	{"bare TCP", as_it_is, bare, "", 4000, 1400, true, false},
	{"bare TCP, 2 bytes a segment", as_it_is, bare, "", 4000, 2, true, true},
	{"bare UDP", as_it_is, datagram_, "", 4000, 1400, false, true},
	{"mail", as_it_is, smtp, "", 25, 1400, false, false},
	{"XMPP", as_it_is, xmpp, "", 5222, 1400, false, false},
	{"XMPP, small segments", as_it_is, xmpp, "", 5222, 4, false, true},
	{"FTP", as_it_is, ftp, "", 21, 1400, false, false},
	{"mail, small segments", as_it_is, smtp, "", 25, 9, false, true},
};
