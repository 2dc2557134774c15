// Bodies: joined, decoded, bounded, told with their heads; however they are cut.

#include "dataplane/inspect/proto/inflate.h"
#include "tests/unit/check.h"
#include "tests/unit/tx_log.h"

#include <zlib.h>

#define TEXT                                                                                       \
	"The quick brown fox jumps over the lazy dog. The quick brown fox jumps over the lazy "    \
	"dog.\n"
// The text, and 400000 letters.
#define BROTLI_TEXT                                                                                \
	"\x1b\x59\x00\x88\xac\x0e\x78\xd3\xd0\xab\x6c\xba\x84\xd8\x3d\xf1\x25\x55\x19\x5a\x92"     \
	"\x99\xb1\x95\x02\x48\x83\x9c\xe1\xe9\xa9\xb0\xb7\x06\x71\x99\xcb\x0b\x1b\x70\xe0\x90"     \
	"\x05\xb2\xbf\x90\xdf\xa0\xd3\x0a\x67\x0e\x8f\x13\xb5\x29\x64\x84\x4b\xfb\xb4\xc6\x02"
#define BROTLI_BOMB "\x5b\x7f\x1a\x86\x5f\x22\x2c\x1e\x0b\x04\x72\x24\x0c\x00"

enum { WIRE_MAX = 1 << 20, BOMB = 400000 };
enum pack { PLAIN, GZIP, ZLIB, DEFLATE, BROTLI, WRONG, CUT_GZIP, BAD_GZIP };
enum frame { SIZED, CHUNKED, TO_CLOSE };

static const struct {
	const char *name;
	const char *headers;
	enum pack pack;
	enum frame frame;
	size_t size; // of the body before it is packed: TEXT repeated; above TEXT's: letters
	size_t want; // bytes of it
	bool ended; // its length is told
} cases[] = {
	{"sized", "", PLAIN, SIZED, 90, 90, true},
	{"chunked", "", PLAIN, CHUNKED, 90, 90, true},
	{"chunked, empty", "", PLAIN, CHUNKED, 0, 0, true},
	{"to the close", "", PLAIN, TO_CLOSE, 90, 90, true},
	{"identity", "Content-Encoding: identity\r\n", PLAIN, SIZED, 90, 90, true},
	{"gzip", "Content-Encoding: gzip\r\n", GZIP, SIZED, 90, 90, true},
	{"gzip, chunked", "content-encoding: X-GZIP\r\n", GZIP, CHUNKED, 90, 90, true},
	{"gzip, to the close", "Content-Encoding: gzip\r\n", GZIP, TO_CLOSE, 90, 90, true},
	{"gzip that is none", "Content-Encoding: gzip\r\n", PLAIN, SIZED, 90, 90, true},
	{"gzip, cut", "Content-Encoding: gzip\r\n", CUT_GZIP, SIZED, 90, 45, true},
	{"gzip, broken", "Content-Encoding: gzip\r\n", BAD_GZIP, SIZED, 90, 0, true},
	{"deflate", "Content-Encoding: deflate\r\n", ZLIB, SIZED, 90, 90, true},
	{"deflate, raw", "Content-Encoding: deflate\r\n", DEFLATE, CHUNKED, 90, 90, true},
	{"brotli", "Content-Encoding: br\r\n", BROTLI, SIZED, 90, 90, true},
	{"brotli, chunked", "Content-Encoding: br\r\n", BROTLI, CHUNKED, 90, 90, true},
	{"coding nobody knows", "Content-Encoding: zstd\r\n", PLAIN, SIZED, 90, 0, false},
	{"two codings", "Content-Encoding: gzip, br\r\n", GZIP, SIZED, 90, 0, false},
	{"as large as the bound", "", PLAIN, SIZED, GATHER_MAX, GATHER_MAX, false},
	{"smaller than the bound", "", PLAIN, CHUNKED, GATHER_MAX - 1, GATHER_MAX - 1, true},
	{"larger than the bound", "", PLAIN, CHUNKED, BOMB, GATHER_MAX, false},
	{"larger, to the close", "", PLAIN, TO_CLOSE, BOMB, GATHER_MAX, false},
	{"bomb", "Content-Encoding: gzip\r\n", GZIP, SIZED, BOMB, GATHER_MAX, false},
	{"bomb of brotli", "Content-Encoding: br\r\n", BROTLI, CHUNKED, BOMB, GATHER_MAX, false},
};

struct seen {
	struct parser_run *run;
	unsigned n;
	bool has_body;
	bool has_length;
	uint64_t length;
	size_t len;
	uint8_t body[GATHER_MAX];
};

static uint8_t wire[WIRE_MAX];
static uint8_t plain[BOMB];
static struct seen seen;

