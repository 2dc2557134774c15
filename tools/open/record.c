#include "tools/open/record.h"

#include "control/evidence_hash.h"

#include <sodium.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int refuse(int err, char error[256], const char *path, const char *what)
{
	snprintf(error, 256, "%.160s%s%s", path, path[0] != '\0' ? ": " : "", what);
	return err;
}

static void key_id(const uint8_t public[EVIDENCE_KEY_LEN], uint8_t id[EVIDENCE_KEY_ID_LEN])
{
	crypto_generichash(id, EVIDENCE_KEY_ID_LEN, public, EVIDENCE_KEY_LEN, NULL, 0);
}

int open_key_read(const char *path, struct open_key *out, char error[256])
{
	char text[256];
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n = fd < 0 || fstat(fd, &st) < 0 ? -1 : read(fd, text, sizeof(text));
	int err = n < 0 ? -errno : 0;

	if (fd >= 0)
		close(fd);
	if (err < 0)
		return refuse(err, error, path, strerror(-err));
	if (S_ISREG(st.st_mode) && (st.st_mode & 077) != 0)
		err = refuse(-EPERM, error, path, "others may read this key; chmod 600 it");
	else if (evidence_key_parse(text, (size_t)n, EVIDENCE_KEY_PRIVATE, out->secret) < 0)
		err = refuse(-EINVAL, error, path, "no private key of sealwatch-open --keygen");
	sodium_memzero(text, sizeof(text));
	if (err < 0)
		return err;
	crypto_scalarmult_base(out->public, out->secret);
	key_id(out->public, out->id);
	return 0;
}

static int write_key(const char *name, enum evidence_key_kind kind, mode_t mode,
	const uint8_t key[EVIDENCE_KEY_LEN], char error[256])
{
	char path[4096], text[256], base64[64];
	const char *suffix = kind == EVIDENCE_KEY_PUBLIC ? ".pub" : ".key";

	if (snprintf(path, sizeof(path), "%s%s", name, suffix) >= (int)sizeof(path))
		return refuse(-ENAMETOOLONG, error, "", "the name is too long");
	sodium_bin2base64(
		base64, sizeof(base64), key, EVIDENCE_KEY_LEN, sodium_base64_VARIANT_ORIGINAL);
	int len = snprintf(text, sizeof(text), "%s\n%s\n", evidence_key_titles[kind], base64);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	ssize_t n = fd < 0 ? -1 : write(fd, text, (size_t)len);
	int err = n < 0 ? -errno : n != len ? -ENOSPC : fsync(fd) < 0 ? -errno : 0;
	if (fd >= 0)
		close(fd);
	if (fd >= 0 && err < 0)
		unlink(path);
	sodium_memzero(text, sizeof(text));
	sodium_memzero(base64, sizeof(base64));
	return err < 0 ? refuse(err, error, path, strerror(-err)) : 0;
}

int open_key_make(const char *name, char error[256])
{
	uint8_t public[EVIDENCE_KEY_LEN], secret[EVIDENCE_KEY_LEN];

	crypto_box_keypair(public, secret);
	int err = write_key(name, EVIDENCE_KEY_PRIVATE, 0600, secret, error);
	sodium_memzero(secret, sizeof(secret));
	if (err < 0)
		return err;
	err = write_key(name, EVIDENCE_KEY_PUBLIC, 0644, public, error);
	if (err < 0) { // half of a pair: the private one, whose name was not too long
		char path[4096];
		snprintf(path, sizeof(path), "%s.key", name);
		unlink(path);
	}
	return err;
}

static const struct open_key *key_of(
	const struct open_key keys[EVIDENCE_KEYS], const uint8_t id[EVIDENCE_KEY_ID_LEN])
{
	for (unsigned i = 0; i < EVIDENCE_KEYS; i++) {
		if (memcmp(keys[i].id, id, EVIDENCE_KEY_ID_LEN) == 0)
			return &keys[i];
	}
	return NULL;
}

static int open_shares(const struct evidence_head *h, const struct open_key keys[EVIDENCE_KEYS],
	uint8_t key[EVIDENCE_KEY_LEN], char error[256])
{
	uint8_t share[EVIDENCE_KEY_LEN];
	int err = 0;

	memset(key, 0, EVIDENCE_KEY_LEN);
	for (unsigned i = 0; i < EVIDENCE_KEYS && err == 0; i++) {
		const struct open_key *k = key_of(keys, h->key_ids[i]);
		if (k == NULL)
			err = refuse(-ENOKEY, error, "", "the record is sealed to other keys");
		else if (crypto_box_seal_open(share, h->shares[i], EVIDENCE_SHARE_LEN, k->public,
				 k->secret) != 0)
			err = refuse(-EBADMSG, error, "",
				"a share does not open: the record was changed, or it was copied "
				"from the store instead of being exported");
		for (unsigned b = 0; b < EVIDENCE_KEY_LEN && err == 0; b++)
			key[b] ^= share[b];
	}
	sodium_memzero(share, sizeof(share));
	return err;
}

int open_record(const uint8_t *record, size_t len, const struct open_key keys[EVIDENCE_KEYS],
	uint8_t *window, size_t *window_len, char error[256])
{
	uint8_t key[EVIDENCE_KEY_LEN], plain[EVIDENCE_WINDOW_MAX];
	struct evidence_head h;

	if (!evidence_ok(record, len))
		return refuse(-EBADMSG, error, "", "this is no record of evidence");
	memcpy(&h, record, sizeof(h));
	int err = open_shares(&h, keys, key, error);
	if (err == 0 && !evidence_hash_is_right(record, len))
		err = refuse(-EBADMSG, error, "", "its hash is wrong: the record was changed");
	if (err == 0 &&
		crypto_aead_xchacha20poly1305_ietf_decrypt(plain, NULL, NULL, record + sizeof(h),
			h.window_len + EVIDENCE_TAG_LEN, record, EVIDENCE_BOUND_LEN, h.nonce,
			key) != 0)
		err = refuse(-EBADMSG, error, "", "it does not open: the record was changed");
	if (err == 0) {
		memcpy(window, plain, h.window_len);
		*window_len = h.window_len;
	}
	sodium_memzero(key, sizeof(key));
	sodium_memzero(plain, sizeof(plain));
	return err;
}
