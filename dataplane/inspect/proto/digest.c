// The plain functions cost a third of what EVP's contexts do for inputs as short as these. OpenSSL 3
// has them still, for programs that say which version they were written for.
#define OPENSSL_API_COMPAT 0x10101000L

#include "dataplane/inspect/proto/digest.h"

#include <openssl/md5.h>
#include <openssl/sha.h>
#include <string.h>

void digest_md5_text(struct bytes in, char out[MD5_TEXT])
{
	uint8_t raw[MD5_TEXT / 2];

	MD5(in.p, in.len, raw);
	hex_text(raw, sizeof(raw), out);
}

void digest_sha1(struct bytes in, uint8_t out[SHA1_LEN])
{
	SHA_CTX ctx;

	SHA1_Init(&ctx);
	SHA1_Update(&ctx, in.p, in.len);
	SHA1_Final(out, &ctx);
}

void digest_sha256(struct bytes in, uint8_t out[SHA256_LEN])
{
	SHA256_CTX ctx;

	SHA256_Init(&ctx);
	SHA256_Update(&ctx, in.p, in.len);
	SHA256_Final(out, &ctx);
}

void hmac_begin(struct hmac_key *key, struct bytes secret)
{
	enum { BLOCK = SHA256_CBLOCK, INNER = 0x36, OUTER = 0x5c }; // RFC 2104 2
	uint8_t pad[BLOCK] = {0};

	if (secret.len > BLOCK)
		digest_sha256(secret, pad);
	else if (secret.len > 0)
		memcpy(pad, secret.p, secret.len);
	for (size_t i = 0; i < BLOCK; i++)
		pad[i] ^= INNER;
	SHA256_Init(&key->inner);
	SHA256_Update(&key->inner, pad, BLOCK);
	for (size_t i = 0; i < BLOCK; i++)
		pad[i] ^= INNER ^ OUTER;
	SHA256_Init(&key->outer);
	SHA256_Update(&key->outer, pad, BLOCK);
}

void hmac_sha256(const struct hmac_key *key, struct bytes in, uint8_t out[SHA256_LEN])
{
	SHA256_CTX ctx = key->inner;

	SHA256_Update(&ctx, in.p, in.len);
	SHA256_Final(out, &ctx);
	ctx = key->outer;
	SHA256_Update(&ctx, out, SHA256_LEN);
	SHA256_Final(out, &ctx);
}

void hex_text(const uint8_t *p, size_t n, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		out[2 * i] = digits[p[i] >> 4];
		out[2 * i + 1] = digits[p[i] & 15];
	}
}
