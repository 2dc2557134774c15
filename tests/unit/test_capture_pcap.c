#include "dataplane/inspect/packet.h"
#include "dataplane/runtime/capture_pcap.h"
#include "tests/unit/capture_twice.h"
#include "tests/unit/scratch.h"

enum { FILE_MAX = 3 << 20, MICRO = 0xb2c3d4, NANO = 0xb23c4d, HEAD = 24, RECORD = 16 };

// A file by hand, in the byte order of its own.
struct made {
	size_t len;
	bool big;
	uint8_t p[FILE_MAX];
};

static struct made file;

static void put(uint64_t v, unsigned size)
{
	for (unsigned i = 0; i < size; i++)
		file.p[file.len++] = (uint8_t)(v >> 8 * (file.big ? size - 1 - i : i));
}

static void begin(bool big, uint32_t magic, uint32_t snap, uint32_t link)
{
	file.len = 0;
	file.big = big;
	put(0xa1000000 | magic, 4);
	put(2, 2);
	put(4, 2);
	put(0, 8);
	put(snap, 4);
	put(link, 4);
}

static void record(uint32_t s, uint32_t fraction, uint32_t len, uint32_t wire_len)
{
	put(s, 4);
	put(fraction, 4);
	put(len, 4);
	put(wire_len, 4);
	for (uint32_t i = 0; i < len; i++)
		file.p[file.len++] = (uint8_t)(i * 7 + s);
}

static const char *write_plain(size_t len)
{
	const char *path = in_scratch("plain");

	write_file(path, file.p, len);
	return path;
}

// The first `len` bytes read both ways.
static bool same(struct twice *t, size_t len, const char *filter)
{
	return twice_same_bytes(t, file.p, len, filter);
}

static const struct {
	const char *name;
	bool big;
	uint32_t magic, s, fraction;
	uint64_t ts_ns;
} orders[] = {
	{"microseconds", false, MICRO, 1700000000, 250000, 1700000000250000000},
	{"nanoseconds", false, NANO, 1700000000, 250000007, 1700000000250000007},
	{"microseconds, swapped", true, MICRO, 1700000000, 999999, 1700000000999999000},
	{"nanoseconds, swapped", true, NANO, 1700000000, 1, 1700000000000000001},
	{"more than a second of them", false, MICRO, 1, 3000000, 4000000000},
	{"after 2038, swapped", true, NANO, 3000000000, 0, 3000000000000000000},
	// As libpcap has it, whose seconds are signed here.
	{"after 2038", false, NANO, 0xffffffff, 0, UINT64_MAX - 999999999},
};

static void test_orders(void)
{
	for (size_t i = 0; i < ROWS(orders); i++) {
		struct capture_file *c = NULL;
		struct capture_frame f = {0};
		char error[256] = "";

		begin(orders[i].big, orders[i].magic, 65535, 1);
		record(orders[i].s, orders[i].fraction, 60, 1500);
		int err = capture_file_open(write_plain(file.len), NULL, NULL, &c, error);
		CHECK(err == 0, "%s: %s", orders[i].name, error);
		if (err < 0)
			continue;
		CHECK(capture_file_next(c, &f) == CAPTURE_FRAME, "%s", orders[i].name);
		CHECK(f.ts_ns == orders[i].ts_ns, "%s: %llu", orders[i].name,
			(unsigned long long)f.ts_ns);
		CHECK(f.len == 60 && f.wire_len == 1500 && f.link == LINK_ETHERNET, "%s",
			orders[i].name);
		CHECK(f.data != NULL && f.data[1] == (uint8_t)(7 + orders[i].s), "%s",
			orders[i].name);
		CHECK(capture_file_next(c, &f) == CAPTURE_END, "%s", orders[i].name);
		CHECK(capture_file_position(c) == file.len, "%s", orders[i].name);
		capture_file_close(c);
	}
}

