// A capture read two ways: as a plain file, and packed, which is libpcap's to read. Both must give
// the same frames and end in the same way.

#pragma once

#include "dataplane/runtime/capture_file.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

struct twice {
	struct capture_file *plain, *packed;
	unsigned frames;
	enum capture_next end;
	char why[512]; // what differed
};

enum { TWICE_PATH = 32 };

// A file in memory: what to close.
static inline int twice_file(char path[TWICE_PATH])
{
	int fd = memfd_create("capture", MFD_CLOEXEC);

	if (fd < 0)
		abort();
	snprintf(path, TWICE_PATH, "/proc/self/fd/%d", fd);
	return fd;
}

static inline int twice_packed(const void *bytes, size_t len, char path[TWICE_PATH])
{
	int fd = twice_file(path);
	gzFile gz = gzdopen(dup(fd), "wb0");

	if (gz == NULL || gzfwrite(bytes, 1, len, gz) != len || gzclose(gz) != Z_OK)
		abort();
	return fd;
}

__attribute__((format(printf, 2, 3))) static inline bool twice_differ(
	struct twice *t, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(t->why, sizeof(t->why), format, ap);
	va_end(ap);
	return false;
}

static inline bool twice_same_frames(struct twice *t)
{
	struct capture_frame a, b;

	for (;; t->frames++) {
		enum capture_next other = capture_file_next(t->packed, &b);
		t->end = capture_file_next(t->plain, &a);
		if (t->end != other)
			return twice_differ(t, "%u frames, then %d, not %d (%s)", t->frames, t->end,
				other, capture_file_error(t->packed));
		if (other != CAPTURE_FRAME)
			break;
		if (a.ts_ns != b.ts_ns || a.len != b.len || a.wire_len != b.wire_len ||
			a.link != b.link)
			return twice_differ(t, "frame %u: head", t->frames);
		if (a.len > 0 && memcmp(a.data, b.data, a.len) != 0)
			return twice_differ(t, "frame %u: bytes", t->frames);
	}
	if (strcmp(capture_file_error(t->plain), capture_file_error(t->packed)) != 0)
		return twice_differ(t, "\"%s\", not \"%s\"", capture_file_error(t->plain),
			capture_file_error(t->packed));
	if (capture_file_filtered(t->plain) != capture_file_filtered(t->packed))
		return twice_differ(t, "other frames do not pass the filter");
	return true;
}

// Both refused with the same words: true, with no frame and an end.
static inline bool twice_same(
	struct twice *t, const char *plain, const char *packed, const char *filter)
{
	char error[2][256] = {"", ""};

	*t = (struct twice){.end = CAPTURE_END};
	int a = capture_file_open(plain, filter, NULL, &t->plain, error[0]);
	int b = capture_file_open(packed, filter, NULL, &t->packed, error[1]);
	bool same = a == b && strcmp(error[0], error[1]) == 0;
	if (!same)
		twice_differ(t, "opened: %d %s, not %d %s", a, error[0], b, error[1]);
	if (same && a == 0)
		same = twice_same_frames(t);
	capture_file_close(t->plain);
	capture_file_close(t->packed);
	return same;
}

static inline bool twice_same_bytes(
	struct twice *t, const void *bytes, size_t len, const char *filter)
{
	char plain[TWICE_PATH], packed[TWICE_PATH];
	int a = twice_file(plain), b = twice_packed(bytes, len, packed);

	if (write(a, bytes, len) != (ssize_t)len)
		abort();
	bool same = twice_same(t, plain, packed, filter);
	close(a);
	close(b);
	return same;
}
