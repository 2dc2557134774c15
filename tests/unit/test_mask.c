#include "dataplane/inspect/mask.h"
#include "tests/unit/check.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

// The key and the pairs that come with the authors' own Crypto-PAn 1.0 sample.
static const uint8_t sample_key[MASK_KEY_LEN] = {21, 34, 23, 141, 51, 164, 207, 128, 19, 10, 91, 22,
	73, 144, 125, 16, 216, 152, 143, 131, 121, 121, 101, 39, 98, 87, 76, 45, 42, 132, 34, 2};

// 2001:db8::1 under the sample's key: what mask_address() gives.
#define DB8_1 "4401:2bc:603f:d91d:27f:ff8e:e6f1:dc1e"

static void test_known_pairs(void)
{
	static const struct {
		const char *clear, *masked;
	} cases[] = {
		{"128.11.68.132", "135.242.180.132"},
		{"129.118.74.4", "134.136.186.123"},
		{"130.132.252.244", "133.68.164.234"},
		{"141.223.7.43", "141.167.8.160"},
		{"141.233.145.108", "141.129.237.235"},
		{"152.163.225.39", "151.140.114.167"},
		{"156.29.3.236", "147.225.12.42"},
		{"165.247.96.84", "162.9.99.234"},
		{"166.107.77.190", "160.132.178.185"},
		{"192.102.249.13", "252.138.62.131"},
	};
	struct masker *m = masker_new(sample_key);

	for (size_t i = 0; i < ROWS(cases); i++) {
		uint8_t in[16] = {0}, out[16], want[4];
		inet_pton(AF_INET, cases[i].clear, in);
		inet_pton(AF_INET, cases[i].masked, want);
		mask_address(m, 4, in, out);
		CHECK(memcmp(out, want, 4) == 0, "%s: %u.%u.%u.%u", cases[i].clear, out[0], out[1],
			out[2], out[3]);
	}
	masker_free(m);
}

static unsigned common_bits(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	for (unsigned i = 0; i < bits; i++) {
		if (((a[i / 8] ^ b[i / 8]) >> (7 - i % 8)) & 1)
			return i;
	}
	return bits;
}

static void test_prefixes(void)
{
	struct masker *m = masker_new(sample_key);

	srandom(1);
	for (unsigned i = 0; i < 2000; i++) {
		unsigned bits = i % 2 ? 128 : 32;
		uint8_t a[16] = {0}, b[16] = {0}, x[16], y[16];
		for (unsigned j = 0; j < bits / 8; j++)
			a[j] = b[j] = (uint8_t)random();
		unsigned flip = (unsigned)random() % bits;
		b[flip / 8] ^= (uint8_t)(0x80 >> flip % 8);
		mask_address(m, bits == 32 ? 4 : 6, a, x);
		mask_address(m, bits == 32 ? 4 : 6, b, y);
		CHECK(common_bits(x, y, bits) == flip, "pair %u differs first in bit %u", i, flip);
	}
	masker_free(m);
}

// '~' in `want` stands for a token, whatever its digits.
static bool reads(const uint8_t *out, size_t n, const char *want)
{
	size_t at = 0;

	for (; *want != '\0'; want++) {
		if (at == n || out[at++] != (uint8_t)*want)
			return false;
		while (*want == '~' && at < n && memchr("0123456789abcdef", out[at], 16))
			at++;
	}
	return at == n;
}

