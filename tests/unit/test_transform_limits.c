#include "tests/unit/check.h"
#include "tests/unit/transform_chain.h"

#include <zlib.h>

enum { AT = TRANSFORM_MAX, OVER = TRANSFORM_MAX + 1 };

static struct transform_room *room;

// As many as one transformation gives, and one more: one row a kind at least.
static const struct {
	const char *name;
	const char *chain;
	size_t len;
	char fill;
	size_t out_len;
	char first, last;
} sizes[] = {
	{"dotprefix", "dotprefix;", AT - 1, 'a', AT, '.', 'a'},
	{"dotprefix, at", "dotprefix;", AT, 'a', AT, '.', 'a'},
	{"dotprefix, over", "dotprefix;", OVER, 'a', AT, '.', 'a'},
	{"lower, at", "to_lowercase;", AT, 'A', AT, 'a', 'a'},
	{"lower, over", "to_lowercase;", OVER, 'A', AT, 'a', 'a'},
	{"upper, at", "to_uppercase;", AT, 'a', AT, 'A', 'A'},
	{"upper, over", "to_uppercase;", OVER, 'a', AT, 'A', 'A'},
	{"strip whitespace, at", "strip_whitespace;", AT, 'a', AT, 'a', 'a'},
	{"strip whitespace, over", "strip_whitespace;", OVER, 'a', AT, 'a', 'a'},
	{"compress whitespace, at", "compress_whitespace;", AT, 'a', AT, 'a', 'a'},
	{"compress whitespace, over", "compress_whitespace;", OVER, 'a', AT, 'a', 'a'},
	{"compress a long run", "compress_whitespace;", OVER, '\t', 1, ' ', ' '},
	{"url, at", "url_decode;", AT, '+', AT, ' ', ' '},
	{"url, over", "url_decode;", OVER, '+', AT, ' ', ' '},
	{"xor, at", "xor:\"01\";", AT, 'a', AT, '`', '`'},
	{"xor, over", "xor:\"01\";", OVER, 'a', AT, '`', '`'},
	{"base64, at", "from_base64;", AT / 3 * 4, '/', AT / 3 * 3, '\xff', '\xff'},
	{"base64, at the last byte", "from_base64;", AT / 3 * 4 + 2, '/', AT, '\xff', '\xff'},
	{"base64, over", "from_base64;", AT / 3 * 4 + 4, '/', AT, '\xff', '\xff'},
	{"expression, at", "pcrexform:\"(a+)\";", AT, 'a', AT, 'a', 'a'},
	{"expression, over", "pcrexform:\"(a+)\";", OVER, 'a', AT, 'a', 'a'},
	{"expression without a match, over", "pcrexform:\"(b)\";", OVER, 'a', AT, 'a', 'a'},
	{"md5, at", "to_md5;", AT, 'a', 16, '\x2d', '\x27'},
	{"md5, over", "to_md5;", OVER, 'a', 16, '\xb3', '\xf7'},
	{"sha1, at", "to_sha1;", AT, 'a', 20, '\x79', '\x65'},
	{"sha1, over", "to_sha1;", OVER, 'a', 20, '\x58', '\x04'},
	{"sha256, at", "to_sha256;", AT, 'a', 32, '\xbf', '\x5a'},
	{"sha256, over", "to_sha256;", OVER, 'a', 32, '\x00', '\x30'},
	{"longest name", "domain;", 253, 'a', 253, 'a', 'a'},
	{"domain, at", "domain;", AT, 'a', AT, 'a', 'a'},
	{"domain, over", "domain;", OVER, 'a', AT, 'a', 'a'},
	{"tld, at", "tld;", AT, '.', AT, '.', '.'},
	{"tld, over", "tld;", OVER, '.', AT, '.', '.'},
	{"slice, at", "subslice: 0;", AT, 'a', AT, 'a', 'a'},
	{"slice, over", "subslice: 0;", OVER, 'a', AT, 'a', 'a'},
	{"slice of what is over", "subslice: 2;", OVER, 'a', AT - 1, 'a', 'a'},
	{"header names, at", "header_lowercase;", AT, 'A', AT, 'a', 'a'},
	{"header names, over", "header_lowercase;", OVER, 'A', AT, 'a', 'a'},
	{"pseudo headers, at", "strip_pseudo_headers;", AT, 'a', AT, 'a', 'a'},
	{"pseudo headers, over", "strip_pseudo_headers;", OVER, 'a', AT, 'a', 'a'},
	{"gunzip of garbage, at", "gunzip;", AT, 'a', AT, 'a', 'a'},
	{"gunzip of garbage, over", "gunzip;", OVER, 'a', AT, 'a', 'a'},
	{"zlib of garbage, at", "zlib_deflate;", AT, 'a', AT, 'a', 'a'},
	{"zlib of garbage, over", "zlib_deflate;", OVER, 'a', AT, 'a', 'a'},
	{"chain, over", "dotprefix; dotprefix; to_uppercase;", OVER, 'a', AT, '.', 'A'},
};

static void test_sizes(void)
{
	for (size_t i = 0; i < ROWS(sizes); i++) {
		char *in = malloc(sizes[i].len);
		struct chain c;
		uint8_t *exact;

		memset(in, sizes[i].fill, sizes[i].len);
		chain_read(&c, sizes[i].chain, true);
		struct bytes out = chain_run(room, &c, in, sizes[i].len, &exact);
		CHECK(!out.bad && out.len == sizes[i].out_len, "%s: %zu", sizes[i].name, out.len);
		if (out.len > 0) {
			CHECK((char)out.p[0] == sizes[i].first, "%s", sizes[i].name);
			CHECK((char)out.p[out.len - 1] == sizes[i].last, "%s", sizes[i].name);
		}
		free(exact);
		free(in);
		chain_free(&c);
	}
}

