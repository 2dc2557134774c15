#include "tests/unit/stream_rows.h"

#include <time.h>

enum { HELLO = 1537, HANDSHAKE = HELLO + 1536, STREAM_MAX = HANDSHAKE + 1024 };

#define CONNECT                                                                                    \
	"\x02\x00\x07"                                                                             \
	"connect\x00\x3f\xf0\x00\x00\x00\x00\x00\x00\x03"
#define APP                                                                                        \
	"\x00\x03"                                                                                 \
	"app\x02\x00\x04live"
#define NUMBERS                                                                                    \
	"\x00\x04"                                                                                 \
	"fpad\x01\x00\x00\x01"                                                                     \
	"c\x00\x40\x2e\x00\x00\x00\x00\x00\x00\x00\x01"                                            \
	"n\x05"
#define URL                                                                                        \
	"\x00\x05"                                                                                 \
	"tcUrl\x02\x00\x17rtmp://example.org/live"
#define END "\x00\x00\x09"
#define BODY CONNECT APP NUMBERS URL END
#define HEAD(len, type) "\x03\x00\x00\x00\x00\x00" len type "\x00\x00\x00\x00"

static const struct {
	const char *name;
	struct bytes commands; // behind the client's handshake
	enum parse want;
	const char *text;
} rows[] = {
	{"nothing", BYTES(""), PARSE_MORE, "rtmp.version=03\n"},
	{"connect", BYTES(HEAD("\x5c", "\x14") BODY), PARSE_DONE,
		"rtmp.version=03 rtmp.app=live rtmp.tc_url=rtmp://example.org/live\n"},
	{"AMF 3", BYTES(HEAD("\x5d", "\x11") "\x00" BODY "later"), PARSE_DONE,
		"rtmp.version=03 rtmp.app=live rtmp.tc_url=rtmp://example.org/live\n"},
	{"in small chunks",
		BYTES("\x02\x00\x00\x00\x00\x00\x04\x01\x00\x00\x00\x00\x00\x00\x00\x28" HEAD(
			"\x2c", "\x14") CONNECT "\x00\x03"
						"app\x02\x00\x09"
						"a/b/c/d/e\x00\x01"
						"o\xc3\x05\x00\x00\x09"),
		PARSE_DONE, "rtmp.version=03 rtmp.app=a/b/c/d/e\n"},
	{"an extended time, a wide id",
		BYTES("\x00\x07\xff\xff\xff\x00\x00\x23\x14\x00\x00\x00\x00\x01\x02\x03\x04" CONNECT
				APP END),
		PARSE_DONE, "rtmp.version=03 rtmp.app=live\n"},
	{"another command",
		BYTES(HEAD("\x0c", "\x14") "\x02\x00\x09"
					   "elsewhere"),
		PARSE_DONE, "rtmp.version=03\n"},
	{"a value of an unknown kind",
		BYTES(HEAD("\x2d", "\x14") CONNECT "\x00\x01"
						   "x\x0f" APP "zzzzzzzzz"),
		PARSE_DONE, "rtmp.version=03\n"},
	{"a message that is too long", BYTES("\x03\x00\x00\x00\x00\x20\x00\x14\x00\x00\x00\x00"),
		PARSE_DONE, "rtmp.version=03\n"},
	{"a chunk that goes on with nothing", BYTES("\xc3zz"), PARSE_DONE, "rtmp.version=03\n"},
	{"chunks of no bytes",
		BYTES("\x02\x00\x00\x00\x00\x00\x04\x01\x00\x00\x00\x00\x00\x00\x00\x00"),
		PARSE_DONE, "rtmp.version=03\n"},
};

static struct bytes client(uint8_t stream[STREAM_MAX], struct bytes commands)
{
	memset(stream, 0xa7, HANDSHAKE);
	stream[0] = 3;
	memset(stream + 5, 0, 4);
	memcpy(stream + HANDSHAKE, commands.p, commands.len);
	return (struct bytes){stream, HANDSHAKE + commands.len, false};
}

static void test_client(void)
{
	static uint8_t stream[STREAM_MAX];

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct stream_row row = {.name = rows[i].name,
			.dir = DIR_C2S,
			.in = client(stream, rows[i].commands),
			.want = rows[i].want,
			.text = rows[i].text};
		rows_cut(&proto_rtmp, &row, 1);
		if (i == 3)
			rows_broken(&proto_rtmp, &row, 1);
	}
}

static void test_server(void)
{
	static uint8_t stream[STREAM_MAX];
	struct bytes in = client(stream, (struct bytes){stream, 0, false});

	in.len = HELLO;
	struct stream_row row = {"server", DIR_S2C, in, PARSE_DONE, "s2c rtmp.version=03\n", 0};
	rows_cut(&proto_rtmp, &row, 1);
}

// Put `body` in chunks of `size` bytes, behind the message that says so. Gives the length.
static size_t chunks(uint8_t *out, struct bytes body, uint8_t size, bool extended)
{
	static const char time[] = "\xff\xff\xff", later[] = "\x01\x02\x03\x04";
	size_t len = 16;

	memcpy(out, "\x02\x00\x00\x00\x00\x00\x04\x01\x00\x00\x00\x00\x00\x00\x00", 15);
	out[15] = size;
	out[len++] = 0x43; // without a stream
	memcpy(out + len, extended ? time : "\x00\x00\x00", 3);
	out[len + 3] = 0;
	out[len + 4] = (uint8_t)(body.len >> 8);
	out[len + 5] = (uint8_t)body.len;
	out[len + 6] = 0x14;
	len += 7;
	for (bool first = true; body.len > 0; first = false) {
		struct bytes part = bytes_take(&body, size < body.len ? size : body.len);
		if (!first)
			out[len++] = 0xc3;
		if (extended)
			memcpy(out + len, later, 4);
		len += extended ? 4 : 0;
		memcpy(out + len, part.p, part.len);
		len += part.len;
	}
	return len;
}

