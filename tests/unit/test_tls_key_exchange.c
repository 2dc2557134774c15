// What a server's key exchange and certificate are worth: suites, groups, signatures, names.

#include "dataplane/inspect/proto/tls_key_exchange.h"
#include "dataplane/inspect/proto/tls_name.h"
#include "dataplane/inspect/proto/tls_suites.h"
#include "tests/unit/check.h"
#include "tests/unit/tx_log.h"

#define BYTES(s)                                                                                   \
	{                                                                                          \
		(const uint8_t *)(s), sizeof(s) - 1, false                                         \
	}
#define P64 "\xff\x01\x02\x03\x04\x05\x06\x07"
#define DH(first) "\x00\x08" first "\x01\x02\x03\x04\x05\x06\x07\x00\x01\x02\x00\x01\x03"
#define POINT "\x02zz"
#define SIGNED "\x04\x03\x00\x02ss"

static const struct {
	const char *name;
	struct tls_choice choice;
	struct bytes body;
	const char *text;
} exchanges[] = {
	{"ecdhe, tls 1.2", {0x0303, 0xc02f}, BYTES("\x03\x00\x1d" POINT SIGNED),
		"s2c tls.message=server_key_exchange tls.group=001d tls.sig_alg=0403\n"},
	{"ecdhe, tls 1.0: no number before the signature", {0x0301, 0xc013},
		BYTES("\x03\x00\x17" POINT "\x00\x02ss"),
		"s2c tls.message=server_key_exchange tls.group=0017\n"},
	{"ecdhe over dtls 1.2", {0xfefd, 0xc02b}, BYTES("\x03\x00\x1d" POINT SIGNED),
		"s2c tls.message=server_key_exchange tls.group=001d tls.sig_alg=0403\n"},
	{"dhe", {0x0303, 0x009e}, BYTES(DH("\xff") SIGNED),
		"s2c tls.message=server_key_exchange tls.dh_bits=00000040 tls.sig_alg=0403\n"},
	{"dhe, a prime with leading zeros", {0x0303, 0x0033}, BYTES(DH("\x00") SIGNED),
		"s2c tls.message=server_key_exchange tls.dh_bits=00000031 tls.sig_alg=0403\n"},
	{"dhe, whose length looks like a named curve", {0x0301, 0x0033},
		BYTES("\x03\x00\x17\x00\x00"), ""},
	{"anonymous: nothing is signed", {0x0303, 0xc018}, BYTES("\x03\x00\x17" POINT),
		"s2c tls.message=server_key_exchange tls.group=0017\n"},
	{"psk with a hint", {0x0303, 0xc035}, BYTES("\x00\x04hint\x03\x00\x1d" POINT),
		"s2c tls.message=server_key_exchange tls.group=001d\n"},
	{"psk without", {0x0303, 0x00aa}, BYTES("\x00\x00" DH("\x80")),
		"s2c tls.message=server_key_exchange tls.dh_bits=00000040\n"},
	{"psk's hint alone", {0x0303, 0x008c}, BYTES("\x00\x04hint"), ""},
	{"tlcp, ephemeral", {0x0101, 0xe011}, BYTES("\x03\x00\x29" POINT "\x00\x02ss"),
		"s2c tls.message=server_key_exchange tls.group=0029\n"},
	{"tlcp, a signature alone", {0x0101, 0xe013}, BYTES("\x00\x02ss"), ""},
	{"explicit curve", {0x0303, 0xc02f}, BYTES("\x01\x00\x17" POINT), ""},
	{"server's hello not seen", {0, 0}, BYTES("\x03\x00\x1d" POINT SIGNED),
		"s2c tls.message=server_key_exchange tls.group=001d\n"},
	{"a suite that nobody knows", {0x0303, 0x4242}, BYTES("\x03\x00\x1d" POINT SIGNED),
		"s2c tls.message=server_key_exchange tls.group=001d\n"},
	{"nothing", {0x0303, 0xc02f}, BYTES(""), ""},
};

static void test_exchanges(void)
{
	static struct parser_run r;

	for (size_t i = 0; i < ROWS(exchanges); i++) {
		run_begin(&r, &proto_tls);
		tls_server_key_exchange(&r.io, exchanges[i].choice, exchanges[i].body);
		CHECK(strcmp(r.text, exchanges[i].text) == 0, "%s: %s", exchanges[i].name, r.text);
	}
}

// A message that ends early tells what is whole, and a signature only behind all else.
static void test_cut(void)
{
	static struct parser_run r;

	for (size_t i = 0; i < ROWS(exchanges); i++) {
		for (size_t n = 0; n < exchanges[i].body.len; n++) {
			uint8_t *copy = malloc(n + 1);
			memcpy(copy, exchanges[i].body.p, n);
			run_begin(&r, &proto_tls);
			tls_server_key_exchange(
				&r.io, exchanges[i].choice, (struct bytes){copy, n, false});
			tls_certificate_verify(&r.io, (struct bytes){copy, n, false});
			CHECK(r.n_tx <= 2, "%s, cut %zu", exchanges[i].name, n);
			free(copy);
		}
	}
}

