#include "tests/unit/stream_rows.h"

// A client's side alone: what follows its request is switched to.
static const struct stream_row rows[] = {
	{"socks 5", DIR_C2S,
		BYTES("\x05\x02\x00\x02\x05\x01\x00\x03\x03"
		      "a.b\x01\xbb"
		      "GET"),
		PARSE_SWITCH,
		"socks.version=05 socks.methods=0002\n"
		"socks.version=05 socks.command=01 socks.host=a.b socks.port=01bb\n",
		3},
	{"socks 5 with a user", DIR_C2S,
		BYTES("\x05\x01\x02\x01\x02me\x04word\x05\x01\x00\x01\xc0\x00\x02\x01\x00\x50"
		      "x"),
		PARSE_SWITCH,
		"socks.version=05 socks.methods=02\nsocks.version=05 socks.user=me\n"
		"socks.version=05 socks.command=01 socks.host=192.0.2.1 socks.port=0050\n",
		1},
	{"socks 5, IPv6", DIR_C2S,
		BYTES("\x05\x01\x00\x05\x01\x00\x04\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00"
		      "\x00\x00\x00\x01\x00\x50"),
		PARSE_MORE,
		"socks.version=05 socks.methods=00\n"
		"socks.version=05 socks.command=01 socks.host=2001:db8::1 socks.port=0050\n",
		0},
	{"socks 5, unknown kind of address", DIR_C2S, BYTES("\x05\x01\x00\x05\x01\x00\x09zzzz"),
		PARSE_BAD, "socks.version=05 socks.methods=00\n", 0},
	{"socks 4", DIR_C2S, BYTES("\x04\x01\x00\x50\xc0\x00\x02\x01me\x00GET"), PARSE_SWITCH,
		"socks.version=04 socks.command=01 socks.host=192.0.2.1 socks.port=0050 "
		"socks.user=me\n",
		3},
	{"socks 4a", DIR_C2S,
		BYTES("\x04\x01\x00\x50\x00\x00\x00\x01\x00"
		      "a.b\x00GET"),
		PARSE_SWITCH, "socks.version=04 socks.command=01 socks.host=a.b socks.port=0050\n",
		3},
	{"server of socks 5", DIR_S2C,
		BYTES("\x05\x00\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00HTTP"), PARSE_SWITCH,
		"s2c socks.version=05 socks.methods=00\ns2c socks.version=05 socks.reply=00\n", 4},
	{"server of socks 5 that asks for a user", DIR_S2C,
		BYTES("\x05\x02\x01\x00\x05\x05\x00\x03\x01x\x00\x00"), PARSE_SWITCH,
		"s2c socks.version=05 socks.methods=02\ns2c socks.version=05 socks.reply=05\n", 0},
	{"server of socks 4", DIR_S2C, BYTES("\x00\x5a\x00\x00\x00\x00\x00\x00HTTP"), PARSE_SWITCH,
		"s2c socks.version=04 socks.reply=5a\n", 4},
};

static void test_rows(void)
{
	rows_cut(&proto_socks, rows, ROWS(rows));
	rows_broken(&proto_socks, rows, ROWS(rows));
}

// A user's name that is longer than a message may be is none, however it is cut.
static void test_long(void)
{
	static uint8_t wire[2000] = "\x04\x01\x00\x50\xc0\x00\x02\x01";
	static struct parser_run r;

	for (size_t len = 590; len <= 620; len++) {
		memset(wire + 8, 'u', sizeof(wire) - 8);
		wire[len - 1] = '\0';
		for (size_t step = 1; step <= sizeof(wire); step = step == 1 ? 599 : step + 700) {
			struct bytes in = {wire, sizeof(wire), false};
			run_stream(&r, &proto_socks, DIR_C2S, in, step, step);
			enum parse want = len <= 600 ? PARSE_SWITCH : PARSE_BAD;
			CHECK(r.result[DIR_C2S] == want, "%zu by %zu: %d", len, step,
				r.result[DIR_C2S]);
		}
	}
}

// The word of RFC 1929 is told nowhere.
static void test_password(void)
{
	static struct parser_run r;
	struct bytes in = rows[1].in;

	run_stream(&r, &proto_socks, DIR_C2S, in, in.len, 1);
	CHECK(strstr(r.text, "word") == NULL, "%s", r.text);
}

static void test_probe(void)
{
	static const struct {
		struct bytes in;
		enum probe want;
	} cases[] = {{BYTES("\x05\x01\x00"), PROBE_YES}, {BYTES("\x05\x02\x00"), PROBE_MORE},
		{BYTES("\x05\x01\x00\x05"), PROBE_NO}, {BYTES("\x05\x00"), PROBE_NO},
		{BYTES("\x05\x01\x20"), PROBE_NO}, {BYTES("\x05"), PROBE_MORE},
		{BYTES("\x04\x01\x00\x50\x7f\x00\x00\x01\x00"), PROBE_YES},
		{BYTES("\x04\x01\x00\x50\x7f\x00\x00\x01user"), PROBE_MORE},
		{BYTES("\x04\x01\x00\x50\x7f\x00\x00\x01\x01\x00"), PROBE_NO},
		{BYTES("\x04\x01\x00\x50\x00\x00\x00\x01\x00"
		       "a.b\x00"),
			PROBE_YES},
		{BYTES("\x04\x02\x00\x10\x00\x00\x00\x05\x00\x00\x00\x00"), PROBE_NO},
		{BYTES("\x04\x01\x01\x72\x00\x35\x01\x00\x00"), PROBE_NO},
		{BYTES("\x04\x03\x00\x50"), PROBE_NO}, {BYTES("\x04\x01\x00\x00"), PROBE_NO},
		{BYTES("\x03"), PROBE_NO}, {BYTES(""), PROBE_MORE}};

	for (size_t i = 0; i < ROWS(cases); i++) {
		enum dir sender;
		enum probe got = proto_socks.probe(cases[i].in, 40000, 1080, &sender);
		CHECK(got == cases[i].want, "%zu: %d", i, got);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"rows", test_rows},
		{"long", test_long},
		{"password", test_password},
		{"probe", test_probe},
		CU_TEST_INFO_NULL,
	};
	return check_main("socks", tests);
}
