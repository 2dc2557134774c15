#include "tests/unit/check.h"
#include "tests/unit/tx_log.h"

#define RANDOM "0123456789abcdef0123456789abcdef"
// A cookie of four bytes, SNI a.b.
static const char hello[] =
	"\xfe\xfd" RANDOM "\x00\x04"
	"cook\x00\x02\xc0\x2b\x01\x00\x00\x0c\x00\x00\x00\x08\x00\x06\x00\x00\x03"
	"a.b";
static const char server[] = "\xfe\xfd" RANDOM "\x00\xc0\x2b\x00";
#define TEXT "tls.sni=a.b tls.version=fefd\n"
#define SERVER_TEXT "s2c tls.version=fefd tls.cipher=c02b\n"

static const uint16_t only[] = {FIELD_TLS_SNI, FIELD_TLS_VERSION, FIELD_TLS_CIPHER, FIELD_NONE};

// A record with the bytes from..to of a handshake message.
static size_t record(uint8_t *out, uint8_t type, uint16_t sequence, const char *body, size_t len,
	size_t from, size_t to)
{
	size_t part = to - from;
	uint8_t head[25] = {22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, (uint8_t)sequence,
		(uint8_t)((part + 12) >> 8), (uint8_t)(part + 12), type, 0, (uint8_t)(len >> 8),
		(uint8_t)len, 0, (uint8_t)sequence, 0, (uint8_t)(from >> 8), (uint8_t)from, 0,
		(uint8_t)(part >> 8), (uint8_t)part};

	memcpy(out, head, sizeof(head));
	memcpy(out + sizeof(head), body + from, part);
	return sizeof(head) + part;
}

static void test_whole(void)
{
	static struct parser_run r = {.only = only};
	uint8_t wire[512];
	enum dir sender;
	size_t n = record(wire, 1, 0, hello, sizeof(hello) - 1, 0, sizeof(hello) - 1);
	size_t first = n;
	// A second record in the same datagram: the server's, of another flow's making.
	n += record(wire + n, 2, 1, server, sizeof(server) - 1, 0, sizeof(server) - 1);

	CHECK(proto_dtls.probe((struct bytes){wire, first, false}, 1, 2, &sender) == PROBE_YES &&
			sender == DIR_C2S,
		"probe");
	CHECK(proto_dtls.probe((struct bytes){wire + first, n - first, false}, 1, 2, &sender) ==
				PROBE_YES &&
			sender == DIR_S2C,
		"probe of the server's");
	run_begin(&r, &proto_dtls);
	run_feed(&r, DIR_C2S, wire, n);
	run_end(&r);
	CHECK(strcmp(r.text, TEXT "s2c tls.version=fefd tls.cipher=c02b\n") == 0, "%s", r.text);
	for (size_t len = 0; len < n; len++) {
		run_begin(&r, &proto_dtls);
		run_feed(&r, DIR_C2S, wire, len);
		run_end(&r);
		CHECK(r.n_tx <= 2 && r.borrowed == 0, "%zu", len);
		proto_dtls.probe((struct bytes){wire, len, false}, 1, 2, &sender);
	}
}

static void test_fragments(void)
{
	static struct parser_run r = {.only = only};
	uint8_t a[512], b[512];
	size_t len = sizeof(hello) - 1;

	for (size_t cut = 1; cut < len; cut++) {
		size_t na = record(a, 1, 0, hello, len, 0, cut);
		size_t nb = record(b, 1, 0, hello, len, cut > 3 ? cut - 3 : 0, len);
		run_begin(&r, &proto_dtls);
		run_feed(&r, DIR_C2S, b, nb);
		run_feed(&r, DIR_C2S, a, na);
		run_feed(&r, DIR_C2S, a, na); // once more: told once
		run_end(&r);
		CHECK(strcmp(r.text, TEXT) == 0, "cut %zu: %s", cut, r.text);
		CHECK(r.borrowed == 0, "cut %zu", cut);

		run_begin(&r, &proto_dtls);
		r.poor = true;
		run_feed(&r, DIR_C2S, a, na);
		run_feed(&r, DIR_C2S, b, nb);
		run_end(&r);
		CHECK(r.borrowed == 0, "no buffers");
	}
}

// RFC 6347 4.2.8: a client that begins anew on the same ports is told by its random.
static void test_again(void)
{
	static const struct {
		const char *name;
		char random; // the first byte of it
		uint16_t sequence;
		const char *text;
	} rows[] = {{"the same once more", '0', 0, TEXT SERVER_TEXT},
		{"the one with the cookie", '0', 1, TEXT SERVER_TEXT TEXT},
		{"another association", 'x', 0, TEXT SERVER_TEXT TEXT SERVER_TEXT}};
	static struct parser_run r = {.only = only};
	char again[sizeof(hello)];
	uint8_t wire[512];

	for (size_t i = 0; i < ROWS(rows); i++) {
		memcpy(again, hello, sizeof(hello));
		again[2] = rows[i].random;
		run_begin(&r, &proto_dtls);
		size_t n = record(wire, 1, 0, hello, sizeof(hello) - 1, 0, sizeof(hello) - 1);
		run_feed(&r, DIR_C2S, wire, n);
		n = record(wire, 2, 0, server, sizeof(server) - 1, 0, sizeof(server) - 1);
		run_feed(&r, DIR_S2C, wire, n);
		n = record(
			wire, 1, rows[i].sequence, again, sizeof(hello) - 1, 0, sizeof(hello) - 1);
		run_feed(&r, DIR_C2S, wire, n);
		n = record(wire, 2, 0, server, sizeof(server) - 1, 0, sizeof(server) - 1);
		run_feed(&r, DIR_S2C, wire, n);
		run_end(&r);
		CHECK(strcmp(r.text, rows[i].text) == 0, "%s: %s", rows[i].name, r.text);
	}
}

// RFC 7983: others on the flow, and what is sealed.
static void test_others(void)
{
	static const struct {
		const char *in;
		size_t len;
		enum parse want;
	} rows[] = {{"\x80\x60\x00\x01zzzzzzzz", 12, PARSE_OTHER},
		{"\x00\x01\x00\x00!\x12\xa4"
		 "B0123456789ab",
			20, PARSE_OTHER},
		{"\x17\xfe\xfd\x00\x01\x00\x00\x00\x00\x00\x01\x00\x04zzzz", 17, PARSE_MORE},
		{"\x16\xfe\xfd\x00\x01\x00\x00\x00\x00\x00\x01\x00\x04zzzz", 17, PARSE_MORE},
		{"\x16\x01\x02zz", 5, PARSE_MORE}};
	static struct parser_run r;

	for (size_t i = 0; i < ROWS(rows); i++) {
		run_begin(&r, &proto_dtls);
		run_feed(&r, DIR_C2S, rows[i].in, rows[i].len);
		CHECK(r.result[DIR_C2S] == rows[i].want && r.n_tx == 0, "%zu: %d", i,
			r.result[DIR_C2S]);
		run_end(&r);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"whole", test_whole},
		{"fragments", test_fragments},
		{"again", test_again},
		{"others", test_others},
		CU_TEST_INFO_NULL,
	};
	return check_main("dtls", tests);
}
