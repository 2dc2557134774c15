// Flows that say SYN, SYN+ACK, ACK and a whole ClientHello, as a source.

#pragma once

#include "tools/bench/loop_source.h"

// NULL: memory is short.
struct loop_source *hello_source_new(unsigned flows);
