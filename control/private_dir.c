#include "control/private_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// Whoever we become is to get through, whatever our umask says.
static int make_parent(const char *path)
{
	if (mkdir(path, 0755) == 0)
		return chmod(path, 0755) < 0 ? -errno : 0;
	return errno == EEXIST ? 0 : -errno;
}

int private_dir_make(const char *path, uid_t owner)
{
	char part[PATH_MAX];
	size_t len = strlen(path);

	if (len >= sizeof(part))
		return -ENAMETOOLONG;
	memcpy(part, path, len + 1);
	for (size_t i = 1; i < len; i++) {
		if (path[i] != '/')
			continue;
		part[i] = '\0';
		int err = make_parent(part);
		if (err < 0)
			return err;
		part[i] = '/';
	}
	if (mkdir(path, 0700) < 0)
		return errno == EEXIST ? 0 : -errno;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int err = fd < 0 || fchown(fd, owner, (gid_t)-1) < 0 ? -errno : 0;
	if (fd >= 0)
		close(fd);
	return err;
}

int private_dir_open(const char *path)
{
	struct stat st;

	int err = private_dir_make(path, geteuid());
	if (err < 0)
		return err;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = fstat(fd, &st) < 0 ? -errno : 0;
	if (err == 0 && st.st_uid != geteuid())
		err = -EPERM;
	if (err == 0 && (st.st_mode & 0777) != 0700 && fchmod(fd, 0700) < 0)
		err = -errno;
	if (err < 0)
		close(fd);
	return err < 0 ? err : fd;
}
