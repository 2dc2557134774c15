#include "control/cache_file.h"

#include "control/compile_report.h"
#include "control/pattern_index.h"
#include "patterns/swdb.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC "SWCACHE" // with its NUL, 8 bytes

enum { VERSION = 2, NAME_LEN = 64 + 32 };

struct header {
	char magic[8];
	uint32_t version;
	uint32_t reserved;
	uint8_t digest[32]; // its name, so that a renamed file is none
	uint64_t blob_len, index_len, report_len;
	uint8_t hmac[32]; // over all of the file, with zeros here
};
static_assert(sizeof(struct header) == 104, "file layout");

static void name_of(const uint8_t digest[32], char name[NAME_LEN])
{
	for (unsigned i = 0; i < 32; i++)
		snprintf(name + 2 * i, 3, "%02x", digest[i]);
	snprintf(name + 64, NAME_LEN - 64, ".set");
}

static int mac_mapped(EVP_MAC_CTX *mac, int fd, uint64_t len)
{
	if (len == 0)
		return 0;
	void *p = mmap(NULL, len, PROT_READ, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return -errno;
	int ok = EVP_MAC_update(mac, p, len);
	munmap(p, len);
	return ok == 1 ? 0 : -ENOMEM;
}

static int mac_all(EVP_MAC_CTX *mac, const struct cache_dir *dir, struct header h, int blob_fd,
	int index_fd, const char *report, uint8_t out[32])
{
	char sha256[] = "SHA256";
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, sha256, 0),
		OSSL_PARAM_construct_end()};
	size_t len = 0;

	memset(h.hmac, 0, sizeof(h.hmac));
	if (EVP_MAC_init(mac, dir->key, sizeof(dir->key), params) != 1 ||
		EVP_MAC_update(mac, (const unsigned char *)&h, sizeof(h)) != 1)
		return -ENOMEM;
	int err = mac_mapped(mac, blob_fd, h.blob_len);
	if (err == 0)
		err = mac_mapped(mac, index_fd, h.index_len);
	if (err < 0)
		return err;
	if (EVP_MAC_update(mac, (const unsigned char *)report, h.report_len) != 1 ||
		EVP_MAC_final(mac, out, &len, 32) != 1 || len != 32)
		return -ENOMEM;
	return 0;
}

static int hmac(const struct cache_dir *dir, const struct header *h, int blob_fd, int index_fd,
	const char *report, uint8_t out[32])
{
	EVP_MAC *algorithm = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *mac = algorithm != NULL ? EVP_MAC_CTX_new(algorithm) : NULL;

	int err = mac != NULL ? mac_all(mac, dir, *h, blob_fd, index_fd, report, out) : -ENOMEM;
	EVP_MAC_CTX_free(mac);
	EVP_MAC_free(algorithm);
	return err;
}

