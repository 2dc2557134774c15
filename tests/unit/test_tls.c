#include "tests/unit/check.h"
#include "tests/unit/tx_log.h"

#define RANDOM "0123456789abcdef0123456789abcdef"
// No session, one cipher, no compression: 41 bytes with version and random.
#define BASE "\x03\x03" RANDOM "\x00\x00\x02\x13\x01\x01\x00"
#define RECORD(len) "\x16\x03\x01\x00" len
#define HELLO(record, body) RECORD(record) "\x01\x00\x00" body BASE
#define SNI                                                                                        \
	"\x00\x00\x00\x08\x00\x06\x00\x00\x03"                                                     \
	"a.b" // 12
#define ALPN "\x00\x10\x00\x0e\x00\x0c\x02h2\x08http/1.1" // 18
#define VERSIONS "\x00\x2b\x00\x07\x06\xfa\xfa\x03\x04\x03\x03" // 11
#define PADDING "\x00\x15\x00\x04\x00\x00\x00\x00" // 8
#define FULL                                                                                       \
	HELLO("\x5e", "\x5a") "\x00\x2f" SNI PADDING ALPN "\x00\x2b\x00\x05\x04\xfa\xfa\x03\x04"
#define FULL_TEXT "tls.sni=a.b tls.alpn=h2 tls.alpn=http/1.1 tls.version=0304\n"
#define NAMED HELLO("\x3b", "\x37") "\x00\x0c" SNI
#define NAMED_TEXT "tls.sni=a.b tls.version=0303\n"
#define SERVER_HELLO(version)                                                                      \
	"\x16\x03\x03\x00\x2a\x02\x00\x00\x26" version RANDOM "\x00\xc0\x2f\x00"
#define CCS "\x14\x03\x03\x00\x01\x01"
#define SEALED "\x17\x03\x03\x00\x03xyz"
#define BYTES(s)                                                                                   \
	{                                                                                          \
		(const uint8_t *)(s), sizeof(s) - 1, false                                         \
	}

