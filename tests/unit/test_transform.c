#include "tests/unit/check.h"
#include "tests/unit/transform_chain.h"

#define T(s) (s), sizeof(s) - 1

static struct transform_room *room;

static const char lowered[] = "\r\nhost: A\r\nx-y: B:C\r\n\r\n";
static const char md5_abc[] = "\x90\x01\x50\x98\x3c\xd2\x4f\xb0\xd6\x96\x3f\x7d\x28\xe1\x7f\x72";
static const char sha1_abc[] = "\xa9\x99\x3e\x36\x47\x06\x81\x6a\xba\x3e\x25\x71\x78\x50\xc2\x6c"
			       "\x9c\xd0\xd8\x9d";
static const char sha256_abc[] = "\xba\x78\x16\xbf\x8f\x01\xcf\xea\x41\x41\x40\xde\x5d\xae\x22\x23"
				 "\xb0\x03\x61\xa3\x96\x17\x7a\x9c\xb4\x10\xff\x61\xf2\x00\x15\xad";
#define ARG "/?arg=dGhpc2lzYXRlc3QK"
#define GZIP                                                                                       \
	"/gzb64?value=H4sIADfTcWkAAwvJyCxWAKLk/NyCotTi4tQUhZKM1DyFpMTiVDMT3dS85PyU1BQuAFtmgsgnAA"  \
	"AA"
#define ZLIB "/gzb64?value=eJwLycgsVgCi5PzcgqLU4uLUFIWSjNQ8haTE4lQzE93UvOT8lNQULgAeFA3n"
#define COMPRESSED "This is compressed then base64-encoded\n"

