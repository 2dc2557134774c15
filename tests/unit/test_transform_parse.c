#include "patterns/transform.h"

#include "tests/unit/check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	enum transform_kind kind;
	const char *value;
	const char *why; // a part of it; NULL: it parses
	int mode, flags, a, b;
} values[] = {
	{"none wanted", TRANSFORM_DOTPREFIX, "1", "takes no value", 0, 0, 0, 0},
	{"none wanted", TRANSFORM_TO_MD5, "", "takes no value", 0, 0, 0, 0},
	{"none wanted", TRANSFORM_DOMAIN, "x", "takes no value", 0, 0, 0, 0},

	{"xor missing", TRANSFORM_XOR, NULL, "wants a value", 0, 0, 0, 0},
	{"xor empty", TRANSFORM_XOR, "", "hexadecimal", 0, 0, 0, 0},
	{"xor empty key", TRANSFORM_XOR, "\"\"", "hexadecimal", 0, 0, 0, 0},
	{"xor half a byte", TRANSFORM_XOR, "\"0d0\"", "hexadecimal", 0, 0, 0, 0},
	{"xor no hex", TRANSFORM_XOR, "\"0g\"", "not hexadecimal", 0, 0, 0, 0},
	{"xor no quotes", TRANSFORM_XOR, "0d", "hexadecimal", 0, 0, 0, 0},
	{"xor half quoted", TRANSFORM_XOR, "\"0d", "hexadecimal", 0, 0, 0, 0},
	{"xor offset", TRANSFORM_XOR, "offset 65535,\"0d\"", NULL, 0, 0, 65535, 0},
	{"xor offset too far", TRANSFORM_XOR, "offset 65536,\"0d\"", "offset", 0, 0, 0, 0},
	{"xor offset negative", TRANSFORM_XOR, "offset -1,\"0d\"", "offset", 0, 0, 0, 0},
	{"xor offset no number", TRANSFORM_XOR, "offset x,\"0d\"", "offset", 0, 0, 0, 0},
	{"xor offset no key", TRANSFORM_XOR, "offset 1", "offset", 0, 0, 0, 0},
	{"xor offset no value", TRANSFORM_XOR, "offset ,\"0d\"", "offset", 0, 0, 0, 0},
	{"xor offset empty key", TRANSFORM_XOR, "offset 1,", "hexadecimal", 0, 0, 0, 0},
	{"xor extract", TRANSFORM_XOR, "extract 255 65535", NULL, 255, 0, 0, 65535},
	{"xor both", TRANSFORM_XOR, "offset 4,extract 4 2", NULL, 4, 0, 4, 2},
	{"xor extract nothing", TRANSFORM_XOR, "extract 0 0", "extract", 0, 0, 0, 0},
	{"xor extract too much", TRANSFORM_XOR, "extract 256 0", "extract", 0, 0, 0, 0},
	{"xor extract from where", TRANSFORM_XOR, "extract 1", "extract", 0, 0, 0, 0},
	{"xor extract too far", TRANSFORM_XOR, "extract 1 65536", "extract", 0, 0, 0, 0},
	{"xor extract more", TRANSFORM_XOR, "extract 1 2 3", "extract", 0, 0, 0, 0},

	{"base64", TRANSFORM_FROM_BASE64, NULL, NULL, TRANSFORM_RFC4648, 0, 0, 0},
	{"base64 all", TRANSFORM_FROM_BASE64, "mode rfc2045,bytes 65535 , offset 65535", NULL,
		TRANSFORM_RFC2045, 0, 65535, 65535},
	{"base64 strict", TRANSFORM_FROM_BASE64, "mode strict", NULL, TRANSFORM_STRICT, 0, 0, 0},
	{"base64 empty", TRANSFORM_FROM_BASE64, "", "wants bytes", 0, 0, 0, 0},
	{"base64 other", TRANSFORM_FROM_BASE64, "relative 1", "wants bytes", 0, 0, 0, 0},
	{"base64 no value", TRANSFORM_FROM_BASE64, "bytes", "wants bytes", 0, 0, 0, 0},
	{"base64 twice", TRANSFORM_FROM_BASE64, "offset 1, offset 2", "once", 0, 0, 0, 0},
	{"base64 comma", TRANSFORM_FROM_BASE64, "offset 1,", "wants bytes", 0, 0, 0, 0},
	{"base64 no bytes", TRANSFORM_FROM_BASE64, "bytes 0", "bytes is", 0, 0, 0, 0},
	{"base64 many bytes", TRANSFORM_FROM_BASE64, "bytes 65536", "bytes is", 0, 0, 0, 0},
	{"base64 a variable", TRANSFORM_FROM_BASE64, "bytes var", "bytes is", 0, 0, 0, 0},
	{"base64 far", TRANSFORM_FROM_BASE64, "offset 65536", "offset is", 0, 0, 0, 0},
	{"base64 back", TRANSFORM_FROM_BASE64, "offset -1", "offset is", 0, 0, 0, 0},
	{"base64 mode", TRANSFORM_FROM_BASE64, "mode lax", "mode is", 0, 0, 0, 0},

	{"expression missing", TRANSFORM_PCREXFORM, NULL, "wants a value", 0, 0, 0, 0},
	{"expression no quotes", TRANSFORM_PCREXFORM, "(a)", "in quotes", 0, 0, 0, 0},
	{"expression empty", TRANSFORM_PCREXFORM, "\"\"", "in quotes", 0, 0, 0, 0},
	{"expression broken", TRANSFORM_PCREXFORM, "\"(a\"", "compile", 0, 0, 0, 0},
	{"expression without a group", TRANSFORM_PCREXFORM, "\"(?:a)\"", "captures nothing", 0, 0,
		0, 0},

	{"slice missing", TRANSFORM_SUBSLICE, NULL, "wants a value", 0, 0, 0, 0},
	{"slice empty", TRANSFORM_SUBSLICE, "", "offset", 0, 0, 0, 0},
	{"slice no number", TRANSFORM_SUBSLICE, "truncate", "offset", 0, 0, 0, 0},
	{"slice sign only", TRANSFORM_SUBSLICE, "-", "offset", 0, 0, 0, 0},
	{"slice in brackets", TRANSFORM_SUBSLICE, "[1]", "offset", 0, 0, 0, 0},
	{"slice too far", TRANSFORM_SUBSLICE, "65536", "offset", 0, 0, 0, 0},
	{"slice too far back", TRANSFORM_SUBSLICE, "-65536", "offset", 0, 0, 0, 0},
	{"slice much too far", TRANSFORM_SUBSLICE, "99999999999999999999", "offset", 0, 0, 0, 0},
	{"slice no bytes", TRANSFORM_SUBSLICE, "1, 0", "not 0", 0, 0, 0, 0},
	{"slice many bytes", TRANSFORM_SUBSLICE, "1, 65536", "not 0", 0, 0, 0, 0},
	{"slice bytes no number", TRANSFORM_SUBSLICE, "1, x", "not 0", 0, 0, 0, 0},
	{"slice comma", TRANSFORM_SUBSLICE, "1,", "not 0", 0, 0, 0, 0},
	{"slice other end", TRANSFORM_SUBSLICE, "1, 2, 3", "truncate", 0, 0, 0, 0},
	{"slice more", TRANSFORM_SUBSLICE, "1, 2, truncate, 3", "truncate", 0, 0, 0, 0},
	{"slice cut first", TRANSFORM_SUBSLICE, "1, truncate, 2", "truncate", 0, 0, 0, 0},
	{"slice", TRANSFORM_SUBSLICE, "-65535", NULL, 0, 0, -65535, 0},
	{"slice all", TRANSFORM_SUBSLICE, "1 ,-2 , truncate", NULL, 0,
		TRANSFORM_HAS_SIZE | TRANSFORM_TRUNCATE, 1, -2},
	{"slice cut", TRANSFORM_SUBSLICE, "0, truncate", NULL, 0, TRANSFORM_TRUNCATE, 0, 0},

	{"gunzip", TRANSFORM_GUNZIP, NULL, NULL, 0, 0, 1024, 0},
	{"zlib", TRANSFORM_ZLIB_DEFLATE, NULL, NULL, 0, 0, 1024, 0},
	{"zlib most", TRANSFORM_ZLIB_DEFLATE, "max-size 2147483647", NULL, 0, 0, INT32_MAX, 0},
	{"gunzip empty", TRANSFORM_GUNZIP, "", "max-size", 0, 0, 0, 0},
	{"gunzip nothing", TRANSFORM_GUNZIP, "max-size 0", "max-size", 0, 0, 0, 0},
	{"gunzip no number", TRANSFORM_GUNZIP, "max-size", "max-size", 0, 0, 0, 0},
	{"zlib too much", TRANSFORM_ZLIB_DEFLATE, "max-size 2147483648", "max-size", 0, 0, 0, 0},
	{"zlib other", TRANSFORM_ZLIB_DEFLATE, "size 8", "max-size", 0, 0, 0, 0},
	{"zlib two", TRANSFORM_ZLIB_DEFLATE, "max-size 8, max-size 9", "max-size", 0, 0, 0, 0},
};

