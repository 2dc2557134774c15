// Evidence: a window of raw bytes, sealed by a worker to two public keys whose private halves the appliance
// does not hold. A record is a head and the sealed window. The head tells what it is without telling what is
// in it, and is bound to the window: changed, it does not open.
//
//   key = share 0 XOR share 1; each share is sealed to one public key (X25519, XSalsa20-Poly1305: libsodium's
//   crypto_box_seal); the window is sealed with the key (XChaCha20-Poly1305, the head up to `shares` as
//   additional data).
//
// So one private key alone opens nothing. Numbers are in host order (little endian: checked).

#pragma once

#include "dataplane/api/purpose.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EVIDENCE_MAGIC "SWEVID01"

enum {
	EVIDENCE_ID_LEN = 16,
	EVIDENCE_KEYS = 2,
	EVIDENCE_KEY_LEN = 32,
	EVIDENCE_KEY_ID_LEN = 8,
	EVIDENCE_SHARE_LEN = 80, // 32 of the share, 48 of the box
	EVIDENCE_NONCE_LEN = 24,
	EVIDENCE_TAG_LEN = 16,
	EVIDENCE_HASH_LEN = 32,
	EVIDENCE_WINDOW_MAX = 4096, // plain bytes
};

enum evidence_clock {
	EVIDENCE_CLOCK_UNKNOWN,
	EVIDENCE_CLOCK_CAPTURE, // ts_ns is a capture file's
	EVIDENCE_CLOCK_SYNCED, // the kernel said that its clock is kept right (adjtimex(2))
	EVIDENCE_CLOCK_UNSYNCED,
};

struct evidence_head {
	char magic[8];
	uint32_t len; // of the record
	uint32_t window_len; // plain
	uint8_t id[EVIDENCE_ID_LEN]; // random
	uint64_t ts_ns; // of the packet
	uint64_t wall_ns; // when it was sealed
	uint64_t flow_id; // as in EVE
	uint8_t digest[32]; // of the rules
	uint32_t gid, sid, rev; // the rule; 0: a detector's
	uint32_t clock; // enum evidence_clock
	char purpose[PURPOSE_NAME_LEN]; // its id
	char class_name[PURPOSE_NAME_LEN]; // the detector, or the rule's class, as a name
	uint8_t app_proto;
	uint8_t dir;
	uint8_t reserved[6];
	uint8_t key_ids[EVIDENCE_KEYS][EVIDENCE_KEY_ID_LEN];
	uint8_t nonce[EVIDENCE_NONCE_LEN];
	// What stands above is bound to the window.
	uint8_t shares[EVIDENCE_KEYS][EVIDENCE_SHARE_LEN];
	uint8_t hash[EVIDENCE_HASH_LEN]; // BLAKE2b-256 of the head before it and the sealed window
};
static_assert(sizeof(struct evidence_head) == 408, "layout is shared");
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "records travel");

enum {
	EVIDENCE_BOUND_LEN = offsetof(struct evidence_head, shares),
	EVIDENCE_HASHED_LEN = offsetof(struct evidence_head, hash),
	EVIDENCE_MAX = sizeof(struct evidence_head) + EVIDENCE_WINDOW_MAX + EVIDENCE_TAG_LEN,
};

// Any bytes: is it a whole record, with names that end? It may still be one that does not open.
bool evidence_ok(const void *record, size_t len);

// The window: sections one after the other, each a name, its length, and so many bytes.
//   u8 name_len, name, u32 len, bytes
// At most `room` bytes in all; what does not fit is cut. Returns the bytes written.
size_t evidence_section_put(
	uint8_t *out, size_t room, const char *name, const void *bytes, size_t len);
struct evidence_section {
	char name[256];
	const uint8_t *bytes;
	uint32_t len;
};
// The next one at *at, which moves on. False: there is none (*at == len), or it makes no sense.
bool evidence_section_get(
	const uint8_t *window, size_t len, size_t *at, struct evidence_section *out);

// A file with a key: a line that says which kind, and a line of base64.
enum evidence_key_kind { EVIDENCE_KEY_PUBLIC, EVIDENCE_KEY_PRIVATE };
extern const char *const evidence_key_titles[2]; // the first lines
// 0 or -EINVAL.
int evidence_key_parse(
	const char *text, size_t len, enum evidence_key_kind kind, uint8_t key[EVIDENCE_KEY_LEN]);