// Of Suricata's documentation, its regression tests, RFC 4648 10, RFC 1321 and FIPS 180.
static const struct {
	const char *name;
	const char *chain;
	const char *in;
	size_t len;
	const char *out;
	size_t out_len;
} cases[] = {
	{"dotprefix", "dotprefix;", T("hello.google.com"), T(".hello.google.com")},
	{"lower case", "to_lowercase;", T("AbZ\xc4@[09"), T("abz\xc4@[09")},
	{"upper case", "to_uppercase;", T("aBz\xe4`{09"), T("ABZ\xe4`{09")},
	{"whitespace goes", "strip_whitespace;", T(" \t\n\v\f\rwindow . nav\xa0 ("),
		T("window.nav\xa0(")},
	{"only whitespace", "strip_whitespace;", T(" \t"), T("")},
	{"runs of whitespace", "compress_whitespace;", T("\t\r\na  b c\td \n"), T(" a b c d ")},
	{"url", "url_decode;", T("mail=test%40oisf.net+%2fetc%2Fpasswd"),
		T("mail=test@oisf.net /etc/passwd")},
	{"url, not hexadecimal", "url_decode;", T("%zz%4%u0041%%41%"), T("%zz%4%u0041%A%")},
	{"url, cut", "url_decode;", T("a%4"), T("a%4")},
	{"url, once only", "url_decode;", T("%2541%00"), T("%41\0")},

	{"xor", "xor:\"42\";", T("\x42\x32\x23\x31"), T("\0pas")},
	{"xor, longer key", "xor:\"0d0ac8ff\";", T("\x7d\x6b\xbb\x8c\x7a"), T("passw")},
	{"xor, key longer than the buffer", "xor:\"0D0AC8FF\";", T("\x7d\x6b"), T("pa")},
	{"xor, key in the buffer", "xor:offset 1,extract 1 0;", T("\x42\x32\x23"), T("\x42pa")},
	{"xor, key in the buffer, spaces", "xor:offset   1,  extract 1 0;", T("\x42\x32\x23"),
		T("\x42pa")},
	{"xor, key of 4 in the buffer", "xor:offset 4,extract 4 0;",
		T("\x0d\x0a\xc8\xff\x7d\x6b\xbb\x8c\x7a"), T("\x0d\x0a\xc8\xffpassw")},
	{"xor, key in a uri", "xor:offset 2,extract 1 1;", T("/0@QDX"), T("/0path")},
	{"xor, key among what is decoded", "xor:\"00\"; xor:extract 1 0;", T("\x42\x2b\x2c"),
		T("\0in")},
	{"xor, key behind the end", "xor:extract 1 200;", T("\x42\x32"), T("\x42\x32")},
	{"xor, key half behind the end", "xor:extract 2 1;", T("\x42\x32"), T("\x42\x32")},
	{"xor, offset behind the end", "xor:offset 3,\"42\";", T("abc"), T("abc")},

	{"base64", "from_base64;", T("VGhpcyBpcyBTdXJpY2F0YQ=="), T("This is Suricata")},
	{"base64, offset", "from_base64: offset 6 ;", T(ARG), T("thisisatest\n")},
	{"base64, later offset", "from_base64: offset 10 ;", T(ARG), T("sisatest\n")},
	{"base64, bytes", "from_base64: bytes 6, offset 6 ;", T(ARG), T("this")},
	{"base64, more bytes than there are", "from_base64: offset 6, bytes 60;", T(ARG),
		T("thisisatest\n")},
	{"base64, rfc2045", "from_base64: offset 6, mode rfc2045 ;", T(ARG), T("thisisatest\n")},
	{"base64, rfc4648", "from_base64: offset 6, mode rfc4648 ;", T(ARG), T("thisisatest\n")},
	{"base64, strict", "from_base64: mode strict, offset 6 ;", T(ARG), T("thisisatest\n")},
	{"base64, spaces skipped", "from_base64: offset 6, mode rfc2045;", T("/?arg=Zm 9v Ym Fy"),
		T("foobar")},
	{"base64, others skipped", "from_base64: mode rfc2045;", T("Z\r\n-m_9\xffv"), T("foo")},
	{"base64, padding ends", "from_base64: mode rfc2045;", T("Zg==Zm9v"), T("f")},
	{"base64, spaces end", "from_base64;", T("Zm9v YmFy"), T("foo")},
	{"base64, one pad", "from_base64: mode strict;", T("Zm9vYmE="), T("fooba")},
	{"base64, two pads", "from_base64: mode strict;", T("Zm9vYg=="), T("foob")},
	{"base64, all of the alphabet", "from_base64;", T("+/+/"), T("\xfb\xff\xbf")},
	{"base64, strict, space", "from_base64: mode strict;", T("Zm9v YmF"), T("Zm9v YmF")},
	{"base64, strict, no padding", "from_base64: mode strict;", T("Zm9vYg"), T("Zm9vYg")},
	{"base64, strict, three pads", "from_base64: mode strict;", T("Z==="), T("Z===")},
	{"base64, strict, three pads behind bytes", "from_base64: mode strict;", T("Zm9vZ==="),
		T("Zm9vZ===")},
	{"base64, strict, padding within", "from_base64: mode strict;",
		T("Zg=="
		  "Zm9v"),
		T("Zg==Zm9v")},
	{"base64, none", "from_base64;", T("-abc"), T("-abc")},
	{"base64, half a byte", "from_base64;", T("Z"), T("Z")},
	{"base64, offset behind the end", "from_base64: offset 5;", T("Zm9v"), T("Zm9v")},

	{"expression", "pcrexform:\"[a-zA-Z]+\\s+(.*)\\s+HTTP\";", T("GET /dropper.php HTTP/1.1"),
		T("/dropper.php")},
	{"expression, no match", "pcrexform:\"[a-zA-Z]+\\s+(.*)\\s+HTTP\";", T("GET /"),
		T("GET /")},
	{"expression, group without part", "pcrexform:\"a(b)?c\";", T("xacx"), T("xacx")},
	{"expression, second group only", "pcrexform:\"(a)|(b)\";", T("xbx"), T("xbx")},
	{"expression, more groups", "pcrexform:\"(.)(.)(.)(.)\";", T("abcd"), T("a")},
	{"expression, empty capture", "pcrexform:\"a(x*)b\";", T("ab"), T("")},

	{"md5", "to_md5;", T("abc"), md5_abc, 16},
	{"sha1", "to_sha1;", T("abc"), sha1_abc, 20},
	{"sha256", "to_sha256;", T("abc"), sha256_abc, 32},

	{"domain", "domain;", T("webshop.oisf.net"), T("oisf.net")},
	{"domain below two labels", "domain;", T("a.b.Example.CO.UK"), T("Example.CO.UK")},
	{"domain below airport.aero", "domain;", T("www.x.airport.aero"), T("x.airport.aero")},
	{"domain of one's own", "domain;", T("oisf.net"), T("oisf.net")},
	{"domain with the root's dot", "domain;", T("www.oisf.net."), T("oisf.net")},
	{"domain of a suffix", "domain;", T("co.uk"), T("co.uk")},
	{"domain of nobody's", "domain;", T("a.b.notinlist"), T("b.notinlist")},
	{"domain, zero byte", "domain;", T("a.b\0.com"), T("a.b\0.com")},
	{"domain, not ASCII", "domain;", T("a.b\xc3\xa4.com"), T("a.b\xc3\xa4.com")},
	{"domain, root", "domain;", T("."), T(".")},
	{"tld", "tld;", T("oisf.net"), T("net")},
	{"tld of two labels", "tld;", T("a.example.Co.Uk."), T("Co.Uk")},
	{"tld of a suffix", "tld;", T("airport.aero"), T("airport.aero")},
	{"tld of nobody's", "tld;", T("localhost"), T("localhost")},

	{"slice, from", "subslice: 1;", T("This is Suricata"), T("his is Suricata")},
	{"slice, size", "subslice: 0, 13;", T("This is Suricata"), T("This is Suric")},
	{"slice, from the end", "subslice: -3;", T("This is Suricata"), T("ata")},
	{"slice, up to the end", "subslice: 10, -5;", T("This is Suricata"), T("r")},
	{"slice, both", "subslice:-10,3;", T("curl/7.64.1"), T("url")},
	{"slice 5", "subslice: 5;", T("curl/7.64.1"), T("7.64.1")},
	{"slice -20", "subslice: -20;", T("curl/7.64.1"), T("")},
	{"slice -20, cut", "subslice: -20, truncate;", T("curl/7.64.1"), T("curl/7.64.1")},
	{"slice -20 5", "subslice: -20, 5;", T("curl/7.64.1"), T("")},
	{"slice -20 5, cut", "subslice: -20, 5, truncate;", T("curl/7.64.1"), T("curl/")},
	{"slice 0 -30", "subslice: 0, -30;", T("curl/7.64.1"), T("")},
	{"slice 0 -30, cut", "subslice: 0, -30, truncate;", T("curl/7.64.1"), T("")},
	{"slice 0 -8", "subslice: 0, -8;", T("curl/7.64.1"), T("cur")},
	{"slice 0 -8, cut", "subslice: 0, -8, truncate;", T("curl/7.64.1"), T("cur")},
	{"slice -20 -30", "subslice: -20, -30;", T("curl/7.64.1"), T("")},
	{"slice -20 -30, cut", "subslice: -20, -30, truncate;", T("curl/7.64.1"), T("")},
	{"slice 0 30", "subslice: 0, 30;", T("curl/7.64.1"), T("")},
	{"slice 0 30, cut", "subslice: 0, 30, truncate;", T("curl/7.64.1"), T("curl/7.64.1")},
	{"slice 0 11", "subslice: 0, 11;", T("curl/7.64.1"), T("curl/7.64.1")},
	{"slice 11", "subslice: 11;", T("curl/7.64.1"), T("")},
	{"slice 12, cut", "subslice: 12, 1, truncate;", T("curl/7.64.1"), T("")},

	{"header names", "header_lowercase;", T("\r\nHost: A\r\nX-Y: B:C\r\n\r\n"), T(lowered)},
	{"pseudo headers", "strip_pseudo_headers;", T(":method: GET\r\nA: :b\r\n:path: /\r\n\r\n"),
		T("A: :b\r\n\r\n")},
	{"pseudo header without an end", "strip_pseudo_headers;", T("A: b\n:c"), T("A: b\n")},

	{"gunzip", "from_base64: offset 13 ; gunzip;", T(GZIP), T(COMPRESSED)},
	{"gunzip, less", "from_base64: offset 13 ; gunzip: max-size 8;", T(GZIP), T("This is ")},
	{"gunzip, all of it", "from_base64: offset 13 ; gunzip: max-size 39;", T(GZIP),
		T(COMPRESSED)},
	{"gunzip of no gzip", "gunzip;", T("This is not"), T("This is not")},
	{"gunzip of zlib", "gunzip;", T("\x78\x9c\x03\0\0\0\0\1"), T("\x78\x9c\x03\0\0\0\0\1")},
	{"zlib", "from_base64: offset 13 ; zlib_deflate;", T(ZLIB), T(COMPRESSED)},
	{"zlib, less", "from_base64: offset 13 ; zlib_deflate: max-size 8;", T(ZLIB),
		T("This is ")},
	{"zlib of nothing", "zlib_deflate;", T("\x78\x9c\x03\0\0\0\0\1"), T("")},
	{"zlib of no zlib", "zlib_deflate;", T("This is not"), T("This is not")},

	{"case, then dot", "to_lowercase; dotprefix;", T("WWW.Example.ORG"), T(".www.example.org")},
	{"a view, then another", "to_lowercase; pcrexform:\"x(.*)y\"; subslice: 1; to_uppercase;",
		T("aXBCDYz"), T("CD")},
	{"what is left as it was goes on", "url_decode; from_base64; pcrexform:\"(z)\"; dotprefix;",
		T("-%41b"), T(".-Ab")},
	{"an empty one in the middle", "subslice: 9; to_md5; dotprefix;", T("abc"), T("")},
	{"digest of a digest", "url_decode; to_md5; to_md5; subslice: 0, 4;", T("%61"),
		T("\xb6\xff\x9a\x06")},
	{"none", "", T("abc"), T("abc")},
};

