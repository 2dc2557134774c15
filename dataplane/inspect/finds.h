// What the packets of a burst brought to light, in order, until it is matched: a bounded
// list, and an arena for field values whose own memory does not live long enough.

#pragma once

#include "dataplane/inspect/inspect.h"
#include "dataplane/inspect/stage_clock.h"

struct finds;

struct finds *finds_new(const struct inspect_hooks *hooks, struct stage_clock *clock);
void finds_free(struct finds *f);

// Add one; `tx` (for FIND_TX) and facts are copied. A full list is matched first.
// The find of the packet at hand, while it waits: its protocol is known when the packet was parsed.
void finds_tell_app(struct finds *f, uint8_t app_proto, bool first_known);
// It was parsed: what it brought knows its flow's protocol now.
void finds_packet_done(struct finds *f, const struct flow *flow);
void finds_add(struct finds *f, const struct find *find);
void finds_add_tx(struct finds *f, const struct find *find, const struct tx *tx);

// What is added from here on is about another packet: its facts are copied anew, once for all.
void finds_new_facts(struct finds *f);

// A buffer that the list may point into: freed after the next match.
void finds_release(struct finds *f, struct pktbuf *buf);

// Match what there is, free what was released.
void finds_flush(struct finds *f);
