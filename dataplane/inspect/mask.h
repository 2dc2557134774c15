// What makes a value fit to leave a worker: addresses become keyed pseudonyms, URLs lose the
// values of their parameters.

#pragma once

#include "dataplane/base/bytes.h"

#include <stdint.h>

struct masker;

enum { MASK_KEY_LEN = 32 };

// key: Crypto-PAn's: 16 bytes AES key, 16 bytes that make the padding. NULL: short of memory.
// One masker belongs to one thread.
struct masker *masker_new(const uint8_t key[MASK_KEY_LEN]);
void masker_free(struct masker *m);

// Prefix-preserving pseudonym (Xu, Fan, Ammar, Moon: "Prefix-Preserving IP Address
// Anonymization", 2002; for IPv6 the same over 128 bits): two addresses that share exactly k
// leading bits have pseudonyms that share exactly k. ip_version 4: the first four bytes.
void mask_address(struct masker *m, uint8_t ip_version, const uint8_t in[16], uint8_t out[16]);

// "/a?phone=123&x=1#f" -> "/a?phone=&x=". A parameter without '=' is a value: it goes too.
// out holds at least in.len bytes; returns the length.
size_t mask_url(struct bytes in, uint8_t *out);
