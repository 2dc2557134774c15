// malloc() and its like, stood in for: the test that includes this says what happens with each block, in
//
//   static void *malloc_noted(void *p, size_t size);      returns p
//
// Where a sanitizer has a malloc() of its own, OTHER_MALLOC is defined and nothing is stood in for.

#pragma once

#include <errno.h>
#include <stdlib.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define OTHER_MALLOC 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OTHER_MALLOC 1
#endif

#ifndef OTHER_MALLOC
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static void *malloc_noted(void *p, size_t size);

void *malloc(size_t size)
{
	return malloc_noted(__libc_malloc(size), size);
}

void *calloc(size_t n, size_t size)
{
	return malloc_noted(__libc_calloc(n, size), n * size);
}

void *realloc(void *p, size_t size)
{
	return malloc_noted(__libc_realloc(p, size), size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
	return malloc_noted(__libc_memalign(alignment, size), size);
}

int posix_memalign(void **p, size_t alignment, size_t size)
{
	*p = malloc_noted(__libc_memalign(alignment, size), size);
	return *p != NULL ? 0 : ENOMEM;
}
#endif