static void test_urls(void)
{
	static const struct {
		const char *in, *want;
	} cases[] = {
		{"", ""},
		{"/", "/"},
		{"/a/b.html", "/a/b.html"},
		{"/a?phone=13800000000", "/a?phone="},
		{"/a?x=1&phone=2&y", "/a?x=&phone=&"},
		{"/a?secret", "/a?"},
		{"/a?x=1#frag=2", "/a?x="},
		{"/a#token=3", "/a"},
		{"/a?=1&&=&b=c=d", "/a?=&&=&b="},
		{"http://h/p?q=a?b&c=d", "http://h/p?q=&c="},
		{"/bot123456789:AAHsecrettoken/sendMessage?chat_id=1", "/~/sendMessage?chat_id="},
		{"/users/alice@example.org/phone/4917012345678", "/users/~/phone/~"},
		{"/users/alice%40example.org/x", "/users/~/x"},
		{"/a;jsessionid=SECRETSESSION;user=alice?x=1", "/a;jsessionid=;user=?x="},
		{"/p&user=alice&phone=4917012345678", "/p&user=&phone="},
		{"/h/192.0.2.77/x", "/h/~/x"},
		{"/h\\192.0.2.77\\x", "/h\\~\\x"},
		{"/i/alice-4917012345678.jpg", "/i/~.jpg"},
		{"/x?alice@example.org=1&4917012345678=2", "/x?~=&~="},
		{"/s/79d88e83-725c-b71b-bad0-5862d5b22386/1", "/s/~/1"},
		{"/f/9c8a57958486102e94e591384dc69dd7e8d01169.cab", "/f/~.cab"},
		{"/2009/04/windows6.0-kb955430-x86-express.cab",
			"/2009/04/windows6.0-kb955430-x86-express.cab"},
		{"/pki/crl/MicCodSigPCA_08-31-2010.crl", "/pki/crl/MicCodSigPCA_08-31-2010.crl"},
		{"/img/620x300_a.png", "/img/620x300_a.png"},
		{"/home/0,7340,L-8,00.html", "/home/0,7340,L-8,00.html"},
		{"/v1.2/api/users/42", "/v1.2/api/users/42"},
	};
	struct masker *m = masker_new(sample_key);

	for (size_t i = 0; i < ROWS(cases); i++) {
		size_t len = strlen(cases[i].in);
		uint8_t *in = malloc(len + 1), *out = malloc(len + 1);
		memcpy(in, cases[i].in, len);
		size_t n = mask_url(m, (struct bytes){in, len, false}, out);
		CHECK(reads(out, n, cases[i].want), "%s: %.*s", cases[i].in, (int)n,
			(const char *)out);
		free(in);
		free(out);
	}
	masker_free(m);
}

// 128.11.68.132 is 135.242.180.132 by the authors' sample.
static const struct {
	const char *in, *want; // NULL: changed, and what it was is not in it
} name_rows[] = {
	{"", ""},
	{"a.example", "a.example"},
	{"a.example:80", "a.example:80"},
	{"128.11.68.132", "135.242.180.132"},
	{"128.11.68.132:8080", "135.242.180.132:8080"},
	{"132.68.11.128.in-addr.arpa", "*.in-addr.arpa"},
	{"132.68.11.128.IN-ADDR.arpa.", "*.in-addr.arpa"},
	{"1.0.0.0.ip6.arpa", "*.ip6.arpa"},
	{"2001:db8::1", DB8_1},
	{"[2001:db8::1]:443", NULL},
	{"[2001:db8::1", NULL},
	{"[IPv6:2001:db8::1]", "[IPv6:" DB8_1 "]"},
	{"[2001:db8::1%25eth0]", NULL},
	{"2001:db8::1%eth0", NULL},
	{"[128.11.68.132]", "[135.242.180.132]"},
	{"128.11.68.132.", "135.242.180.132"},
	{"128.011.068.132", "135.242.180.132"},
	{"2148222084", "135.242.180.132"},
	{"0x800b4484", "135.242.180.132"},
	{"0x80.11.68.132", "135.242.180.132"},
	{"128.11.17540", "135.242.180.132"},
	{"128.11.68.132:80:80", "135.242.180.132:80:80"},
	{"128.11.68.132, proxy", "135.242.180.132, proxy"},
	{"host128.11.68.132", "host135.242.180.132"},
	{"host-128-11-68-132.isp.example", "host-135-242-180-132.isp.example"},
	{"128-11-68-132.wash.fios.example", "135-242-180-132.wash.fios.example"},
	{"a1-128-11-68-132.isp.example", "a135-242-180-132.isp.example"},
	{"132.68.11.128.list.example", "132.180.242.135.list.example"},
	{"2.0.b.e.e.f.0.0.0.1.2.3.4.5.6.7.8.list.example", "~.list.example"},
	{"alice:pw@h.example", "h.example"},
	{"alice@a@128.11.68.132:1", "135.242.180.132:1"},
	{"alice%40h.example", "h.example"},
	{"alice@example.org", "example.org"},
	{"h.example:pw", "h.example:"},
	{"4.3.2.1.0.7.1.9.4.e164.arpa", "*.e164.arpa"},
	{"1.0.0.0.8.b.d.0.1.0.0.2.ip6.int", "*.ip6.int"},
	{"4917012345678.msg.example", "~.msg.example"},
	{"+49-170-12345678.msg.example", "+~.msg.example"},
	{"00-11-22-33-44-55.dhcp.example", "~.dhcp.example"},
	{"00:11:22:33:44:55@fe80::1c2:3dead:beef._apple-mobdev2._tcp.local",
		"~._apple-mobdev2._tcp.local"},
	{"Luca's iMac._airplay._tcp.local", "~._airplay._tcp.local"},
	{"_airplay._tcp.local", "_airplay._tcp.local"},
	{"_sip._tcp.h.example", "_sip._tcp.h.example"},
	{"Yaels-iPhone.local", "~.local"},
	{"yaels-iphone.local:8080", "~.local:8080"},
	{"Percival", "~"},
	{"[alice]", "~"},
	{"bob-pc:8080", "~:8080"},
	{"localhost", "localhost"},
	{"*.h.example", "*.h.example"},
	{"a17102debeb5.cdn4.h.example", "~.cdn4.h.example"},
	{"nx2500-242-4.h.example", "nx2500-242-4.h.example"},
	{"3569326.fls.h.example", "3569326.fls.h.example"},
};

