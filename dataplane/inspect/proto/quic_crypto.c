#include "dataplane/inspect/proto/quic_crypto.h"

#include "dataplane/inspect/proto/digest.h"

#include <openssl/evp.h>
#include <stdlib.h>

enum { SECRET_LEN = SHA256_LEN, LABEL_MAX = 64, PN_MAX = 4 };

struct quic_crypto {
	EVP_CIPHER_CTX *ecb, *gcm;
	EVP_CIPHER *aes_ecb, *aes_gcm;
	uint8_t head[QUIC_PACKET_MAX]; // without protection
	uint8_t plain[QUIC_PACKET_MAX];
};

struct quic_crypto *quic_crypto_new(void)
{
	struct quic_crypto *q = calloc(1, sizeof(*q));

	if (q == NULL)
		return NULL;
	q->aes_ecb = EVP_CIPHER_fetch(NULL, "AES-128-ECB", NULL);
	q->aes_gcm = EVP_CIPHER_fetch(NULL, "AES-128-GCM", NULL);
	q->ecb = EVP_CIPHER_CTX_new();
	q->gcm = EVP_CIPHER_CTX_new();
	if (q->aes_ecb == NULL || q->aes_gcm == NULL || q->ecb == NULL || q->gcm == NULL ||
		EVP_EncryptInit_ex2(q->ecb, q->aes_ecb, NULL, NULL, NULL) != 1 ||
		EVP_DecryptInit_ex2(q->gcm, q->aes_gcm, NULL, NULL, NULL) != 1 ||
		EVP_CIPHER_CTX_set_padding(q->ecb, 0) != 1) {
		quic_crypto_free(q);
		return NULL;
	}
	return q;
}

void quic_crypto_free(struct quic_crypto *q)
{
	if (q == NULL)
		return;
	EVP_CIPHER_CTX_free(q->ecb);
	EVP_CIPHER_CTX_free(q->gcm);
	EVP_CIPHER_free(q->aes_ecb);
	EVP_CIPHER_free(q->aes_gcm);
	free(q);
}

// HKDF-Expand-Label (RFC 8446 7.1) of at most one block.
static void expand(const struct hmac_key *secret, const char *label, uint8_t *out, size_t len)
{
	uint8_t info[LABEL_MAX], block[SECRET_LEN];
	size_t n = 0, label_len = strlen(label);

	info[n++] = 0;
	info[n++] = (uint8_t)len;
	info[n++] = (uint8_t)(6 + label_len);
	memcpy(info + n, "tls13 ", 6);
	memcpy(info + n + 6, label, label_len);
	n += 6 + label_len;
	info[n++] = 0; // no context
	info[n++] = 1; // the first block
	hmac_sha256(secret, (struct bytes){info, n, false}, block);
	memcpy(out, block, len);
}

void quic_initial_keys(
	const struct quic_secrets *s, struct bytes dcid, enum dir dir, struct quic_keys *out)
{
	static const char *const labels[2][3] = {
		{"quic key", "quic iv", "quic hp"}, {"quicv2 key", "quicv2 iv", "quicv2 hp"}};
	const char *const *label = labels[s->v2];
	uint8_t secret[SECRET_LEN];
	struct hmac_key key;

	hmac_begin(&key, (struct bytes){s->salt, s->salt_len, false});
	hmac_sha256(&key, dcid, secret);
	hmac_begin(&key, (struct bytes){secret, SECRET_LEN, false});
	expand(&key, dir == DIR_C2S ? "client in" : "server in", secret, SECRET_LEN);
	hmac_begin(&key, (struct bytes){secret, SECRET_LEN, false});
	expand(&key, label[0], out->key, QUIC_KEY_LEN);
	expand(&key, label[1], out->iv, QUIC_IV_LEN);
	expand(&key, label[2], out->hp, QUIC_KEY_LEN);
}

// RFC 9001 5.4: the sample is taken as if the packet number had four bytes.
static bool header_mask(
	struct quic_crypto *q, const struct quic_keys *keys, const uint8_t *sample, uint8_t *mask)
{
	int len = 0;

	return EVP_EncryptInit_ex2(q->ecb, NULL, keys->hp, NULL, NULL) == 1 &&
		EVP_EncryptUpdate(q->ecb, mask, &len, sample, QUIC_SAMPLE_LEN) == 1;
}

static bool decrypt(struct quic_crypto *q, const struct quic_keys *keys, const uint8_t *nonce,
	struct bytes head, struct bytes sealed)
{
	int len = 0, n = (int)(sealed.len - QUIC_TAG_LEN);
	uint8_t tag[QUIC_TAG_LEN];

	memcpy(tag, sealed.p + n, QUIC_TAG_LEN);
	return EVP_DecryptInit_ex2(q->gcm, NULL, keys->key, nonce, NULL) == 1 &&
		EVP_DecryptUpdate(q->gcm, NULL, &len, head.p, (int)head.len) == 1 &&
		EVP_DecryptUpdate(q->gcm, q->plain, &len, sealed.p, n) == 1 &&
		EVP_CIPHER_CTX_ctrl(q->gcm, EVP_CTRL_AEAD_SET_TAG, QUIC_TAG_LEN, tag) == 1 &&
		EVP_DecryptFinal_ex(q->gcm, q->plain + len, &len) == 1;
}

struct bytes quic_open(
	struct quic_crypto *q, const struct quic_keys *keys, struct bytes packet, size_t head)
{
	uint8_t mask[QUIC_SAMPLE_LEN], nonce[QUIC_IV_LEN];
	const struct bytes bad = {.bad = true};

	if (packet.len > QUIC_PACKET_MAX || packet.len < head + PN_MAX + QUIC_SAMPLE_LEN)
		return bad;
	if (!header_mask(q, keys, packet.p + head + PN_MAX, mask))
		return bad;

	memcpy(q->head, packet.p, head + PN_MAX);
	q->head[0] ^= mask[0] & 0x0f; // long header
	size_t pn_len = (size_t)(q->head[0] & 3) + 1;
	memcpy(nonce, keys->iv, QUIC_IV_LEN);
	// The number's upper bytes are zero in the first packets: nothing is to be restored.
	for (size_t i = 0; i < pn_len; i++) {
		q->head[head + i] ^= mask[1 + i];
		nonce[QUIC_IV_LEN - pn_len + i] ^= q->head[head + i];
	}
	struct bytes sealed = {packet.p + head + pn_len, packet.len - head - pn_len, false};
	if (sealed.len < QUIC_TAG_LEN ||
		!decrypt(q, keys, nonce, (struct bytes){q->head, head + pn_len, false}, sealed))
		return bad;
	return (struct bytes){q->plain, sealed.len - QUIC_TAG_LEN, false};
}
