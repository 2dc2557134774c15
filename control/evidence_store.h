// Sealed evidence on disk: the daemon's state directory, below evidence/. What a record's two shares are
// sealed in stands there once more encrypted, with a key of the record's own in a file of its own. To erase
// a record is to overwrite that key: what is left, and every copy of it in a backup, opens for nobody.
//
//   ID.swev   the record (dataplane/api/evidence.h), its shares encrypted
//   ID.key    24 bytes of nonce, 32 of key
//   journal   what was stored, exported, erased: a chain of digests (evidence_journal.h)
//
// A backup that is kept for longer than the records leaves *.key out: with them it opens what was erased.

#pragma once

#include "control/hash_chain.h"
#include "control/purpose_store.h"
#include "dataplane/api/evidence.h"

enum { EVIDENCE_STORE_MAX = 4096 }; // records; what comes beyond is refused, and counted

struct evidence_item {
	struct evidence_head head; // shares as on the disk
	uint64_t stored_ns; // wall clock; since then it is kept
	bool announced; // "erasing" is in the journal
};

struct evidence_store {
	int dir; // -1: none
	int err; // -errno: why nothing can be stored; what is there is listed, and erased, nevertheless
	char path[4096];
	struct hash_chain journal; // fd -1: none
	bool unsynced; // the journal
	bool journal_stays; // it could not be replaced when it was long; not tried again
	uint32_t expire_at; // the item where the next look for old ones begins
	uint32_t n, room;
	struct evidence_item *items; // in the order they came
	uint64_t stored, full, bad, failed; // since the daemon began
};

// state: its directory; NULL: what comes is refused. What is wrong is logged.
void evidence_store_open(struct evidence_store *s, const char *state);
void evidence_store_close(struct evidence_store *s); // a zeroed one with dir -1 is allowed

// A record from a ring: any bytes. It is stored, or counted.
void evidence_store_put(struct evidence_store *s, const void *record, size_t len);
// The item whose id begins with these hexadecimal digits. 0, -ENOENT, -EEXIST: more than one.
int evidence_store_find(const struct evidence_store *s, const char *hex, uint32_t *item);
// The record as it was sealed, and that it left us goes into the journal. 0 or -errno: -EBADMSG it is damaged.
int evidence_store_export(struct evidence_store *s, uint32_t item, uint32_t uid,
	uint8_t out[EVIDENCE_MAX], size_t *len);
// Its key is overwritten, then all of it is gone. 0 and a certificate, the caller's; or -errno. It does not wait for
// a journal that can not be written: the certificate then has "journal_error".
// why: "asked for", "retention".
int evidence_store_erase(struct evidence_store *s, uint32_t item, uint32_t uid, const char *why,
	json_t **certificate);
// Those whose purpose does not keep them any longer; at most EVIDENCE_EXPIRE_AT_ONCE a call.
enum { EVIDENCE_EXPIRE_AT_ONCE = 8 };
void evidence_store_expire(
	struct evidence_store *s, const struct purpose_store *purposes, uint64_t now_ns);
// What was stored since the last call stays in the journal when the power goes.
void evidence_store_sync(struct evidence_store *s);
// Is each record what was sealed, and what the journal has, and is there each that it has; and is the journal whole?
// A new object, with "error" when there is no store; NULL: short of memory. Reads all of it: at most 4,096 records of
// some 5 kB, and a journal that is kept at 4 MiB.
json_t *evidence_store_verify(struct evidence_store *s);
json_t *evidence_item_json(const struct evidence_item *item);
