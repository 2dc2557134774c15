#include "dataplane/inspect/leak/plain.h"
#include "tests/unit/check.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define BYTES(s) (s), sizeof(s) - 1
#define FORM "application/x-www-form-urlencoded"

static struct plain *plain;

static const struct {
	const char *name;
	const char *in;
	size_t len;
	const char *type;
	enum plain_source source;
	const char *want;
	uint8_t layers;
} cases[] = {
	{"nothing", BYTES(""), "", PLAIN_BODY, "", 0},
	{"plain", BYTES("tel=13800138000"), "", PLAIN_BODY, "tel=13800138000", 0},
	{"percent", BYTES("tel=%31%33800138000"), "", PLAIN_BODY, "tel=13800138000", PLAIN_SPELLED},
	{"percent twice", BYTES("%2531%2533"), "", PLAIN_BODY, "13", PLAIN_SPELLED},
	{"percent cut", BYTES("100%2"), "", PLAIN_BODY, "100%2", 0},
	{"percent is a sign", BYTES("width:50%;"), "", PLAIN_BODY, "width:50%;", 0},
	{"plus in a form", BYTES("a=1+2&b=%2B86"), FORM, PLAIN_BODY, "a=1 2&b=+86", PLAIN_SPELLED},
	{"plus in a URI", BYTES("/a?b=c+d"), "", PLAIN_QUERY, "/a?b=c d", PLAIN_SPELLED},
	{"plus in front of a number", BYTES("tel=+8613800138000"), FORM, PLAIN_BODY,
		"tel=+8613800138000", 0},
	{"plus elsewhere", BYTES("1+2"), "", PLAIN_BODY, "1+2", 0},
	{"unicode", BYTES("{\"t\":\"\\u0031\\u0033\\u624b\"}"), "", PLAIN_BODY,
		"{\"t\":\"13\xe6\x89\x8b\"}", PLAIN_SPELLED},
	{"unicode, a pair", BYTES("\\ud83d\\ude00"), "", PLAIN_BODY, "\xf0\x9f\x98\x80",
		PLAIN_SPELLED},
	{"unicode, cut", BYTES("\\u003"), "", PLAIN_BODY, "\\u003", 0},
	{"unicode twice", BYTES("{\"a\":\"{\\\"t\\\":\\\"\\\\u0031\\\"}\"}"), "", PLAIN_BODY,
		"{\"a\":\"{\"t\":\"1\"}\"}", PLAIN_SPELLED},
	{"escapes of JSON", BYTES("[\"a\\nb\\/c\"]"), "", PLAIN_BODY, "[\"a\nb/c\"]",
		PLAIN_SPELLED},
	{"a path", BYTES("see C:\\new\\table"), "", PLAIN_BODY, "see C:\\new\\table", 0},
	// RFC 4648 10: of "foobar" thrice
	{"base64", BYTES("Zm9vYmFyZm9vYmFyZm9vYmFy"), "", PLAIN_BODY, "foobarfoobarfoobar",
		PLAIN_BASE64},
	{"base64, lines", BYTES("Zm9vYmFyZm9v\r\nYmFyZm9vYmFy\r\n"), "", PLAIN_BODY,
		"foobarfoobarfoobar", PLAIN_BASE64},
	{"base64, padded", BYTES("Zm9vYmFyZm9vYmFyZg=="), "", PLAIN_BODY, "foobarfoobarf",
		PLAIN_BASE64},
	{"base64, short", BYTES("Zm9vYmFy"), "", PLAIN_BODY, "Zm9vYmFy", 0},
	{"base64 of percent", BYTES("JTMxJTMzJTM4JTMw"), "", PLAIN_BODY, "1380",
		PLAIN_BASE64 | PLAIN_SPELLED},
	{"digits are no base64", BYTES("4929722653797141"), "", PLAIN_BODY, "4929722653797141", 0},
	{"form of parts",
		BYTES("--x\r\nContent-Disposition: form-data; name=\"tel\"\r\n\r\n138\r\n--x\r\n"
		      "Content-Disposition: form-data; name=\"f\"; filename=\"a\"\r\n"
		      "Content-Transfer-Encoding: base64\r\n\r\nZm9v\r\n--x--\r\n"),
		"multipart/form-data; boundary=x", PLAIN_BODY, "tel=138\nf=foo\n", PLAIN_PARTS},
	{"parts by their first line",
		BYTES("----b\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n----b--\r\n"),
		"", PLAIN_BODY, "a=1\n", PLAIN_PARTS},
	{"mail",
		BYTES("Subject: x\r\nContent-Transfer-Encoding: "
		      "base64\r\n\r\nZm9v\r\nYmFy\r\n.\r\n"),
		"", PLAIN_MAIL, "Subject: x\r\n\nfoobar\n.\r\n", PLAIN_PARTS},
	// protobuf.dev, "Encoding": field 2, "testing"
	{"protobuf", BYTES("\x12\x07testing"), "", PLAIN_BODY, "testing\n", PLAIN_BINARY},
	{"protobuf, nested", BYTES("\x08\x96\x01\x1a\x09\x12\x07testing"), "", PLAIN_BODY,
		"testing\n", PLAIN_BINARY},
	{"gRPC", BYTES("\0\0\0\0\x09\x12\x07testing"), "", PLAIN_BODY, "testing\n", PLAIN_BINARY},
	{"binary with text", BYTES("\x01\x02\xff{\"tel\":\"13800138000\"}"), "", PLAIN_BODY,
		"{\"tel\":\"13800138000\"}\n", PLAIN_BINARY},
	{"a picture", BYTES("\x12\x07testing"), "image/png", PLAIN_BODY, "", 0},
};

