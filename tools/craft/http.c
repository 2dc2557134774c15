#include "tools/craft/http.h"

#include <stdio.h>

static void put_header(struct wire *w, const char *name, const char *value)
{
	wire_text(w, name);
	wire_text(w, ": ");
	wire_text(w, value);
	wire_text(w, "\r\n");
}

static void put_body_headers(struct wire *w, const char *type, size_t body_len)
{
	char number[24];

	snprintf(number, sizeof(number), "%zu", body_len);
	put_header(w, "Content-Type", type);
	put_header(w, "Content-Length", number);
}

void http_request(struct wire *w, const struct http_request *q, size_t body_len)
{
	wire_text(w, q->method);
	wire_text(w, " ");
	wire_text(w, q->path);
	wire_text(w, " HTTP/1.1\r\n");
	put_header(w, "Host", q->host);
	put_header(w, "User-Agent", q->agent);
	put_header(w, "Accept", "*/*");
	if (q->extra != NULL)
		wire_text(w, q->extra);
	if (q->type != NULL)
		put_body_headers(w, q->type, body_len);
	wire_text(w, "\r\n");
}

void http_response(struct wire *w, const char *type, size_t body_len)
{
	wire_text(w, "HTTP/1.1 200 OK\r\n");
	put_body_headers(w, type, body_len);
	wire_text(w, "\r\n");
}