// `len` bytes of a text that is not all the same, compressed; returns how many came of it.
static size_t deflated(bool gzip, uint8_t *text, size_t len, uint8_t *out, size_t cap)
{
	z_stream z = {0};

	for (size_t i = 0; i < len; i++)
		text[i] = (uint8_t)(i * i >> 7);
	deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, gzip ? 31 : 15, 9, Z_DEFAULT_STRATEGY);
	z.next_in = text;
	z.avail_in = (uInt)len;
	z.next_out = out;
	z.avail_out = (uInt)cap;
	deflate(&z, Z_FINISH);
	cap -= z.avail_out;
	deflateEnd(&z);
	return cap;
}

static const struct {
	const char *name;
	const char *chain;
	size_t len; // before it was compressed
	size_t out_len;
} compressed[] = {
	{"gunzip, default", "gunzip;", 2000, 1024},
	{"gunzip, at", "gunzip: max-size 65536;", AT, AT},
	{"gunzip, over", "gunzip: max-size 65536;", OVER, AT},
	{"gunzip, over, more wanted", "gunzip: max-size 65537;", OVER, AT},
	{"zlib, default", "zlib_deflate;", 1025, 1024},
	{"zlib, at", "zlib_deflate: max-size 65536;", AT, AT},
	{"zlib, over", "zlib_deflate: max-size 65536;", OVER, AT},
	{"zlib, all wanted", "zlib_deflate: max-size 2147483647;", 4 * AT, AT},
};

// Whole, and cut at every length in the first 300 bytes: what comes is how the text begins, or,
// before its first byte, the buffer as it was.
static void test_compressed(void)
{
	enum { CAP = 8 * AT };
	static uint8_t text[CAP], packed[CAP];

	for (size_t i = 0; i < ROWS(compressed); i++) {
		bool gzip = compressed[i].chain[0] == 'g';
		size_t n = deflated(gzip, text, compressed[i].len, packed, CAP), before = 0;
		struct chain c;
		uint8_t *exact;

		chain_read(&c, compressed[i].chain, false);
		struct bytes out = chain_run(room, &c, packed, n, &exact);
		CHECK(bytes_equal(out, text, compressed[i].out_len), "%s: %zu", compressed[i].name,
			out.len);
		free(exact);
		for (size_t cut = 1; cut < n && cut < 300; cut++) {
			out = chain_run(room, &c, packed, cut, &exact);
			bool same = bytes_equal(out, packed, cut);
			bool begins = out.len >= before && bytes_equal(out, text, out.len);
			CHECK(!out.bad && ((same && before == 0) || begins), "%s: cut at %zu: %zu",
				compressed[i].name, cut, out.len);
			before = begins ? out.len : before;
			free(exact);
		}
	}
}

// A stream that breaks gives what came before, or stays as it was; a wrong checksum is not seen.
static void test_broken(void)
{
	static uint8_t text[4096], packed[8192];
	size_t n = deflated(false, text, sizeof(text), packed, sizeof(packed));
	struct chain c;
	uint8_t *exact;

	chain_read(&c, "zlib_deflate: max-size 4096;", false);
	for (size_t at = 0; at < n; at++) {
		packed[at] ^= 0xff;
		struct bytes out = chain_run(room, &c, packed, n, &exact);
		CHECK(!out.bad && out.len <= 4096 + n, "byte %zu: %zu", at, out.len);
		CHECK(at < n - 4 || bytes_equal(out, text, sizeof(text)), "checksum %zu", at);
		packed[at] ^= 0xff;
		free(exact);
	}
}

// Without JIT code and with it: expressions that would take for ever.
static void test_limits(void)
{
	static const struct {
		const char *chain;
		bool gives_up;
	} rows[] = {
		{"pcrexform:\"(x+x+)+y\";", true},
		{"pcrexform:\"(x|xx|(?R))*y\";", true},
		{"pcrexform:\"(x+?)[ab]y\";", true},
		{"pcrexform:\"(x{0,5})[^a]x{0,5}y\";", false}, // all of the buffer, bit by bit
		{"pcrexform:\"(z)y\";", false},
	};
	static char in[AT];

	memset(in, 'x', sizeof(in));
	in[AT - 2] = 'z'; // PCRE2 looks whether there is a y at all
	in[AT - 1] = 'y';
	for (size_t i = 0; i < 2 * ROWS(rows); i++) {
		uint64_t before = transform_gave_up(room);
		const char *name = rows[i / 2].chain;
		struct chain c;
		uint8_t *exact;

		chain_read(&c, name, i % 2 != 0);
		CHECK(c.why == NULL, "%s: %s", name, c.why);
		struct bytes out = chain_run(room, &c, in, sizeof(in), &exact);
		CHECK(out.bad == rows[i / 2].gives_up, "%s: %zu", name, out.len);
		CHECK(transform_gave_up(room) == before + rows[i / 2].gives_up, "%s", name);
		free(exact);
		chain_free(&c);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"at the limit, and over", test_sizes},
		{"compressed buffers", test_compressed},
		{"broken streams", test_broken},
		{"expressions without end", test_limits},
		CU_TEST_INFO_NULL,
	};

	room = transform_room_new();
	if (room == NULL)
		return 2;
	int failed = check_main("transform_limits", tests);
	transform_room_free(room);
	return failed;
}