// One frame of odd lengths between two good ones.
static const struct {
	const char *name;
	uint32_t snap, link, len, wire_len;
	unsigned frames;
	enum capture_next end;
} lengths[] = {
	{"no bytes", 65535, 1, 0, 0, 3, CAPTURE_END},
	{"less on the wire", 65535, 1, 100, 60, 3, CAPTURE_END},
	{"beyond the snap length: cut", 96, 1, 100, 100, 3, CAPTURE_END},
	{"snap length 0: none", 0, 1, 100000, 100000, 3, CAPTURE_END},
	{"snap length of more than an int: none", 0xffffffff, 1, 100000, 100000, 3, CAPTURE_END},
	{"the largest", 262144, 1, 262144, 262144, 3, CAPTURE_END},
	{"the largest, cut", 70000, 1, 262144, 262144, 3, CAPTURE_END},
	{"one more", 262144, 1, 262145, 262145, 1, CAPTURE_TRUNCATED},
	{"one more, a larger snap length", 1 << 20, 1, 262145, 262145, 1, CAPTURE_TRUNCATED},
	{"raw IP by its number in files", 65535, 101, 60, 60, 3, CAPTURE_END},
	{"a link with its frame check", 65535, 0x24000001, 60, 60, 3, CAPTURE_END},
	{"cooked", 65535, 113, 60, 60, 3, CAPTURE_END},
	{"a link that nobody knows", 65535, 147, 60, 60, 3, CAPTURE_END},
};

static void test_lengths(void)
{
	for (size_t i = 0; i < 2 * ROWS(lengths); i++) {
		size_t row = i / 2;
		struct twice t;

		begin(i % 2 != 0, MICRO, lengths[row].snap, lengths[row].link);
		record(1, 2, 60, 60);
		record(2, 3, lengths[row].len, lengths[row].wire_len);
		record(3, 4, 60, 60);
		CHECK(same(&t, file.len, NULL), "%s: %s", lengths[row].name, t.why);
		CHECK(t.frames == lengths[row].frames, "%s: %u", lengths[row].name, t.frames);
		CHECK(t.end == lengths[row].end, "%s: %d", lengths[row].name, t.end);
	}
}

