// What the daemon knows about the rules of a set: who they are and what they say. The compile
// child writes it as text, a rule a line; the daemon reads it as it reads any foreign bytes.

#pragma once

#include "patterns/rule_digest.h"

#include <stdint.h>
#include <stdio.h>

struct pattern_entry {
	uint32_t gid, sid, rev;
	const char *set;
	const char *service; // "": names none
	const char *msg;
	const char *expires; // a date; "": for ever
	const char *content; // the buffer for which it needs a purpose; "": it needs none
	struct rule_digest digest; // what it says; of a rule with "=>": of both its halves
};

struct pattern_index {
	uint32_t n;
	struct pattern_entry *entries; // by gid, sid, rev
	char *text;
};

// 0 or -ENOMEM.
int pattern_index_write(const struct rule_list *rules, FILE *out);

// From the start of a file of at most PATTERN_INDEX_MAX bytes. 0, -EBADMSG, -EFBIG, -ENOMEM or
// -errno of reading.
enum { PATTERN_INDEX_MAX = 256 << 20 };
int pattern_index_read(int fd, struct pattern_index **out);
void pattern_index_free(struct pattern_index *x); // NULL is allowed

// NULL when there is none, or no index (x may be NULL).
const struct pattern_entry *pattern_index_find(
	const struct pattern_index *x, uint32_t gid, uint32_t sid, uint32_t rev);