static void see(void *ctx, const struct tx *tx)
{
	(void)ctx;
	seen.n++;
	for (unsigned i = 0; i < tx->n_fields; i++) {
		struct bytes v = tx->fields[i].value;
		switch (tx->fields[i].field) {
		case FIELD_HTTP_LENGTH:
			seen.has_length = true;
			seen.length = 0;
			for (unsigned k = 0; k < v.len; k++)
				seen.length = seen.length << 8 | v.p[k];
			break;
		case FIELD_HTTP_REQUEST_BODY:
		case FIELD_HTTP_RESPONSE_BODY:
			seen.has_body = true;
			seen.len = v.len;
			memcpy(seen.body, v.p, v.len);
			break;
		default:
			break;
		}
	}
}

static void make_plain(size_t size)
{
	for (size_t i = 0; i < size; i++)
		plain[i] = size == sizeof(TEXT) - 1 ? (uint8_t)TEXT[i] : 'a';
}

static size_t deflate_to(uint8_t *out, size_t size, int bits)
{
	z_stream z = {0};

	if (deflateInit2(&z, 9, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	z.next_in = plain;
	z.avail_in = (uInt)size;
	z.next_out = out;
	z.avail_out = BOMB;
	if (deflate(&z, Z_FINISH) != Z_STREAM_END)
		abort();
	deflateEnd(&z);
	return BOMB - z.avail_out;
}

static size_t make_packed(uint8_t *out, enum pack pack, size_t size)
{
	static const char text[] = BROTLI_TEXT, bomb[] = BROTLI_BOMB;
	size_t n;

	make_plain(size);
	switch (pack) {
	case GZIP:
		return deflate_to(out, size, 31);
	case ZLIB:
		return deflate_to(out, size, 15);
	case DEFLATE:
		return deflate_to(out, size, -15);
	case CUT_GZIP: // the second half is a copy of the first: it comes last
		n = deflate_to(out, size, 31);
		return n - 13;
	case BAD_GZIP:
		n = deflate_to(out, size, 31);
		out[10] = 0xff;
		return n;
	case BROTLI:
		n = size > sizeof(TEXT) ? sizeof(bomb) - 1 : sizeof(text) - 1;
		memcpy(out, size > sizeof(TEXT) ? bomb : text, n);
		return n;
	default:
		memcpy(out, plain, size);
		return size;
	}
}

// The message of cases[i]; *packed: bytes of its body on the wire.
static size_t make_wire(size_t i, enum dir dir, size_t *packed)
{
	static uint8_t body[BOMB];
	size_t n = make_packed(body, cases[i].pack, cases[i].size);
	char length[64] = "";
	int at;

	*packed = n;
	if (cases[i].frame == SIZED)
		snprintf(length, sizeof(length), "Content-Length: %zu\r\n", n);
	at = snprintf((char *)wire, WIRE_MAX, "%s%s%s%s\r\n",
		dir == DIR_C2S ? "POST /p HTTP/1.1\r\n" : "HTTP/1.1 200 OK\r\n", length,
		cases[i].frame == CHUNKED ? "Transfer-Encoding: chunked\r\n" : "",
		cases[i].headers);
	size_t len = (size_t)at;
	for (size_t from = 0; cases[i].frame == CHUNKED && from < n;) {
		size_t part = from + 1000 < n ? 1000 : n - from;
		len += (size_t)sprintf((char *)wire + len, "%zx\r\n", part);
		memcpy(wire + len, body + from, part);
		len += part;
		from += part;
		len += (size_t)sprintf((char *)wire + len, "\r\n");
	}
	if (cases[i].frame == CHUNKED)
		return len + (size_t)sprintf((char *)wire + len, "0\r\n\r\n");
	memcpy(wire + len, body, n);
	return len + n;
}

static void begin(struct parser_run *r, bool poor)
{
	memset(&seen, 0, sizeof(seen));
	run_begin(r, &proto_http);
	r->poor = poor;
	r->io.tx = see;
}

static void feed(struct parser_run *r, enum dir dir, size_t len, size_t step)
{
	for (size_t at = 0; at < len; at += step)
		run_feed(r, dir, wire + at, len - at < step ? len - at : step);
}

static void test_bodies(void)
{
	static const size_t steps[] = {1, 7, 536, 1460, WIRE_MAX};
	static uint8_t wanted[FIELD_COUNT] = {
		[FIELD_HTTP_REQUEST_BODY] = 1, [FIELD_HTTP_RESPONSE_BODY] = 1};
	static struct parser_run r = {.wanted = wanted};

	for (size_t k = 0; k < 2 * ROWS(cases) * ROWS(steps); k++) {
		size_t i = k / 2 / ROWS(steps), step = steps[k / 2 % ROWS(steps)], packed;
		enum dir dir = k & 1 ? DIR_S2C : DIR_C2S;
		if (dir == DIR_C2S && cases[i].frame == TO_CLOSE)
			continue;
		size_t len = make_wire(i, dir, &packed);
		begin(&r, false);
		feed(&r, dir, len, step);
		run_end(&r);
		CHECK(seen.n == 1, "%s, %zu: %u", cases[i].name, step, seen.n);
		CHECK(seen.has_body == (cases[i].want > 0), "%s, %zu", cases[i].name, step);
		CHECK(seen.len == cases[i].want, "%s, %zu: %zu", cases[i].name, step, seen.len);
		CHECK(memcmp(seen.body, plain, seen.len) == 0, "%s, %zu", cases[i].name, step);
		CHECK(seen.has_length == cases[i].ended, "%s, %zu", cases[i].name, step);
		CHECK(!seen.has_length || seen.length == packed, "%s, %zu", cases[i].name, step);
		CHECK(r.borrowed == 0, "%s, %zu", cases[i].name, step);
	}
}

// What is not wanted is not waited for: the head is told at once.
static void test_unwanted(void)
{
	static uint8_t wanted[FIELD_COUNT];
	static struct parser_run r = {.wanted = wanted};
	size_t packed;
	size_t len = make_wire(0, DIR_S2C, &packed);

	begin(&r, false);
	run_feed(&r, DIR_S2C, wire, len - packed);
	CHECK(seen.n == 1 && !seen.has_length && r.borrowed == 0, "%u", seen.n);
	run_end(&r);
}

static void test_gap(void)
{
	static struct parser_run r;
	size_t packed;
	size_t len = make_wire(0, DIR_S2C, &packed);

	begin(&r, false);
	run_feed(&r, DIR_S2C, wire, len - 50);
	CHECK(seen.n == 0, "waits");
	run_gap(&r, DIR_S2C, 50);
	CHECK(seen.n == 1 && seen.len == 40 && !seen.has_length, "%u %zu", seen.n, seen.len);
	run_feed(&r, DIR_S2C, wire, len);
	CHECK(seen.n == 2 && seen.len == 90 && seen.has_length, "%u %zu", seen.n, seen.len);
	run_end(&r);
	CHECK(r.borrowed == 0, "gap");
}

static size_t case_named(const char *name)
{
	size_t i = 0;

	while (strcmp(cases[i].name, name) != 0)
		i++;
	return i;
}

// Without a decoder or a buffer the head is told all the same.
static void test_shortage(void)
{
	struct inflater *taken[INFLATERS];
	static struct parser_run r;
	struct kit *kit = run_kit();
	size_t packed;
	size_t len = make_wire(case_named("gzip"), DIR_S2C, &packed);
	uint64_t denied = inflaters_denied(kit->inflaters);

	begin(&r, true);
	run_feed(&r, DIR_S2C, wire, len);
	CHECK(seen.n == 1 && !seen.has_body, "poor: %u", seen.n);
	run_end(&r);

	for (unsigned i = 0; i < INFLATERS; i++) {
		taken[i] = inflater_take(kit->inflaters, CODING_GZIP, false);
		CHECK(taken[i] != NULL, "%u", i);
	}
	begin(&r, false);
	run_feed(&r, DIR_S2C, wire, len);
	CHECK(seen.n == 1 && !seen.has_body, "no decoder: %u", seen.n);
	run_end(&r);
	CHECK(inflaters_denied(kit->inflaters) == denied + 1, "counted");
	for (unsigned i = 0; i < INFLATERS; i++)
		inflater_give(kit->inflaters, taken[i]);

	begin(&r, false);
	run_feed(&r, DIR_S2C, wire, len);
	CHECK(seen.n == 1 && seen.len == 90, "again: %u", seen.n);
	run_end(&r);
	CHECK(r.borrowed == 0, "shortage");
}

// A connection whose small bodies grow large time and again is left alone.
static void test_bombs(void)
{
	static struct parser_run r;
	size_t packed;
	size_t len = make_wire(case_named("bomb"), DIR_S2C, &packed);
	unsigned decoded = 0;

	begin(&r, false);
	for (unsigned i = 0; i < 100; i++) {
		seen.has_body = false;
		run_feed(&r, DIR_S2C, wire, len);
		CHECK(seen.n == i + 1, "%u: %u", i, seen.n);
		decoded += seen.has_body;
	}
	run_end(&r);
	CHECK(decoded >= 16 && decoded < 64, "%u", decoded);
	CHECK(r.borrowed == 0, "bombs");
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"bodies, cut anywhere", test_bodies},
		{"not wanted", test_unwanted},
		{"gap", test_gap},
		{"shortage", test_shortage},
		{"bombs", test_bombs},
		CU_TEST_INFO_NULL,
	};
	return check_main("http_body", tests);
}