static void test_names(void)
{
	struct masker *m = masker_new(sample_key);

	for (size_t i = 0; i < ROWS(name_rows); i++) {
		size_t len = strlen(name_rows[i].in);
		uint8_t *in = malloc(len + 1), *out = calloc(1, len + MASK_NAME_MORE + 1);
		memcpy(in, name_rows[i].in, len);
		size_t n = mask_name(m, (struct bytes){in, len, false}, out);
		if (name_rows[i].want != NULL)
			CHECK(reads(out, n, name_rows[i].want), "%s: %s", name_rows[i].in,
				(const char *)out);
		else
			CHECK(strstr((const char *)out, "2001:db8::") == NULL && n > 2, "%s: %s",
				name_rows[i].in, (const char *)out);
		free(in);
		free(out);
	}
	masker_free(m);
}

static void test_uris(void)
{
	static const struct {
		const char *in, *want;
	} cases[] = {
		{"/a?b=c", "/a?b="},
		{"http://128.11.68.132/a?b=c", "http://135.242.180.132/a?b="},
		{"http://128.11.68.132:81?b=c", "http://135.242.180.132:81?b="},
		{"http://h.example/a", "http://h.example/a"},
		{"http://", "http://"},
		{"http://jo:secret@h.example/a", "http://h.example/a"},
		{"http://jo@a@128.11.68.132/a", "http://135.242.180.132/a"},
		{"http://h.example/a@b", "http://h.example/~"},
		{"128.11.68.132:443", "135.242.180.132:443"},
		{"jo:secret@h.example:443", "h.example:443"},
		{"", ""},
		{"*", "*"},
		{"//alice:pw@h.example/x", "//h.example/x"},
		{"//128.11.68.132/x?q=1", "//135.242.180.132/x?q="},
		{"///128.11.68.132/x", "///135.242.180.132/x"},
		{"http:\\\\128.11.68.132\\x", "http:\\\\135.242.180.132\\x"},
		{"intent+verylong-scheme://alice:pw@128.11.68.132/x",
			"intent+verylong-scheme://135.242.180.132/x"},
		{"alice@x://h.example/", "~://h.example/"},
		{"https://mail.example/u/alice@example.org/inbox",
			"https://mail.example/u/~/inbox"},
		{"mailto:alice@example.org", "example.org"},
		{"tel:+4917012345678", "~"},
		{"live/alicekey?user=alice&token=SECRET", "live/alicekey?user=&token="},
		{"live", "live"},
		{"http:/128.11.68.132/x", "http:/~/x"},
	};
	struct masker *m = masker_new(sample_key);

	for (size_t i = 0; i < ROWS(cases); i++) {
		size_t len = strlen(cases[i].in);
		uint8_t *in = malloc(len + 1), *out = calloc(1, len + MASK_NAME_MORE + 1);
		memcpy(in, cases[i].in, len);
		size_t n = mask_uri(m, (struct bytes){in, len, false}, out);
		CHECK(reads(out, n, cases[i].want), "%s: %s", cases[i].in, (const char *)out);
		free(in);
		free(out);
	}
	masker_free(m);
}

