// Digests, by OpenSSL. MD5 is what JA3 and HASSH are defined with: it protects nothing here.

#pragma once

#include "dataplane/base/bytes.h"

#include <openssl/sha.h>

enum { MD5_TEXT = 32, SHA1_LEN = 20, SHA256_LEN = 32 };

void digest_md5_text(struct bytes in, char out[MD5_TEXT]); // lower-case hexadecimal
void digest_sha1(struct bytes in, uint8_t out[SHA1_LEN]);
void digest_sha256(struct bytes in, uint8_t out[SHA256_LEN]);

// HMAC-SHA256 (RFC 2104): a key is prepared once for all that is said with it.
struct hmac_key {
	SHA256_CTX inner, outer;
};
void hmac_begin(struct hmac_key *key, struct bytes secret);
void hmac_sha256(const struct hmac_key *key, struct bytes in, uint8_t out[SHA256_LEN]);

// out[2 * n], no end of text.
void hex_text(const uint8_t *p, size_t n, char *out);
