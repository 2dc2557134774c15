#include "dataplane/inspect/proto/inflate.h"
#include "dataplane/inspect/proto/websocket.h"
#include "tests/unit/check.h"
#include "tests/unit/tx_log.h"

#define BYTES(s)                                                                                   \
	{                                                                                          \
		(const uint8_t *)(s), sizeof(s) - 1, false                                         \
	}
#define TEXT(fin, op, len, payload)                                                                \
	"websocket.fin=" fin " websocket.opcode=" op                                               \
	" websocket.length=00000000000000" len payload "\n"
#define MASKED(fin, op, len, payload)                                                              \
	"websocket.fin=" fin " websocket.opcode=" op                                               \
	" websocket.mask=37fa213d websocket.length=00000000000000" len payload "\n"
#define SAYS(hex) " websocket.payload=" hex
#define HELLO "48656c6c6f"
// RFC 6455 5.7, RFC 7692 7.2.3
#define PLAIN_HELLO "\x81\x05Hello"
#define MASKED_HELLO "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"
#define DEFLATED_HELLO "\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00"
#define DEFLATED_AGAIN "\xc1\x05\xf2\x00\x11\x00\x00"

static const struct {
	const char *name;
	uint8_t setup;
	enum dir dir;
	struct bytes in;
	enum parse want;
	const char *text; // when payloads are wanted
} cases[] = {
	{"text", 0, DIR_C2S, BYTES(PLAIN_HELLO), PARSE_MORE, TEXT("01", "text", "05", SAYS(HELLO))},
	{"masked", 0, DIR_C2S, BYTES(MASKED_HELLO MASKED_HELLO), PARSE_MORE,
		MASKED("01", "text", "05", SAYS(HELLO)) MASKED("01", "text", "05", SAYS(HELLO))},
	{"in fragments", 0, DIR_C2S, BYTES("\x01\x03Hel\x80\x02lo"), PARSE_MORE,
		TEXT("00", "text", "03", "") TEXT("01", "continuation", "02", SAYS(HELLO))},
	{"a ping between fragments", 0, DIR_C2S,
		BYTES("\x01\x03Hel\x89\x02pp\x80\x02lo\x8a\x00\x88\x02\x03\xe8"), PARSE_MORE,
		TEXT("00", "text", "03", "") TEXT("01", "ping", "02", SAYS("7070"))
			TEXT("01", "continuation", "02", SAYS(HELLO)) TEXT("01", "pong", "00", "")
				TEXT("01", "close", "02", SAYS("03e8"))},
	{"empty", 0, DIR_S2C, BYTES("\x82\x00\x82\x00"), PARSE_MORE,
		"s2c " TEXT("01", "binary", "00", "") "s2c " TEXT("01", "binary", "00", "")},
	{"length of 16 bits", 0, DIR_C2S, BYTES("\x82\x7e\x00\x02\x01\x02" PLAIN_HELLO), PARSE_MORE,
		TEXT("01", "binary", "02", SAYS("0102")) TEXT("01", "text", "05", SAYS(HELLO))},
	{"length of 64 bits", 0, DIR_C2S,
		BYTES("\x82\x7f\x00\x00\x00\x00\x00\x00\x00\x02\x01\x02" PLAIN_HELLO), PARSE_MORE,
		TEXT("01", "binary", "02", SAYS("0102")) TEXT("01", "text", "05", SAYS(HELLO))},
	{"length without end", 0, DIR_C2S, BYTES("\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x02"),
		PARSE_BAD, ""},
	{"compressed", WEBSOCKET_DEFLATE, DIR_C2S,
		BYTES(DEFLATED_HELLO DEFLATED_AGAIN PLAIN_HELLO DEFLATED_AGAIN), PARSE_MORE,
		TEXT("01", "text", "07", SAYS(HELLO)) TEXT("01", "text", "05", SAYS(HELLO)) TEXT(
			"01", "text", "05", SAYS(HELLO)) TEXT("01", "text", "05", SAYS(HELLO))},
	{"compressed, in fragments", WEBSOCKET_DEFLATE, DIR_C2S,
		BYTES("\x41\x03\xf2\x48\xcd\x80\x04\xc9\xc9\x07\x00"), PARSE_MORE,
		TEXT("00", "text", "03", "") TEXT("01", "continuation", "04", SAYS(HELLO))},
	{"compressed, with a last block", WEBSOCKET_DEFLATE, DIR_C2S,
		BYTES("\xc1\x08\xf3\x48\xcd\xc9\xc9\x07\x00\x00" DEFLATED_HELLO), PARSE_MORE,
		TEXT("01", "text", "08", SAYS(HELLO)) TEXT("01", "text", "07", SAYS(HELLO))},
	{"each message anew", WEBSOCKET_DEFLATE | WEBSOCKET_SERVER_FRESH, DIR_S2C,
		BYTES(DEFLATED_HELLO DEFLATED_HELLO), PARSE_MORE,
		"s2c " TEXT("01", "text", "07", SAYS(HELLO)) "s2c " TEXT(
			"01", "text", "07", SAYS(HELLO))},
	{"compressed, and nobody agreed", 0, DIR_C2S, BYTES(DEFLATED_HELLO PLAIN_HELLO), PARSE_MORE,
		TEXT("01", "text", "07", "") TEXT("01", "text", "05", SAYS(HELLO))},
	{"not deflate", WEBSOCKET_DEFLATE, DIR_C2S, BYTES("\xc1\x03\xff\xff\xff" DEFLATED_HELLO),
		PARSE_MORE, TEXT("01", "text", "03", "") TEXT("01", "text", "07", "")},
	{"answer to the upgrade first", 0, DIR_S2C,
		BYTES("HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\n\r\n" PLAIN_HELLO),
		PARSE_MORE, "s2c " TEXT("01", "text", "05", SAYS(HELLO))},
	{"reserved bits", 0, DIR_C2S, BYTES("\xa1\x00"), PARSE_BAD, ""},
	{"reserved opcode", 0, DIR_C2S, BYTES("\x83\x00"), PARSE_BAD, ""},
	{"control in fragments", 0, DIR_C2S, BYTES("\x09\x00"), PARSE_BAD, ""},
	{"control too long", 0, DIR_C2S, BYTES("\x89\x7e\x00\x80"), PARSE_BAD, ""},
	{"cut", 0, DIR_C2S, BYTES("\x81\x05Hel"), PARSE_MORE, ""},
	{"cut header", 0, DIR_C2S, BYTES("\x81"), PARSE_MORE, ""},
};

