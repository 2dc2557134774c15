// Against the vectors of RFC 1321 A.5, FIPS 180 and RFC 4231.

#include "dataplane/base/digits.h"
#include "dataplane/inspect/proto/digest.h"
#include "tests/unit/check.h"

#include <stdio.h>
#include <string.h>

static struct bytes text(const char *s)
{
	return (struct bytes){(const uint8_t *)s, strlen(s), false};
}

static void test_digests(void)
{
	static const struct {
		const char *in, *md5, *sha1, *sha256;
	} rows[] = {
		{"", "d41d8cd98f00b204e9800998ecf8427e", "da39a3ee5e6b4b0d3255bfef95601890afd80709",
			"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
		{"abc", "900150983cd24fb0d6963f7d28e17f72",
			"a9993e364706816aba3e25717850c26c9cd0d89d",
			"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		char hex[2 * SHA256_LEN];
		uint8_t raw[SHA256_LEN];
		digest_md5_text(text(rows[i].in), hex);
		CHECK(memcmp(hex, rows[i].md5, MD5_TEXT) == 0, "%s", rows[i].in);
		digest_sha1(text(rows[i].in), raw);
		hex_text(raw, SHA1_LEN, hex);
		CHECK(memcmp(hex, rows[i].sha1, (size_t)2 * SHA1_LEN) == 0, "%s", rows[i].in);
		digest_sha256(text(rows[i].in), raw);
		hex_text(raw, SHA256_LEN, hex);
		CHECK(memcmp(hex, rows[i].sha256, (size_t)2 * SHA256_LEN) == 0, "%s", rows[i].in);
	}
}

static void test_hmac(void)
{
	static const struct {
		const char *name;
		uint8_t key_byte; // 0: the key is the text
		const char *key;
		size_t key_len;
		const char *in, *want;
	} rows[] = {
		{"case 1", 0x0b, "", 20, "Hi There",
			"b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
		{"case 2", 0, "Jefe", 4, "what do ya want for nothing?",
			"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
		{"case 6: a key longer than a block", 0xaa, "", 131,
			"Test Using Larger Than Block-Size Key - Hash Key First",
			"60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		uint8_t key[131], raw[SHA256_LEN];
		char hex[2 * SHA256_LEN];
		struct hmac_key k;
		memset(key, rows[i].key_byte, sizeof(key));
		memcpy(key, rows[i].key, strlen(rows[i].key));
		hmac_begin(&k, (struct bytes){key, rows[i].key_len, false});
		for (unsigned again = 0; again < 2; again++) {
			hmac_sha256(&k, text(rows[i].in), raw);
			hex_text(raw, SHA256_LEN, hex);
			CHECK(memcmp(hex, rows[i].want, sizeof(hex)) == 0, "%s", rows[i].name);
		}
	}
}

static void test_digits(void)
{
	static const struct {
		uint32_t v;
		const char *want;
	} rows[] = {{0, "0"}, {9, "9"}, {10, "10"}, {65535, "65535"}, {UINT32_MAX, "4294967295"}};
	char out[IPV4_TEXT_MAX];

	for (size_t i = 0; i < ROWS(rows); i++) {
		size_t n = decimal_text(out, rows[i].v);
		CHECK(n == strlen(rows[i].want) && memcmp(out, rows[i].want, n) == 0, "%s",
			rows[i].want);
	}
	size_t n = ipv4_text(out, (uint8_t[4]){255, 255, 255, 255});
	CHECK(n == IPV4_TEXT_MAX && memcmp(out, "255.255.255.255", n) == 0, "the longest");
	n = ipv4_text(out, (uint8_t[4]){192, 0, 2, 1});
	CHECK(n == 9 && memcmp(out, "192.0.2.1", n) == 0, "zeros");
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"digests", test_digests},
		{"hmac", test_hmac},
		{"digits", test_digits},
		CU_TEST_INFO_NULL,
	};
	return check_main("digest", tests);
}