static void test_chunks(void)
{
	static uint8_t stream[STREAM_MAX], wire[1024];
	static struct parser_run r;
	struct bytes body = BYTES(BODY);

	for (unsigned size = 1; size <= body.len; size++) {
		for (unsigned extended = 0; extended < 2; extended++) {
			size_t len = chunks(wire, body, (uint8_t)size, extended != 0);
			struct bytes in = client(stream, (struct bytes){wire, len, false});
			for (size_t step = 1; step < 40; step += 38) {
				run_stream(&r, &proto_rtmp, DIR_C2S, in, HANDSHAKE, step);
				CHECK(strcmp(r.text, rows[1].text) == 0,
					"chunks of %u, %u, by %zu: %s", size, extended, step,
					r.text);
			}
		}
	}
}

// A command of 4,000 chunks of a byte, a byte at a time: each byte is looked at once.
static void test_cost(void)
{
	enum { BODY_LEN = 4000, STREAMS = 4 };
	static uint8_t hello[STREAM_MAX], body[BODY_LEN], wire[16 + 8 + 2 * BODY_LEN];
	static struct parser_run r;

	memset(body, 'x', sizeof(body));
	size_t len = chunks(wire, (struct bytes){body, sizeof(body), false}, 1, false);
	struct bytes in = client(hello, (struct bytes){wire, 0, false});
	clock_t began = clock();
	for (unsigned n = 0; n < STREAMS; n++) {
		run_begin(&r, &proto_rtmp);
		run_feed(&r, DIR_C2S, in.p, in.len);
		for (size_t i = 0; i < len; i++)
			run_feed(&r, DIR_C2S, wire + i, 1);
		CHECK(r.result[DIR_C2S] == PARSE_DONE && r.n_tx == 1, "%d", r.result[DIR_C2S]);
		run_end(&r);
	}
	double s = (double)(clock() - began) / CLOCKS_PER_SEC;
	CHECK(s < 0.1, "%.2f s", s);
}

// A hole in what is random takes nothing away; one behind it does.
static void test_gap(void)
{
	static const struct {
		size_t at, missing;
		const char *text;
	} cases[] = {
		{1, 100, "rtmp.version=03 rtmp.app=live rtmp.tc_url=rtmp://example.org/live\n"},
		{100, HANDSHAKE - 100,
			"rtmp.version=03 rtmp.app=live rtmp.tc_url=rtmp://example.org/live\n"},
		{100, HANDSHAKE - 99, ""},
		{HELLO, HANDSHAKE - HELLO + 1, "rtmp.version=03\n"},
		{HANDSHAKE + 3, 1, "rtmp.version=03\n"},
	};
	static uint8_t stream[STREAM_MAX];
	static struct parser_run r;
	struct bytes in = client(stream, rows[1].commands);

	for (size_t i = 0; i < ROWS(cases); i++) {
		size_t behind = cases[i].at + cases[i].missing;
		run_begin(&r, &proto_rtmp);
		run_feed(&r, DIR_C2S, in.p, cases[i].at);
		run_gap(&r, DIR_C2S, (uint32_t)cases[i].missing);
		run_feed(&r, DIR_C2S, in.p + behind, in.len - behind);
		run_end(&r);
		CHECK(strcmp(r.text, cases[i].text) == 0, "%zu: %s", i, r.text);
		CHECK(r.borrowed == 0, "%zu", i);
	}
}

static void test_probe(void)
{
	static const struct {
		struct bytes in;
		enum probe want;
	} cases[] = {
		{BYTES(""), PROBE_MORE},
		{BYTES("\x03\x01\x02"), PROBE_MORE},
		{BYTES("\x04"), PROBE_NO},
		{BYTES("\x03"
		       "time\x00\x00\x00\x00"
		       "random12"),
			PROBE_YES},
		{BYTES("\x03"
		       "time\x0a\x00\x2d\x02"
		       "random12"),
			PROBE_YES},
		{BYTES("\x03"
		       "time\x80\x00\x07\x02"
		       "random12"),
			PROBE_YES},
		{BYTES("\x03"
		       "time\x80\x01\x07\x02"
		       "random12"),
			PROBE_NO},
		{BYTES("\x03"
		       "time\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"),
			PROBE_NO},
		// RFC 1006: what RDP begins with
		{BYTES("\x03\x00\x00\x2c\x27\xe0\x00\x00\x00\x00\x00"
		       "Cookie"),
			PROBE_NO},
	};

	for (size_t i = 0; i < ROWS(cases); i++) {
		enum dir sender = DIR_C2S;
		CHECK(proto_rtmp.probe(cases[i].in, 1935, 40000, &sender) == cases[i].want, "%zu",
			i);
		CHECK(cases[i].want != PROBE_YES || sender == DIR_S2C, "%zu: by its port", i);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"client", test_client},
		{"server", test_server},
		{"chunks", test_chunks},
		{"cost", test_cost},
		{"gap", test_gap},
		{"probe", test_probe},
		CU_TEST_INFO_NULL,
	};
	return check_main("rtmp", tests);
}
