// What crosses borders, counted by one worker when a flow ends: into the window of its day and that of its
// year, by the flow's last packet. Memory is the page's; what finds no room has counters there.

#pragma once

#include "dataplane/inspect/flow.h"
#include "dataplane/runtime/border_keys.h"

struct borders;

// page: zeroed, this worker's; what is decided on is kept beside it, because another process may write
// there. keys: of all workers, borrowed. NULL: short of memory.
struct borders *borders_new(struct border_page *page, struct border_keys *keys);
void borders_free(struct borders *b); // NULL is allowed

void borders_flow(struct borders *b, const struct flow *f, const struct flow_note *note);
