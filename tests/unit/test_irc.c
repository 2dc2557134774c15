#include "tests/unit/stream_rows.h"

static const struct stream_row rows[] = {
	{"registration: no password", DIR_C2S,
		BYTES("CAP LS 302\r\nPASS geheim\r\nNICK anna\r\nUSER anna 0 * :Anna A\r\n"),
		PARSE_MORE,
		"irc.command=CAP\nirc.command=PASS\nirc.command=NICK irc.target=anna\n"
		"irc.command=USER irc.target=anna\n",
		0},
	{"proofs of who one is", DIR_C2S,
		BYTES("AUTHENTICATE PLAIN\r\nAUTHENTICATE YW5uYQ==\r\nOPER anna geheim\r\n"
		      "NS IDENTIFY geheim\r\nJOIN #a,#b key\r\n"),
		PARSE_MORE,
		"irc.command=AUTHENTICATE\nirc.command=AUTHENTICATE\nirc.command=OPER\n"
		"irc.command=NS\nirc.command=JOIN irc.target=#a,#b\n",
		0},
	{"server, prefixes and numerics", DIR_S2C,
		BYTES(":irc.example.org 001 anna :Welcome anna!a@h\r\n"
		      ":bob!b@host.example PRIVMSG #chan :hello you\r\nPING :irc.example.org\r\n"
		      ":anna!a@h JOIN :#chan\r\n:irc.example.org 433 * anna :in use\r\n"),
		PARSE_MORE,
		"s2c irc.command=001 irc.prefix=irc.example.org irc.target=anna\n"
		"s2c irc.command=PRIVMSG irc.prefix=bob!b@host.example irc.target=#chan\n"
		"s2c irc.command=PING\n"
		"s2c irc.command=JOIN irc.prefix=anna!a@h irc.target=#chan\n"
		"s2c irc.command=433 irc.prefix=irc.example.org irc.target=*\n",
		0},
	{"tags, bare line feeds, empty lines, more spaces", DIR_S2C,
		BYTES("@time=2024-01-01T00:00:00.000Z;msgid=x :bob!b@h  PRIVMSG  anna :hi\n\r\n\n"
		      "@a=b PING x\nprivmsg anna :hi\n"),
		PARSE_MORE,
		"s2c irc.command=PRIVMSG irc.prefix=bob!b@h irc.target=anna\n"
		"s2c irc.command=PING\ns2c irc.command=privmsg irc.target=anna\n",
		0},
	{"text where a name should stand", DIR_C2S,
		BYTES("PRIVMSG :secret text\r\nNOTICE :x y\r\nTOPIC :x\r\nQUIT bye\r\nAWAY out\r\n"
		      "PRIVMSG\r\n"),
		PARSE_MORE,
		"irc.command=PRIVMSG\nirc.command=NOTICE\nirc.command=TOPIC\nirc.command=QUIT\n"
		"irc.command=AWAY\nirc.command=PRIVMSG\n",
		0},
	{"words that are no commands stay", DIR_C2S,
		BYTES("secret anna\r\n:anna!a@h word x\r\nJOINED #a\r\nJOI #a\r\nwhisper bob "
		      ":x\r\n"),
		PARSE_MORE, "irc.command=whisper\n", 0},
	{"no messages", DIR_C2S,
		BYTES("hello, world\r\n12 x\r\n:only-a-prefix\r\n@only-tags\r\n0\r\nJOIN #a\r\n"),
		PARSE_MORE, "irc.command=JOIN irc.target=#a\n", 0},
	{"not ended", DIR_C2S, BYTES("JOIN #a\r\nPRIVMSG #a :he"), PARSE_MORE,
		"irc.command=JOIN irc.target=#a\n", 0},
	{"starttls, answered", DIR_S2C,
		BYTES(":irc.example.org 670 anna :STARTTLS successful\r\n\x16\x03\x03\x00\x40"),
		PARSE_SWITCH, "s2c irc.command=670 irc.prefix=irc.example.org irc.target=anna\n",
		5},
	{"starttls, the answer is not seen", DIR_C2S, BYTES("STARTTLS\r\n\x16\x03\x01\x00\x0a\x0a"),
		PARSE_SWITCH, "irc.command=STARTTLS\n", 6},
};

static void test_cut(void)
{
	rows_cut(&proto_irc, rows, ROWS(rows));
}

static void test_broken(void)
{
	rows_broken(&proto_irc, rows, ROWS(rows));
}

// A line that never ends is told by its beginning; what follows is found.
static void test_long(void)
{
	static uint8_t wire[40000];
	static const size_t lens[] = {16382, 16383, 16384, 16385, 30000};
	static const char text[] = "irc.command=PRIVMSG irc.target=x\n"
				   "irc.command=JOIN irc.target=#a\n";
	static struct parser_run r;

	for (size_t i = 0; i < ROWS(lens); i++) {
		memset(wire, 'y', sizeof(wire));
		memcpy(wire, "PRIVMSG x :", 11);
		memcpy(wire + lens[i], "\nJOIN #a\n", 9);
		struct bytes in = {wire, lens[i] + 9, false};
		static const size_t steps[] = {40000, 1448, 1, 16384, 16383};
		for (size_t k = 0; k < ROWS(steps); k++) {
			run_stream(&r, &proto_irc, DIR_C2S, in,
				steps[k] < in.len ? steps[k] : in.len, steps[k]);
			CHECK(strcmp(r.text, text) == 0, "%zu by %zu: %s", lens[i], steps[k],
				r.text);
			CHECK(r.borrowed == 0, "%zu by %zu", lens[i], steps[k]);
		}
	}
}

