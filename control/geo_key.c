#include "control/geo_key.h"

#include "control/text_file.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *check(const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return "names no file";
	if (st->st_uid != geteuid() && st->st_uid != 0)
		return "names a file of another user";
	if ((st->st_mode & 077) != 0)
		return "names a file that others may read or write; chmod 600";
	if (st->st_size != BORDER_SECRET_LEN)
		return "names a file that has not 32 bytes: head -c 32 /dev/urandom makes them";
	return NULL;
}

// Zeroes, and the like: nobody drew that.
static bool is_drawn(const uint8_t secret[BORDER_SECRET_LEN])
{
	unsigned changes = 0;

	for (unsigned i = 1; i < BORDER_SECRET_LEN; i++)
		changes += secret[i] != secret[i - 1];
	return changes >= BORDER_SECRET_LEN / 4;
}

const char *geo_key_read(const char *path, uint8_t secret[BORDER_SECRET_LEN])
{
	struct stat st;
	int fd = text_file_open(path);

	if (fd < 0)
		return fd == -ENOENT ? "names a file that is not there"
				     : "names a file that can not be opened";
	const char *what = fstat(fd, &st) < 0 ? "names a file that can not be read" : check(&st);
	if (what == NULL && read(fd, secret, BORDER_SECRET_LEN) != BORDER_SECRET_LEN)
		what = "names a file that can not be read";
	if (what == NULL && !is_drawn(secret))
		what = "names a file whose bytes are not random";
	close(fd);
	return what;
}

int geo_key_take(struct control_config *c, char error[512])
{
	if (c->geo_key_file == NULL)
		return 0;
	const char *what = geo_key_read(c->geo_key_file, c->geo_secret);
	c->has_geo_secret = what == NULL;
	if (what != NULL)
		snprintf(error, 512, "geo_key_file %.300s %s", c->geo_key_file, what);
	return what == NULL ? 0 : -EINVAL;
}
