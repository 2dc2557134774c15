// The journal of a store (evidence_store.h): a line for each thing that was done with a record.
//
//   what    stored, exported, erasing (before its key is destroyed), erased; kept: taken over from an older file
//   at, uid, why, record, purpose, class, hash
//
// When it is longer than EVIDENCE_JOURNAL_MAX it becomes journal-DIGEST (of its last line), and a new one begins with
// what that one said of records that are not erased: so one file tells all that there is to be. Not when that alone is
// half of it (thousands of records that went missing): then it grows to HASH_CHAIN_MAX.

#pragma once

#include "control/evidence_store.h"

enum { EVIDENCE_JOURNAL_MAX = 4 << 20 }; // bytes; a full store's records are 1.3 MB of it

int evidence_journal_open(struct evidence_store *s); // 0 or -errno
// 0 or -errno: it is not written down.
int evidence_journal_note(struct evidence_store *s, const char *what,
	const struct evidence_item *item, uint32_t uid, const char *why, char hash[HASH_CHAIN_HEX]);
int evidence_journal_sync(struct evidence_store *s); // 0 or -errno
// What it has of records that are not erased: id -> entry, a new object; an entry has "erasing" when that had been
// begun. *err: hash_chain_walk()'s; -EBADMSG also when its end is another than the one we wrote. NULL: no memory.
json_t *evidence_journal_alive(
	const struct evidence_store *s, int *err, uint64_t *lines, char last[HASH_CHAIN_HEX]);
