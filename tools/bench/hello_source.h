// Flows that are opened, say a ClientHello that is acknowledged, and are reset: a source.

#pragma once

#include "tools/bench/loop_source.h"

// NULL: memory is short.
struct loop_source *hello_source_new(unsigned flows);
