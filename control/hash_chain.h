// A log that only grows, a JSON line each. Each line holds the digest of the one before it (BLAKE2b-256 of its
// bytes), so that no line can be changed, taken out or put in between without its being seen. That lines are
// missing at the end, only somebody sees who kept a later digest. A file may go on from another one: its first line
// then has "continues", the other's name, and the digest of the other's last line.

#pragma once

#include <jansson.h>

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { HASH_CHAIN_HEX = 65, HASH_CHAIN_MAX = 256 << 20 }; // bytes of a file

struct hash_chain {
	int fd; // -1: closed
	off_t end; // of the last whole line
	bool torn; // there may be more behind it, which is to be cut off
	char last[HASH_CHAIN_HEX]; // digest of the last line; zeros before the first
};

// Made when it is missing (0600). What stands behind its last whole line (somebody was stopped while he wrote) is
// cut off, and that is logged. 0, or -errno: -EFBIG.
int hash_chain_open(const char *path, struct hash_chain *out);
// Of a log that several write: it is ours until it is closed. -EWOULDBLOCK: for seconds it was somebody else's.
int hash_chain_open_shared(const char *path, struct hash_chain *out);
void hash_chain_close(struct hash_chain *c);
// Steals `entry`, an object, and adds "prev" to it. *hash: its digest. 0 or -errno, and the file is as it was;
// -EBADMSG: part of a line is there and can not be cut off; the next call tries that again. -EFBIG: it is full.
int hash_chain_add(struct hash_chain *c, json_t *entry, char hash[HASH_CHAIN_HEX]);
int hash_chain_sync(struct hash_chain *c); // to the disk

// A new file that goes on from `from`, whose name is `name`. 0 or -errno, -EEXIST.
int hash_chain_continue(
	const char *path, const struct hash_chain *from, const char *name, struct hash_chain *out);

// From the first line to the last. 0 with *lines; -EBADMSG with *lines, the first that does not fit; -errno.
int hash_chain_check(const char *path, uint64_t *lines, char last[HASH_CHAIN_HEX]);
// The same; each line that fits is told, borrowed.
typedef void hash_chain_line(void *ctx, json_t *entry);
int hash_chain_walk(const char *path, hash_chain_line *told, void *ctx, uint64_t *lines,
	char last[HASH_CHAIN_HEX]);
