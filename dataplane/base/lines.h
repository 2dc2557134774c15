// Memory in whole cache lines, for what one thread writes often while another has its own beside it.

#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { CACHE_LINE = 64 };

// Zeroed; free() frees it. NULL: memory is short.
static inline void *lines_calloc(size_t n, size_t size)
{
	if (size != 0 && n > (SIZE_MAX - CACHE_LINE) / size)
		return NULL;
	size_t len = (n * size + CACHE_LINE) & ~(size_t)(CACHE_LINE - 1);
	void *p = aligned_alloc(CACHE_LINE, len);

	if (p != NULL)
		memset(p, 0, len);
	return p;
}
