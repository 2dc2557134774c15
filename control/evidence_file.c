#include "control/evidence_file.h"

#include "control/evidence_hash.h"

#include "dataplane/base/clock.h"

#include <sodium.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_LEN = 2 * EVIDENCE_ID_LEN + 8, SHARES_LEN = EVIDENCE_KEYS * EVIDENCE_SHARE_LEN };

struct wrap { // ID.key
	uint8_t nonce[crypto_stream_xchacha20_NONCEBYTES];
	uint8_t key[crypto_stream_xchacha20_KEYBYTES];
};
static_assert(sizeof(struct wrap) == 56, "file layout");

static void name_of(const uint8_t id[EVIDENCE_ID_LEN], const char *suffix, char out[NAME_LEN])
{
	sodium_bin2hex(out, 2 * EVIDENCE_ID_LEN + 1, id, EVIDENCE_ID_LEN);
	strcat(out, suffix);
}

static int write_file(int dir, const char *name, const void *p, size_t len)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	ssize_t n = fd < 0 ? -1 : write(fd, p, len);
	int err = n < 0 ? -errno : n != (ssize_t)len ? -ENOSPC : 0;

	if (fd >= 0)
		close(fd);
	return err;
}

// *len: room before, bytes after.
static int read_file(int dir, const char *name, void *p, size_t *len, struct stat *st)
{
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	ssize_t n = fd < 0 || fstat(fd, st) < 0 ? -1 : read(fd, p, *len);
	int err = n < 0 ? -errno : 0;

	if (fd >= 0)
		close(fd);
	if (err == 0)
		*len = (size_t)n;
	return err;
}

// The same both ways.
static void wrap_shares(uint8_t *record, const struct wrap *w)
{
	uint8_t *shares = record + offsetof(struct evidence_head, shares);

	crypto_stream_xchacha20_xor(shares, shares, SHARES_LEN, w->nonce, w->key);
}

int evidence_file_write(int dir, const uint8_t *record, uint32_t len)
{
	const struct evidence_head *h = (const struct evidence_head *)record;
	char key[NAME_LEN], name[NAME_LEN];
	uint8_t id[EVIDENCE_ID_LEN];
	uint8_t *copy = malloc(len);
	struct wrap w;

	if (copy == NULL)
		return -ENOMEM;
	memcpy(copy, record, len);
	memcpy(id, h->id, sizeof(id));
	name_of(id, ".key", key);
	name_of(id, ".swev", name);
	randombytes_buf(&w, sizeof(w));
	wrap_shares(copy, &w);
	const bool taken = faccessat(dir, key, F_OK, AT_SYMLINK_NOFOLLOW) == 0 ||
		faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	int err = taken ? -EEXIST : write_file(dir, key, &w, sizeof(w));
	if (err == 0)
		err = write_file(dir, name, copy, len);
	sodium_memzero(&w, sizeof(w));
	free(copy);
	if (err < 0 && !taken)
		evidence_file_remove(dir, id);
	return err;
}

int evidence_file_read(
	int dir, const uint8_t id[EVIDENCE_ID_LEN], uint8_t out[EVIDENCE_MAX], size_t *len)
{
	char key[NAME_LEN], name[NAME_LEN];
	size_t key_len = sizeof(struct wrap);
	struct wrap w;
	struct stat st;

	name_of(id, ".key", key);
	name_of(id, ".swev", name);
	*len = EVIDENCE_MAX;
	int err = read_file(dir, key, &w, &key_len, &st);
	if (err == 0)
		err = read_file(dir, name, out, len, &st);
	if (err == 0 &&
		(key_len != sizeof(w) || !evidence_ok(out, *len) ||
			memcmp(((const struct evidence_head *)out)->id, id, EVIDENCE_ID_LEN) != 0))
		err = -EBADMSG;
	if (err < 0)
		return err;
	wrap_shares(out, &w);
	sodium_memzero(&w, sizeof(w));
	return evidence_hash_is_right(out, *len) ? 0 : -EBADMSG;
}

int evidence_file_shred(int dir, const uint8_t id[EVIDENCE_ID_LEN])
{
	uint8_t noise[sizeof(struct wrap)];
	char key[NAME_LEN];

	name_of(id, ".key", key);
	int fd = openat(dir, key, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 1 : -errno;
	randombytes_buf(noise, sizeof(noise));
	ssize_t n = write(fd, noise, sizeof(noise));
	int err = n < 0 ? -errno : n != (ssize_t)sizeof(noise) ? -EIO : fsync(fd) < 0 ? -errno : 0;
	close(fd);
	if (err == 0 && unlinkat(dir, key, 0) < 0)
		err = -errno;
	return err;
}

int evidence_file_sync(int dir)
{
	return fsync(dir) < 0 ? -errno : 0;
}

void evidence_file_remove(int dir, const uint8_t id[EVIDENCE_ID_LEN])
{
	char name[NAME_LEN];

	name_of(id, ".key", name);
	unlinkat(dir, name, 0);
	name_of(id, ".swev", name);
	unlinkat(dir, name, 0);
}

static bool is_record(int dir, const char *name, uint8_t *record, uint64_t *kept_since)
{
	const struct evidence_head *h = (const struct evidence_head *)record;
	size_t n = strlen(name), len = EVIDENCE_MAX;
	char own[NAME_LEN];
	struct stat st;

	if (n != 2 * EVIDENCE_ID_LEN + 5 || strcmp(name + n - 5, ".swev") != 0 ||
		read_file(dir, name, record, &len, &st) < 0 || !evidence_ok(record, len))
		return false;
	// A file's time is anybody's who touches it; this one is bound to the window.
	*kept_since = h->wall_ns;
	if (h->wall_ns > clock_wall_ns())
		*kept_since =
			(uint64_t)st.st_mtim.tv_sec * 1000000000 + (uint64_t)st.st_mtim.tv_nsec;
	name_of(h->id, ".swev", own);
	return strcmp(name, own) == 0;
}

int evidence_file_each(int dir,
	void (*found)(void *ctx, const struct evidence_head *head, uint64_t kept_since), void *ctx)
{
	uint8_t *record = malloc(EVIDENCE_MAX);
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = copy >= 0 ? fdopendir(copy) : NULL;
	const struct dirent *entry;
	uint64_t kept_since;

	if (record == NULL || d == NULL) {
		int err = record == NULL ? -ENOMEM : -errno;
		if (d == NULL && copy >= 0)
			close(copy);
		free(record);
		if (d != NULL)
			closedir(d);
		return err;
	}
	while ((entry = readdir(d)) != NULL) {
		if (is_record(dir, entry->d_name, record, &kept_since))
			found(ctx, (const struct evidence_head *)record, kept_since);
	}
	closedir(d);
	free(record);
	return 0;
}
