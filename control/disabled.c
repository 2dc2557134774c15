#include "control/disabled.h"

#include "control/private_dir.h"
#include "control/text_file.h"
#include "dataplane/base/log.h"
#include "dataplane/base/write_all.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILE_MAX = 1 << 20, LINE_LEN = 24 };

static const char file_name[] = "disabled", temporary[] = "disabled.tmp";

static bool number(const char *text, size_t len, uint32_t *out)
{
	uint64_t v = 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		v = v * 10 + (uint64_t)(text[i] - '0');
		if (v > UINT32_MAX)
			return false;
	}
	*out = (uint32_t)v;
	return v > 0;
}

bool rule_id_parse(const char *text, struct rule_id *out)
{
	const char *colon = strchr(text, ':');
	struct rule_id id = {.gid = 1};

	if (colon != NULL && !number(text, (size_t)(colon - text), &id.gid))
		return false;
	if (colon != NULL)
		text = colon + 1;
	if (!number(text, strlen(text), &id.sid))
		return false;
	*out = id;
	return true;
}

static int by_id(const void *a, const void *b)
{
	const struct rule_id *x = a, *y = b;

	if (x->gid != y->gid)
		return x->gid < y->gid ? -1 : 1;
	return (x->sid > y->sid) - (x->sid < y->sid);
}

static bool is_among(const struct rule_id *ids, uint32_t n, const struct rule_id *id)
{
	for (uint32_t i = 0; i < n; i++) {
		if (by_id(&ids[i], id) == 0)
			return true;
	}
	return false;
}

// Sorts, and leaves each one once.
static void tidy(struct disabled_rules *d)
{
	uint32_t n = 0;

	if (d->n > 0)
		qsort(d->ids, d->n, sizeof(*d->ids), by_id);
	for (uint32_t i = 0; i < d->n; i++) {
		if (n == 0 || by_id(&d->ids[n - 1], &d->ids[i]) != 0)
			d->ids[n++] = d->ids[i];
	}
	d->n = n;
}

int disabled_with(const struct disabled_rules *from, const struct disabled_change *change,
	struct disabled_rules *out)
{
	struct disabled_rules d = {
		.ids = malloc((from->n + (size_t)change->n + 1) * sizeof(*d.ids))};

	if (d.ids == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < from->n; i++) {
		if (!is_among(change->ids, change->n, &from->ids[i]))
			d.ids[d.n++] = from->ids[i];
	}
	for (uint32_t i = 0; i < change->n && !change->enable; i++)
		d.ids[d.n++] = change->ids[i];
	tidy(&d);
	if (d.n > DISABLED_MAX) {
		disabled_free(&d);
		return -E2BIG;
	}
	*out = d;
	return 0;
}

void disabled_free(struct disabled_rules *d)
{
	free(d->ids);
	*d = (struct disabled_rules){0};
}

char *disabled_text(const struct disabled_rules *d)
{
	char *text = malloc((size_t)d->n * LINE_LEN + 1);
	size_t len = 0;

	if (text == NULL)
		return NULL;
	text[0] = '\0';
	for (uint32_t i = 0; i < d->n; i++)
		len += (size_t)snprintf(text + len, LINE_LEN, "%" PRIu32 ":%" PRIu32 "\n",
			d->ids[i].gid, d->ids[i].sid);
	return text;
}

static int read_text(int dir, char **out, size_t *len)
{
	int fd = openat(dir, file_name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0)
		return -errno;
	int err = text_file_read(fd, FILE_MAX, out, len);
	close(fd);
	return err;
}

// A file that was damaged has bytes of any kind; the lines around them still count.
static int parse_text(char *text, size_t len, struct disabled_rules *out)
{
	unsigned line = 0, bad = 0, first = 0;
	char *one;

	out->ids = calloc(DISABLED_MAX, sizeof(*out->ids));
	if (out->ids == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < len; i++)
		text[i] = text[i] != '\0' ? text[i] : '?';
	while ((one = strsep(&text, "\n")) != NULL) {
		line++;
		if (one[0] == '\0' || one[0] == '#')
			continue;
		if (out->n < DISABLED_MAX && rule_id_parse(one, &out->ids[out->n]))
			out->n++;
		else if (bad++ == 0)
			first = line;
	}
	if (bad > 0)
		log_warning("state: %s:%u:1: no rule is named here; %u such lines are left out",
			file_name, first, bad);
	tidy(out);
	return 0;
}

static int open_file(struct disabled_store *s, const char *path)
{
	char *text = NULL;
	size_t len = 0;

	s->dir = private_dir_open(path);
	if (s->dir < 0)
		return s->dir;
	unlinkat(s->dir, temporary, 0); // of a change that did not come true
	int err = read_text(s->dir, &text, &len);
	if (err == -ENOENT)
		return 0;
	if (err == 0)
		err = parse_text(text, len, &s->rules);
	free(text);
	return err;
}

void disabled_open(struct disabled_store *s, const char *path)
{
	*s = (struct disabled_store){.dir = -1};
	if (path == NULL)
		return;
	s->err = open_file(s, path);
	if (s->err < 0)
		log_warning("state %s: %s; no rule is disabled by sealctl, and none can be", path,
			s->err == -EPERM ? "the directory is another user's" : strerror(-s->err));
}

void disabled_close(struct disabled_store *s)
{
	if (s->dir >= 0)
		close(s->dir);
	disabled_free(&s->rules);
	*s = (struct disabled_store){.dir = -1};
}

static int write_through(int fd, const char *text, size_t len)
{
	int err = write_all(fd, text, len);

	return err == 0 && fsync(fd) < 0 ? -errno : err;
}

int disabled_prepare(const struct disabled_store *s, const struct disabled_rules *wanted)
{
	if (s->err < 0)
		return s->err;
	if (s->dir < 0)
		return 0;
	char *text = disabled_text(wanted);
	if (text == NULL)
		return -ENOMEM;
	unlinkat(s->dir, temporary, 0);
	int fd = openat(
		s->dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int err = fd < 0 ? -errno : write_through(fd, text, strlen(text));
	if (fd >= 0)
		close(fd);
	free(text);
	return err;
}

int disabled_commit(struct disabled_store *s, struct disabled_rules *wanted)
{
	int err = 0;

	if (s->dir >= 0 && renameat(s->dir, temporary, s->dir, file_name) < 0)
		err = -errno;
	if (s->dir >= 0 && err == 0)
		fsync(s->dir); // what does not support it does not need it
	disabled_free(&s->rules);
	s->rules = *wanted;
	*wanted = (struct disabled_rules){0};
	return err;
}