static const struct {
	const char *name;
	struct bytes in;
	enum dir dir;
	enum parse want;
	const char *text;
} cases[] = {
	{"no extensions", BYTES(HELLO("\x2d", "\x29")), DIR_C2S, PARSE_MORE, "tls.version=0303\n"},
	{"sni", BYTES(NAMED), DIR_C2S, PARSE_MORE, NAMED_TEXT},
	{"sni, alpn, versions, grease", BYTES(FULL), DIR_C2S, PARSE_MORE, FULL_TEXT},
	{"highest version, grease left aside", BYTES(HELLO("\x3a", "\x36") "\x00\x0b" VERSIONS),
		DIR_C2S, PARSE_MORE, "tls.version=0304\n"},
	{"sni of bytes",
		BYTES(HELLO(
			"\x3b", "\x37") "\x00\x0c\x00\x00\x00\x08\x00\x06\x00\x00\x03\x00\xff\x01"),
		DIR_C2S, PARSE_MORE, "tls.sni=00ff01 tls.version=0303\n"},
	{"empty sni", BYTES(HELLO("\x38", "\x34") "\x00\x09\x00\x00\x00\x05\x00\x03\x00\x00\x00"),
		DIR_C2S, PARSE_MORE, "tls.version=0303\n"},
	{"sni runs past its extension",
		BYTES(HELLO("\x3b", "\x37") "\x00\x0c\x00\x00\x00\x08\x00\x06\x00\x00\xff"
					    "a.b"),
		DIR_C2S, PARSE_MORE, "tls.version=0303\n"},
	{"extension runs past the list", BYTES(HELLO("\x33", "\x2f") "\x00\x04\x00\x00\x00\x09"),
		DIR_C2S, PARSE_BAD, ""},
	{"name, then an extension that runs past the list",
		BYTES(HELLO("\x3f", "\x3b") "\x00\x10" SNI "\x00\x10\x00\x09"), DIR_C2S, PARSE_BAD,
		"tls.sni=a.b\n"},
	{"session id runs past the hello",
		BYTES(RECORD("\x2d") "\x01\x00\x00\x29\x03\x03" RANDOM
				     "\xff\x00\x02\x13\x01\x01\x00"),
		DIR_C2S, PARSE_BAD, ""},
	{"hello too short", BYTES(RECORD("\x06") "\x01\x00\x00\x02\x03\x03"), DIR_C2S, PARSE_BAD,
		""},
	{"two records",
		BYTES("\x16\x03\x00\x00\x0a\x01\x00\x00\x37\x03\x03"
		      "0123"
		      "\x16\x03\x03\x00\x31"
		      "456789abcdef0123456789abcdef"
		      "\x00\x00\x02\x13\x01\x01\x00\x00\x0c" SNI),
		DIR_C2S, PARSE_MORE, NAMED_TEXT},
	{"tlcp",
		BYTES("\x16\x01\x01\x00\x2d\x01\x00\x00\x29\x01\x01" RANDOM
		      "\x00\x00\x02\xe0\x13\x01\x00"),
		DIR_C2S, PARSE_MORE, "tls.version=0101\n"},
	{"ssl 2 hello for tls 1.0",
		BYTES("\x80\x1f\x01\x03\x01\x00\x06\x00\x00\x00\x10\x00\x00\x39\x00\x00\x38"
		      "0123456789abcdef"),
		DIR_C2S, PARSE_DONE, "tls.version=0301\n"},
	{"ssl 2 hello whose lengths do not add up",
		BYTES("\x80\x20\x01\x03\x01\x00\x06\x00\x00\x00\x10\x00\x00\x39\x00\x00\x38"
		      "0123456789abcdef"),
		DIR_C2S, PARSE_BAD, ""},
	{"ssl 2 hello of ssl 2",
		BYTES("\x80\x1c\x01\x00\x02\x00\x03\x00\x00\x00\x10\x01\x00\x80"
		      "0123456789abcdef"),
		DIR_C2S, PARSE_DONE, "tls.version=0002\n"},
	{"retry: second hello after change cipher spec", BYTES(NAMED CCS FULL SEALED), DIR_C2S,
		PARSE_DONE, NAMED_TEXT FULL_TEXT},
	{"retry: second hello at once", BYTES(NAMED FULL SEALED), DIR_C2S, PARSE_DONE,
		NAMED_TEXT FULL_TEXT},
	{"a finished is no hello",
		BYTES(NAMED "\x16\x03\x03\x00\x06\x10\x00\x00\x02\xab\xcd" CCS
			    "\x16\x03\x03\x00\x28\x01\x00\x00\x37" RANDOM "zzzz"),
		DIR_C2S, PARSE_MORE, NAMED_TEXT}, // waits for the rest of what looks like one
	{"nor is a longer one",
		BYTES(NAMED CCS "\x16\x03\x03\x00\x3b\x01\x00\x00\x37" RANDOM RANDOM), DIR_C2S,
		PARSE_DONE, NAMED_TEXT},
	{"sealed after change cipher spec",
		BYTES(NAMED CCS "\x16\x03\x03\x00\x05\x00\x01\x02\x03\x04" NAMED), DIR_C2S,
		PARSE_DONE, NAMED_TEXT},
	{"application data ends it", BYTES(NAMED SEALED NAMED), DIR_C2S, PARSE_DONE, NAMED_TEXT},
	{"alert ends it", BYTES(NAMED "\x15\x03\x01\x00\x02\x02\x28"), DIR_C2S, PARSE_DONE,
		NAMED_TEXT},
	{"no record", BYTES("GET / HTTP/1.1\r\n"), DIR_C2S, PARSE_BAD, ""},
	{"record too long", BYTES("\x16\x03\x01\xff\xff\x01"), DIR_C2S, PARSE_BAD, ""},
	{"begin of a server hello", BYTES("\x16\x03\x03\x00\x30\x02\x00\x00\x2c\x03\x03"), DIR_S2C,
		PARSE_MORE, ""},
	{"server hello", BYTES(SERVER_HELLO("\x03\x03")), DIR_S2C, PARSE_MORE,
		"s2c tls.version=0303 tls.cipher=c02f\n"},
	{"the rest of a server's flight",
		BYTES(SERVER_HELLO("\x03\x03") "\x16\x03\x03\x00\x0c"
					       "\x0c\x00\x00\x04\x03\x00\x17\x00"
					       "\x0e\x00\x00\x00" SEALED),
		DIR_S2C, PARSE_DONE, "s2c tls.version=0303 tls.cipher=c02f\ns2c tls.group=0017\n"},
	{"server hello of tls 1.3",
		BYTES("\x16\x03\x03\x00\x38\x02\x00\x00\x34\x03\x03" RANDOM
		      "\x00\x13\x01\x00\x00\x0c\x00\x2b\x00\x02\x03\x04\x00\x33\x00\x02\x00"
		      "\x1d" SEALED),
		DIR_S2C, PARSE_DONE, "s2c tls.version=0304 tls.cipher=1301 tls.group=001d\n"},
	{"server hello too short", BYTES("\x16\x03\x03\x00\x06\x02\x00\x00\x02\x03\x03"), DIR_S2C,
		PARSE_BAD, ""},
	{"server hello, then what is sealed", BYTES(SERVER_HELLO("\x03\x03") CCS SEALED), DIR_S2C,
		PARSE_DONE, "s2c tls.version=0303 tls.cipher=c02f\n"},
	{"server's alert", BYTES("\x15\x03\x03\x00\x02\x02\x28"), DIR_S2C, PARSE_DONE, ""},
	{"ssl 2 server hello", BYTES("\x84\x35\x04\x00\x01\x00\x02"), DIR_S2C, PARSE_DONE, ""},
	{"client that was called", BYTES(NAMED), DIR_S2C, PARSE_MORE, NAMED_TEXT},
};

