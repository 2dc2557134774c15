// Clear-text HTTP: flows that ask for a page each and get it; a source.

#pragma once

#include "dataplane/base/bytes.h"
#include "tools/bench/loop_source.h"

enum { PAGE_LEN = 60000 };

// NULL: memory is short.
struct loop_source *page_source_new(unsigned flows);

// The body of such a flow's page: HTML with prose, and here and there a number, an address, a key. None of
// it is anybody's.
void page_text(unsigned number, char out[PAGE_LEN]);