// Numbers in front of frames are in the byte order of the file; libpcap gives them in ours.
static void test_numbers(void)
{
	static const struct {
		const char *name;
		uint32_t link;
		const char *bytes;
		size_t len, at; // where a number is
	} rows[] = {
		{"netfilter's log", 239, "\x02\0\0\0\0\x08\0\x01\0\0\0\0", 12, 4},
		{"cooked", 113, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x0c\x01\0\0\x02", 20, 16},
		{"cooked, 2", 276, "\0\x0c\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\x02", 24,
			20},
	};

	for (size_t i = 0; i < 2 * ROWS(rows); i++) {
		size_t row = i / 2;
		bool big = i % 2 != 0;
		struct capture_file *c = NULL;
		struct capture_frame f = {0};
		char error[256];

		begin(big, MICRO, 65535, rows[row].link);
		record(1, 2, (uint32_t)rows[row].len, (uint32_t)rows[row].len);
		memcpy(file.p + file.len - rows[row].len, rows[row].bytes, rows[row].len);
		int err = capture_file_open(write_plain(file.len), NULL, NULL, &c, error);
		CHECK(err == 0 && capture_file_next(c, &f) == CAPTURE_FRAME, "%s", rows[row].name);
		bool as_it_was = f.data != NULL &&
			f.data[rows[row].at] == (uint8_t)rows[row].bytes[rows[row].at];
		CHECK(as_it_was != big, "%s, %s", rows[row].name, big ? "swapped" : "ours");
		capture_file_close(c);
	}
}

// A small file, one of whose frames is longer than the snap length.
static void make_small(bool big)
{
	begin(big, MICRO, 40, 1);
	record(1, 2, 30, 60);
	record(2, 3, 50, 60);
	record(3, 4, 0, 60);
	record(4, 5, 40, 20);
}

// Ended anywhere, and each byte made wrong: always as libpcap.
static void test_broken(void)
{
	struct twice t;

	for (unsigned big = 0; big < 2; big++) {
		make_small(big);
		size_t len = file.len;
		for (size_t n = 0; n <= len; n++)
			CHECK(same(&t, n, NULL), "cut at %zu: %s", n, t.why);
		CHECK(t.frames == 4 && t.end == CAPTURE_END, "whole: %u, %d", t.frames, t.end);
		for (size_t i = 0; i < 8 * len; i++) {
			make_small(big);
			file.p[i / 8] ^= (uint8_t)(1 << i % 8);
			CHECK(same(&t, file.len, NULL), "bit %zu: %s", i, t.why);
		}
	}
}

// Frames that lie across the pieces in which the file is read.
static void test_pieces(void)
{
	static const uint32_t sizes[] = {262144, 1, 1514, 262143, 0, 100000, 65535};
	struct twice t;

	for (unsigned shift = 0; shift < 40; shift += 3) {
		unsigned n = 0;
		begin(false, NANO, 262144, 1);
		record(0, 0, shift, shift);
		for (; file.len < FILE_MAX - 300000; n++)
			record(n, n, sizes[n % ROWS(sizes)], 262144);
		CHECK(same(&t, file.len, NULL), "shifted by %u: %s", shift, t.why);
		CHECK(t.frames == n + 1, "shifted by %u: %u", shift, t.frames);
		CHECK(same(&t, file.len - 1 - shift, NULL), "cut, %u: %s", shift, t.why);
	}
}

// Another form than is read here: libpcap's, whatever it makes of it.
static void test_others(void)
{
	static const struct {
		const char *name;
		size_t at;
		uint8_t byte;
	} cases[] = {{"lengths the other way round", 6, 2}, {"perhaps so", 6, 3}, {"newer", 6, 5},
		{"archaic", 4, 1}, {"modified", 1, 0xcd}, {"modified to be unknown", 2, 0xcd}};
	struct capture_pcap_form form;
	struct twice t;

	for (size_t i = 0; i < ROWS(cases); i++) {
		make_small(false);
		CHECK(capture_pcap_form(file.p, &form) && !form.nano && !form.swapped, "ours");
		file.p[cases[i].at] = cases[i].byte;
		CHECK(!capture_pcap_form(file.p, &form), "%s", cases[i].name);
		CHECK(same(&t, file.len, NULL), "%s: %s", cases[i].name, t.why);
	}
}

static void test_filter(void)
{
	static const char *const filters[] = {
		"ether[0] = 1", "len > 70", "less 60", "ether[30] = 0", "tcp port 80", "no filter"};
	struct twice t;

	for (size_t i = 0; i < 2 * ROWS(filters); i++) {
		begin(i % 2 != 0, MICRO, 80, 1);
		for (uint32_t n = 0; n < 300; n++)
			record(n, n, n % 100, n % 90);
		CHECK(same(&t, file.len, filters[i / 2]), "%s: %s", filters[i / 2], t.why);
	}
}

// The file ends elsewhere than it did when it was opened.
static void test_changes(void)
{
	enum { EACH = RECORD + 1000, N = 2000, FEW = 1500 };
	static const struct {
		const char *name;
		size_t before, after;
		unsigned frames;
		enum capture_next end;
	} cases[] = {
		{"longer", HEAD + FEW * EACH + 3, HEAD + N * EACH, N, CAPTURE_END},
		{"shorter", HEAD + N * EACH, HEAD + FEW * EACH, FEW, CAPTURE_END},
		{"cut", HEAD + N * EACH, HEAD + FEW * EACH + 500, FEW, CAPTURE_TRUNCATED},
	};

	begin(false, MICRO, 65535, 1);
	for (unsigned i = 0; i < N; i++)
		record(1, 2, 1000, 1000);
	for (size_t i = 0; i < ROWS(cases); i++) {
		struct capture_file *c = NULL;
		struct capture_frame f;
		enum capture_next next;
		char error[256];
		unsigned frames = 0;

		const char *path = write_plain(cases[i].before);
		int err = capture_file_open(path, NULL, NULL, &c, error);
		CHECK(err == 0 && capture_file_next(c, &f) == CAPTURE_FRAME, "%s", cases[i].name);
		FILE *out = fopen(path, "r+");
		if (out == NULL || fwrite(file.p, 1, cases[i].after, out) != cases[i].after ||
			fclose(out) != 0 || truncate(path, (off_t)cases[i].after) < 0)
			abort();
		do
			frames++;
		while ((next = capture_file_next(c, &f)) == CAPTURE_FRAME);
		CHECK(frames == cases[i].frames, "%s: %u", cases[i].name, frames);
		CHECK(next == cases[i].end, "%s: %d", cases[i].name, next);
		capture_file_close(c);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"byte orders, units", test_orders},
		{"lengths", test_lengths},
		{"numbers in front", test_numbers},
		{"cut anywhere, each bit wrong", test_broken},
		{"across pieces", test_pieces},
		{"other forms", test_others},
		{"filter", test_filter},
		{"cut or longer while it is read", test_changes},
		CU_TEST_INFO_NULL,
	};

	if (!scratch_open())
		return 2;
	int status = check_main("capture_pcap", tests);
	scratch_sweep();
	return status;
}
