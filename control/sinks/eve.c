#include "control/sinks/eve.h"

#include "control/sinks/eve_json.h"
#include "dataplane/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUFFER_MAX = 256 * 1024 };

struct eve_writer {
	int fd;
	bool regular;
	bool complained;
	struct eve_stats stats;
	struct json_out line;
	uint64_t lines; // in buffer[]
	size_t len;
	char buffer[BUFFER_MAX];
	struct eve_record record;
};

int eve_open(const char *path, struct eve_writer **out)
{
	struct eve_writer *w = calloc(1, sizeof(*w));
	struct stat st;

	if (w == NULL)
		return -ENOMEM;
	if (strcmp(path, "-") == 0)
		w->fd = dup(STDOUT_FILENO);
	else
		w->fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
	if (w->fd < 0 || fstat(w->fd, &st) < 0) {
		int err = -errno;
		if (w->fd >= 0)
			close(w->fd);
		free(w);
		return err;
	}
	w->regular = S_ISREG(st.st_mode);
	*out = w;
	return 0;
}

// A line that was begun must not stay half: what stands behind the last whole one is cut off.
static void cut_back(struct eve_writer *w, off_t end)
{
	if (w->regular && end >= 0 && ftruncate(w->fd, end) < 0)
		log_error("EVE: a broken line could not be taken back: %s", strerror(errno));
}

static uint64_t lines_in(const char *p, size_t len)
{
	uint64_t n = 0;

	for (const char *end = p + len; (p = memchr(p, '\n', (size_t)(end - p))) != NULL; p++)
		n++;
	return n;
}

// Writes the buffer. What the system takes counts up to the last whole line; the rest is lost
// and counted, because memory for it has an end.
int eve_flush(struct eve_writer *w)
{
	off_t start = w->regular ? lseek(w->fd, 0, SEEK_END) : -1;
	size_t done = 0;
	int err = 0;

	while (done < w->len && err == 0) {
		ssize_t n = write(w->fd, w->buffer + done, w->len - done);
		if (n < 0 && errno != EINTR)
			err = -errno;
		else if (n > 0)
			done += (size_t)n;
	}
	if (err < 0) {
		const char *last = memrchr(w->buffer, '\n', done);
		size_t whole = last != NULL ? (size_t)(last - w->buffer) + 1 : 0;
		uint64_t kept = lines_in(w->buffer, whole);
		cut_back(w, start < 0 ? -1 : start + (off_t)whole);
		w->stats.written += kept;
		w->stats.failed += w->lines - kept;
		w->stats.last_errno = -err;
		if (!w->complained)
			log_error(
				"EVE: %s; lines are lost and counted until it can be written again",
				strerror(-err));
		w->complained = true;
	} else if (w->len > 0) {
		w->stats.written += w->lines;
		w->stats.last_errno = 0;
		if (w->complained)
			log_info("EVE: can be written again; %llu lines were lost",
				(unsigned long long)w->stats.failed);
		w->complained = false;
	}
	w->len = 0;
	w->lines = 0;
	return err;
}

static int put_line(struct eve_writer *w)
{
	int err = 0;

	if (w->line.failed) {
		w->stats.failed++;
		return -ENOMEM;
	}
	if (w->line.len > BUFFER_MAX - w->len)
		err = eve_flush(w);
	if (w->line.len > BUFFER_MAX)
		return -EMSGSIZE;
	memcpy(w->buffer + w->len, w->line.data, w->line.len);
	w->len += w->line.len;
	w->lines++;
	return err;
}

int eve_write(struct eve_writer *w, const void *record, uint32_t len)
{
	if (!eve_record_read(record, len, &w->record) || !eve_json_record(&w->line, &w->record)) {
		w->stats.bad++;
		return -EBADMSG;
	}
	return put_line(w);
}

int eve_write_stats(struct eve_writer *w, uint64_t ts_ns, uint64_t uptime, const uint64_t *counters)
{
	eve_json_stats(&w->line, ts_ns, uptime, counters);
	return put_line(w);
}

int eve_close(struct eve_writer *w)
{
	if (w == NULL)
		return 0;
	int err = eve_flush(w);
	if (close(w->fd) < 0 && err == 0)
		err = -errno;
	jout_free(&w->line);
	free(w);
	return err;
}

const struct eve_stats *eve_stats(const struct eve_writer *w)
{
	return &w->stats;
}