static void test_tokens(void)
{
	static const uint8_t other_key[MASK_KEY_LEN] = {1};
	struct masker *m = masker_new(sample_key), *other = masker_new(other_key);
	uint8_t a[MASK_TOKEN_LEN], b[MASK_TOKEN_LEN];
	struct bytes name = {(const uint8_t *)"alice@example.org", 17, false};
	struct bytes peer = {(const uint8_t *)"alicf@example.org", 17, false};

	mask_token(m, name, a);
	CHECK(a[0] == '~', "%c", a[0]);
	mask_token(m, peer, b);
	CHECK(memcmp(a, b, sizeof(a)) != 0, "another person");
	mask_token(m, name, b);
	CHECK(memcmp(a, b, sizeof(a)) == 0, "the same person");
	mask_token(other, name, b);
	CHECK(memcmp(a, b, sizeof(a)) != 0, "another key");
	masker_free(m);
	masker_free(other);
}

static const struct {
	const char *in, *want;
} text_rows[] = {
	{"", ""},
	{"Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/120.0",
		"Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/120.0"},
	{"Chrome/120.0.6099.109 Safari", "Chrome/120.0.6099.109 Safari"},
	{"QQ 13812345678 x", "QQ ~ x"},
	{"by <a.b@example.org>;", "by <~>;"},
	{"on 192.0.2.77, 192.0.2.77:80 and 2001:db8::77", "on ~, ~:80 and ~"},
	{"9@1", "~"},
	{"a\xe4\xbe\x8b 1234567890", "a\xe4\xbe\x8b ~"},
	{"123456 too few", "123456 too few"},
	{"qq 123456789", "qq ~"},
	{"x +49-170-1234567", "x +~"},
	{"x tel:+4712345678", "x tel:+~"},
	{"x 555 123 4567 y", "x ~ y"},
	{"4917\t0123\t4567", "~"},
	{"(555) 123-4567", "(~"},
	{"0170/123 45 67", "~"},
	{"555.123.4567 1.555.123.4567 06.12.34.56.78", "~ ~ ~"},
	{"x alice%40example.org", "x ~"},
	{"ip4:192.0.2.77 ip6:2001:db8::dead:beef -all", "ip4:~ ip6:~ -all"},
	{"v=spf1 ip4:192.0.2.0/24", "v=spf1 ip4:~/24"},
	{"x 192.0.2.77. y", "x ~. y"},
	{"x fe80::dead:beef%eth0", "x ~%eth0"},
	{"x 192.0.2.77-192.0.2.78", "x ~-~"},
	{"x 192.0.2.77_8080 v192.0.2.77 192.000.002.077", "x ~_8080 ~ ~"},
	{"host-192-0-2-77.isp", "host-~.isp"},
	{"mac=00:11:22:33:44:55 00-11-22-33-44-55 0011.2233.4455", "mac=~ ~ ~"},
	{"rpHI=f9c46c6dd07d", "rpHI=~"},
	{"id 79d88e83-725c-b71b-bad0-5862d5b22386", "id ~"},
	{"key AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw", "key ~"},
	{"alice4917012345678.pdf", "~.pdf"},
	{"tel%2B491701234567", "tel%~"},
	{"client_alice@192.0.2.77", "~"},
	// Versions, dates and what else has many digits.
	{"OpenSSH_9.2p1 Debian-2+deb12u3", "OpenSSH_9.2p1 Debian-2+deb12u3"},
	{"Windows NT 10.0.19041.1; Win64", "Windows NT 10.0.19041.1; Win64"},
	{"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML)",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 "
		"(KHTML)"},
	{"Microsoft Outlook Express 6.00.2800.1158", "Microsoft Outlook Express 6.00.2800.1158"},
	{"Microsoft-MacOutlook/14.3.9.131030", "Microsoft-MacOutlook/14.3.9.131030"},
	{".NET CLR 2.0.50727; .NET CLR 3.5.30729", ".NET CLR 2.0.50727; .NET CLR 3.5.30729"},
	{"Android 11; sdk_gphone_x86_64 Build/RSR1.201013.001",
		"Android 11; sdk_gphone_x86_64 Build/RSR1.201013.001"},
	{"CFNetwork/1568.200.51 Darwin/24.1.0", "CFNetwork/1568.200.51 Darwin/24.1.0"},
	{"Chrome/120.0.0.0 Safari/537.36", "Chrome/120.0.0.0 Safari/537.36"},
	{"Linux x86_64 5.10.0-23", "Linux x86_64 5.10.0-23"},
	{"Mutt/1.5.20 (2009-12-10)", "Mutt/1.5.20 (2009-12-10)"},
	{"CN=DigiCert TLS RSA SHA256 2020 CA1", "CN=DigiCert TLS RSA SHA256 2020 CA1"},
	{"1.3.6.1.4.1.311.60.2.1.3=US", "1.3.6.1.4.1.311.60.2.1.3=US"},
	{"Foo::Bar 12:34:56", "Foo::Bar 12:34:56"},
};

