#include "dataplane/runtime/unpack.h"

#include <zlib.h>
#include <zstd.h>

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { READ_BUFFER = 256 * 1024 };

static ssize_t gzip_read(void *cookie, char *buf, size_t size)
{
	int n = gzread(cookie, buf, size > 1 << 20 ? 1 << 20 : (unsigned)size);
	return n < 0 ? 0 : n;
}

static int gzip_close(void *cookie)
{
	gzclose_r(cookie);
	return 0;
}

struct zstd_reader {
	ZSTD_DStream *stream;
	int fd;
	ZSTD_inBuffer in;
	uint8_t buffer[READ_BUFFER];
};

static ssize_t zstd_read(void *cookie, char *buf, size_t size)
{
	struct zstd_reader *z = cookie;
	ZSTD_outBuffer out = {.dst = buf, .size = size};

	while (out.pos == 0) {
		if (z->in.pos == z->in.size) {
			ssize_t n = read(z->fd, z->buffer, sizeof(z->buffer));
			if (n <= 0)
				return 0;
			z->in = (ZSTD_inBuffer){.src = z->buffer, .size = (size_t)n};
		}
		if (ZSTD_isError(ZSTD_decompressStream(z->stream, &out, &z->in)))
			return 0;
	}
	return (ssize_t)out.pos;
}

static int zstd_close(void *cookie)
{
	struct zstd_reader *z = cookie;

	ZSTD_freeDStream(z->stream);
	close(z->fd);
	free(z);
	return 0;
}

static FILE *gzip_open(int fd)
{
	gzFile gz = gzdopen(fd, "rb");
	FILE *file;

	if (gz == NULL) {
		close(fd);
		return NULL;
	}
	gzbuffer(gz, READ_BUFFER);
	file = fopencookie(
		gz, "r", (cookie_io_functions_t){.read = gzip_read, .close = gzip_close});
	if (file == NULL)
		gzclose_r(gz);
	return file;
}

static FILE *zstd_open(int fd)
{
	struct zstd_reader *z = calloc(1, sizeof(*z));
	FILE *file = NULL;

	if (z == NULL) {
		close(fd);
		return NULL;
	}
	z->fd = fd;
	z->stream = ZSTD_createDStream();
	if (z->stream != NULL)
		file = fopencookie(
			z, "r", (cookie_io_functions_t){.read = zstd_read, .close = zstd_close});
	if (file == NULL)
		zstd_close(z);
	return file;
}

FILE *unpack_open(int fd)
{
	static const uint8_t gzip[] = {0x1f, 0x8b};
	static const uint8_t zstd[] = {0x28, 0xb5, 0x2f, 0xfd};
	uint8_t magic[4] = {0};
	FILE *file;

	// A pipe has no magic that could be looked at without taking it: it is read as it is.
	if (pread(fd, magic, sizeof(magic), 0) < 0 && errno != ESPIPE) {
		close(fd);
		return NULL;
	}
	if (memcmp(magic, gzip, sizeof(gzip)) == 0)
		return gzip_open(fd);
	if (memcmp(magic, zstd, sizeof(zstd)) == 0)
		return zstd_open(fd);
	file = fdopen(fd, "rb");
	if (file == NULL)
		close(fd);
	else
		setvbuf(file, NULL, _IOFBF, READ_BUFFER);
	return file;
}