// The rest is test_fingerprint.c's.
static const uint16_t only[] = {FIELD_TLS_SNI, FIELD_TLS_ALPN, FIELD_TLS_VERSION, FIELD_TLS_CIPHER,
	FIELD_TLS_GROUP, FIELD_NONE};

static void check_run(const struct parser_run *r, size_t i, size_t cut)
{
	CHECK(r->result[cases[i].dir] == cases[i].want, "%s, cut %zu: %d", cases[i].name, cut,
		r->result[cases[i].dir]);
	CHECK(strcmp(r->text, cases[i].text) == 0, "%s, cut %zu: %s", cases[i].name, cut, r->text);
	CHECK(r->borrowed == 0, "%s, cut %zu", cases[i].name, cut);
}

static void test_streams(void)
{
	static struct parser_run r = {.only = only};

	for (size_t i = 0; i < ROWS(cases); i++) {
		run_stream(&r, &proto_tls, cases[i].dir, cases[i].in, cases[i].in.len, 1);
		check_run(&r, i, cases[i].in.len);
	}
}

static void test_streams_cut(void)
{
	static struct parser_run r = {.only = only};

	for (size_t i = 0; i < ROWS(cases); i++) {
		struct bytes in = cases[i].in;
		for (size_t cut = 1; cut < in.len; cut++) {
			run_stream(&r, &proto_tls, cases[i].dir, in, cut, in.len);
			check_run(&r, i, cut);
		}
		run_stream(&r, &proto_tls, cases[i].dir, in, 1, 1);
		check_run(&r, i, 0);
	}
}

// The handshake of FULL, in records of `size` bytes.
static struct bytes in_records(uint8_t *out, size_t size)
{
	struct bytes in = BYTES(FULL);
	size_t len = 0;