static void test_text(void)
{
	struct masker *m = masker_new(sample_key);

	for (size_t i = 0; i < ROWS(text_rows); i++) {
		size_t len = strlen(text_rows[i].in);
		uint8_t *out = malloc(len + 1);
		size_t n = mask_text(
			m, (struct bytes){(const uint8_t *)text_rows[i].in, len, false}, out);
		CHECK(n <= len && reads(out, n, text_rows[i].want), "%s: %.*s", text_rows[i].in,
			(int)n, out);
		free(out);
	}
	masker_free(m);
}

static void test_kinds(void)
{
	static const struct {
		enum field_mask mask;
		const char *in, *want;
	} cases[] = {
		{MASK_WORD, "GET", "GET"},
		{MASK_WORD, "9798-M-DSA-SHA1", "9798-M-DSA-SHA1"},
		{MASK_WORD, "XOAUTH2", "XOAUTH2"},
		{MASK_WORD, "scram-sha-256", "scram-sha-256"},
		{MASK_WORD, "M-SEARCH", "M-SEARCH"},
		{MASK_WORD, "PRIVMSG", "PRIVMSG"},
		{MASK_WORD, "366", "366"},
		{MASK_WORD, "stream_end", "stream_end"},
		{MASK_WORD, "a", "a"},
		{MASK_WORD, "alice", "other"},
		{MASK_WORD, "alice4917012345678", "other"},
		{MASK_WORD, "GET%00", "other"},
		{MASK_WORD, "", ""},
		{MASK_TYPE, "text/html; charset=utf-8", "text/html"},
		{MASK_TYPE, "application/pdf; name=\"alice-4917012345678.pdf\"", "application/pdf"},
		{MASK_TYPE, "alice@example.org/x", "~/x"},
		{MASK_TOPIC, "home/kitchen/temp", "home/kitchen/temp"},
		{MASK_TOPIC, "/home/kitchen/temp", "/home/kitchen/temp"},
		{MASK_TOPIC, "sensors/#", "sensors/#"},
		{MASK_TOPIC, "factory/line1/+/12/data", "factory/line1/+/12/data"},
		{MASK_TOPIC, "$SYS/broker/clients/total", "$SYS/broker/clients/total"},
		{MASK_TOPIC, "chat/alice", "chat/~"},
		{MASK_TOPIC, "wx/wxid_abcdef123", "wx/~"},
		{MASK_TOPIC, "u/+47-1234-5678", "u/~"},
		{MASK_TOPIC, "qq/123456789", "qq/~"},
		{MASK_TOPIC, "4917012345678/status", "~/status"},
		{MASK_TOPIC, "m/alice%40x.org/h/192.0.2.77.", "m/~/~/~"},
		{MASK_WORDS, "audio 49170 RTP/SAVP 0 8 18 4 0 101",
			"audio 49170 RTP/SAVP 0 8 18 4 0 101"},
		{MASK_WORDS, "audio 4917012345678 a@b.c", "audio ~ ~"},
		{MASK_SERVICE, "0 0 7000 Lucas iMac.local", "0 0 7000 ~.local"},
		{MASK_SERVICE, "10 5 5060 sip.h.example", "10 5 5060 sip.h.example"},
		{MASK_SERVICE, "1 . alpn=h3,h2 port=8443 ipv4hint=192.0.2.7",
			"1 . alpn=h3,h2 port=8443 ipv4hint=~"},
		{MASK_SERVICE, "1 128.11.68.132.", "1 135.242.180.132"},
		{MASK_SOA, "ns.h.example alice.h.example 2024010101 7200 3600 1209600 300",
			"ns.h.example ~ 2024010101 7200 3600 1209600 300"},
		{MASK_SOA, "ns.h.example", "ns.h.example"},
		{MASK_SOA, "", ""},
	};
	struct masker *m = masker_new(sample_key);

	for (size_t i = 0; i < ROWS(cases); i++) {
		size_t len = strlen(cases[i].in);
		uint8_t *out = malloc(len + MASK_NAME_MORE);
		size_t n = mask_value(m, cases[i].mask,
			(struct bytes){(const uint8_t *)cases[i].in, len, false}, out);
		CHECK(reads(out, n, cases[i].want), "%s: %.*s", cases[i].in, (int)n, out);
		free(out);
	}
	masker_free(m);
}

