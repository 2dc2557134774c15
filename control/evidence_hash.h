// The hash in a record's manifest: BLAKE2b-256 of the manifest in front of it and of all behind the head. It
// tells damage; whose record it was is told by the journal. Also of who opens records.

#pragma once

#include "dataplane/api/evidence.h"

#include <sodium.h>

// record: one that evidence_ok() found to be whole.
static inline bool evidence_hash_is_right(const uint8_t *record, size_t len)
{
	uint8_t hash[EVIDENCE_HASH_LEN];
	crypto_generichash_state state;

	crypto_generichash_init(&state, NULL, 0, sizeof(hash));
	crypto_generichash_update(&state, record, EVIDENCE_HASHED_LEN);
	crypto_generichash_update(
		&state, record + sizeof(struct evidence_head), len - sizeof(struct evidence_head));
	crypto_generichash_final(&state, hash, sizeof(hash));
	return sodium_memcmp(hash, record + EVIDENCE_HASHED_LEN, sizeof(hash)) == 0;
}
