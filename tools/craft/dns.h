// DNS messages (RFC 1035).

#pragma once

#include "tools/craft/packet.h"
#include "tools/craft/wire.h"

enum { DNS_A = 1, DNS_TXT = 16, DNS_AAAA = 28 };

void dns_query(struct wire *w, uint16_t id, const char *name, uint16_t type);
// Answers with the address of `host` (A or AAAA by its version).
void dns_address(struct wire *w, uint16_t id, const char *name, const struct host *host);
// Answers with `n` text strings of 255 bytes: a datagram as long as one wants.
void dns_text(struct wire *w, uint16_t id, const char *name, unsigned n);
