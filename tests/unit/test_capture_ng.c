#include "dataplane/runtime/capture_ng.h"
#include "tests/unit/check.h"

#include <stdlib.h>
#include <string.h>

struct file {
	uint8_t p[2048];
	size_t len;
	bool big; // byte order
};

static void add(struct file *f, uint64_t v, size_t size)
{
	for (size_t i = 0; i < size; i++)
		f->p[f->len++] = (uint8_t)(v >> 8 * (f->big ? size - 1 - i : i));
}

static void block(struct file *f, uint32_t type, const struct file *body)
{
	size_t len = (body->len + 3) & ~(size_t)3;

	add(f, type, 4);
	add(f, len + 12, 4);
	memcpy(f->p + f->len, body->p, len);
	f->len += len;
	add(f, len + 12, 4);
}

static void section(struct file *f)
{
	struct file b = {.big = f->big};

	add(&b, 0x1a2b3c4d, 4);
	add(&b, 1, 2);
	add(&b, 0, 2);
	add(&b, UINT64_MAX, 8);
	block(f, 0x0a0d0d0a, &b);
}

static void interface(
	struct file *f, uint16_t link, uint32_t snap, uint8_t resolution, uint64_t offset)
{
	struct file b = {.big = f->big};

	add(&b, link, 2);
	add(&b, 0, 2);
	add(&b, snap, 4);
	add(&b, 9, 2); // if_tsresol
	add(&b, 1, 2);
	add(&b, resolution, 1);
	b.len += 3;
	add(&b, 14, 2); // if_tsoffset
	add(&b, 8, 2);
	add(&b, offset, 8);
	add(&b, 0, 4);
	block(f, 1, &b);
}

static void packet(struct file *f, uint32_t number, uint64_t ticks, const char *data, uint32_t wire)
{
	struct file b = {.big = f->big};

	add(&b, number, 4);
	add(&b, ticks >> 32, 4);
	add(&b, ticks & UINT32_MAX, 4);
	add(&b, strlen(data), 4);
	add(&b, wire, 4);
	memcpy(b.p + b.len, data, strlen(data));
	b.len += strlen(data);
	block(f, 6, &b);
}

static void simple(struct file *f, const char *data, uint32_t wire)
{
	struct file b = {.big = f->big};

	add(&b, wire, 4);
	memcpy(b.p + b.len, data, strlen(data));
	b.len += strlen(data);
	block(f, 3, &b);
}

static struct capture_ng *open_file(const struct file *f, size_t len)
{
	FILE *file = fmemopen(NULL, len + 1, "w+");

	if (file == NULL)
		abort();
	fwrite(f->p, 1, len, file);
	rewind(file);
	// A stream in memory has no end of its own but its size.
	struct capture_ng *c = capture_ng_open(file);
	if (c == NULL)
		abort();
	return c;
}

static struct file made(bool big)
{
	struct file f = {.big = big};
	struct file unknown = {.big = big, .len = 8};

	section(&f);
	interface(&f, 1, 65535, 6, 0);
	interface(&f, 101, 262144, 9, 100);
	block(&f, 5, &unknown); // statistics
	packet(&f, 0, 1700000000000001, "ether", 60);
	packet(&f, 1, 1700000000000000002, "raw", 3);
	simple(&f, "simple", 6);
	return f;
}

static void test_frames(void)
{
	for (unsigned big = 0; big < 2; big++) {
		struct file f = made(big);
		struct capture_ng *c = open_file(&f, f.len);
		struct capture_ng_frame frame;
		const char *error;

		CHECK(capture_ng_first_dlt(c, &error) == DLT_EN10MB && error == NULL, "first");
		CHECK(capture_ng_next(c, &frame, &error) == CAPTURE_NG_FRAME, "first frame");
		CHECK(frame.dlt == DLT_EN10MB && frame.len == 5 && frame.wire_len == 60, "%u", big);
		CHECK(frame.ts_ns == 1700000000000001000, "%llu", (unsigned long long)frame.ts_ns);
		CHECK(capture_ng_next(c, &frame, &error) == CAPTURE_NG_FRAME, "another link");
		CHECK(frame.dlt == DLT_RAW && memcmp(frame.data, "raw", 3) == 0, "%d", frame.dlt);
		CHECK(frame.ts_ns == 1700000100000000002, "offset: %llu",
			(unsigned long long)frame.ts_ns);
		CHECK(capture_ng_next(c, &frame, &error) == CAPTURE_NG_FRAME && frame.len == 6,
			"simple");
		capture_ng_close(c);
	}
}

// Ended anywhere, and each byte made wrong: frames, an end or an error, and no harm.
static void test_broken(void)
{
	struct file good = made(false);

	for (size_t n = 0; n < 2 * good.len; n++) {
		struct file f = good;
		bool cut = n < good.len;
		if (!cut)
			f.p[n - good.len] ^= 0xff;
		struct capture_ng *c = open_file(&f, cut ? n : f.len);
		struct capture_ng_frame frame;
		const char *error;
		unsigned frames = 0;
		while (capture_ng_next(c, &frame, &error) == CAPTURE_NG_FRAME)
			frames++;
		CHECK(frames <= 4, "%zu: %u", n, frames);
		capture_ng_close(c);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"frames", test_frames},
		{"broken", test_broken},
		CU_TEST_INFO_NULL,
	};
	return check_main("capture_ng", tests);
}
