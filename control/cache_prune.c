#include "control/cache_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KNOWN_MAX = 1024 }; // what is beyond goes first

struct known {
	char name[256];
	struct timespec changed;
	uint64_t len;
};

static bool ends_with(const char *name, const char *end)
{
	size_t len = strlen(name), n = strlen(end);

	return len >= n && strcmp(name + len - n, end) == 0;
}

// On a descriptor of its own: the directory's may be another process's too.
static DIR *open_list(const struct cache_dir *dir)
{
	int fd = openat(dir->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;

	if (d == NULL && fd >= 0)
		close(fd);
	return d;
}

static int newest_first(const void *a, const void *b)
{
	const struct known *x = a, *y = b;

	if (x->changed.tv_sec != y->changed.tv_sec)
		return x->changed.tv_sec < y->changed.tv_sec ? 1 : -1;
	return (x->changed.tv_nsec < y->changed.tv_nsec) -
		(x->changed.tv_nsec > y->changed.tv_nsec);
}

static size_t collect(const struct cache_dir *dir, DIR *d, struct known *known)
{
	const struct dirent *e;
	struct stat st;
	size_t n = 0;

	while ((e = readdir(d)) != NULL) {
		if (!ends_with(e->d_name, ".set") ||
			fstatat(dir->fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (n == KNOWN_MAX) {
			unlinkat(dir->fd, e->d_name, 0);
			continue;
		}
		memcpy(known[n].name, e->d_name, strlen(e->d_name) + 1);
		known[n].changed = st.st_mtim;
		known[n].len = (uint64_t)st.st_size;
		n++;
	}
	return n;
}

int cache_file_prune(const struct cache_dir *dir)
{
	struct known *known = calloc(KNOWN_MAX, sizeof(*known));
	DIR *d = open_list(dir);
	uint64_t bytes = 0;
	int err = 0;

	if (known == NULL || d == NULL) {
		err = known == NULL ? -ENOMEM : -errno;
		goto out;
	}
	size_t n = collect(dir, d, known);
	qsort(known, n, sizeof(*known), newest_first);
	for (size_t i = 0; i < n; i++) {
		bytes += known[i].len;
		if (i < CACHE_FILES_MAX && bytes <= CACHE_BYTES_MAX)
			continue;
		if (unlinkat(dir->fd, known[i].name, 0) < 0 && errno != ENOENT)
			err = -errno;
	}
out:
	if (d != NULL)
		closedir(d);
	free(known);
	return err;
}

void cache_file_sweep(const struct cache_dir *dir)
{
	DIR *d = open_list(dir);
	const struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL) {
		if (ends_with(e->d_name, ".tmp"))
			unlinkat(dir->fd, e->d_name, 0);
	}
	if (d != NULL)
		closedir(d);
}
