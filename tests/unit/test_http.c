#include "tests/unit/check.h"
#include "tests/unit/tx_log.h"

#include <time.h>

#define BYTES(s)                                                                                   \
	{                                                                                          \
		(const uint8_t *)(s), sizeof(s) - 1, false                                         \
	}
#define GET "GET /a HTTP/1.1\r\nHost: h\r\n\r\n"
#define GET_TEXT "http.method=GET http.uri=/a http.protocol=HTTP/1.1 http.host=h\n"
#define OK "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
#define OK_TEXT "s2c http.protocol=HTTP/1.1 http.stat_code=200\n"
#define UPGRADE(to) "GET /a HTTP/1.1\r\nHost: h\r\nUpgrade: " to "\r\n\r\n"
#define UPGRADE_TEXT(to)                                                                           \
	"http.method=GET http.uri=/a http.protocol=HTTP/1.1 http.host=h http.upgrade=" to "\n"
#define POST "http.method=POST http.uri=/p http.protocol=HTTP/1.1\n"

static const struct {
	const char *name;
	struct bytes in;
	enum parse want;
	const char *text;
} cases[] = {
	{"one", BYTES(GET), PARSE_MORE, GET_TEXT},
	{"all fields",
		BYTES("POST /x?y=1 HTTP/1.0\r\nhost: a.b:81 \r\nUSER-AGENT:\tc d\r\n"
		      "Content-Type: text/x\r\nReferer: http://r/\r\nX: y\r\nContent-Length: "
		      "0\r\n\r\n"),
		PARSE_MORE,
		"http.method=POST http.uri=/x?y=1 http.protocol=HTTP/1.0 http.host=a.b:81 "
		"http.user_agent=c d http.content_type=text/x http.referer=http://r/\n"},
	{"pipelined, empty lines between", BYTES("\r\n\n" GET "\r\n" GET GET), PARSE_MORE,
		GET_TEXT GET_TEXT GET_TEXT},
	{"bare LF", BYTES("GET /a HTTP/1.1\nHost: h\n\n" GET), PARSE_MORE, GET_TEXT GET_TEXT},
	{"odd spacing", BYTES("GET \t /a   HTTP/1.1 \r\nHost :h\t\r\n\r\r\n" GET), PARSE_MORE,
		GET_TEXT GET_TEXT},
	{"uri with spaces", BYTES("GET /a b HTTP/1.1\r\n\r\n"), PARSE_MORE,
		"http.method=GET http.uri=/a b http.protocol=HTTP/1.1\n"},
	{"unknown method", BYTES("FROB-1 /a HTTP/1.1\r\nHost: h\r\n\r\n"), PARSE_MORE,
		"http.method=FROB-1 http.uri=/a http.protocol=HTTP/1.1 http.host=h\n"},
	{"folded value", BYTES("GET /a HTTP/1.1\r\nHost:\r\n h\r\n\tx\r\nX: y\r\n z\r\n\r\n"),
		PARSE_MORE,
		"http.method=GET http.uri=/a http.protocol=HTTP/1.1 http.host=h0d0a09x\n"},
	{"the first host counts", BYTES("GET /a HTTP/1.1\r\nHost: h\r\nHost: i\r\n\r\n"),
		PARSE_MORE, GET_TEXT},
	{"lines that are no headers",
		BYTES("GET /a HTTP/1.1\r\nnonsense\r\n: x\r\nHost: h\r\n\r\n"), PARSE_MORE,
		GET_TEXT},
	{"absolute uri", BYTES("GET http://me:pw@a.b:8/c HTTP/1.1\r\n\r\n"), PARSE_MORE,
		"http.method=GET http.uri=http://me:pw@a.b:8/c http.protocol=HTTP/1.1 "
		"http.host=a.b:8\n"},
	{"absolute uri and host", BYTES("GET http://a.b/c HTTP/1.1\r\nHost: d\r\n\r\n"), PARSE_MORE,
		"http.method=GET http.uri=http://a.b/c http.protocol=HTTP/1.1 http.host=d\n"},
	{"body by length", BYTES("POST /p HTTP/1.1\r\nContent-Length: 5\r\n\r\nGET /" GET),
		PARSE_MORE, POST GET_TEXT},
	{"chunked body",
		BYTES("POST /p HTTP/1.1\r\nTransfer-Encoding: gzip, Chunked\r\nContent-Length: "
		      "1\r\n\r\n"
		      "5;x=y\r\nGET /\r\n00A\n0123456789\n0\r\nT: t\r\n\r\n" GET),
		PARSE_MORE, POST GET_TEXT},
	{"chunked, no trailer",
		BYTES("POST /p HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" GET),
		PARSE_MORE, POST GET_TEXT},
	{"endless body",
		BYTES("POST /p HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n" GET),
		PARSE_MORE, POST},
	{"length that lies: the next request is found",
		BYTES("POST /p HTTP/1.1\r\nContent-Length: 2\r\n\r\n{\"a\":\n1}" GET GET),
		PARSE_MORE, POST GET_TEXT GET_TEXT},
	{"chunks that lie",
		BYTES("POST /p HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n" GET),
		PARSE_MORE, POST GET_TEXT},
	{"head that does not end", BYTES("GET /a HTTP/1.1\r\nHost: h\r\nUser-Agent: cu"),
		PARSE_MORE, GET_TEXT},
	{"request line that does not end", BYTES("GET /a HTTP/1.1"), PARSE_MORE, ""},
	{"0.9", BYTES("GET /a\r\n"), PARSE_MORE, "http.method=GET http.uri=/a\n"},
	{"0.9 with headers", BYTES("GET /a\r\nHost: h\r\n\r\n"), PARSE_MORE,
		"http.method=GET http.uri=/a http.host=h\n"},
	{"0.9 knows no POST", BYTES("POST /a\r\n"), PARSE_BAD, ""},
	{"0.9 needs a path", BYTES("GET a\r\n"), PARSE_BAD, ""},
	{"rtsp", BYTES("DESCRIBE rtsp://a/b RTSP/1.0\r\nCSeq: 1\r\n\r\n"), PARSE_BAD, ""},
	{"rtsp with a path", BYTES("GET /a RTSP/1.0\r\n"), PARSE_BAD, ""},
	{"sip", BYTES("REGISTER sip:a SIP/2.0\r\n\r\n"), PARSE_BAD, ""},
	{"icap", BYTES("OPTIONS icap://a/b ICAP/1.0\r\n"), PARSE_BAD, ""},
	{"http/2 preface", BYTES("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), PARSE_BAD, ""},
	{"no target", BYTES("GET HTTP/1.1\r\nHost: h\r\n\r\n"), PARSE_MORE,
		"http.method=GET http.protocol=HTTP/1.1 http.host=h\n"},
	{"nothing but a method", BYTES("GET \r\n"), PARSE_BAD, ""},
	{"method too long", BYTES("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456 / HTTP/1.1\r\n"), PARSE_BAD,
		""},
	{"responses", BYTES(OK OK), PARSE_MORE, OK_TEXT OK_TEXT},
	{"connect, unanswered", BYTES("CONNECT a.b:443 HTTP/1.1\r\n\r\n\x16"), PARSE_SWITCH,
		"http.method=CONNECT http.uri=a.b:443 http.protocol=HTTP/1.1 http.host=a.b:443\n"},
	{"connect without a target", BYTES("CONNECT / HTTP/1.1\r\n\r\n\x16"), PARSE_SWITCH,
		"http.method=CONNECT http.uri=/ http.protocol=HTTP/1.1\n"},
	{"upgrade, unanswered", BYTES(UPGRADE("websocket") "\x81"), PARSE_SWITCH,
		UPGRADE_TEXT("websocket")},
	{"upgrade, unanswered and not taken", BYTES(UPGRADE("websocket") GET), PARSE_MORE,
		UPGRADE_TEXT("websocket") GET_TEXT},
	{"upgrade to http/2, unanswered", BYTES(UPGRADE("h2c") "PRI * HTTP/2.0\r\n"), PARSE_SWITCH,
		UPGRADE_TEXT("h2c")},
	{"upgrade after a body",
		BYTES("POST /p HTTP/1.1\r\nUpgrade: h2c\r\nContent-Length: 2\r\n\r\nab\x16"),
		PARSE_SWITCH,
		"http.method=POST http.uri=/p http.protocol=HTTP/1.1 http.upgrade=h2c\n"},
	{"mmtls in bodies",
		BYTES("POST /p HTTP/1.1\r\nUpgrade: mmtls\r\nContent-Length: "
		      "2\r\n\r\n\x16\xf1" GET),
		PARSE_MORE,
		"http.method=POST http.uri=/p http.protocol=HTTP/1.1 "
		"http.upgrade=mmtls\n" GET_TEXT},
	{"a wish for tls is no upgrade",
		BYTES("GET /a HTTP/1.1\r\nHost: h\r\nUpgrade-Insecure-Requests: 1\r\n\r\n" GET),
		PARSE_MORE, GET_TEXT GET_TEXT},
};

static const uint8_t nothing[FIELD_COUNT];

static void check_run(const struct parser_run *r, size_t i, size_t cut)
{
	CHECK(r->result[DIR_C2S] == cases[i].want, "%s, cut %zu: %d", cases[i].name, cut,
		r->result[DIR_C2S]);
	CHECK(strcmp(r->text, cases[i].text) == 0, "%s, cut %zu: %s", cases[i].name, cut, r->text);
	CHECK(r->borrowed == 0, "%s, cut %zu", cases[i].name, cut);
}

static void test_streams(void)
{
	static struct parser_run r = {.wanted = nothing};

	for (size_t i = 0; i < ROWS(cases); i++) {
		run_stream(&r, &proto_http, DIR_C2S, cases[i].in, cases[i].in.len, 1);
		check_run(&r, i, cases[i].in.len);
	}
}

static void test_streams_cut(void)
{
	static struct parser_run r = {.wanted = nothing};

	for (size_t i = 0; i < ROWS(cases); i++) {
		struct bytes in = cases[i].in;
		for (size_t cut = 1; cut < in.len; cut++) {
			run_stream(&r, &proto_http, DIR_C2S, in, cut, in.len);
			check_run(&r, i, cut);
		}
		run_stream(&r, &proto_http, DIR_C2S, in, 1, 1);
		check_run(&r, i, 0);
	}
}

static void test_server_side(void)
{
	static const struct {
		const char *name;
		struct bytes in;
		enum parse want;
		const char *text;
	} rows[] = {
		{"response", BYTES(OK), PARSE_MORE, OK_TEXT},
		{"response's line", BYTES("HTTP/1.1 200 OK\r\n"), PARSE_MORE, OK_TEXT},
		{"no response", BYTES("HTTP/1.1 OK 200\r\n"), PARSE_DONE, ""},
		{"no code", BYTES("HTTP/1.1 2XX OK\r\n"), PARSE_MORE,
			"s2c http.protocol=HTTP/1.1 http.stat_code=2XX\n"},
		{"no http", BYTES("220 ready\r\n"), PARSE_DONE, ""},
		{"server that calls", BYTES(GET), PARSE_MORE, GET_TEXT},
		{"known word, other language", BYTES("GET /x FTP/1.0\r\n"), PARSE_DONE, ""},
	};
	static struct parser_run r = {.wanted = nothing};

	for (size_t i = 0; i < ROWS(rows); i++) {
		for (size_t cut = 1; cut <= rows[i].in.len; cut++) {
			run_stream(&r, &proto_http, DIR_S2C, rows[i].in, cut, 1);
			CHECK(r.result[DIR_S2C] == rows[i].want, "%s, cut %zu", rows[i].name, cut);
			CHECK(strcmp(r.text, rows[i].text) == 0, "%s: %s", rows[i].name, r.text);
			CHECK(r.borrowed == 0, "%s, cut %zu", rows[i].name, cut);
		}
	}
}

static const struct {
	const char *name;
	const char *before;
	uint32_t missing;
	const char *after;
	enum parse want;
	const char *text;
} gaps[] = {
	{"in a body", "POST /p HTTP/1.1\r\nContent-Length: 100\r\n\r\n0123456789", 90, GET,
		PARSE_MORE, POST GET_TEXT},
	{"in the middle of a body", "POST /p HTTP/1.1\r\nContent-Length: 100\r\n\r\n0123456789", 80,
		"GET / HTTP" GET, PARSE_MORE, POST GET_TEXT},
	{"over a body's end", "POST /p HTTP/1.1\r\nContent-Length: 100\r\n\r\n0123456789", 91,
		"oo: bar\r\n\r\nbody" GET, PARSE_MORE, POST GET_TEXT},
	{"in a chunk", "POST /p HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n01", 14,
		"\r\n0\r\n\r\n" GET, PARSE_MORE, POST GET_TEXT},
	{"over a chunk's end", "POST /p HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n01", 20,
		"xyz\r\n" GET, PARSE_MORE, POST GET_TEXT},
	{"in a head", "GET /a HTTP/1.1\r\nHost: h\r\nUser-A", 100, "x\r\n\r\n" GET, PARSE_MORE,
		GET_TEXT GET_TEXT},
	{"in a request line", "GET /a", 100, "b HTTP/1.1\r\n\r\n" GET, PARSE_MORE, GET_TEXT},
	{"between requests", GET, 100, GET, PARSE_MORE, GET_TEXT GET_TEXT},
	{"over the last of an upgrade's body",
		"POST /p HTTP/1.1\r\nUpgrade: x\r\nContent-Length: 3\r\n\r\na", 2, "\x16",
		PARSE_SWITCH,
		"http.method=POST http.uri=/p http.protocol=HTTP/1.1 http.upgrade=x\n"},
};

static void test_gaps(void)
{
	static struct parser_run r = {.wanted = nothing};

	for (size_t i = 0; i < ROWS(gaps); i++) {
		size_t len = strlen(gaps[i].after);
		for (size_t cut = 0; cut <= len; cut++) {
			run_begin(&r, &proto_http);
			r.unread = 7;
			run_feed(&r, DIR_C2S, gaps[i].before, strlen(gaps[i].before));
			run_gap(&r, DIR_C2S, gaps[i].missing);
			run_feed(&r, DIR_C2S, gaps[i].after, cut);
			run_feed(&r, DIR_C2S, gaps[i].after + cut, len - cut);
			run_end(&r);
			CHECK(r.result[DIR_C2S] == gaps[i].want, "%s", gaps[i].name);
			CHECK(strcmp(r.text, gaps[i].text) == 0, "%s, cut %zu: %s", gaps[i].name,
				cut, r.text);
			CHECK(r.borrowed == 0, "%s, cut %zu", gaps[i].name, cut);
			if (gaps[i].want == PARSE_SWITCH)
				CHECK(r.unread == 1, "%s: %u", gaps[i].name, r.unread);
		}
	}
}

// A head is told as far as a buffer goes; the connection is given up there.
static void test_head_too_long(void)
{
	enum { LEN = 2 * GATHER_MAX };
	static const char start[] = "GET /a HTTP/1.1\r\nHost: h\r\nX: ";
	static const size_t steps[] = {LEN, 1460, 1};
	static struct parser_run r = {.wanted = nothing};
	static char wire[LEN];

	memset(wire, 'x', LEN);
	memcpy(wire, start, sizeof(start) - 1);
	for (size_t i = 0; i < ROWS(steps); i++) {
		struct bytes in = {(uint8_t *)wire, LEN, false};
		run_stream(&r, &proto_http, DIR_C2S, in, steps[i], steps[i]);
		CHECK(r.result[DIR_C2S] == PARSE_DONE, "steps of %zu", steps[i]);
		CHECK(strcmp(r.text, GET_TEXT) == 0, "steps of %zu: %s", steps[i], r.text);
	}
}

// Searching has an end; and it finds what stands behind a line that no buffer holds.
static void test_search(void)
{
	static struct parser_run r = {.wanted = nothing};
	static char junk[GATHER_MAX];

	memset(junk, 'x', sizeof(junk));
	for (unsigned n = 1; n <= 32; n++) {
		run_begin(&r, &proto_http);
		run_feed(&r, DIR_C2S, GET, sizeof(GET) - 1);
		run_gap(&r, DIR_C2S, 1000);
		for (unsigned i = 0; i < n; i++)
			run_feed(&r, DIR_C2S, junk, sizeof(junk));
		run_feed(&r, DIR_C2S, "\r\n" GET, 2 + sizeof(GET) - 1);
		bool found = n < 16;
		CHECK(r.n_tx == (found ? 2 : 1), "%u", n);
		CHECK(r.result[DIR_C2S] == (found ? PARSE_MORE : PARSE_DONE), "%u", n);
		run_end(&r);
		CHECK(r.borrowed == 0, "%u", n);
	}
}

// Lines of a body that are searched for a message: what they cost grows with their length only.
static void test_search_cost(void)
{
	static const struct {
		const char *name;
		char letter;
	} rows[] = {{"letters that begin a response, then blanks", 'H'}, {"blanks only", ' '}};
	enum { HALF = 32000, LINES = 10 };
	static char line[2 * HALF + 1];
	static struct parser_run r;

	for (size_t i = 0; i < ROWS(rows); i++) {
		memset(line, rows[i].letter, HALF);
		memset(line + HALF, ' ', HALF);
		line[2 * HALF] = '\n';
		run_begin(&r, &proto_http);
		run_feed(&r, DIR_C2S, GET, sizeof(GET) - 1);
		run_feed(&r, DIR_S2C, OK, sizeof(OK) - 1);
		clock_t began = clock();
		for (unsigned n = 0; n < LINES; n++)
			run_feed(&r, DIR_S2C, line, sizeof(line));
		double s = (double)(clock() - began) / CLOCKS_PER_SEC;
		CHECK(s < 1, "%s: %.1f s", rows[i].name, s);
		run_feed(&r, DIR_S2C, OK, sizeof(OK) - 1);
		CHECK(r.n_tx == 3, "%s: %u", rows[i].name, r.n_tx);
		run_end(&r);
	}
}

static const struct {
	const char *name;
	struct bytes in;
	enum probe want;
	enum dir sender;
} probes[] = {
	{"get", BYTES("GET /"), PROBE_YES, DIR_C2S},
	{"method only", BYTES("GET"), PROBE_MORE, DIR_C2S},
	{"target not begun", BYTES("GET "), PROBE_MORE, DIR_C2S},
	{"part of a method", BYTES("PROPF"), PROBE_MORE, DIR_C2S},
	{"nothing", BYTES(""), PROBE_MORE, DIR_C2S},
	{"empty lines first", BYTES("\r\n\r\nPOST /x"), PROBE_YES, DIR_C2S},
	{"webdav", BYTES("PROPPATCH /x HT"), PROBE_YES, DIR_C2S},
	{"ssdp over tcp", BYTES("M-SEARCH * HTTP/1.1"), PROBE_YES, DIR_C2S},
	{"response", BYTES("HTTP/1.1 200"), PROBE_YES, DIR_S2C},
	{"part of a response", BYTES("HTTP/"), PROBE_MORE, DIR_C2S},
	{"unknown method, whole line", BYTES("FROB /x HTTP/1.1\r\n"), PROBE_YES, DIR_C2S},
	{"unknown method, line not whole", BYTES("FROB /x HTT"), PROBE_MORE, DIR_C2S},
	{"irc", BYTES("NICK somebody\r\n"), PROBE_NO, DIR_C2S},
	{"http/2 preface", BYTES("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), PROBE_NO, DIR_C2S},
	{"sip options", BYTES("OPTIONS sip:a@b SIP/2.0\r\n"), PROBE_NO, DIR_C2S},
	{"nats", BYTES("CONNECT {\"verbose\":false}\r\n"), PROBE_NO, DIR_C2S},
	{"may become sip", BYTES("OPTIONS si"), PROBE_MORE, DIR_C2S},
	{"did not become sip", BYTES("OPTIONS six"), PROBE_YES, DIR_C2S},
	{"rtsp", BYTES("OPTIONS rtsp://a RTSP/1.0\r\n"), PROBE_NO, DIR_C2S},
	{"tls", BYTES("\x16\x03\x01"), PROBE_NO, DIR_C2S},
	{"long line of words",
		BYTES("FROB xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		      "xxxxxxxxxx HTTP/1.1\r\n"),
		PROBE_NO, DIR_C2S},
};

static void test_probe(void)
{
	for (size_t i = 0; i < ROWS(probes); i++) {
		enum dir sender = DIR_C2S;
		enum probe got = proto_http.probe(probes[i].in, 40000, 80, &sender);
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
		{"server side", test_server_side},
		{"gaps", test_gaps},
		{"head too long", test_head_too_long},
		{"search", test_search},
		{"search, its cost", test_search_cost},
		{"probe", test_probe},
		CU_TEST_INFO_NULL,
	};
	return check_main("http", tests);
}
