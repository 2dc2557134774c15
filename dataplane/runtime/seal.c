#include "dataplane/runtime/seal.h"

#include "dataplane/base/clock.h"

#include <sodium.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/timex.h>
#include <unistd.h>

static_assert(EVIDENCE_SHARE_LEN == crypto_box_SEALBYTES + EVIDENCE_KEY_LEN, "a share in a box");
static_assert(EVIDENCE_KEY_LEN == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "key");
static_assert(EVIDENCE_NONCE_LEN == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "nonce");
static_assert(EVIDENCE_TAG_LEN == crypto_aead_xchacha20poly1305_ietf_ABYTES, "tag");

static int read_key(const char *path, uint8_t key[EVIDENCE_KEY_LEN], char error[256])
{
	char text[256];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text));
	int err = n < 0 ? -errno : 0;

	if (fd >= 0)
		close(fd);
	const char *what = err < 0 ? strerror(-err) : NULL;
	if (err == 0 && evidence_key_parse(text, (size_t)n, EVIDENCE_KEY_PRIVATE, key) == 0)
		what = "this is a private key: it has no place here";
	else if (err == 0 && evidence_key_parse(text, (size_t)n, EVIDENCE_KEY_PUBLIC, key) < 0)
		what = "no public key of sealwatch-open --keygen";
	if (what != NULL)
		snprintf(error, 256, "%.160s: %s", path, what);
	sodium_memzero(text, sizeof(text));
	return err < 0 || what == NULL ? err : -EINVAL;
}

int seal_keys_read(const char *const paths[EVIDENCE_KEYS], struct seal_keys *out, char error[256])
{
	struct seal_keys keys;

	if (sodium_init() < 0) {
		snprintf(error, 256, "libsodium can not be used");
		return -EIO;
	}
	for (unsigned i = 0; i < EVIDENCE_KEYS; i++) {
		int err = read_key(paths[i], keys.key[i], error);
		if (err < 0)
			return err;
		crypto_generichash(
			keys.id[i], EVIDENCE_KEY_ID_LEN, keys.key[i], EVIDENCE_KEY_LEN, NULL, 0);
	}
	if (memcmp(keys.key[0], keys.key[1], EVIDENCE_KEY_LEN) == 0) {
		snprintf(error, 256, "both are the same key: two people are to be needed");
		return -EINVAL;
	}
	*out = keys;
	return 0;
}

static enum evidence_clock clock_state(void)
{
	struct timex t = {0};

	int state = adjtimex(&t);
	if (state < 0)
		return EVIDENCE_CLOCK_UNKNOWN;
	return state == TIME_ERROR || (t.status & STA_UNSYNC) ? EVIDENCE_CLOCK_UNSYNCED
							      : EVIDENCE_CLOCK_SYNCED;
}

static int seal_shares(
	const struct seal_keys *keys, const uint8_t key[EVIDENCE_KEY_LEN], struct evidence_head *h)
{
	uint8_t share[EVIDENCE_KEYS][EVIDENCE_KEY_LEN];
	int err = 0;

	randombytes_buf(share[0], sizeof(share[0]));
	for (unsigned i = 0; i < EVIDENCE_KEY_LEN; i++)
		share[1][i] = key[i] ^ share[0][i];
	for (unsigned i = 0; i < EVIDENCE_KEYS; i++)
		err |= crypto_box_seal(h->shares[i], share[i], EVIDENCE_KEY_LEN, keys->key[i]);
	sodium_memzero(share, sizeof(share));
	return err == 0 ? 0 : -EIO;
}

static void hash_record(const uint8_t *record, size_t len, uint8_t hash[EVIDENCE_HASH_LEN])
{
	crypto_generichash_state state;

	crypto_generichash_init(&state, NULL, 0, EVIDENCE_HASH_LEN);
	crypto_generichash_update(&state, record, EVIDENCE_HASHED_LEN);
	crypto_generichash_update(
		&state, record + sizeof(struct evidence_head), len - sizeof(struct evidence_head));
	crypto_generichash_final(&state, hash, EVIDENCE_HASH_LEN);
}

int seal(const struct seal_keys *keys, const struct evidence_head *about, const uint8_t *window,
	uint32_t len, uint8_t *out)
{
	struct evidence_head h = *about;
	uint8_t key[EVIDENCE_KEY_LEN];

	memcpy(h.magic, EVIDENCE_MAGIC, sizeof(h.magic));
	h.len = (uint32_t)sizeof(h) + len + EVIDENCE_TAG_LEN;
	h.window_len = len;
	h.wall_ns = clock_wall_ns();
	if (h.clock == EVIDENCE_CLOCK_UNKNOWN)
		h.clock = clock_state();
	randombytes_buf(h.id, sizeof(h.id));
	randombytes_buf(h.nonce, sizeof(h.nonce));
	randombytes_buf(key, sizeof(key));
	memcpy(h.key_ids, keys->id, sizeof(h.key_ids));
	int err = seal_shares(keys, key, &h);
	memcpy(out, &h, sizeof(h));
	if (err == 0 &&
		crypto_aead_xchacha20poly1305_ietf_encrypt(out + sizeof(h), NULL, window, len, out,
			EVIDENCE_BOUND_LEN, NULL, h.nonce, key) != 0)
		err = -EIO;
	sodium_memzero(key, sizeof(key));
	if (err < 0)
		return err;
	hash_record(out, h.len, h.hash);
	memcpy(out + EVIDENCE_HASHED_LEN, h.hash, sizeof(h.hash));
	return (int)h.len;
}

void seal_wipe(void *p, size_t len)
{
	sodium_memzero(p, len);
}
