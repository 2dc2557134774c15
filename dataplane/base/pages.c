#include "dataplane/base/pages.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif

static const size_t HUGE_PAGE = 2 << 20;

// Small tables, and all of them where an address sanitizer is to see what is written behind their end.
#if defined(__SANITIZE_ADDRESS__)
static const size_t HEAP_MAX = SIZE_MAX;
#else
static const size_t HEAP_MAX = 256 << 10;
#endif

static bool from_heap(size_t len)
{
	return len < HEAP_MAX;
}

static size_t rounded(size_t len, size_t to)
{
	return (len + to - 1) & ~(to - 1);
}

static void *heap_alloc(size_t len)
{
	enum { LINE = 64 };
	size_t size = rounded(len != 0 ? len : 1, LINE);
	void *p = aligned_alloc(LINE, size);

	if (p != NULL)
		memset(p, 0, size);
	return p;
}

void *pages_alloc(size_t len)
{
	if (from_heap(len))
		return heap_alloc(len);
	size_t size = rounded(len, HUGE_PAGE);
	if (size < len)
		return NULL;
	// One huge page more, of which what lies before and behind is given back.
	uint8_t *p = mmap(NULL, size + HUGE_PAGE, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return NULL;
	size_t before = (HUGE_PAGE - ((uintptr_t)p & (HUGE_PAGE - 1))) & (HUGE_PAGE - 1);
	if (before > 0)
		munmap(p, before);
	if (before < HUGE_PAGE)
		munmap(p + before + size, HUGE_PAGE - before);
	if (len >= 2 * HUGE_PAGE)
		madvise(p + before, size, MADV_HUGEPAGE); // a wish
	return p + before;
}

void pages_free(void *p, size_t len)
{
	if (p == NULL)
		return;
	if (from_heap(len))
		free(p);
	else
		munmap(p, rounded(len, HUGE_PAGE));
}