static const uint8_t nothing[FIELD_COUNT];

static void run_case(struct parser_run *r, size_t i, size_t step)
{
	struct bytes in = cases[i].in;
	const uint8_t setup[15] = {cases[i].setup};

	run_begin(r, &proto_websocket);
	proto_websocket.setup(r->state, setup);
	while (in.len > 0) {
		struct bytes part = bytes_take(&in, in.len < step ? in.len : step);
		run_feed(r, cases[i].dir, part.p, part.len);
	}
	run_end(r);
}

static void test_frames(void)
{
	static struct parser_run r;

	for (size_t i = 0; i < ROWS(cases); i++) {
		for (size_t step = cases[i].in.len; step > 0; step--) {
			run_case(&r, i, step);
			CHECK(r.result[cases[i].dir] == cases[i].want, "%s, %zu: %d", cases[i].name,
				step, r.result[cases[i].dir]);
			CHECK(strcmp(r.text, cases[i].text) == 0, "%s, %zu: %s", cases[i].name,
				step, r.text);
			CHECK(r.borrowed == 0, "%s, %zu", cases[i].name, step);
		}
	}
}

// Frames without a rule that looks into them: told at their headers, and not for ever.
static void test_unwanted(void)
{
	static struct parser_run r = {.wanted = nothing};

	run_begin(&r, &proto_websocket);
	run_feed(&r, DIR_C2S, MASKED_HELLO, 6);
	CHECK(strcmp(r.text, MASKED("01", "text", "05", "")) == 0, "%s", r.text);
	run_feed(&r, DIR_C2S, MASKED_HELLO + 6, 5);
	for (unsigned i = 1; i < 100; i++)
		run_feed(&r, DIR_C2S, MASKED_HELLO, 11);
	CHECK(r.n_tx == 64 && r.result[DIR_C2S] == PARSE_DONE, "%u", r.n_tx);
	run_end(&r);
}

// Beyond so many, only rules see them.
static void test_quiet(void)
{
	static struct parser_run r;

	run_begin(&r, &proto_websocket);
	for (unsigned i = 0; i < 65; i++)
		run_feed(&r, DIR_C2S, PLAIN_HELLO, 7);
	CHECK(r.n_tx == 65 && r.result[DIR_C2S] == PARSE_MORE, "%u", r.n_tx);
	CHECK(strstr(r.text, "\nquiet " TEXT("01", "text", "05", SAYS(HELLO))) != NULL, "quiet");
	run_end(&r);
	CHECK(r.borrowed == 0, "quiet");
}

