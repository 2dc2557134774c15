// Sealing evidence (dataplane/api/evidence.h). The only file of the dataplane that knows libsodium; called
// when something was found that is to be kept, never for a packet that is only inspected.

#pragma once

#include "dataplane/api/evidence.h"

struct seal_keys { // public ones: nothing here opens anything
	uint8_t key[EVIDENCE_KEYS][EVIDENCE_KEY_LEN];
	uint8_t id[EVIDENCE_KEYS][EVIDENCE_KEY_ID_LEN];
};

// Two files with different public keys. 0, or -errno with a text.
int seal_keys_read(const char *const paths[EVIDENCE_KEYS], struct seal_keys *out, char error[256]);

// Fills in what is sealing's: magic, lengths, id, key ids, nonce, shares, hash, the clock's time and, unless it
// is a capture's, its state. `out` has room for EVIDENCE_MAX bytes; it may not overlap the window, which is
// at most EVIDENCE_WINDOW_MAX bytes. Returns the record's length, or -EIO: libsodium refuses.
int seal(const struct seal_keys *keys, const struct evidence_head *about, const uint8_t *window,
	uint32_t len, uint8_t *out);

void seal_wipe(void *p, size_t len); // what the compiler must not leave out