// What bytes come does not matter: no read and no write beside the ends, which ASan looks at.
static void test_hostile(void)
{
	static const char *const seeds[] = {
		"http://jo:pw@[2001:db8::1%25eth0]:80/a;b=c/d&e=f?g=h#i",
		"ns.h.example alice.h.example 1 2 3 4 5",
		"+49-170-1234567 00:11:22:33:44:55 79d88e83-725c-b71b-bad0-5862d5b22386",
		"x._http._tcp.local 1.2.3.4.5.6.7.8.9 0xc0.0.2.77 ::ffff:192.0.2.1",
		"a/+/#/1//@/%40/\\\\192.0.2.77\\",
		"::1::2::3 0 0 0 0 0 0 0 0 - - - ((((",
	};
	struct masker *m = masker_new(sample_key);

	for (size_t i = 0; i < ROWS(seeds); i++) {
		size_t whole = strlen(seeds[i]);
		for (size_t cut = 0; cut <= whole * 2; cut++) {
			size_t from = cut > whole ? cut - whole : 0,
			       len = cut > whole ? whole - from : cut;
			uint8_t *in = malloc(len ? len : 1), *out = malloc(len + MASK_NAME_MORE);
			memcpy(in, seeds[i] + from, len);
			for (int mask = MASK_CLEAR; mask <= MASK_SECRET; mask++) {
				size_t n = mask_value(m, (enum field_mask)mask,
					(struct bytes){in, len, false}, out);
				CHECK(n <= len + MASK_NAME_MORE, "%d: %zu of %zu", mask, n, len);
			}
			free(in);
			free(out);
		}
	}
	masker_free(m);
}

// No form of a value leaves more than its row allows.
static void test_values(void)
{
	struct masker *m = masker_new(sample_key);
	struct bytes in = {(const uint8_t *)"192.0.2.1", 9, false};
	uint8_t out[9 + MASK_NAME_MORE];

	CHECK(mask_value(m, MASK_SECRET, in, out) == 0, "secret");
	CHECK(mask_value(m, MASK_PERSON, in, out) == MASK_TOKEN_LEN, "person");
	CHECK(mask_value(m, MASK_PERSON, (struct bytes){0}, out) == 0, "nobody");
	CHECK(mask_value(m, MASK_CLEAR, in, out) == 9 && memcmp(out, in.p, 9) == 0, "clear");
	size_t n = mask_value(m, MASK_NAME, in, out);
	CHECK(n > 0 && (n != 9 || memcmp(out, in.p, 9) != 0), "name");
	n = mask_value(m, MASK_TEXT, in, out);
	CHECK(n > 0 && out[0] == '~', "text");
	masker_free(m);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"the authors' sample", test_known_pairs},
		{"prefixes are kept", test_prefixes},
		{"URLs", test_urls},
		{"names that are addresses", test_names},
		{"URIs", test_uris},
		{"tokens", test_tokens},
		{"texts", test_text},
		{"kinds of values", test_kinds},
		{"hostile values", test_hostile},
		{"values", test_values},
		CU_TEST_INFO_NULL,
	};
	return check_main("mask", tests);
}
