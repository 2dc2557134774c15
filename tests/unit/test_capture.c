#include "dataplane/inspect/packet.h"
#include "dataplane/runtime/capture_file.h"
#include "tests/unit/check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

enum { FRAMES = 3000, FILE_BYTES = 24 + FRAMES * (16 + 60) };

// A pcap file by hand: microseconds, Ethernet, frames of 60 bytes whose first one counts.
static void make(uint8_t out[FILE_BYTES])
{
	const uint32_t header[] = {0xa1b2c3d4, 0x00040002, 0, 0, 65535, 1};

	memcpy(out, header, sizeof(header));
	for (uint32_t i = 0; i < FRAMES; i++) {
		uint8_t *at = out + 24 + i * 76;
		const uint32_t record[] = {1700000000 + i, 250000, 60, 1000 + i};
		memcpy(at, record, sizeof(record));
		memset(at + 16, 0, 60);
		memcpy(at + 16, &i, sizeof(i));
	}
}

static char path[64];

static void write_bytes(const void *p, size_t len)
{
	strcpy(path, "/tmp/sealwatch-capture.XXXXXX");
	int fd = mkstemp(path);
	CHECK(write(fd, p, len) == (ssize_t)len, "write");
	close(fd);
}

static size_t pack_gzip(const uint8_t *in, size_t len, uint8_t *out, size_t size)
{
	z_stream z = {.next_in = (uint8_t *)in,
		.avail_in = (unsigned)len,
		.next_out = out,
		.avail_out = (unsigned)size};
	deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
	deflate(&z, Z_FINISH);
	deflateEnd(&z);
	return z.total_out;
}

static void check_frames(
	struct capture_file *c, const char *name, uint32_t n, enum capture_next end)
{
	struct capture_frame frame;
	enum capture_next next;
	uint32_t i = 0, number;

	while ((next = capture_file_next(c, &frame)) == CAPTURE_FRAME) {
		memcpy(&number, frame.data, sizeof(number));
		if (number != i || frame.len != 60 || frame.wire_len != 1000 + i ||
			frame.link != LINK_ETHERNET ||
			frame.ts_ns != (1700000000ull + i) * 1000000000 + 250000000)
			break;
		i++;
	}
	CHECK(i == n, "%s: %u frames", name, i);
	CHECK(next == end, "%s: end %d", name, next);
}

static void test_forms(void)
{
	static uint8_t plain[FILE_BYTES], packed[FILE_BYTES + 1000];
	struct capture_file *c = NULL;
	char error[256];

	make(plain);
	size_t gzip = pack_gzip(plain, sizeof(plain), packed, sizeof(packed));
	static uint8_t zstd_packed[FILE_BYTES + 1000];
	size_t zstd = ZSTD_compress(zstd_packed, sizeof(zstd_packed), plain, sizeof(plain), 3);
	const struct {
		const char *name;
		const uint8_t *p;
		size_t len;
		uint32_t n;
		enum capture_next end;
	} cases[] = {
		{"plain", plain, sizeof(plain), FRAMES, CAPTURE_END},
		{"gzip", packed, gzip, FRAMES, CAPTURE_END},
		{"zstd", zstd_packed, zstd, FRAMES, CAPTURE_END},
		{"no frame", plain, 24, 0, CAPTURE_END},
		{"cut in a header", plain, 24 + 76 * 10 + 7, 10, CAPTURE_TRUNCATED},
		{"cut in a frame", plain, 24 + 76 * 10 + 40, 10, CAPTURE_TRUNCATED},
	};
	for (size_t i = 0; i < ROWS(cases); i++) {
		write_bytes(cases[i].p, cases[i].len);
		int err = capture_file_open(path, NULL, NULL, &c, error);
		CHECK(err == 0, "%s: %d", cases[i].name, err);
		if (err == 0) {
			check_frames(c, cases[i].name, cases[i].n, cases[i].end);
			capture_file_close(c);
		}
		unlink(path);
	}
	// Packed files that are cut: what can be had of them, then an end.
	write_bytes(packed, gzip / 2);
	CHECK(capture_file_open(path, NULL, NULL, &c, error) == 0, "half a gzip");
	struct capture_frame frame;
	unsigned n = 0;
	while (capture_file_next(c, &frame) == CAPTURE_FRAME)
		n++;
	CHECK(n > 100 && n < FRAMES, "half a gzip: %u", n);
	capture_file_close(c);
	unlink(path);
}

static void test_refused(void)
{
	static const struct {
		const char *name, *bytes;
		size_t len;
	} cases[] = {{"empty", "", 0}, {"text", "hello, world; hello, world; hello", 33},
		{"half a header", "\xd4\xc3\xb2\xa1\x02\x00\x04\x00", 8},
		{"gzip of nothing", "\x1f\x8b\x08\x00\x00\x00", 6},
		{"zstd of nothing", "\x28\xb5\x2f\xfd", 4}};
	struct capture_file *c = NULL;
	char error[256];

	for (size_t i = 0; i < ROWS(cases); i++) {
		write_bytes(cases[i].bytes, cases[i].len);
		error[0] = '\0';
		CHECK(capture_file_open(path, NULL, NULL, &c, error) == -EBADMSG, "%s",
			cases[i].name);
		CHECK(error[0] != '\0', "%s: says why", cases[i].name);
		unlink(path);
	}
	CHECK(capture_file_open("/nonexistent", NULL, NULL, &c, error) == -ENOENT, "no file");
	CHECK(capture_file_open("/tmp", NULL, NULL, &c, error) == -EISDIR, "a directory");
}

static void test_filter(void)
{
	static uint8_t plain[FILE_BYTES];
	struct capture_file *c = NULL;
	char error[256];

	make(plain);
	write_bytes(plain, sizeof(plain));
	CHECK(capture_file_open(path, "ether[0] = 7", NULL, &c, error) == 0, "compiles");
	struct capture_frame frame;
	unsigned n = 0;
	while (capture_file_next(c, &frame) == CAPTURE_FRAME)
		n += frame.data[0] == 7;
	CHECK(n == FRAMES / 256 + 1, "%u frames", n);
	CHECK(capture_file_filtered(c) == FRAMES - n, "the rest is counted");
	capture_file_close(c);
	CHECK(capture_file_open(path, "flibber flobber", NULL, &c, error) == -EINVAL,
		"does not compile");
	unlink(path);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"plain, packed, cut", test_forms},
		{"refused", test_refused},
		{"filter", test_filter},
		CU_TEST_INFO_NULL,
	};
	return check_main("capture", tests);
}
