// Memory for large tables: zeroed by the system when first touched, so by the thread and on the node
// that uses it, and in huge pages where the system has them: a lookup at random then misses the TLB
// less often.

#pragma once

#include <stddef.h>

// Zeroed, at a cache line at least. NULL: memory is short.
void *pages_alloc(size_t len);
// len: as it was asked for. NULL is allowed.
void pages_free(void *p, size_t len);