static void test_gaps(void)
{
	static const uint8_t setup[15] = {WEBSOCKET_DEFLATE};
	static struct parser_run r;

	run_begin(&r, &proto_websocket);
	run_feed(&r, DIR_C2S, "\x81\x05H", 3);
	run_gap(&r, DIR_C2S, 4);
	run_feed(&r, DIR_C2S, PLAIN_HELLO, 7);
	CHECK(strcmp(r.text, TEXT("01", "text", "05", "") TEXT("01", "text", "05", SAYS(HELLO))) ==
			0,
		"inside: %s", r.text);
	run_gap(&r, DIR_C2S, 1);
	CHECK(r.result[DIR_C2S] == PARSE_DONE, "between frames");
	run_end(&r);

	run_begin(&r, &proto_websocket);
	proto_websocket.setup(r.state, setup);
	run_feed(&r, DIR_C2S, DEFLATED_HELLO "\xc1\x05\xf2", 12);
	run_gap(&r, DIR_C2S, 4);
	run_feed(&r, DIR_C2S, DEFLATED_AGAIN PLAIN_HELLO, 14);
	CHECK(strcmp(r.text,
		      TEXT("01", "text", "07", SAYS(HELLO)) TEXT("01", "text", "05", "") TEXT(
			      "01", "text", "05", "") TEXT("01", "text", "05", SAYS(HELLO))) == 0,
		"window lost: %s", r.text);
	run_end(&r);
	CHECK(r.borrowed == 0, "gaps");
}

// A payload is taken as far as a buffer goes, and the frames after it are found.
static void test_bound(void)
{
	static const uint8_t setup[15] = {WEBSOCKET_DEFLATE};
	static uint8_t zeros[GATHER_MAX];
	static struct parser_run r;

	run_begin(&r, &proto_websocket);
	run_feed(&r, DIR_C2S, "\x02\x7f\x00\x00\x00\x00\x00\x02\x00\x00", 10);
	for (unsigned i = 0; i < 2; i++)
		run_feed(&r, DIR_C2S, zeros, sizeof(zeros));
	run_feed(&r, DIR_C2S, "\x89\x02pp\x80\x00" PLAIN_HELLO, 13);
	CHECK(strstr(r.text, SAYS("7070") "\n") != NULL, "the ping's");
	CHECK(r.n_tx == 4 && r.result[DIR_C2S] == PARSE_MORE, "%u", r.n_tx);
	run_end(&r);
	CHECK(r.borrowed == 0, "bound");

	// RFC 1951 3.2.4: stored blocks of a compressed message.
	run_begin(&r, &proto_websocket);
	proto_websocket.setup(r.state, setup);
	run_feed(&r, DIR_C2S, "\xc2\x7f\x00\x00\x00\x00\x00\x02\x00\x08", 10);
	for (unsigned i = 0; i < 2; i++) {
		run_feed(&r, DIR_C2S, "\x00\xff\xff\x00\x00", 5);
		run_feed(&r, DIR_C2S, zeros, UINT16_MAX);
	}
	CHECK(r.n_tx == 1 && r.result[DIR_C2S] == PARSE_MORE, "%u", r.n_tx);
	run_feed(&r, DIR_C2S, DEFLATED_HELLO, 9);
	CHECK(r.n_tx == 2, "%u", r.n_tx);
	run_end(&r);
	CHECK(r.borrowed == 0, "bound");
}

// So many connections hold a decoder; the others' messages are told without what they say.
static void test_decoders(void)
{
	static const uint8_t setup[15] = {WEBSOCKET_DEFLATE};
	static struct parser_run r[INFLATERS_LASTING + 1];

	for (size_t i = 0; i < ROWS(r); i++) {
		run_begin(&r[i], &proto_websocket);
		proto_websocket.setup(r[i].state, setup);
		run_feed(&r[i], DIR_C2S, DEFLATED_HELLO, 9);
		CHECK((strstr(r[i].text, HELLO) != NULL) == (i < INFLATERS_LASTING), "%zu", i);
	}
	for (size_t i = 0; i < ROWS(r); i++)
		run_end(&r[i]);
	run_case(&r[0], 8, 1000);
	CHECK(strcmp(r[0].text, cases[8].text) == 0, "%s", r[0].text);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"frames, cut anywhere", test_frames},
		{"not wanted", test_unwanted},
		{"quiet", test_quiet},
		{"gaps", test_gaps},
		{"bound", test_bound},
		{"decoders", test_decoders},
		CU_TEST_INFO_NULL,
	};
	return check_main("websocket", tests);
}
