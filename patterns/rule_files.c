#include "patterns/rule_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

size_t rule_file_name(const char *p, size_t len)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789./_-+@%~";
	size_t n = 0;

	while (n < len && p[n] != '\0' && strchr(letters, p[n]) != NULL)
		n++;
	return n;
}

bool rule_file_path(const char *from, const char *name, size_t name_len, char out[RULE_PATH_MAX])
{
	const char *slash = strrchr(from, '/');
	size_t dir_len =
		slash != NULL && name_len > 0 && name[0] != '/' ? (size_t)(slash + 1 - from) : 0;
	int n = snprintf(out, RULE_PATH_MAX, "%.*s%.*s", (int)dir_len, from, (int)name_len, name);

	return n > 0 && n < RULE_PATH_MAX;
}

static int read_all(int fd, size_t size, struct rule_text *out)
{
	size_t n = 0;

	out->owned = malloc(size + 1);
	if (out->owned == NULL)
		return -ENOMEM;
	while (n < size) {
		ssize_t got = read(fd, out->owned + n, size - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			int err = -errno;
			free(out->owned);
			return err;
		}
		if (got == 0)
			break;
		n += (size_t)got;
	}
	out->p = out->owned;
	out->len = n;
	return 0;
}

// What is no file (a pipe, a device) is not waited for.
int rule_file_read(const char *path, struct rule_text *out)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int err;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		err = -errno;
	else if (!S_ISREG(st.st_mode))
		err = -EINVAL;
	else if (st.st_size > RULE_FILE_MAX)
		err = -EFBIG;
	else
		err = read_all(fd, (size_t)st.st_size, out);
	close(fd);
	return err;
}
