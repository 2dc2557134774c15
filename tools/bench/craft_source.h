// Crafted conversations as a source.

#pragma once

#include "tools/bench/loop_source.h"
#include "tools/craft/session.h"

// One flow, by its number; s->err.
typedef int (*craft_flow_fn)(struct session *s, unsigned number);

// flows of them, one after the other, step_ns between two packets. NULL: memory is short.
struct loop_source *craft_source_new(unsigned flows, uint64_t step_ns, craft_flow_fn put_flow);
