#include "tools/bench/quic_hello.h"

#include "tools/craft/wire.h"

#include <openssl/evp.h>

enum {
	NUMBER_LEN = 2, // of the packet number, which is 0
	HEAD_LEN = 1 + 4 + 1 + QUIC_HELLO_DCID + 1 + 1 + 2, // before the packet number
	PLAIN_LEN = QUIC_HELLO_LEN - HEAD_LEN - NUMBER_LEN - QUIC_TAG_LEN,
};

// RFC 9001 5.2.
static const uint8_t salt[] = {0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17, 0x9a,
	0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a};
const struct quic_secrets quic_hello_secrets = {salt, sizeof(salt), false};

static struct bytes of(const uint8_t *p, size_t len)
{
	return (struct bytes){.p = p, .len = len};
}

// RFC 9000 17.2.2: no token, no source connection id, a length of two bytes.
static void put_head(struct wire *w, const uint8_t dcid[QUIC_HELLO_DCID])
{
	wire_u8(w, 0xc0 | (NUMBER_LEN - 1));
	wire_u32(w, 1);
	wire_u8(w, QUIC_HELLO_DCID);
	wire_put(w, dcid, QUIC_HELLO_DCID);
	wire_u8(w, 0);
	wire_u8(w, 0);
	wire_u16(w, 0x4000 | (NUMBER_LEN + PLAIN_LEN + QUIC_TAG_LEN));
	wire_u16(w, 0);
}

// A CRYPTO frame (RFC 9000 19.6); zeros are PADDING.
static bool put_frames(uint8_t plain[PLAIN_LEN], struct bytes hello)
{
	struct wire w = wire_over(plain, PLAIN_LEN);

	memset(plain, 0, PLAIN_LEN);
	wire_u8(&w, 6);
	wire_u8(&w, 0);
	wire_u16(&w, (uint16_t)(0x4000 | hello.len));
	wire_put(&w, hello.p, hello.len);
	return !w.full;
}

static bool seal(EVP_CIPHER_CTX *c, const struct quic_keys *k, uint8_t out[QUIC_HELLO_LEN],
	const uint8_t plain[PLAIN_LEN])
{
	uint8_t *to = out + HEAD_LEN + NUMBER_LEN;
	int n;

	return EVP_EncryptInit_ex(c, EVP_aes_128_gcm(), NULL, k->key, k->iv) == 1 &&
		EVP_EncryptUpdate(c, NULL, &n, out, HEAD_LEN + NUMBER_LEN) == 1 &&
		EVP_EncryptUpdate(c, to, &n, plain, PLAIN_LEN) == 1 &&
		EVP_EncryptFinal_ex(c, to + PLAIN_LEN, &n) == 1 &&
		EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, QUIC_TAG_LEN, to + PLAIN_LEN) == 1;
}

// RFC 9001 5.4: the sample begins four bytes behind where the packet number does.
static bool protect(EVP_CIPHER_CTX *c, const struct quic_keys *k, uint8_t out[QUIC_HELLO_LEN])
{
	uint8_t mask[2 * QUIC_SAMPLE_LEN];
	int n;

	if (EVP_EncryptInit_ex(c, EVP_aes_128_ecb(), NULL, k->hp, NULL) != 1 ||
		EVP_EncryptUpdate(c, mask, &n, out + HEAD_LEN + 4, QUIC_SAMPLE_LEN) != 1)
		return false;
	out[0] ^= mask[0] & 0x0f;
	for (unsigned i = 0; i < NUMBER_LEN; i++)
		out[HEAD_LEN + i] ^= mask[1 + i];
	return true;
}

bool quic_hello(
	uint8_t out[QUIC_HELLO_LEN], struct bytes hello, const uint8_t dcid[QUIC_HELLO_DCID])
{
	struct wire w = wire_over(out, QUIC_HELLO_LEN);
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	uint8_t plain[PLAIN_LEN];
	struct quic_keys keys;

	put_head(&w, dcid);
	quic_initial_keys(&quic_hello_secrets, of(dcid, QUIC_HELLO_DCID), DIR_C2S, &keys);
	bool ok = c != NULL && put_frames(plain, hello) && seal(c, &keys, out, plain) &&
		protect(c, &keys, out);
	EVP_CIPHER_CTX_free(c);
	return ok;
}

bool quic_hello_open(struct quic_crypto *q, const uint8_t datagram[QUIC_HELLO_LEN])
{
	struct quic_keys keys;

	quic_initial_keys(&quic_hello_secrets, of(datagram + 6, QUIC_HELLO_DCID), DIR_C2S, &keys);
	return !quic_open(q, &keys, of(datagram, QUIC_HELLO_LEN), HEAD_LEN).bad;
}
