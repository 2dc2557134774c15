// The files of one record of evidence (evidence_store.h).

#pragma once

#include "dataplane/api/evidence.h"

// Both files are made; neither is when it fails. 0, -EEXIST there is a record of that id, -errno.
int evidence_file_write(int dir, const uint8_t *record, uint32_t len);
// The record as it was sealed: its hash is right, and it is the one that its name says. 0, -EBADMSG, -errno of
// reading.
int evidence_file_read(
	int dir, const uint8_t id[EVIDENCE_ID_LEN], uint8_t out[EVIDENCE_MAX], size_t *len);
// The key is overwritten, on the disk, and unlinked: from here on nobody opens the record. That it is unlinked is on
// the disk after evidence_file_sync(). 0, 1 there was no key any more, or -errno.
int evidence_file_shred(int dir, const uint8_t id[EVIDENCE_ID_LEN]);
void evidence_file_remove(int dir, const uint8_t id[EVIDENCE_ID_LEN]); // both
int evidence_file_sync(int dir); // their names; 0 or -errno
// Each record there is, also one whose key is gone. kept_since: when it was sealed, or, when that can not be (it is
// still to come), when its file was written; wall clock. 0 or -errno.
int evidence_file_each(int dir,
	void (*found)(void *ctx, const struct evidence_head *head, uint64_t kept_since), void *ctx);