static struct plain_result look(
	const char *in, size_t len, const char *type, enum plain_source source)
{
	return plain_text(plain, (struct bytes){(const uint8_t *)in, len, false},
		(struct bytes){(const uint8_t *)type, strlen(type), false}, source);
}

static void test_layers(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct plain_result r =
			look(cases[i].in, cases[i].len, cases[i].type, cases[i].source);
		CHECK(r.text.len == strlen(cases[i].want) &&
				(r.text.len == 0 ||
					memcmp(r.text.p, cases[i].want, r.text.len) == 0),
			"%s: '%.*s'", cases[i].name, (int)r.text.len, (const char *)r.text.p);
		CHECK(r.layers == cases[i].layers, "%s: %#x", cases[i].name, r.layers);
	}
}

// Cut at every length, in memory that is exactly so long: ASan sees what is read behind it.
static void test_truncated(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (size_t n = 0; n < cases[i].len; n++) {
			char *cut = malloc(n ? n : 1);
			memcpy(cut, cases[i].in, n);
			struct plain_result r = look(cut, n, cases[i].type, cases[i].source);
			CHECK(r.text.len <= PLAIN_MAX, "%s: %zu", cases[i].name, n);
			free(cut);
		}
	}
}

static size_t pack(const char *in, size_t len, int bits, uint8_t *out, size_t cap)
{
	z_stream z = {.next_in = (uint8_t *)(uintptr_t)in,
		.avail_in = (uInt)len,
		.next_out = out,
		.avail_out = (uInt)cap};

	deflateInit2(&z, 9, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY);
	deflate(&z, Z_FINISH);
	deflateEnd(&z);
	return z.total_out;
}

static void test_packed(void)
{
	static const struct {
		const char *name;
		int bits;
	} kinds[] = {{"gzip", 31}, {"zlib", 15}};
	static const char text[] = "tel=%31%33800138000&name=a";

	for (size_t i = 0; i < 2; i++) {
		uint8_t packed[256];
		size_t n = pack(text, sizeof(text) - 1, kinds[i].bits, packed, sizeof(packed));
		struct plain_result r = look((const char *)packed, n, "", PLAIN_BODY);
		CHECK(r.layers == (PLAIN_PACKED | PLAIN_SPELLED), "%s: %#x", kinds[i].name,
			r.layers);
		CHECK(r.text.len == 22 && memcmp(r.text.p, "tel=13800138000&name=a", 22) == 0, "%s",
			kinds[i].name);
		for (size_t cut = 0; cut < n; cut++) {
			r = look((const char *)packed, cut, "", PLAIN_BODY);
			CHECK(r.text.len <= 22 || r.layers == 0, "%s: %zu", kinds[i].name, cut);
		}
	}
}

static void test_limits(void)
{
	static char big[4 * PLAIN_MAX];
	static uint8_t packed[PLAIN_MAX];

	memset(big, 'a', sizeof(big));
	struct plain_result r = look(big, sizeof(big), "", PLAIN_BODY);
	CHECK(r.cut && r.text.len == PLAIN_MAX, "a long text: %zu", r.text.len);
	size_t n = pack(big, sizeof(big), 31, packed, sizeof(packed));
	r = look((const char *)packed, n, "", PLAIN_BODY);
	CHECK(r.cut && r.text.len == 32 * n + 4096, "a bomb of %zu: %zu", n, r.text.len);
	char deep[64] = "%2525252525252525252531";
	r = look(deep, strlen(deep), "", PLAIN_BODY);
	CHECK(r.deep && r.text.len > 0, "%.*s", (int)r.text.len, (const char *)r.text.p);
	r = look("\xff\xfe\x01\x02\x03\x04\x05\x06\x07", 9, "", PLAIN_BODY);
	CHECK(r.left && r.text.len == 0, "noise");
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"layers", test_layers},
		{"cut anywhere", test_truncated},
		{"packed", test_packed},
		{"limits", test_limits},
		CU_TEST_INFO_NULL,
	};

	plain = plain_new();
	if (plain == NULL)
		return 2;
	int status = check_main("plain", tests);
	plain_free(plain);
	return status;
}