static void test_gap(void)
{
	static struct parser_run r;

	run_begin(&r, &proto_irc);
	run_feed(&r, DIR_S2C, ":a!b@c PRIV", 11);
	run_gap(&r, DIR_S2C, 100);
	run_feed(&r, DIR_S2C, "rest of it\r\nPING :x\r\n", 21);
	CHECK(strcmp(r.text, "s2c irc.command=PING\n") == 0, "%s", r.text);
	CHECK(r.borrowed == 0, "%u", r.borrowed);
}

// Lines that are no messages for too long: it is something else.
static void test_strange(void)
{
	static struct parser_run r;
	unsigned lines = 0;

	run_begin(&r, &proto_irc);
	while (r.result[DIR_S2C] == PARSE_MORE && lines < 1000) {
		run_feed(&r, DIR_S2C, "220-What is this?\r\n", 19);
		lines++;
	}
	CHECK(lines == 64 && r.result[DIR_S2C] == PARSE_BAD, "%u", lines);
}

static const struct probe_row probes[] = {
	{"nick", 40000, 9999, BYTES("NICK anna\r\n"), PROBE_YES, DIR_C2S},
	{"nick of a number", 40000, 9999, BYTES("NICK 007\r\n"), PROBE_NO, DIR_C2S},
	{"user", 40000, 9999, BYTES("USER anna 0 * :Anna"), PROBE_YES, DIR_C2S},
	{"cap", 40000, 9999, BYTES("CAP LS 302\r\n"), PROBE_YES, DIR_C2S},
	{"pass, nick", 40000, 9999, BYTES("PASS x\r\nNICK anna\r\n"), PROBE_YES, DIR_C2S},
	{"pass only", 40000, 9999, BYTES("PASS x\r\n"), PROBE_MORE, DIR_C2S},
	{"user with one parameter, nick", 40000, 9999, BYTES("USER foo\nNICK foo\n"), PROBE_YES,
		DIR_C2S},
	{"join", 40000, 9999, BYTES("JOIN #chan\r\n"), PROBE_YES, DIR_C2S},
	{"privmsg", 40000, 9999, BYTES("PRIVMSG bob :"), PROBE_YES, DIR_C2S},
	{"welcome", 9999, 40000, BYTES(":irc.example.org 001 anna :Welcome\r\n"), PROBE_YES,
		DIR_S2C},
	{"server's notice", 9999, 40000, BYTES(":irc.example.org NOTICE * :***"), PROBE_YES,
		DIR_S2C},
	{"notice auth", 9999, 40000, BYTES("NOTICE AUTH :*** Looking"), PROBE_YES, DIR_S2C},
	{"tagged", 9999, 40000, BYTES("@time=2024-01-01T00:00:00.000Z :b!b@h PRIVMSG #a :"),
		PROBE_YES, DIR_S2C},
	{"closing", 9999, 40000, BYTES("ERROR :Closing Link: x"), PROBE_YES, DIR_S2C},
	{"ftp", 40000, 21, BYTES("USER anonymous\r\n"), PROBE_MORE, DIR_C2S},
	{"ftp, both", 40000, 21, BYTES("USER anonymous\r\nPASS x@\r\n"), PROBE_NO, DIR_C2S},
	{"pop3", 40000, 110, BYTES("PASS x\r\nSTAT\r\n"), PROBE_NO, DIR_C2S},
	{"pop3 capa", 40000, 110, BYTES("CAPA\r\n"), PROBE_NO, DIR_C2S},
	{"ftp mode", 40000, 21, BYTES("MODE S\r\n"), PROBE_NO, DIR_C2S},
	{"http", 40000, 80, BYTES("POST / HTTP/1.1\r\n"), PROBE_NO, DIR_C2S},
	{"redis", 6379, 40000, BYTES(":1000\r\n:1 200 x\r\n"), PROBE_NO, DIR_S2C},
	{"binary", 40000, 9999, BYTES("P\x00\x00\x01\x02"), PROBE_NO, DIR_C2S},
	{"colon, binary", 40000, 9999, BYTES(":\x00\x00\x01\x02"), PROBE_NO, DIR_C2S},
};

static void test_probe(void)
{
	rows_probe(&proto_irc, probes, ROWS(probes));
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"messages, cut anywhere", test_cut},
		{"messages, broken anywhere", test_broken},
		{"long line", test_long},
		{"gap", test_gap},
		{"strange lines", test_strange},
		{"probe", test_probe},
		CU_TEST_INFO_NULL,
	};
	return check_main("irc", tests);
}
