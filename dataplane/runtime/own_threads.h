// Workers get their memory on threads of their own: near the core that will use it, and from arenas of
// their own (glibc's malloc has one a thread), so that no two workers write to one cache line.

#pragma once

#include <stdbool.h>

// Runs fn(args[i]) for each of n at once, and waits for all. True: each returned 0.
typedef bool (*own_threads_fn)(unsigned n, int (*fn)(void *arg), void *const args[]);

// On threads that are made for it; they end together, for an arena is given on when its thread ends. One
// worker runs here.
bool own_threads_run(unsigned n, int (*fn)(void *arg), void *const args[]);
