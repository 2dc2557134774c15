#include "control/cache.h"

#include "control/child.h"
#include "control/private_dir.h"
#include "dataplane/base/log.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/queue.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WRITERS_MAX = 4, NICE = 10 };

struct writer {
	struct cache *cache;
	pid_t pid;
	int pid_fd;
	struct event *on_exit;
	LIST_ENTRY(writer) link;
};

struct cache {
	struct event_base *base;
	struct cache_dir dir;
	uint8_t program[32];
	struct cache_counts counts;
	unsigned n_writers;
	LIST_HEAD(, writer) writers;
};

// 0, -ENOENT, or -EBADMSG for a key that is none, or that is not ours alone.
static int read_key(struct cache_dir *dir)
{
	uint8_t key[CACHE_KEY_LEN + 1];
	struct stat st;
	int fd = openat(dir->fd, "key", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0)
		return errno == ENOENT ? -ENOENT : -EBADMSG;
	bool ours = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
		(st.st_mode & 0177) == 0;
	ssize_t n = ours ? read(fd, key, sizeof(key)) : -1;
	close(fd);
	if (n != CACHE_KEY_LEN)
		return -EBADMSG;
	memcpy(dir->key, key, CACHE_KEY_LEN);
	OPENSSL_cleanse(key, sizeof(key));
	return 0;
}

static int make_key(struct cache_dir *dir)
{
	static const char temporary[] = "key.tmp";

	if (getrandom(dir->key, CACHE_KEY_LEN, 0) != CACHE_KEY_LEN)
		return -EIO;
	unlinkat(dir->fd, temporary, 0);
	int fd = openat(
		dir->fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	ssize_t n = write(fd, dir->key, CACHE_KEY_LEN);
	int err = n == CACHE_KEY_LEN && fsync(fd) == 0 ? 0 : n < 0 ? -errno : -EIO;
	close(fd);
	if (err == 0 && renameat(dir->fd, temporary, dir->fd, "key") < 0)
		err = -errno;
	if (err == 0)
		fsync(dir->fd);
	return err;
}

static int take_key(struct cache_dir *dir, const char *path)
{
	int err = read_key(dir);

	if (err == 0)
		return 0;
	if (err == -EBADMSG)
		log_warning("%s/key: no key, or others could read it; a new one is made", path);
	return make_key(dir);
}

// Another build may compile the same rules to something else.
static int digest_program(uint8_t out[32])
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	uint8_t block[16384];
	ssize_t n = -1;

	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && md != NULL && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1) {
		while ((n = read(fd, block, sizeof(block))) > 0)
			EVP_DigestUpdate(md, block, (size_t)n);
	}
	int err = n == 0 && EVP_DigestFinal_ex(md, out, NULL) == 1 ? 0 : -EIO;
	EVP_MD_CTX_free(md);
	if (fd >= 0)
		close(fd);
	return err;
}

int cache_open(struct event_base *base, const char *path, struct cache **out)
{
	struct cache *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return -ENOMEM;
	c->base = base;
	c->dir.fd = private_dir_open(path);
	int err = c->dir.fd < 0 ? c->dir.fd : take_key(&c->dir, path);
	if (err == 0)
		err = digest_program(c->program);
	if (err < 0) {
		cache_close(c);
		return err;
	}
	cache_file_sweep(&c->dir);
	*out = c;
	return 0;
}

static void writer_free(struct writer *w)
{
	if (w->pid > 0) {
		kill(w->pid, SIGKILL);
		waitpid(w->pid, NULL, 0);
	}
	if (w->on_exit != NULL)
		event_free(w->on_exit);
	if (w->pid_fd >= 0)
		close(w->pid_fd);
	LIST_REMOVE(w, link);
	w->cache->n_writers--;
	free(w);
}

void cache_forget(struct cache *c)
{
	if (c->dir.fd >= 0)
		close(c->dir.fd);
	OPENSSL_cleanse(&c->dir, sizeof(c->dir));
	c->dir.fd = -1;
}

void cache_close(struct cache *c)
{
	if (c == NULL)
		return;
	while (!LIST_EMPTY(&c->writers))
		writer_free(LIST_FIRST(&c->writers));
	cache_forget(c);
	free(c);
}

const struct cache_dir *cache_directory(const struct cache *c)
{
	return c != NULL ? &c->dir : NULL;
}

const uint8_t *cache_program(const struct cache *c)
{
	return c->program;
}

static void failed(struct cache *c, int err)
{
	c->counts.failed++;
	log_warning("cache: a compiled set was not kept: %s", strerror(err));
}

// The child says what went wrong by its exit status, an errno.
static void writer_ended(evutil_socket_t fd, short what, void *ctx)
{
	struct writer *w = ctx;
	int state = 0;

	(void)fd;
	(void)what;
	if (waitpid(w->pid, &state, WNOHANG) != w->pid)
		return;
	w->pid = 0;
	if (!WIFEXITED(state))
		failed(w->cache, EINTR);
	else if (WEXITSTATUS(state) != 0)
		failed(w->cache, WEXITSTATUS(state));
	else
		w->cache->counts.stored++;
	writer_free(w);
}

static int watch(struct writer *w)
{
	w->pid_fd = pidfd_open(w->pid, 0);
	if (w->pid_fd < 0)
		return -errno;
	w->on_exit = event_new(w->cache->base, w->pid_fd, EV_READ | EV_PERSIST, writer_ended, w);
	return w->on_exit == NULL || event_add(w->on_exit, NULL) < 0 ? -ENOMEM : 0;
}

void cache_store(struct cache *c, const uint8_t digest[32], int blob_fd, int index_fd,
	const char *report, size_t report_len)
{
	struct writer *w = c->n_writers < WRITERS_MAX ? calloc(1, sizeof(*w)) : NULL;

	if (w == NULL) {
		failed(c, EAGAIN);
		return;
	}
	w->cache = c;
	w->pid_fd = -1;
	LIST_INSERT_HEAD(&c->writers, w, link);
	c->n_writers++;
	w->pid = fork();
	if (w->pid == 0) {
		int keep[] = {c->dir.fd, blob_fd, index_fd};
		child_begin(keep, 3);
		setpriority(PRIO_PROCESS, 0, NICE); // packets come first
		int err = cache_file_put(&c->dir, digest, blob_fd, index_fd, report, report_len);
		if (err == 0)
			err = cache_file_prune(&c->dir);
		_exit(-err);
	}
	int err = w->pid < 0 ? -errno : watch(w);
	if (err < 0) {
		failed(c, -err);
		writer_free(w);
	}
}

void cache_count(struct cache *c, enum cache_found found)
{
	if (found == CACHE_HIT || found == CACHE_HELD)
		c->counts.hits++;
	else
		c->counts.misses++;
	if (found != CACHE_FOREIGN)
		return;
	c->counts.foreign++;
	log_warning("cache: a file that is damaged or not ours was passed over");
}

struct cache_counts cache_counts(const struct cache *c)
{
	return c != NULL ? c->counts : (struct cache_counts){0};
}
