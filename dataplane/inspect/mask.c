#include "dataplane/inspect/mask.h"

#include <openssl/evp.h>
#include <stdlib.h>

enum { BLOCK = 16, BITS_MAX = 128 };

struct masker {
	EVP_CIPHER_CTX *aes;
	uint8_t pad[BLOCK];
	uint8_t in[BITS_MAX * BLOCK];
	uint8_t out[BITS_MAX * BLOCK];
};

struct masker *masker_new(const uint8_t key[MASK_KEY_LEN])
{
	struct masker *m = calloc(1, sizeof(*m));
	int len = 0;

	if (m == NULL)
		return NULL;
	m->aes = EVP_CIPHER_CTX_new();
	if (m->aes == NULL || EVP_EncryptInit_ex(m->aes, EVP_aes_128_ecb(), NULL, key, NULL) != 1 ||
		EVP_CIPHER_CTX_set_padding(m->aes, 0) != 1 ||
		EVP_EncryptUpdate(m->aes, m->pad, &len, key + BLOCK, BLOCK) != 1) {
		masker_free(m);
		return NULL;
	}
	return m;
}

void masker_free(struct masker *m)
{
	if (m == NULL)
		return;
	EVP_CIPHER_CTX_free(m->aes);
	free(m);
}

// Bit i of the pseudonym is bit i of the address, flipped by the first bit of
// AES(the address's first i bits, then the padding's bits). All inputs are known at once, so
// one call encrypts them all.
void mask_address(struct masker *m, uint8_t ip_version, const uint8_t in[16], uint8_t out[16])
{
	unsigned bits = ip_version == 4 ? 32 : 128;
	uint8_t block[BLOCK];
	int len = 0;

	memcpy(block, m->pad, BLOCK);
	for (unsigned i = 0; i < bits; i++) {
		memcpy(m->in + i * BLOCK, block, BLOCK);
		uint8_t bit = (uint8_t)(0x80 >> i % 8);
		block[i / 8] = (uint8_t)((block[i / 8] & ~bit) | (in[i / 8] & bit));
	}
	memset(out, 0, 16);
	// ECB over whole blocks has no way to fail; if it did, nothing clear may leave.
	if (EVP_EncryptUpdate(m->aes, m->out, &len, m->in, (int)(bits * BLOCK)) != 1)
		return;
	for (unsigned i = 0; i < bits; i++) {
		unsigned flip = m->out[i * BLOCK] >> 7;
		unsigned bit = (unsigned)(in[i / 8] >> (7 - i % 8)) & 1;
		out[i / 8] |= (uint8_t)((bit ^ flip) << (7 - i % 8));
	}
}

size_t mask_url(struct bytes in, uint8_t *out)
{
	size_t n = 0;
	size_t i = 0;

	while (i < in.len && in.p[i] != '?' && in.p[i] != '#')
		out[n++] = in.p[i++];
	if (i == in.len || in.p[i] == '#')
		return n;
	out[n++] = in.p[i++];

	while (i < in.len && in.p[i] != '#') {
		size_t end = i;
		while (end < in.len && in.p[end] != '&' && in.p[end] != '#')
			end++;
		const uint8_t *equals = memchr(in.p + i, '=', end - i);
		if (equals != NULL) {
			size_t name = (size_t)(equals - in.p) - i + 1;
			memcpy(out + n, in.p + i, name);
			n += name;
		}
		if (end < in.len && in.p[end] == '&')
			out[n++] = in.p[end++];
		i = end;
	}
	return n;
}
