#include "control/hash_chain.h"

#include "dataplane/base/log.h"

#include <sodium.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
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

// The entry, when it is what comes behind `prev`.
static json_t *follows(const char *line, size_t len, const char *prev, bool first)
{
	json_t *entry = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	const char *told = json_string_value(json_object_get(entry, "prev"));
	const bool continues = first && json_is_string(json_object_get(entry, "continues"));

	if (told != NULL && (continues || strcmp(told, prev) == 0))
		return entry;
	json_decref(entry);
	return NULL;
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

int hash_chain_walk(const char *path, hash_chain_line *told, void *ctx, uint64_t *lines,
	char last[HASH_CHAIN_HEX])
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
		json_t *entry = end != NULL ? follows(text + at, n, last, at == 0) : NULL;
		++*lines;
		if (entry == NULL) {
			err = -EBADMSG;
			break;
		}
		told(ctx, entry);
		json_decref(entry);
		digest_line(text + at, n, last);
		at += n + 1;
	}
	free(text);
	return err;
}

static void tell_nobody(void *ctx, json_t *entry)
{
	(void)ctx;
	(void)entry;
}

int hash_chain_check(const char *path, uint64_t *lines, char last[HASH_CHAIN_HEX])
{
	return hash_chain_walk(path, tell_nobody, NULL, lines, last);
}

// The last whole line: where it ends, and its digest; the others are hash_chain_check()'s.
static int find_last(struct hash_chain *c, size_t *len)
{
	char *text = NULL;

	int err = read_all(c->fd, &text, len);
	digest_none(c->last);
	if (err < 0)
		return err;
	const char *end = *len > 0 ? memrchr(text, '\n', *len) : NULL;
	if (end != NULL) {
		const char *before = end > text ? memrchr(text, '\n', (size_t)(end - text)) : NULL;
		const char *begin = before != NULL ? before + 1 : text;
		digest_line(begin, (size_t)(end - begin), c->last);
		c->end = end - text + 1;
	}
	free(text);
	return 0;
}

static int cut(struct hash_chain *c)
{
	c->torn = ftruncate(c->fd, c->end) < 0;
	return c->torn ? -EBADMSG : 0;
}

// Another one has it for as long as a line takes.
static int lock(int fd)
{
	enum { TRIES = 100, WAIT_MS = 50 };
	const struct timespec wait = {.tv_nsec = WAIT_MS * 1000000};

	for (unsigned i = 0; i < TRIES; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return 0;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		nanosleep(&wait, NULL);
	}
	return -EWOULDBLOCK;
}

static int open_file(const char *path, int how, struct hash_chain *c)
{
	*c = (struct hash_chain){.fd = -1};
	if (sodium_init() < 0)
		return -EIO;
	c->fd = open(path, how | O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	return c->fd < 0 ? -errno : 0;
}

// err: of what came before.
static int find_end(int err, const char *path, struct hash_chain *c)
{
	size_t len = 0;

	if (err == 0)
		err = find_last(c, &len);
	if (err == 0 && len > (size_t)c->end) {
		log_warning("%s: %zu bytes behind its last whole line are cut off", path,
			len - (size_t)c->end);
		err = cut(c);
	}
	if (err < 0)
		hash_chain_close(c);
	return err;
}

int hash_chain_open(const char *path, struct hash_chain *out)
{
	return find_end(open_file(path, 0, out), path, out);
}

int hash_chain_open_shared(const char *path, struct hash_chain *out)
{
	int err = open_file(path, 0, out);

	return find_end(err == 0 ? lock(out->fd) : err, path, out);
}

void hash_chain_close(struct hash_chain *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

// A line is there, or nothing of it is.
static int append(struct hash_chain *c, const char *line, size_t len)
{
	if (c->end + (off_t)len > HASH_CHAIN_MAX)
		return -EFBIG;
	if (c->torn && cut(c) < 0)
		return -EBADMSG;
	ssize_t n = write(c->fd, line, len);
	if (n == (ssize_t)len) {
		c->end += n;
		return 0;
	}
	int err = n < 0 ? -errno : -ENOSPC;
	return cut(c) < 0 ? -EBADMSG : err;
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
	int err = append(c, line, len + 1);
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

int hash_chain_continue(
	const char *path, const struct hash_chain *from, const char *name, struct hash_chain *out)
{
	char hash[HASH_CHAIN_HEX];
	json_t *line = json_pack("{s:s, s:s}", "what", "continued", "continues", name);

	int err = line == NULL ? -ENOMEM : open_file(path, O_EXCL, out);
	if (err < 0) {
		json_decref(line);
		return err;
	}
	memcpy(out->last, from->last, sizeof(out->last));
	err = hash_chain_add(out, line, hash);
	if (err < 0) {
		hash_chain_close(out);
		unlink(path);
	}
	return err;
}
