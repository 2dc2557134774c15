// Memory that is given back all at once: what the rules of one list are made of.

#pragma once

#include <stddef.h>

struct rule_arena;

struct rule_arena *arena_new(void);
void arena_free(struct rule_arena *a); // NULL is allowed

// 8-aligned, zeroed; NULL when memory is short.
void *arena_take(struct rule_arena *a, size_t size);
// A copy; the text gets a NUL behind it.
void *arena_copy(struct rule_arena *a, const void *p, size_t size);
char *arena_text(struct rule_arena *a, const char *p, size_t len);