	bytes_take(&in, 5);
	while (in.len > 0) {
		struct bytes part = bytes_take(&in, size < in.len ? size : in.len);
		memcpy(out + len, "\x16\x03\x01\x00", 4);
		out[len + 4] = (uint8_t)part.len;
		memcpy(out + len + 5, part.p, part.len);
		len += 5 + part.len;
	}
	return (struct bytes){out, len, false};
}

static void test_small_records(void)
{
	static struct parser_run r = {.only = only};
	static uint8_t wire[sizeof(FULL) * 6];

	for (size_t size = 1; size < sizeof(FULL); size++) {
		struct bytes in = in_records(wire, size);
		run_stream(&r, &proto_tls, DIR_C2S, in, in.len, 1);
		CHECK(strcmp(r.text, FULL_TEXT) == 0, "records of %zu: %s", size, r.text);
		run_stream(&r, &proto_tls, DIR_C2S, in, 7, 3);
		CHECK(strcmp(r.text, FULL_TEXT) == 0, "records of %zu, cut: %s", size, r.text);
	}
}

// Nothing is told before the name is whole; from then on the name, and no version that may
// be wrong.
static void test_truncated(void)
{
	static struct parser_run r = {.only = only};
	struct bytes in = BYTES(FULL);
	size_t named = sizeof(HELLO("", "")) + 1 + 2 + sizeof(SNI) - 1;
	size_t alpn = named + sizeof(PADDING) - 1 + sizeof(ALPN) - 1;

	for (size_t n = 0; n <= in.len; n++) {
		const char *want = n < named ? ""
			: n < alpn	     ? "tls.sni=a.b\n"
			: n < in.len	     ? "tls.sni=a.b tls.alpn=h2 tls.alpn=http/1.1\n"
					     : FULL_TEXT;
		run_begin(&r, &proto_tls);
		run_feed(&r, DIR_C2S, in.p, n);
		run_end(&r);
		CHECK(strcmp(r.text, want) == 0, "end after %zu: %s", n, r.text);
		CHECK(r.borrowed == 0, "end after %zu", n);

		run_begin(&r, &proto_tls);
		run_feed(&r, DIR_C2S, in.p, n);
		run_gap(&r, DIR_C2S, 100);
		CHECK(strcmp(r.text, want) == 0, "gap after %zu: %s", n, r.text);
		CHECK(r.borrowed == 0 && r.result[DIR_C2S] == PARSE_DONE, "gap after %zu", n);
	}
}

static void test_no_buffers(void)
{
	static struct parser_run r = {.only = only};
	struct bytes in = BYTES(FULL);

	run_begin(&r, &proto_tls);
	r.poor = true;
	run_feed(&r, DIR_C2S, in.p, 30);
	CHECK(r.result[DIR_C2S] == PARSE_DONE, "got %d", r.result[DIR_C2S]);
	run_end(&r);
}

// A message that does not fit a buffer is passed over, and not read from its middle.
static void test_long_messages(void)
{
	static const struct {
		const char *name;
		uint32_t len;
		size_t record;
		const char *text;
	} rows[] = {{"fits", 65536, 16384, "s2c tls.group=0303\n"},
		{"fits, small records", 65536, 99, "s2c tls.group=0303\n"},
		{"one byte too long", 65537, 16384, ""},
		{"one byte too long, small records", 65537, 99, ""},
		{"far too long", 200000, 16384, ""}};
	static struct parser_run r = {.only = only};
	static uint8_t message[200004], wire[220000];

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct bytes in = {message, rows[i].len + 4, false};
		size_t len = 0;
		memset(message, 3, sizeof(message)); // a named curve, wherever one begins to read
		message[0] = 12; // server_key_exchange
		for (unsigned k = 0; k < 3; k++)
			message[1 + k] = (uint8_t)(rows[i].len >> 8 * (2 - k));
		while (in.len > 0) {
			struct bytes part =
				bytes_take(&in, rows[i].record < in.len ? rows[i].record : in.len);
			memcpy(wire + len, "\x16\x03\x03", 3);
			wire[len + 3] = (uint8_t)(part.len >> 8);
			wire[len + 4] = (uint8_t)part.len;
			memcpy(wire + len + 5, part.p, part.len);
			len += 5 + part.len;
		}
		run_stream(&r, &proto_tls, DIR_S2C, (struct bytes){wire, len, false}, len, 1);
		CHECK(strcmp(r.text, rows[i].text) == 0, "%s: %s", rows[i].name, r.text);
		run_stream(&r, &proto_tls, DIR_S2C, (struct bytes){wire, len, false}, 7, 1448);
		CHECK(strcmp(r.text, rows[i].text) == 0, "%s, cut: %s", rows[i].name, r.text);
		CHECK(r.borrowed == 0, "%s", rows[i].name);
	}
}

