#include "dataplane/inspect/proto/digest.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

struct digests {
	EVP_MD_CTX *ctx;
	EVP_MD *md5, *sha1, *sha256;
};

struct digests *digests_new(void)
{
	struct digests *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	d->ctx = EVP_MD_CTX_new();
	d->md5 = EVP_MD_fetch(NULL, "MD5", NULL);
	d->sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
	d->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (d->ctx == NULL || d->md5 == NULL || d->sha1 == NULL || d->sha256 == NULL) {
		digests_free(d);
		return NULL;
	}
	return d;
}

void digests_free(struct digests *d)
{
	if (d == NULL)
		return;
	EVP_MD_CTX_free(d->ctx);
	EVP_MD_free(d->md5);
	EVP_MD_free(d->sha1);
	EVP_MD_free(d->sha256);
	free(d);
}

// All zero when OpenSSL refuses: a fingerprint that is nobody's.
static void digest(struct digests *d, const EVP_MD *md, struct bytes in, uint8_t *out, size_t len)
{
	if (!EVP_DigestInit_ex2(d->ctx, md, NULL) || !EVP_DigestUpdate(d->ctx, in.p, in.len) ||
		!EVP_DigestFinal_ex(d->ctx, out, NULL))
		memset(out, 0, len);
}

void digest_md5_text(struct digests *d, struct bytes in, char out[MD5_TEXT])
{
	uint8_t raw[MD5_TEXT / 2];

	digest(d, d->md5, in, raw, sizeof(raw));
	hex_text(raw, sizeof(raw), out);
}

void digest_sha1(struct digests *d, struct bytes in, uint8_t out[SHA1_LEN])
{
	digest(d, d->sha1, in, out, SHA1_LEN);
}

void digest_sha256(struct digests *d, struct bytes in, uint8_t out[SHA256_LEN])
{
	digest(d, d->sha256, in, out, SHA256_LEN);
}

void hex_text(const uint8_t *p, size_t n, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		out[2 * i] = digits[p[i] >> 4];
		out[2 * i + 1] = digits[p[i] & 15];
	}
}
