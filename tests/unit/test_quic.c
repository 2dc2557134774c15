#include "dataplane/inspect/proto/quic_crypto.h"
#include "dataplane/inspect/proto/quic_packet.h"
#include "dataplane/inspect/proto/quic_stream.h"
#include "tests/unit/check.h"
#include "tests/unit/tx_log.h"

#include <openssl/evp.h>

enum { DATAGRAM_MAX = 1500, V1 = 1, V2 = 0x6b3343cf, DRAFT_29 = 0xff00001d };

static const uint8_t dcid[8] = {0x83, 0x94, 0xc8, 0xf0, 0x3e, 0x51, 0x57, 0x08};

static size_t from_hex(const char *hex, uint8_t *out)
{
	size_t n = strlen(hex) / 2;

	for (size_t i = 0; i < n; i++) {
		unsigned v;
		sscanf(hex + 2 * i, "%2x", &v);
		out[i] = (uint8_t)v;
	}
	return n;
}

// RFC 9001 appendix A.1, RFC 9369 appendix A.1.
static void test_keys(void)
{
	static const struct {
		uint32_t version;
		const char *key[2], *iv[2], *hp[2];
	} rows[] = {
		{V1, {"1f369613dd76d5467730efcbe3b1a22d", "cf3a5331653c364c88f0f379b6067e37"},
			{"fa044b2f42a3fd3b46fb255c", "0ac1493ca1905853b0bba03e"},
			{"9f50449e04a0e810283a1e9933adedd2", "c206b8d9b9f0f37644430b490eeaa314"}},
		{V2, {"8b1a0bc121284290a29e0971b5cd045d", "82db637861d55e1d011f19ea71d5d2a7"},
			{"91f73e2351d8fa91660e909f", "dd13c276499c0249d3310652"},
			{"45b95e15235d6f45a6b19cbcb0294ba9", "edf6d05c83121201b436e16877593c3a"}}};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct quic_version v = quic_version_of(rows[i].version);
		struct quic_keys keys[2];
		uint8_t want[16];
		for (unsigned dir = 0; dir < 2; dir++)
			quic_initial_keys(
				&v.secrets, (struct bytes){dcid, 8, false}, dir, &keys[dir]);
		for (unsigned dir = 0; dir < 2; dir++) {
			size_t n = from_hex(rows[i].key[dir], want);
			CHECK(memcmp(keys[dir].key, want, n) == 0, "%zu key %u", i, dir);
			n = from_hex(rows[i].iv[dir], want);
			CHECK(memcmp(keys[dir].iv, want, n) == 0, "%zu iv %u", i, dir);
			n = from_hex(rows[i].hp[dir], want);
			CHECK(memcmp(keys[dir].hp, want, n) == 0, "%zu hp %u", i, dir);
		}
	}
}

// RFC 9001 appendix A.3: the server's Initial, which holds an ACK and a ServerHello.
static void test_server_packet(void)
{
	static const char hex[] =
		"cf000000010008f067a5502a4262b5004075c0d95a482cd0991cd25b0aac406a5816b6394100f37a1c"
		"69797554780bb38cc5a99f5ede4cf73c3ec2493a1839b3dbcba3f6ea46c5b7684df3548e7ddeb9c3bf"
		"9c73cc3f3bded74b562bfb19fb84022f8ef4cdd93795d77d06edbb7aaf2f58891850abbdca3d20398c"
		"276456cbc42158407dd074ee";
	struct quic_crypto *q = quic_crypto_new();
	struct quic_version v = quic_version_of(V1);
	struct quic_keys keys[2];
	struct quic_packet p;
	uint8_t wire[256];
	struct bytes in = {wire, from_hex(hex, wire), false};

	for (unsigned side = 0; side < 2; side++)
		quic_initial_keys(&v.secrets, (struct bytes){dcid, 8, false}, side, &keys[side]);
	CHECK(quic_next_packet(&in, &p) && p.type == QUIC_INITIAL && in.len == 0, "packet");
	struct bytes plain = quic_open(q, &keys[DIR_S2C], p.all, p.head);
	CHECK(!plain.bad && plain.len > 10 && plain.p[0] == 0x02 && plain.p[5] == 0x06, "frames");
	CHECK(quic_open(q, &keys[DIR_C2S], p.all, p.head).bad, "the other side's keys");
	for (size_t i = 0; i < p.all.len; i++) {
		wire[i] ^= 1;
		CHECK(quic_open(q, &keys[DIR_S2C], p.all, p.head).bad, "byte %zu", i);
		wire[i] ^= 1;
	}
	quic_crypto_free(q);
}

// A packet sealed as a sender does (RFC 9001 5.3, 5.4): behind `out`, its length.
static size_t seal(uint8_t *out, uint32_t version, enum dir dir, struct bytes id, uint32_t number,
	struct bytes frames)
{
	struct quic_crypto *q = quic_crypto_new();
	struct quic_version v = quic_version_of(version);
	struct quic_keys keys[2];
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t nonce[12], mask[16];
	int n;