static void test_cases(void)
{
	for (size_t i = 0; i < 2 * ROWS(cases); i++) {
		size_t row = i / 2;
		struct chain c;
		uint8_t *exact;

		chain_read(&c, cases[row].chain, i % 2 != 0);
		CHECK(c.why == NULL, "%s: %s", cases[row].name, c.why);
		struct bytes out = chain_run(room, &c, cases[row].in, cases[row].len, &exact);
		CHECK(!out.bad, "%s", cases[row].name);
		CHECK(bytes_equal(out, cases[row].out, cases[row].out_len), "%s: %zu bytes, %.*s",
			cases[row].name, out.len, out.len < 40 ? (int)out.len : 40, out.p);
		free(exact);
		chain_free(&c);
	}
}

// An empty buffer stays empty, one that is bad stays bad.
static void test_empty(void)
{
	static const char *const values[TRANSFORM_KINDS] = {[TRANSFORM_XOR] = "\"00\"",
		[TRANSFORM_PCREXFORM] = "\"(x*)\"",
		[TRANSFORM_SUBSLICE] = "0, 1"};

	for (int kind = 0; kind < TRANSFORM_KINDS; kind++) {
		const char *name = transform_name((enum transform_kind)kind);
		struct slice value = {.p = values[kind]};
		struct chain c = {0};
		struct bytes out;

		if (value.p != NULL)
			value.len = strlen(value.p);
		chain_add(&c, (struct slice){.p = name, .len = strlen(name)}, value, true);
		CHECK(c.why == NULL && c.steps[0].kind == kind, "%s: %s", name, c.why);
		out = transform_run(room, c.steps, c.codes, 1, (struct bytes){0});
		CHECK(!out.bad && out.len == 0, "%s", name);
		out = transform_run(room, c.steps, c.codes, 1, (struct bytes){.bad = true});
		CHECK(out.bad && out.len == 0, "%s", name);
		chain_free(&c);
	}
	CHECK(transform_kind_of("xo", 2) == -1, "a part of a name");
	CHECK(transform_kind_of("xor1", 4) == -1, "more than a name");
}