static const struct {
	const char *name;
	struct bytes in;
	enum probe want;
	enum dir sender;
} probes[] = {
	{"client hello", BYTES(NAMED), PROBE_YES, DIR_C2S},
	{"just enough", BYTES(RECORD("\x40") "\x01"), PROBE_YES, DIR_C2S},
	{"record header only", BYTES(RECORD("\x40")), PROBE_MORE, DIR_C2S},
	{"first byte", BYTES("\x16"), PROBE_MORE, DIR_C2S},
	{"nothing", BYTES(""), PROBE_MORE, DIR_C2S},
	{"version 3.5", BYTES("\x16\x03\x05"), PROBE_NO, DIR_C2S},
	{"record too long", BYTES("\x16\x03\x01\x48\x01\x01"), PROBE_NO, DIR_C2S},
	{"record of nothing", BYTES("\x16\x03\x01\x00\x00\x01"), PROBE_NO, DIR_C2S},
	{"server hello", BYTES("\x16\x03\x03\x00\x7a\x02"), PROBE_YES, DIR_S2C},
	{"certificate", BYTES("\x16\x03\x03\x00\x7a\x0b"), PROBE_NO, DIR_S2C},
	{"alert", BYTES("\x15\x03\x01\x00\x02\x02\x28"), PROBE_YES, DIR_S2C},
	{"alert of three bytes", BYTES("\x15\x03\x01\x00\x03\x02"), PROBE_NO, DIR_S2C},
	{"tlcp", BYTES("\x16\x01\x01\x00\x7a\x01"), PROBE_YES, DIR_C2S},
	{"ssl 2", BYTES("\x80\x1c\x01\x00\x02\x00\x03\x00\x00\x00\x10"), PROBE_YES, DIR_C2S},
	{"ssl 2, cut", BYTES("\x80\x1c\x01\x00\x02"), PROBE_MORE, DIR_C2S},
	{"ssl 2, lengths that do not add up", BYTES("\x80\x1d\x01\x00\x02\x00\x03\x00\x00\x00\x10"),
		PROBE_NO, DIR_C2S},
	{"http", BYTES("GET / HTTP/1.1\r\n"), PROBE_NO, DIR_C2S},
};

static void test_probe(void)
{
	for (size_t i = 0; i < ROWS(probes); i++) {
		enum dir sender = DIR_C2S;
		enum probe got = proto_tls.probe(probes[i].in, 40000, 443, &sender);
		CHECK(got == probes[i].want, "%s: %d", probes[i].name, got);
		CHECK(got != PROBE_YES || sender == probes[i].sender, "%s: sender %d",
			probes[i].name, sender);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"streams", test_streams},
		{"streams, cut anywhere", test_streams_cut},
		{"small records", test_small_records},
		{"truncated hello", test_truncated},
		{"no buffers", test_no_buffers},
		{"long messages", test_long_messages},
		{"probe", test_probe},
		CU_TEST_INFO_NULL,
	};
	return check_main("tls", tests);
}