static void test_values(void)
{
	for (size_t i = 0; i < ROWS(values); i++) {
		uint8_t arg[TRANSFORM_ARG_MAX];
		const char *text = values[i].value, *why = "";
		struct transform t = {.kind = 99};
		char *exact = text != NULL ? malloc(strlen(text) + 1) : NULL;
		size_t len = text != NULL ? strlen(text) : 0;

		if (exact != NULL)
			memcpy(exact, text, len); // the byte behind is no part of it
		int err = transform_parse(values[i].kind, exact, len, &t, arg, &why);
		free(exact);
		if (values[i].why != NULL) {
			CHECK(err == -EINVAL && strstr(why, values[i].why) != NULL, "%s: %s",
				values[i].name, why);
			CHECK(t.kind == 99, "%s: written", values[i].name);
			continue;
		}
		CHECK(err == 0 && t.kind == values[i].kind, "%s: %s", values[i].name, why);
		CHECK(t.mode == values[i].mode, "%s: %d", values[i].name, t.mode);
		CHECK(t.flags == values[i].flags, "%s: %d", values[i].name, t.flags);
		CHECK(t.a == values[i].a && t.b == values[i].b, "%s: %d, %d", values[i].name, t.a,
			t.b);
	}
}

// The longest key and the longest expression, and one byte more.
static void test_long_values(void)
{
	enum { KEY = 2 * TRANSFORM_ARG_MAX, ROOM = KEY + 8 };
	char *text = malloc(ROOM);
	uint8_t *arg = malloc(TRANSFORM_ARG_MAX);
	const char *why = "";
	struct transform t;

	memset(text, '"', ROOM);
	memset(text + 1, 'a', KEY);
	CHECK(transform_parse(TRANSFORM_XOR, text, KEY + 2, &t, arg, &why) == 0, "key: %s", why);
	CHECK(t.arg_len == TRANSFORM_ARG_MAX && t.arg[TRANSFORM_ARG_MAX - 1] == 0xaa, "key");
	memset(text + 1, 'a', KEY + 2);
	CHECK(transform_parse(TRANSFORM_XOR, text, KEY + 4, &t, arg, &why) == -EINVAL, "key");

	memset(text, '"', ROOM);
	memset(text + 1, 'a', TRANSFORM_ARG_MAX);
	memcpy(text + 1, "(b)", 3);
	CHECK(transform_parse(TRANSFORM_PCREXFORM, text, TRANSFORM_ARG_MAX + 2, &t, arg, &why) == 0,
		"expression: %s", why);
	CHECK(t.arg_len == TRANSFORM_ARG_MAX && t.arg == arg, "expression");
	text[TRANSFORM_ARG_MAX + 1] = 'a';
	CHECK(transform_parse(TRANSFORM_PCREXFORM, text, TRANSFORM_ARG_MAX + 3, &t, arg, &why) ==
			-EINVAL,
		"expression");
	free(arg);
	free(text);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"values", test_values},
		{"the longest values", test_long_values},
		CU_TEST_INFO_NULL,
	};
	return check_main("transform_parse", tests);
}
