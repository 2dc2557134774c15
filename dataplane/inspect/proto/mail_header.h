// The header of a mail (RFC 5322 2.2): gathered line by line, told as one transaction. What stands
// below it is nobody's business.

#pragma once

#include "dataplane/inspect/proto/collect.h"

struct mail_header {
	struct gather *lines;
	bool over; // the body, or no buffer: nothing more is wanted
};

// A line without its end. At the empty one the header is reported.
void mail_header_line(struct mail_header *m, const struct proto_io *io, enum app_proto app,
	enum dir dir, struct bytes line);
// The mail ends, or the flow: what is there is reported; ready for the next one.
void mail_header_end(
	struct mail_header *m, const struct proto_io *io, enum app_proto app, enum dir dir);
