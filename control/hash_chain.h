// A log that only grows, a JSON line each. Each line holds the digest of the one before it (BLAKE2b-256 of its
// bytes), so that no line can be changed, taken out or put in between without its being seen. That lines are
// missing at the end, only somebody sees who kept a later digest.

#pragma once

#include <jansson.h>

#include <stdint.h>

enum { HASH_CHAIN_HEX = 65, HASH_CHAIN_MAX = 256 << 20 }; // bytes of a file

struct hash_chain {
	int fd; // -1: closed
	char last[HASH_CHAIN_HEX]; // digest of the last line; zeros before the first
};

// Made when it is missing (0600). 0, or -errno: -EBADMSG its last line is torn or no line, -EFBIG.
int hash_chain_open(const char *path, struct hash_chain *out);
void hash_chain_close(struct hash_chain *c);
// Steals `entry`, an object, and adds "prev" to it. 0 or -errno; *hash: its digest.
int hash_chain_add(struct hash_chain *c, json_t *entry, char hash[HASH_CHAIN_HEX]);
int hash_chain_sync(struct hash_chain *c); // to the disk

// From the first line to the last. 0 with *lines; -EBADMSG with *lines, the first that does not fit; -errno.
int hash_chain_check(const char *path, uint64_t *lines, char last[HASH_CHAIN_HEX]);
