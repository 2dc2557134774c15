// Opening a record of evidence (dataplane/api/evidence.h) with both private keys.

#pragma once

#include "dataplane/api/evidence.h"

struct open_key {
	uint8_t secret[EVIDENCE_KEY_LEN];
	uint8_t public[EVIDENCE_KEY_LEN];
	uint8_t id[EVIDENCE_KEY_ID_LEN];
};

// A private key's file; its bits must be nobody else's (0600 or less). 0, or -errno with a text.
int open_key_read(const char *path, struct open_key *out, char error[256]);
// NAME.pub and NAME.key, 0600; neither may be there. 0, or -errno with a text.
int open_key_make(const char *name, char error[256]);

// Any bytes. The keys may come in either order; window: EVIDENCE_WINDOW_MAX bytes, written on success only.
// 0 with its length; or -errno with a text: -EBADMSG no record, or changed; -ENOKEY these are not its keys.
int open_record(const uint8_t *record, size_t len, const struct open_key keys[EVIDENCE_KEYS],
	uint8_t *window, size_t *window_len, char error[256]);
