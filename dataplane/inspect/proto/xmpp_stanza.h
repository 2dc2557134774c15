// What is kept of the element at hand of an XMPP stream: a few names, in a borrowed buffer, each
// behind its field and its length.

#pragma once

#include "dataplane/inspect/proto/collect.h"

struct xmpp_kept {
	struct gather *values;
	uint32_t open; // where the value at hand begins
	uint16_t field; // of the value at hand; FIELD_NONE: it is not kept
	uint8_t n_values;
	uint8_t n_namespaces;
};

// False: there is no buffer. A value that is too long, finds no room, or is one more than a stanza
// has (of `to`, `from` and `type` the first is kept) is left out.
bool xmpp_keep_begin(struct xmpp_kept *k, const struct proto_io *io, enum field field);
void xmpp_keep_piece(struct xmpp_kept *k, struct bytes piece);
void xmpp_keep_end(struct xmpp_kept *k);
// The value at hand is not kept.
void xmpp_keep_cancel(struct xmpp_kept *k);

// The first value of a field; empty when there is none.
struct bytes xmpp_kept_value(const struct xmpp_kept *k, enum field field);
// Is there a value of a field that reads so?
bool xmpp_kept_has(const struct xmpp_kept *k, enum field field, const char *value);

void xmpp_kept_put(const struct xmpp_kept *k, struct tx *tx);
void xmpp_kept_clear(struct xmpp_kept *k, const struct proto_io *io);
