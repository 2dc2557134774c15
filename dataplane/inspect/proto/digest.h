// Fingerprints' digests, by OpenSSL, as lower-case hexadecimal text. MD5 is what JA3 and HASSH are
// defined with: it protects nothing here.

#pragma once

#include "dataplane/base/bytes.h"

enum { MD5_TEXT = 32, SHA1_LEN = 20, SHA256_LEN = 32 };

struct digests;

struct digests *digests_new(void); // NULL: short of memory, or OpenSSL has no MD5
void digests_free(struct digests *d);

void digest_md5_text(struct digests *d, struct bytes in, char out[MD5_TEXT]);
void digest_sha1(struct digests *d, struct bytes in, uint8_t out[SHA1_LEN]);
void digest_sha256(struct digests *d, struct bytes in, uint8_t out[SHA256_LEN]);

// out[2 * n], no end of text.
void hex_text(const uint8_t *p, size_t n, char *out);