// From where `from` stands to where `to` stands.
static int copy(int to, int from, uint64_t len)
{
	while (len > 0) {
		ssize_t n = sendfile(to, from, NULL, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EBADMSG;
		len -= (uint64_t)n;
	}
	return 0;
}

static int read_whole(int fd, void *to, size_t len)
{
	for (size_t at = 0; at < len;) {
		ssize_t n = read(fd, (char *)to + at, len - at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EBADMSG;
		at += (size_t)n;
	}
	return 0;
}

static int write_whole(int fd, const void *from, size_t len)
{
	for (size_t at = 0; at < len;) {
		ssize_t n = write(fd, (const char *)from + at, len - at);
		if (n < 0 && errno != EINTR)
			return -errno;
		at += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static bool header_fits(const struct header *h, const uint8_t digest[32], const struct stat *st)
{
	if (memcmp(h->magic, MAGIC, sizeof(h->magic)) != 0 || h->version != VERSION)
		return false;
	if (memcmp(h->digest, digest, 32) != 0 || h->reserved != 0)
		return false;
	if (h->blob_len == 0 || h->blob_len > SWDB_TOTAL_MAX || h->index_len > PATTERN_INDEX_MAX ||
		h->report_len > COMPILE_REPORT_MAX)
		return false;
	return (uint64_t)st->st_size == sizeof(*h) + h->blob_len + h->index_len + h->report_len;
}

// Judged is the copy: the file may change while we look.
static int fetch(const struct cache_dir *dir, const uint8_t digest[32], int fd, int blob_fd,
	int index_fd, char **report, size_t *report_len)
{
	struct header h;
	struct stat st;
	uint8_t want[32];

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return -EBADMSG;
	int err = read_whole(fd, &h, sizeof(h));
	if (err < 0 || !header_fits(&h, digest, &st))
		return -EBADMSG;
	char *text = malloc(h.report_len + 1);
	if (text == NULL)
		return -ENOMEM;
	err = copy(blob_fd, fd, h.blob_len);
	if (err == 0)
		err = copy(index_fd, fd, h.index_len);
	if (err == 0)
		err = read_whole(fd, text, h.report_len);
	if (err == 0)
		err = hmac(dir, &h, blob_fd, index_fd, text, want);
	if (err == 0 && CRYPTO_memcmp(want, h.hmac, sizeof(want)) != 0)
		err = -EBADMSG;
	if (err < 0) {
		free(text);
		return err;
	}
	text[h.report_len] = '\0';
	*report = text;
	*report_len = h.report_len;
	return 0;
}

static void empty(int fd)
{
	if (ftruncate(fd, 0) == 0)
		lseek(fd, 0, SEEK_SET);
}

enum cache_found cache_file_fetch(const struct cache_dir *dir, const uint8_t digest[32],
	int blob_fd, int index_fd, char **report, size_t *report_len)
{
	char name[NAME_LEN];

	name_of(digest, name);
	int fd = openat(dir->fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return errno == ENOENT ? CACHE_NONE : CACHE_FOREIGN;
	int err = fetch(dir, digest, fd, blob_fd, index_fd, report, report_len);
	if (err == 0) {
		futimens(fd, NULL);
	} else {
		empty(blob_fd);
		empty(index_fd);
	}
	close(fd);
	if (err == -ENOMEM)
		return CACHE_NONE; // says nothing about the file
	return err == 0 ? CACHE_HIT : CACHE_FOREIGN;
}

static int write_file(int fd, const struct header *h, int blob_fd, int index_fd, const char *report)
{
	if (lseek(blob_fd, 0, SEEK_SET) < 0 || lseek(index_fd, 0, SEEK_SET) < 0)
		return -errno;
	int err = write_whole(fd, h, sizeof(*h));
	if (err == 0)
		err = copy(fd, blob_fd, h->blob_len);
	if (err == 0)
		err = copy(fd, index_fd, h->index_len);
	if (err == 0)
		err = write_whole(fd, report, h->report_len);
	if (err == 0 && fsync(fd) < 0)
		err = -errno;
	return err;
}

static int make_header(const struct cache_dir *dir, const uint8_t digest[32], int blob_fd,
	int index_fd, const char *report, size_t report_len, struct header *out)
{
	struct header h = {.magic = MAGIC, .version = VERSION, .report_len = report_len};
	struct stat blob, index;

	if (fstat(blob_fd, &blob) < 0 || fstat(index_fd, &index) < 0)
		return -errno;
	memcpy(h.digest, digest, sizeof(h.digest));
	h.blob_len = (uint64_t)blob.st_size;
	h.index_len = (uint64_t)index.st_size;
	if (sizeof(h) + h.blob_len + h.index_len + h.report_len > CACHE_BYTES_MAX)
		return -EFBIG;
	int err = hmac(dir, &h, blob_fd, index_fd, report, h.hmac);
	if (err == 0)
		*out = h;
	return err;
}

int cache_file_put(const struct cache_dir *dir, const uint8_t digest[32], int blob_fd, int index_fd,
	const char *report, size_t report_len)
{
	char name[NAME_LEN], temporary[NAME_LEN + 16];
	struct header h;

	int err = make_header(dir, digest, blob_fd, index_fd, report, report_len, &h);
	if (err < 0)
		return err;
	name_of(digest, name);
	snprintf(temporary, sizeof(temporary), "%s.%d.tmp", name, (int)getpid());
	int fd = openat(
		dir->fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	err = write_file(fd, &h, blob_fd, index_fd, report);
	close(fd);
	if (err == 0 && renameat(dir->fd, temporary, dir->fd, name) < 0)
		err = -errno;
	if (err < 0)
		unlinkat(dir->fd, temporary, 0);
	else
		fsync(dir->fd);
	return err;
}