	for (unsigned side = 0; side < 2; side++)
		quic_initial_keys(&v.secrets, (struct bytes){dcid, 8, false}, side, &keys[side]);
	const struct quic_keys *k = &keys[dir];
	size_t at = 0, len = frames.len + 2 + 16;
	out[at++] = (uint8_t)(0xc1 | (version == V2 ? 0x10 : 0)); // two bytes of packet number
	for (unsigned i = 0; i < 4; i++)
		out[at++] = (uint8_t)(version >> 8 * (3 - i));
	out[at++] = (uint8_t)id.len;
	memcpy(out + at, id.p, id.len);
	at += id.len;
	out[at++] = 0; // no source id
	out[at++] = 0; // no token
	out[at++] = (uint8_t)(0x40 | len >> 8);
	out[at++] = (uint8_t)len;
	size_t head = at;
	out[at++] = (uint8_t)(number >> 8);
	out[at++] = (uint8_t)number;
	memcpy(nonce, k->iv, 12);
	nonce[10] ^= (uint8_t)(number >> 8);
	nonce[11] ^= (uint8_t)number;
	EVP_EncryptInit_ex(ctx, EVP_aes_128_gcm(), NULL, k->key, nonce);
	EVP_EncryptUpdate(ctx, NULL, &n, out, (int)at);
	EVP_EncryptUpdate(ctx, out + at, &n, frames.p, (int)frames.len);
	at += frames.len;
	EVP_EncryptFinal_ex(ctx, out + at, &n);
	EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, 16, out + at);
	at += 16;
	EVP_EncryptInit_ex(ctx, EVP_aes_128_ecb(), NULL, k->hp, NULL);
	EVP_EncryptUpdate(ctx, mask, &n, out + head + 4, 16);
	out[0] ^= mask[0] & 0x0f;
	out[head] ^= mask[1];
	out[head + 1] ^= mask[2];
	EVP_CIPHER_CTX_free(ctx);
	quic_crypto_free(q);
	return at;
}

#define RANDOM "0123456789abcdef0123456789abcdef"
// SNI a.b, ALPN h3, a user agent in the transport parameters.
static const char hello[] = "\x01\x00\x00\x50\x03\x03" RANDOM "\x00\x00\x02\x13\x01\x01\x00\x00\x25"
			    "\x00\x00\x00\x08\x00\x06\x00\x00\x03"
			    "a.b"
			    "\x00\x10\x00\x05\x00\x03\x02h3"
			    "\x00\x39\x00\x08\x71\x29\x02xy\x04\x01\x09"
			    "\x00\x2b\x00\x00";
#define TEXT "quic.message=client_hello quic.version_name=%s quic.ua=xy quic.sni=a.b quic.alpn=h3\n"
static const uint16_t only[] = {FIELD_QUIC_MESSAGE, FIELD_QUIC_VERSION, FIELD_QUIC_UA,
	FIELD_QUIC_SNI, FIELD_QUIC_ALPN, FIELD_NONE};

static size_t crypto_frame(uint8_t *out, size_t from, size_t to)
{
	out[0] = 6;
	out[1] = (uint8_t)(0x40 | from >> 8);
	out[2] = (uint8_t)from;
	out[3] = (uint8_t)(0x40 | (to - from) >> 8);
	out[4] = (uint8_t)(to - from);
	memcpy(out + 5, hello + from, to - from);
	return 5 + to - from;
}

static void feed(
	struct parser_run *r, uint32_t version, uint32_t number, const uint8_t *frames, size_t len)
{
	uint8_t wire[DATAGRAM_MAX];
	size_t n = seal(wire, version, DIR_C2S, (struct bytes){dcid, 8, false}, number,
		(struct bytes){frames, len, false});

	run_feed(r, DIR_C2S, wire, n);
}

static void test_versions(void)
{
	static const struct {
		uint32_t version;
		const char *name;
	} rows[] = {{V1, "1"}, {V2, "2"}, {DRAFT_29, "draft-29"}, {0xff00001b, "draft-27"},
		{0xff000021, "draft-33"}};
	static struct parser_run r = {.only = only};
	uint8_t frames[DATAGRAM_MAX] = {0};

	for (size_t i = 0; i < ROWS(rows); i++) {
		char want[256];
		crypto_frame(frames, 0, sizeof(hello) - 1);
		run_begin(&r, &proto_quic);
		feed(&r, rows[i].version, 0, frames, 1150);
		run_end(&r);
		snprintf(want, sizeof(want), TEXT, rows[i].name);
		CHECK(strcmp(r.text, want) == 0, "%s: %s", rows[i].name, r.text);
		CHECK(r.borrowed == 0, "%s", rows[i].name);
	}
}

