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
	bool torn; // the buffer begins inside a line whose begin is written
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
		w->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
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

static uint64_t lines_in(const char *p, size_t len)
{
	uint64_t n = 0;

	for (const char *end = p + len; (p = memchr(p, '\n', (size_t)(end - p))) != NULL; p++)
		n++;
	return n;
}

// As much of the buffer as the system takes. 0, or -errno of what it did not take.
static int write_buffer(struct eve_writer *w, size_t *done)
{
	*done = 0;
	while (*done < w->len) {
		ssize_t n = write(w->fd, w->buffer + *done, w->len - *done);
		if (n > 0)
			*done += (size_t)n;
		else if (n == 0)
			return -EIO;
		else if (errno != EINTR)
			return -errno;
	}
	return 0;
}

// A line that was begun must not stay half. In a file what stands behind the last whole line is
// cut off; where that can not be (a pipe), the line's rest is the first thing to be written next.
static void mend(struct eve_writer *w, off_t start, size_t whole, size_t done)
{
	bool still_torn = w->torn && whole == 0;
	bool cut = w->regular && start >= 0 && !still_torn;
	size_t rest = 0;

	if (still_torn || (done > whole && !(cut && ftruncate(w->fd, start + (off_t)whole) == 0))) {
		const char *end = memchr(w->buffer + done, '\n', w->len - done);
		rest = (size_t)(end - w->buffer) + 1 - done;
		memmove(w->buffer, w->buffer + done, rest);
	}
	w->torn = rest > 0;
	w->len = rest;
	w->lines = rest > 0;
}

// What can not be written is lost and counted, because memory for it has an end.
static void lose(struct eve_writer *w, off_t start, size_t done, int err)
{
	const char *last = memrchr(w->buffer, '\n', done);
	size_t whole = last != NULL ? (size_t)(last - w->buffer) + 1 : 0;
	uint64_t kept = lines_in(w->buffer, whole);
	uint64_t lost = w->lines - kept;

	mend(w, start, whole, done);
	w->stats.written += kept;
	w->stats.failed += lost - w->lines;
	w->stats.last_errno = -err;
	if (!w->complained)
		log_error("EVE: %s; lines are lost and counted until it can be written again",
			strerror(-err));
	w->complained = true;
}

int eve_flush(struct eve_writer *w)
{
	size_t done;

	if (w->len == 0)
		return 0;
	off_t start = w->regular ? lseek(w->fd, 0, SEEK_END) : -1;
	int err = write_buffer(w, &done);
	if (err < 0) {
		lose(w, start, done, err);
		return err;
	}
	w->stats.written += w->lines;
	w->stats.last_errno = 0;
	if (w->complained)
		log_info("EVE: can be written again; %llu lines were lost",
			(unsigned long long)w->stats.failed);
	w->complained = false;
	w->torn = false;
	w->len = 0;
	w->lines = 0;
	return 0;
}

static int put_line(struct eve_writer *w)
{
	int err = 0;

	if (w->line.len > BUFFER_MAX - w->len)
		err = eve_flush(w);
	if (w->line.failed || w->line.len > BUFFER_MAX - w->len) {
		w->stats.failed++;
		return err < 0 ? err : w->line.failed ? -ENOMEM : -EMSGSIZE;
	}
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

static bool moved(const struct service_tally *now, const struct service_tallies *last)
{
	for (uint32_t i = 0; i < last->n; i++) {
		const struct service_tally *was = &last->items[i];
		if (strcmp(was->name, now->name) == 0)
			return was->ended_flows != now->ended_flows;
	}
	return now->ended_flows > 0;
}

void eve_write_services(struct eve_writer *w, uint64_t ts_ns, const struct service_tallies *now,
	const struct service_tallies *last)
{
	for (uint32_t i = 0; i < now->n; i++) {
		const struct service_tally *s = &now->items[i];
		uint32_t n;
		if (!moved(s, last))
			continue;
		const struct segment_tally *segments = service_segments(now, s->name, &n);
		eve_json_service(&w->line, ts_ns, s, segments, n);
		put_line(w);
	}
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
