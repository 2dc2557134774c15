#include "dataplane/inspect/leak/token.h"

#include "dataplane/base/private.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdlib.h>
#include <string.h>

enum { EPOCH_MAX = 1 << 17 }; // year 2328: a stamp beyond is nonsense

struct tokens {
	EVP_MAC_CTX *mac;
	uint32_t epoch;
	bool keyed; // the context has the key at hand
	bool broken; // a key could not be made
	uint8_t key[TOKEN_SECRET_LEN];
};

static EVP_MAC_CTX *mac_new(void)
{
	EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *ctx = hmac != NULL ? EVP_MAC_CTX_new(hmac) : NULL;

	EVP_MAC_free(hmac); // the context holds it
	return ctx;
}

struct tokens *tokens_new(const uint8_t secret[TOKEN_SECRET_LEN])
{
	struct tokens *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	private_mark(t, sizeof(*t));
	t->mac = mac_new();
	if (t->mac == NULL) {
		free(t);
		return NULL;
	}
	memcpy(t->key, secret, sizeof(t->key));
	return t;
}

void tokens_free(struct tokens *t)
{
	if (t == NULL)
		return;
	EVP_MAC_CTX_free(t->mac); // OpenSSL wipes its copy
	explicit_bzero(t, sizeof(*t));
	free(t);
}

static bool mac(struct tokens *t, uint8_t kind, struct bytes in, uint8_t out[TOKEN_SECRET_LEN])
{
	char sha256[] = "SHA256";
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, sha256, 0),
		OSSL_PARAM_construct_end()};
	size_t len = 0;
	int ok = t->keyed ? EVP_MAC_init(t->mac, NULL, 0, NULL)
			  : EVP_MAC_init(t->mac, t->key, sizeof(t->key), params);

	t->keyed = ok == 1;
	return ok == 1 && EVP_MAC_update(t->mac, &kind, 1) == 1 &&
		EVP_MAC_update(t->mac, in.p, in.len) == 1 &&
		EVP_MAC_final(t->mac, out, &len, TOKEN_SECRET_LEN) == 1;
}

static void next_key(struct tokens *t)
{
	static const uint8_t label[] = "sealwatch: the key of the next epoch";
	uint8_t next[TOKEN_SECRET_LEN] = {0};

	// Short of memory: the old key goes all the same, and no token is made any more.
	t->broken |= !mac(t, UINT8_MAX, (struct bytes){label, sizeof(label), false}, next);
	memcpy(t->key, next, sizeof(t->key));
	explicit_bzero(next, sizeof(next));
	t->keyed = false;
}

void tokens_time(struct tokens *t, uint64_t now_ns)
{
	uint64_t epoch = now_ns / TOKEN_EPOCH_NS;

	for (; t->epoch < epoch && t->epoch < EPOCH_MAX; t->epoch++)
		next_key(t);
}

uint32_t tokens_epoch(const struct tokens *t)
{
	return t->epoch;
}

bool token_make(struct tokens *t, uint8_t kind, struct bytes value, uint8_t out[TOKEN_LEN])
{
	uint8_t whole[TOKEN_SECRET_LEN];
	bool ok = !t->broken && kind != UINT8_MAX && mac(t, kind, value, whole);

	memset(out, 0, TOKEN_LEN);
	if (ok)
		memcpy(out, whole, TOKEN_LEN);
	explicit_bzero(whole, sizeof(whole));
	return ok;
}
