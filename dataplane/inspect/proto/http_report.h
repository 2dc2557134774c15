// A message of HTTP/1 -> a transaction.

#pragma once

#include "dataplane/inspect/proto/http_head.h"

struct http_message {
	const struct http_head *head;
	uint32_t id;
	bool has_body; // `body` was looked for
	bool ended; // `length` is known
	struct bytes body; // decoded
	uint64_t length; // of the body, as it was sent
};

void http_report(const struct proto_io *io, const struct http_message *m);
