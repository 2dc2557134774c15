// Start lines (RFC 9112 3, 4).

#pragma once

#include "dataplane/inspect/proto/http_head.h"

// The line's parts go to *h. False when it begins no message of that role.
bool http_line_parse(struct bytes line, enum http_role role, struct http_head *h);