// Data that no parser made.
static void test_raw(void)
{
	static const struct {
		const char *name;
		struct transform t;
		bool bad;
	} rows[] = {
		{"no kind", {.kind = TRANSFORM_KINDS}, true},
		{"no code", {.kind = TRANSFORM_PCREXFORM}, true},
		{"xor without a key", {.kind = TRANSFORM_XOR}, false},
		{"xor before the begin", {.kind = TRANSFORM_XOR, .mode = 1, .a = INT32_MIN}, false},
		{"xor key before", {.kind = TRANSFORM_XOR, .mode = 1, .b = INT32_MIN}, false},
		{"xor key far", {.kind = TRANSFORM_XOR, .mode = 255, .b = INT32_MAX}, false},
		{"base64 mode", {.kind = TRANSFORM_FROM_BASE64, .mode = 255}, false},
		{"base64 bytes", {.kind = TRANSFORM_FROM_BASE64, .a = INT32_MIN}, false},
		{"base64 offset", {.kind = TRANSFORM_FROM_BASE64, .b = INT32_MIN}, false},
		{"slice low",
			{.kind = TRANSFORM_SUBSLICE, .flags = 255, .a = INT32_MIN, .b = INT32_MIN},
			false},
		{"slice high",
			{.kind = TRANSFORM_SUBSLICE, .flags = 255, .a = INT32_MAX, .b = INT32_MAX},
			false},
		{"gunzip", {.kind = TRANSFORM_GUNZIP, .a = INT32_MIN}, false},
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct bytes in = {(const uint8_t *)"Zm9v", 4, false};
		struct bytes out = transform_run(room, &rows[i].t, NULL, 1, in);
		CHECK(out.bad == rows[i].bad, "%s", rows[i].name);
		CHECK(out.len <= 4, "%s: %zu", rows[i].name, out.len);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"ordinary buffers and chains", test_cases},
		{"empty buffers", test_empty},
		{"data that no parser made", test_raw},
		CU_TEST_INFO_NULL,
	};

	room = transform_room_new();
	if (room == NULL)
		return 2;
	int failed = check_main("transform", tests);
	transform_room_free(room);
	return failed;
}
