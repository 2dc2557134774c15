#include "control/hash_chain.h"

#include <sodium.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DIGEST_LEN = 32 };

static void digest_line(const char *line, size_t len, char out[HASH_CHAIN_HEX])
{
	uint8_t digest[DIGEST_LEN];

	crypto_generichash(digest, sizeof(digest), (const uint8_t *)line, len, NULL, 0);
	sodium_bin2hex(out, HASH_CHAIN_HEX, digest, sizeof(digest));
}

static void digest_none(char out[HASH_CHAIN_HEX])
{
	memset(out, '0', HASH_CHAIN_HEX - 1);
	out[HASH_CHAIN_HEX - 1] = '\0';
}

static bool follows(const char *line, size_t len, const char *prev)
{
	json_t *entry = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	const char *told = json_string_value(json_object_get(entry, "prev"));
	const bool yes = told != NULL && strcmp(told, prev) == 0;

	json_decref(entry);
	return yes;
}

static int read_all(int fd, char **out, size_t *len)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_size > HASH_CHAIN_MAX)
		return -EFBIG;
	char *text = malloc((size_t)st.st_size + 1);
	if (text == NULL)
		return -ENOMEM;
	for (size_t at = 0; at < (size_t)st.st_size;) {
		ssize_t n = pread(fd, text + at, (size_t)st.st_size - at, (off_t)at);
		if (n <= 0) {
			free(text);
			return n < 0 ? -errno : -EIO;
		}
		at += (size_t)n;
	}
	*out = text;
	*len = (size_t)st.st_size;
	return 0;
}

int hash_chain_check(const char *path, uint64_t *lines, char last[HASH_CHAIN_HEX])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char *text = NULL;
	size_t len = 0, at = 0;

	int err = fd < 0 ? -errno : read_all(fd, &text, &len);
	if (fd >= 0)
		close(fd);
	digest_none(last);
	for (*lines = 0; err == 0 && at < len;) {
		const char *end = memchr(text + at, '\n', len - at);
		size_t n = end != NULL ? (size_t)(end - text) - at : len - at;
		++*lines;
		if (end == NULL || !follows(text + at, n, last)) {
			err = -EBADMSG;
			break;
		}
		digest_line(text + at, n, last);
		at += n + 1;
	}
	free(text);
	return err;
}

// Of the last line; the others are hash_chain_check()'s.
static int find_last(int fd, char last[HASH_CHAIN_HEX])
{
	char *text = NULL;
	size_t len = 0;

	int err = read_all(fd, &text, &len);
	digest_none(last);
	if (err == 0 && len > 0) {
		const char *before = len > 1 ? memrchr(text, '\n', len - 1) : NULL;
		size_t begin = before != NULL ? (size_t)(before - text) + 1 : 0;
		if (text[len - 1] != '\n')
			err = -EBADMSG;
		else
			digest_line(text + begin, len - 1 - begin, last);
	}
	free(text);
	return err;
}

int hash_chain_open(const char *path, struct hash_chain *out)
{
	struct hash_chain c = {.fd = -1};

	if (sodium_init() < 0)
		return -EIO;
	c.fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	int err = c.fd < 0 ? -errno : find_last(c.fd, c.last);
	if (err < 0) {
		hash_chain_close(&c);
		return err;
	}
	*out = c;
	return 0;
}

void hash_chain_close(struct hash_chain *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

int hash_chain_add(struct hash_chain *c, json_t *entry, char hash[HASH_CHAIN_HEX])
{
	json_object_set_new(entry, "prev", json_string(c->last));
	char *line = json_dumps(entry, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(entry);
	size_t len = line != NULL ? strlen(line) : 0;
	if (line == NULL)
		return -ENOMEM;
	line[len] = '\n'; // in place of the NUL: one write, one line
	ssize_t n = write(c->fd, line, len + 1);
	int err = n < 0 ? -errno : n != (ssize_t)(len + 1) ? -ENOSPC : 0;
	if (err == 0) {
		digest_line(line, len, c->last);
		memcpy(hash, c->last, HASH_CHAIN_HEX);
	}
	free(line);
	return err;
}

int hash_chain_sync(struct hash_chain *c)
{
	return fsync(c->fd) < 0 ? -errno : 0;
}
