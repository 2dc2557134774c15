// Files of compiled sets in one directory, as children of the daemon read and write them. A file
// counts only when its HMAC-SHA256 is right: Hyperscan's bytecode is run, so nobody else's may be.
//
//     header | artefact | index of rules | report         named <digest in hex>.set

#pragma once

#include <stddef.h>
#include <stdint.h>

enum {
	CACHE_FILES_MAX = 16, // the newest are kept,
	CACHE_BYTES_MAX = 1 << 30, // as long as they are no more than that
	CACHE_KEY_LEN = 32,
};

struct cache_dir {
	int fd;
	uint8_t key[CACHE_KEY_LEN];
};

enum cache_found {
	CACHE_NONE, // there is no such file
	CACHE_HIT,
	CACHE_HELD, // needs no file: the daemon has it in memory
	CACHE_FOREIGN, // there is one that is not ours, or damaged
};

// Fills two empty memfds, and *report (malloc'd, with a NUL behind); they are left as they were
// unless it is a hit, and a hit makes the file the newest.
enum cache_found cache_file_fetch(const struct cache_dir *dir, const uint8_t digest[32],
	int blob_fd, int index_fd, char **report, size_t *report_len);

// Whole or not at all, whenever we die. 0, -EFBIG, or -errno.
int cache_file_put(const struct cache_dir *dir, const uint8_t digest[32], int blob_fd, int index_fd,
	const char *report, size_t report_len);

// Removes the oldest, until the bounds are kept. 0 or -errno.
int cache_file_prune(const struct cache_dir *dir);
// What a process left behind that died while it wrote.
void cache_file_sweep(const struct cache_dir *dir);