static void test_verify(void)
{
	static const struct {
		const char *name;
		struct bytes body;
		const char *text;
	} rows[] = {
		{"tls 1.2", BYTES("\x02\x01\x00\x03sss"),
			"tls.message=certificate_verify tls.sig_alg=0201\n"},
		{"tls 1.0", BYTES("\x00\x05sssss"), ""},
		{"cut", BYTES("\x02\x01\x00\x03ss"), ""},
	};
	static struct parser_run r;

	for (size_t i = 0; i < ROWS(rows); i++) {
		run_begin(&r, &proto_tls);
		tls_certificate_verify(&r.io, rows[i].body);
		CHECK(strcmp(r.text, rows[i].text) == 0, "%s: %s", rows[i].name, r.text);
	}
}

// RFC 5246 A.5, RFC 8422 6, RFC 8446 B.4, RFC 8998, GB/T 38636 6.4.5.2.1.
static void test_suites(void)
{
	static const struct {
		uint16_t number;
		uint8_t exchange, cipher;
	} rows[] = {
		{0x0000, SUITE_STATIC, SUITE_BROKEN}, // NULL
		{0x0004, SUITE_STATIC, SUITE_BROKEN}, // RSA, RC4, MD5
		{0x000a, SUITE_STATIC, SUITE_BROKEN}, // RSA, 3DES
		{0x0018, SUITE_DH_ANON, SUITE_BROKEN},
		{0x002f, SUITE_STATIC, SUITE_CBC}, // RSA, AES 128
		{0x0033, SUITE_DHE, SUITE_CBC},
		{0x0034, SUITE_DH_ANON, SUITE_CBC},
		{0x009c, SUITE_STATIC, SUITE_AEAD},
		{0x009e, SUITE_DHE, SUITE_AEAD},
		{0x00aa, SUITE_DHE_PSK, SUITE_AEAD},
		{0x00c6, SUITE_SEALED, SUITE_AEAD}, // SM4-GCM
		{0x1301, SUITE_SEALED, SUITE_AEAD},
		{0x1305, SUITE_SEALED, SUITE_CCM8},
		{0xc004, SUITE_STATIC, SUITE_CBC}, // ECDH, not ephemeral
		{0xc013, SUITE_ECDHE, SUITE_CBC},
		{0xc018, SUITE_ECDH_ANON, SUITE_CBC},
		{0xc02f, SUITE_ECDHE, SUITE_AEAD},
		{0xc0ae, SUITE_ECDHE, SUITE_CCM8},
		{0xcca8, SUITE_ECDHE, SUITE_AEAD},
		{0xe011, SUITE_ECDHE, SUITE_CBC},
		{0xe013, SUITE_SM2, SUITE_CBC},
		{0xe051, SUITE_ECDHE, SUITE_AEAD},
		{0xe053, SUITE_SM2, SUITE_AEAD},
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		const struct tls_suite *s = tls_suite(rows[i].number);
		CHECK(s != NULL && s->exchange == rows[i].exchange && s->cipher == rows[i].cipher,
			"%04x", rows[i].number);
	}
	CHECK(tls_suite(0x00ff) == NULL && tls_suite(0x1a1a) == NULL && tls_suite(0x5600) == NULL,
		"%s", "what is no suite");
	for (unsigned n = 1; n <= 0xffff; n++) {
		const struct tls_suite *s = tls_suite((uint16_t)n);
		CHECK(s == NULL || (s->first <= n && n <= s->last), "%04x", n);
	}
}

// RFC 9525 6.3. SANs are GeneralNames: 82 a DNS name, 87 an address.
static void test_names(void)
{
	static const struct {
		const char *name, *sni;
		struct bytes sans;
		bool fits;
	} rows[] = {
		{"the same", "example.org",
			BYTES("\x82\x0b"
			      "example.org"),
			true},
		{"letters of both cases", "EXAMPLE.org",
			BYTES("\x82\x0b"
			      "eXample.Org"),
			true},
		{"a dot at the end", "example.org.",
			BYTES("\x82\x0b"
			      "example.org"),
			true},
		{"the second", "b.c",
			BYTES("\x82\x03"
			      "a.c"
			      "\x82\x03"
			      "b.c"),
			true},
		{"wildcard", "www.example.org", BYTES("\x82\x0d*.example.org"), true},
		{"a wildcard is one label", "a.b.example.org", BYTES("\x82\x0d*.example.org"),
			false},
		{"and not none", "example.org", BYTES("\x82\x0d*.example.org"), false},
		{"a wildcard is all of a label", "www.example.org", BYTES("\x82\x0ew*.example.org"),
			false},
		{"nor stands it further behind", "a.www.org",
			BYTES("\x82\x07"
			      "a.*.org"),
			false},
		{"another name", "example.org",
			BYTES("\x82\x0b"
			      "example.com"),
			false},
		{"a longer one", "example.org",
			BYTES("\x82\x0d"
			      "a.example.org"),
			false},
		{"none", "example.org", BYTES(""), false},
		{"one label and a wildcard", "localhost", BYTES("\x82\x02*."), false},
		{"cut", "example.org",
			BYTES("\x82\x0b"
			      "example.o"),
			false},
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct bytes sni = {(const uint8_t *)rows[i].sni, strlen(rows[i].sni), false};
		CHECK(tls_name_fits(tls_name_of(sni), rows[i].sans) == rows[i].fits, "%s",
			rows[i].name);
	}
	CHECK(tls_name_of((struct bytes){0}).whole == 0, "%s", "no name");
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"key exchanges", test_exchanges},
		{"cut", test_cut},
		{"certificate verify", test_verify},
		{"suites", test_suites},
		{"names", test_names},
		CU_TEST_INFO_NULL,
	};
	return check_main("tls_key_exchange", tests);
}
