#include "dataplane/base/digits.h"
#include "dataplane/inspect/mask_out.h"

#include <arpa/inet.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdlib.h>

enum { BLOCK = 16, BITS_MAX = 128 };

struct masker {
	EVP_CIPHER_CTX *aes;
	EVP_MAC_CTX *mac;
	bool hide;
	uint8_t pad[BLOCK];
	uint8_t in[BITS_MAX * BLOCK];
	uint8_t out[BITS_MAX * BLOCK];
};

// HMAC-SHA256 under the whole key.
static EVP_MAC_CTX *mac_new(const uint8_t key[MASK_KEY_LEN])
{
	char digest[] = "SHA256";
	OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_end()};
	EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *ctx = hmac != NULL ? EVP_MAC_CTX_new(hmac) : NULL;

	EVP_MAC_free(hmac); // the context holds it
	if (ctx != NULL && EVP_MAC_init(ctx, key, MASK_KEY_LEN, params) == 1)
		return ctx;
	EVP_MAC_CTX_free(ctx);
	return NULL;
}

struct masker *masker_new(const uint8_t key[MASK_KEY_LEN])
{
	struct masker *m = calloc(1, sizeof(*m));
	int len = 0;

	if (m == NULL)
		return NULL;
	m->aes = EVP_CIPHER_CTX_new();
	m->mac = mac_new(key);
	if (m->mac == NULL || m->aes == NULL ||
		EVP_EncryptInit_ex(m->aes, EVP_aes_128_ecb(), NULL, key, NULL) != 1 ||
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
	EVP_MAC_CTX_free(m->mac);
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

	memset(out, 0, 16);
	if (m->hide)
		return;
	memcpy(block, m->pad, BLOCK);
	for (unsigned i = 0; i < bits; i++) {
		memcpy(m->in + i * BLOCK, block, BLOCK);
		uint8_t bit = (uint8_t)(0x80 >> i % 8);
		block[i / 8] = (uint8_t)((block[i / 8] & ~bit) | (in[i / 8] & bit));
	}
	// ECB over whole blocks has no way to fail; if it did, nothing clear may leave.
	if (EVP_EncryptUpdate(m->aes, m->out, &len, m->in, (int)(bits * BLOCK)) != 1)
		return;
	for (unsigned i = 0; i < bits; i++) {
		unsigned flip = m->out[i * BLOCK] >> 7;
		unsigned bit = (unsigned)(in[i / 8] >> (7 - i % 8)) & 1;
		out[i / 8] |= (uint8_t)((bit ^ flip) << (7 - i % 8));
	}
}

void mask_hide(struct masker *m, bool hide)
{
	m->hide = hide;
}

void mask_token(struct masker *m, struct bytes in, uint8_t out[MASK_TOKEN_LEN])
{
	static const char digits[] = "0123456789abcdef";
	uint8_t mac[32] = {0};
	size_t len = 0;

	// A first argument of NULL keeps the key. Nothing clear leaves when OpenSSL refuses.
	if (EVP_MAC_init(m->mac, NULL, 0, NULL) != 1 || EVP_MAC_update(m->mac, in.p, in.len) != 1 ||
		EVP_MAC_final(m->mac, mac, &len, sizeof(mac)) != 1)
		memset(mac, 0, sizeof(mac));
	out[0] = '~';
	for (size_t i = 0; i + 1 < MASK_TOKEN_LEN; i++)
		out[i + 1] = (uint8_t)digits[i % 2 == 0 ? mac[i / 2] >> 4 : mac[i / 2] & 15];
}

void mask_put_token(struct mask_out *o, struct bytes word)
{
	uint8_t token[MASK_TOKEN_LEN] = "~";
	size_t len = word.len < MASK_TOKEN_SHORT ? word.len : MASK_TOKEN_SHORT;

	if (o->budget == 0)
		len = len > 0;
	else if (len > 0) {
		o->budget--;
		mask_token(o->m, word, token);
	}
	mask_put(o, token, len);
}

// True, and taken, when there is room for what is longer.
static bool grow(struct mask_out *o, size_t from, size_t to)
{
	size_t more = to > from ? to - from : 0;

	if (more > o->spare || o->budget == 0)
		return false;
	o->spare -= more;
	o->budget--;
	return true;
}

void mask_put_person(struct mask_out *o, struct bytes word)
{
	uint8_t token[MASK_TOKEN_LEN];

	if (word.len == 0)
		return;
	if (!grow(o, word.len, sizeof(token))) {
		mask_put_token(o, word);
		return;
	}
	mask_token(o->m, word, token);
	mask_put(o, token, sizeof(token));
}

void mask_put_address(
	struct mask_out *o, uint8_t ip_version, const uint8_t address[16], struct bytes was)
{
	char text[INET6_ADDRSTRLEN] = "";
	uint8_t masked[16];

	if (ip_version == 4) {
		mask_put_quad(o, address, '.', false, was);
	} else if (!grow(o, was.len, sizeof(text) - 1)) {
		mask_put_token(o, was);
	} else {
		mask_address(o->m, ip_version, address, masked);
		inet_ntop(AF_INET6, masked, text, sizeof(text));
		mask_put(o, text, strlen(text));
	}
}

static void turn(const uint8_t in[16], bool backwards, uint8_t out[16])
{
	memset(out, 0, 16);
	for (unsigned i = 0; i < 4; i++)
		out[i] = in[backwards ? 3 - i : i];
}

void mask_put_quad(
	struct mask_out *o, const uint8_t address[16], char sep, bool backwards, struct bytes was)
{
	uint8_t clear[16], masked[16];
	char text[IPV4_TEXT_MAX];

	if (!grow(o, was.len, IPV4_TEXT_MAX)) {
		mask_put_token(o, was);
		return;
	}
	turn(address, backwards, clear);
	mask_address(o->m, 4, clear, masked);
	turn(masked, backwards, clear);
	size_t len = ipv4_text(text, clear);
	for (size_t i = 0; i < len; i++)
		text[i] = text[i] == '.' ? sep : text[i];
	mask_put(o, text, len);
}

static void put_value(struct mask_out *o, enum field_mask mask, struct bytes in)
{
	static void (*const puts[])(struct mask_out *, struct bytes) = {
		[MASK_NAME] = mask_put_name,
		[MASK_URI] = mask_put_uri,
		[MASK_TEXT] = mask_put_text,
		[MASK_WORDS] = mask_put_words,
		[MASK_WORD] = mask_put_word,
		[MASK_TYPE] = mask_put_type,
		[MASK_TOPIC] = mask_put_topic,
		[MASK_SERVICE] = mask_put_service,
		[MASK_SOA] = mask_put_soa,
		[MASK_PERSON] = mask_put_person,
	};

	puts[mask](o, in);
}

size_t mask_value(struct masker *m, enum field_mask mask, struct bytes in, uint8_t *out)
{
	struct mask_out o = mask_out_to(m, out, MASK_NAME_MORE - 1);

	if (mask == MASK_SECRET)
		return 0;
	if (mask == MASK_CLEAR)
		mask_put(&o, in.p, in.len);
	else
		put_value(&o, mask, in);
	return o.n;
}
