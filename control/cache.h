// The cache of compiled sets, the daemon's side: its directory and key, the children that write
// into it, what was found there. The children's side: cache_file.h.

#pragma once

#include "control/cache_file.h"

#include <event2/event.h>

struct cache;

struct cache_counts {
	uint64_t hits, misses;
	uint64_t foreign; // files that were not ours, or damaged
	uint64_t stored, failed;
};

// The directory is made when it is missing, and must be ours; so must the key in it (0600), which
// is made when it is missing or when others could have read it: what was stored before is then
// foreign. 0 or -errno: -EPERM for a directory of another user.
int cache_open(struct event_base *base, const char *path, struct cache **out);
void cache_close(struct cache *c); // NULL is allowed; a child that still writes is killed

const struct cache_dir *cache_directory(const struct cache *c); // NULL when c is
const uint8_t *cache_program(const struct cache *c); // 32 bytes: digest of this program

// A child that goes on to read what others wrote: the key is gone from its memory, the directory
// closed.
void cache_forget(struct cache *c);

// Keeps a set, in a child of its own; it needs nothing of ours after the call. What goes wrong is
// logged and counted.
void cache_store(struct cache *c, const uint8_t digest[32], int blob_fd, int index_fd,
	const char *report, size_t report_len);

void cache_count(
	struct cache *c, enum cache_found found); // what a lookup has shown; logs CACHE_FOREIGN
struct cache_counts cache_counts(const struct cache *c); // zeros for NULL