// Three frames in each order, in one packet and in three; each cut of two.
static void test_pieces(void)
{
	static const uint8_t orders[6][3] = {
		{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
	static const size_t cuts[4] = {0, 3, 60, sizeof(hello) - 1};
	static struct parser_run r = {.only = only};
	uint8_t frames[DATAGRAM_MAX];
	char want[256];

	snprintf(want, sizeof(want), TEXT, "1");
	for (size_t i = 0; i < 6; i++) {
		size_t len = 0;
		run_begin(&r, &proto_quic);
		for (size_t k = 0; k < 3; k++) {
			size_t o = orders[i][k];
			frames[len++] = 1; // PING between them
			len += crypto_frame(frames + len, cuts[o], cuts[o + 1]);
		}
		feed(&r, V1, 0, frames, len);
		run_end(&r);
		CHECK(strcmp(r.text, want) == 0, "order %zu: %s", i, r.text);
		CHECK(r.borrowed == 0, "order %zu", i);

		run_begin(&r, &proto_quic);
		for (size_t k = 0; k < 3; k++) {
			size_t o = orders[i][k];
			len = crypto_frame(frames, cuts[o], cuts[o + 1]);
			memset(frames + len, 0, 40);
			feed(&r, V1, (uint32_t)k, frames, len + 40);
		}
		run_end(&r);
		CHECK(strcmp(r.text, want) == 0, "order %zu, packets: %s", i, r.text);
		CHECK(r.borrowed == 0, "order %zu, packets", i);
	}
	for (size_t cut = 1; cut < sizeof(hello) - 1; cut++) {
		run_begin(&r, &proto_quic);
		size_t len = crypto_frame(frames, 0, cut);
		memset(frames + len, 0, 40);
		feed(&r, V1, 0, frames, len + 40);
		// The rest, and some of what was there.
		len = crypto_frame(frames, cut > 5 ? cut - 5 : 0, sizeof(hello) - 1);
		feed(&r, V1, 1, frames, len);
		run_end(&r);
		CHECK(strcmp(r.text, want) == 0, "cut %zu: %s", cut, r.text);
	}
}

// The rest never comes: the name is told when it is there.
static void test_truncated(void)
{
	static struct parser_run r = {.only = only};
	uint8_t frames[DATAGRAM_MAX];

	for (size_t n = 1; n < sizeof(hello) - 1; n++) {
		run_begin(&r, &proto_quic);
		size_t len = crypto_frame(frames, 0, n);
		memset(frames + len, 0, 40);
		feed(&r, V1, 0, frames, len + 40);
		run_end(&r);
		bool named = strstr(r.text, "quic.sni=a.b") != NULL;
		CHECK(named == (n >= 59), "%zu: %s", n, r.text);
		CHECK(r.borrowed == 0, "%zu", n);
	}
}

// Several packets in a datagram; a version nobody knows; no buffers.
static void test_others(void)
{
	static struct parser_run r = {.only = only};
	uint8_t frames[DATAGRAM_MAX], wire[DATAGRAM_MAX];
	struct bytes id = {dcid, 8, false};
	char want[256];

	snprintf(want, sizeof(want), TEXT, "1");
	size_t half = crypto_frame(frames, 60, sizeof(hello) - 1);
	size_t n = seal(wire, V1, DIR_C2S, id, 0, (struct bytes){frames, half, false});
	half = crypto_frame(frames, 0, 60);
	n += seal(wire + n, V1, DIR_C2S, id, 1, (struct bytes){frames, half, false});
	run_begin(&r, &proto_quic);
	run_feed(&r, DIR_C2S, wire, n);
	run_end(&r);
	CHECK(strcmp(r.text, want) == 0, "coalesced: %s", r.text);

	run_begin(&r, &proto_quic);
	r.poor = true;
	run_feed(&r, DIR_C2S, wire, n);
	CHECK(r.result[DIR_C2S] == PARSE_DONE && r.n_tx == 0, "no buffers");
	run_end(&r);

	run_begin(&r, &proto_quic);
	run_feed(&r, DIR_S2C, "\x80\x00\x00\x00\x00\x00\x01x\x00\x00\x00\x01\x1a\x2a\x3a\x4a", 16);
	CHECK(strcmp(r.text, "s2c quic.message=version_negotiation\n") == 0, "%s", r.text);
	run_end(&r);
}

// RFC 9000 12.2: packets of a datagram with another destination than the first has are ignored.
static void test_destinations(void)
{
	static const uint8_t other[8] = {1, 2, 3, 4, 5, 6, 7, 8};
	static const struct {
		const char *name;
		bool stranger[3]; // the packets; the hello is in those that are none
		unsigned n;
		bool told;
	} rows[] = {{"one", {false}, 1, true}, {"behind a stranger", {true, false}, 2, false},
		{"in front of a stranger", {false, true}, 2, true},
		{"between strangers", {true, false, true}, 3, false},
		{"strangers", {true, true, true}, 3, false}};
	static struct parser_run r = {.only = only};
	uint8_t frames[DATAGRAM_MAX], wire[3 * DATAGRAM_MAX];
	size_t len = crypto_frame(frames, 0, sizeof(hello) - 1);
	char want[256];

	snprintf(want, sizeof(want), TEXT, "1");
	for (size_t i = 0; i < ROWS(rows); i++) {
		size_t n = 0;
		for (unsigned k = 0; k < rows[i].n; k++)
			n += seal(wire + n, V1, DIR_C2S,
				(struct bytes){rows[i].stranger[k] ? other : dcid, 8, false}, k,
				(struct bytes){frames, len, false});
		run_begin(&r, &proto_quic);
		run_feed(&r, DIR_C2S, wire, n);
		run_end(&r);
		CHECK(strcmp(r.text, rows[i].told ? want : "") == 0, "%s: %s", rows[i].name,
			r.text);
	}
}

static void test_google(void)
{
	static const char wire[] = "\x09"
				   "12345678"
				   "Q043\x01"
				   "HASHHASHHASH\xa0\x01\x04\x00"
				   "CHLO\x03\x00\x00\x00"
				   "PAD\x00\x04\x00\x00\x00"
				   "SNI\x00\x07\x00\x00\x00"
				   "UAID\x0b\x00\x00\x00"
				   "----a.bbeta";
	static const char text[] =
		"quic.message=client_hello quic.version_name=Q043 quic.sni=a.b quic.ua=beta\n";
	static struct parser_run r = {.only = only};
	enum dir sender;

	for (size_t n = 0; n < sizeof(wire); n++) {
		run_begin(&r, &proto_quic);
		run_feed(&r, DIR_C2S, wire, n);
		run_end(&r);
		CHECK(n < sizeof(wire) - 1 || strcmp(r.text, text) == 0, "%zu: %s", n, r.text);
	}
	CHECK(proto_quic.probe((struct bytes){(const uint8_t *)wire, sizeof(wire) - 1, false}, 1, 2,
		      &sender) == PROBE_YES,
		"probe");
}

static void test_probe(void)
{
	static const struct {
		const char *name, *hex;
		enum probe want;
	} rows[] = {{"version 1", "c00000000108830000000000000000004000000000000000", PROBE_YES},
		{"no fixed bit", "800000000108830000000000000000004000000000000000", PROBE_NO},
		{"unknown version", "c01234567808830000000000000000004000000000000000", PROBE_NO},
		{"id too long", "c00000000118830000000000000000004000000000000000", PROBE_NO},
		{"short header", "4000000001088300000000000000000040000000", PROBE_NO},
		{"too short", "c0000000010883", PROBE_NO}, {"nothing", "", PROBE_NO}};

	for (size_t i = 0; i < ROWS(rows); i++) {
		uint8_t wire[64];
		enum dir sender;
		struct bytes in = {wire, from_hex(rows[i].hex, wire), false};
		CHECK(proto_quic.probe(in, 40000, 443, &sender) == rows[i].want, "%s",
			rows[i].name);
	}
}

static void test_stream(void)
{
	static struct crypto_stream s;
	uint8_t byte = 'x';

	crypto_stream_init(&s);
	for (unsigned i = 0; i < 3 * CRYPTO_RANGES; i++) // more holes than are kept
		crypto_stream_add(&s, 2 * i + 1, (struct bytes){&byte, 1, false});
	CHECK(s.n == CRYPTO_RANGES && crypto_stream_begin(&s).len == 0, "%u", s.n);
	for (unsigned i = 0; i < 2 * CRYPTO_RANGES; i++)
		crypto_stream_add(&s, i, (struct bytes){&byte, 1, false});
	CHECK(s.n == 1 && crypto_stream_begin(&s).len == 2 * CRYPTO_RANGES, "joined: %u", s.n);
	crypto_stream_add(&s, CRYPTO_BYTES_MAX - 1, (struct bytes){(uint8_t *)"ab", 2, false});
	crypto_stream_add(&s, UINT64_MAX, (struct bytes){&byte, 1, false});
	CHECK(s.n == 2 && s.ranges[1].to == CRYPTO_BYTES_MAX, "the end");
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"keys", test_keys},
		{"server's packet", test_server_packet},
		{"versions", test_versions},
		{"pieces", test_pieces},
		{"truncated", test_truncated},
		{"destinations", test_destinations},
		{"others", test_others},
		{"Google", test_google},
		{"probe", test_probe},
		{"stream", test_stream},
		CU_TEST_INFO_NULL,
	};
	return check_main("quic", tests);
}
