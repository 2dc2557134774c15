// HTTP/1.1 messages.

#pragma once

#include "tools/craft/wire.h"

struct http_request {
	const char *method;
	const char *host;
	const char *path;
	const char *agent;
	const char *type; // of the body; NULL: no body
	const char *extra; // more header lines, each with its CRLF; may be NULL
};

// The head only, for a body of `body_len` bytes.
void http_request(struct wire *w, const struct http_request *q, size_t body_len);
void http_response(struct wire *w, const char *type, size_t body_len);
