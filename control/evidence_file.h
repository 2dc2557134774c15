// The files of one record of evidence (evidence_store.h).

#pragma once

#include "dataplane/api/evidence.h"

// Both files are made; neither is when it fails. 0, -EEXIST there is a record of that id, -errno.
int evidence_file_write(int dir, const uint8_t *record, uint32_t len);
// The record as it was sealed: its hash is right. 0, -EBADMSG, -errno of reading.
int evidence_file_read(
	int dir, const uint8_t id[EVIDENCE_ID_LEN], uint8_t out[EVIDENCE_MAX], size_t *len);
// The key is overwritten, on the disk, and unlinked: from here on nobody opens the record.
int evidence_file_shred(int dir, const uint8_t id[EVIDENCE_ID_LEN]);
void evidence_file_remove(int dir, const uint8_t id[EVIDENCE_ID_LEN]); // both
// Each record there is, whose key is there. 0 or -errno.
int evidence_file_each(int dir,
	void (*found)(void *ctx, const struct evidence_head *head, uint64_t stored_ns), void *ctx);
