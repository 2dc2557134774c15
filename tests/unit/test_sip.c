#include "tests/unit/stream_rows.h"

#define SDP "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nm=audio 49170 RTP/AVP 0\r\n" // 65 bytes
#define INVITE_HEAD                                                                                \
	"INVITE sip:bob@example.org SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z\r\n"                    \
	"f: \"A\" <sip:alice@example.org>;tag=1\r\nTo:<sip:bob@example.org>\r\n"                   \
	"i : c1@h\r\nUser-Agent: Linphone/5\r\n"
#define INVITE_TEXT                                                                                \
	"sip.request_line=INVITE sip:bob@example.org SIP/2.0 sip.method=INVITE "                   \
	"sip.uri=sip:bob@example.org sip.protocol=SIP/2.0 sip.via=SIP/2.0/TCP h;branch=z "         \
	"sip.from=\"A\" <sip:alice@example.org>;tag=1 sip.to=<sip:bob@example.org> "               \
	"sip.call_id=c1@h sip.user_agent=Linphone/5"
#define OK "SIP/2.0 200 OK\r\nCall-ID: c\r\nl: 0\r\n\r\n"
#define OK_TEXT                                                                                    \
	"sip.response_line=SIP/2.0 200 OK sip.protocol=SIP/2.0 sip.stat_code=200 "                 \
	"sip.stat_msg=OK sip.call_id=c sip.content_length=0\n"
#define MESSAGE_HEAD "MESSAGE sip:b@h SIP/2.0\r\nContent-Type: text/plain\r\nContent-Length: "
#define MESSAGE_TEXT                                                                               \
	"sip.request_line=MESSAGE sip:b@h SIP/2.0 sip.method=MESSAGE sip.uri=sip:b@h "             \
	"sip.protocol=SIP/2.0 sip.content_type=text/plain sip.content_length="

static const struct stream_row rows[] = {
	{"invite with media, answer behind it, keep-alives", DIR_C2S,
		BYTES("\r\n\r\n" INVITE_HEAD "c: application/sdp\r\nl: 65\r\n\r\n" SDP
		      "\r\n\r\n" OK),
		PARSE_MORE,
		INVITE_TEXT " sip.content_type=application/sdp sip.content_length=65 "
			    "sdp.media_desc.media=audio 49170 RTP/AVP 0 sdp.srtp=00\n" OK_TEXT,
		0},
	{"what people write stays", DIR_C2S, BYTES(MESSAGE_HEAD "9\r\n\r\nm=secret\n" OK),
		PARSE_MORE, MESSAGE_TEXT "9\n" OK_TEXT, 0},
	{"bare line feeds, folded header, no reason", DIR_S2C,
		BYTES("SIP/2.0 180\nFrom: \"A\"\n  <sip:a@h>\n\t;tag=1\nX: y\n\n"), PARSE_MORE,
		"s2c sip.response_line=SIP/2.0 180 sip.protocol=SIP/2.0 sip.stat_code=180 "
		"sip.from=\"A\" <sip:a@h> ;tag=1\n",
		0},
	{"the length is wrong: the next message is found", DIR_C2S,
		BYTES(MESSAGE_HEAD "2\r\n\r\nhello\r\nyou\r\n" OK), PARSE_MORE,
		MESSAGE_TEXT "2\n" OK_TEXT, 0},
	{"the length is no number", DIR_C2S, BYTES(MESSAGE_HEAD "-5\r\n\r\n" OK), PARSE_MORE,
		MESSAGE_TEXT "-5\n" OK_TEXT, 0},
	{"ends within the head", DIR_S2C, BYTES("SIP/2.0 200 OK\r\nCall-ID: c\r\nFrom: <sip:al"),
		PARSE_MORE,
		"s2c sip.response_line=SIP/2.0 200 OK sip.protocol=SIP/2.0 sip.stat_code=200 "
		"sip.stat_msg=OK sip.call_id=c\n",
		0},
	{"ends within the body", DIR_C2S,
		BYTES("OPTIONS sip:h SIP/2.0\r\nc:application/sdp\r\nl:900\r\n\r\nv=0\r\n"
		      "m=audio 1 RTP/SAVP 0\r\na="),
		PARSE_MORE,
		"sip.request_line=OPTIONS sip:h SIP/2.0 sip.method=OPTIONS sip.uri=sip:h "
		"sip.protocol=SIP/2.0 sip.content_type=application/sdp sip.content_length=900 "
		"sdp.media_desc.media=audio 1 RTP/SAVP 0 sdp.srtp=01\n",
		0},
	{"nothing of it", DIR_C2S, BYTES("hello\r\n\r\nINVITE\r\nINVITE sip:b@h HTTP/1.1\r\n\r\n"),
		PARSE_MORE, "", 0},
};

static void test_cut(void)
{
	rows_cut(&proto_sip_tcp, rows, ROWS(rows));
}

static void test_broken(void)
{
	rows_broken(&proto_sip_tcp, rows, ROWS(rows));
}

// The same over UDP; what is no message is somebody else's.
static const struct stream_row datagrams[] = {
	{"invite", DIR_C2S, BYTES(INVITE_HEAD "c: application/sdp\r\n\r\n" SDP), PARSE_MORE,
		INVITE_TEXT " sip.content_type=application/sdp "
			    "sdp.media_desc.media=audio 49170 RTP/AVP 0 sdp.srtp=00\n",
		0},
	{"the length is shorter", DIR_C2S,
		BYTES(INVITE_HEAD "c: application/sdp\r\nl: 3\r\n\r\n" SDP), PARSE_MORE,
		INVITE_TEXT " sip.content_type=application/sdp sip.content_length=3\n", 0},
	{"the length is longer, line feeds before", DIR_S2C,
		BYTES("\r\n\r\nSIP/2.0 200 OK\r\nCall-ID: c\r\nl: 0\r\n\r\n"), PARSE_MORE,
		"s2c " OK_TEXT, 0},
	{"cut in a header", DIR_C2S, BYTES("ACK sip:h SIP/2.0\r\nTo: <sip:b@h>\r\nFrom: <si"),
		PARSE_MORE,
		"sip.request_line=ACK sip:h SIP/2.0 sip.method=ACK sip.uri=sip:h "
		"sip.protocol=SIP/2.0 sip.to=<sip:b@h>\n",
		0},
	{"line feeds", DIR_C2S, BYTES("\r\n\r\n"), PARSE_MORE, "", 0},
	{"nul", DIR_C2S, BYTES("\0"), PARSE_MORE, "", 0},
	{"jak", DIR_C2S, BYTES("jaK\0"), PARSE_MORE, "", 0},
	{"stun", DIR_C2S,
		BYTES("\x00\x01\x00\x00\x21\x12\xa4\x42"
		      "0123456789ab"),
		PARSE_OTHER, "", 0},
};

static void test_datagrams(void)
{
	static struct parser_run r;

	for (size_t i = 0; i < ROWS(datagrams); i++) {
		struct bytes in = datagrams[i].in;
		run_stream(&r, &proto_sip, datagrams[i].dir, in, in.len, 1);
		row_check(&r, &datagrams[i], "datagram", i);
		for (size_t len = 1; len < in.len; len++) {
			run_begin(&r, &proto_sip);
			run_feed(&r, datagrams[i].dir, in.p, len);
			CHECK(r.n_tx <= 1, "%s, first %zu", datagrams[i].name, len);
		}
	}
}

static const struct {
	const char *name;
	const char *type;
	const char *body;
	const char *text; // NULL: no media
} bodies[] = {
	{"sealed", "application/sdp", "v=0\nm=audio 1 RTP/SAVPF 0\nm=video 2 UDP/TLS/RTP/SAVPF 1\n",
		"sdp.media_desc.media=audio 1 RTP/SAVPF 0 "
		"sdp.media_desc.media=video 2 UDP/TLS/RTP/SAVPF 1 sdp.srtp=01"},
	{"one of two", "application/sdp", "v=0\nm=audio 1 RTP/SAVP 0\nm=video 2 RTP/AVP 1\n",
		"sdp.media_desc.media=audio 1 RTP/SAVP 0 "
		"sdp.media_desc.media=video 2 RTP/AVP 1 sdp.srtp=00"},
	{"the open one is refused", "application/sdp",
		"v=0\nm=video 0 RTP/AVP 1\nm=audio 1 RTP/SAVP 0\n",
		"sdp.media_desc.media=video 0 RTP/AVP 1 "
		"sdp.media_desc.media=audio 1 RTP/SAVP 0 sdp.srtp=01"},
	{"key in the description", "Application/SDP;charset=utf-8",
		"v=0\nm=audio 1 RTP/AVP 0\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x\n",
		"sdp.media_desc.media=audio 1 RTP/AVP 0 sdp.srtp=01"},
	{"fingerprint for all", "application/sdp",
		"v=0\na=fingerprint:sha-256 AA\nm=audio 1 RTP/AVP 0\nm=video 2 RTP/AVP 0\n",
		"sdp.media_desc.media=audio 1 RTP/AVP 0 "
		"sdp.media_desc.media=video 2 RTP/AVP 0 sdp.srtp=01"},
	{"in a part", "multipart/mixed;boundary=b",
		"--b\r\nContent-Type: text/plain\r\n\r\nm=x\r\n--b\r\nc: application/sdp\r\n"
		"X: y\r\n\r\nv=0\r\nm=audio 1 RTP/AVP 0\r\n--b--\r\nm=y\r\n",
		"sdp.media_desc.media=audio 1 RTP/AVP 0 sdp.srtp=00"},
	{"no part of that kind", "multipart/mixed;boundary=b",
		"--b\r\nContent-Type: text/plain\r\n\r\nv=0\r\nm=x\r\n--b--\r\n", NULL},
	{"no media", "application/sdp", "v=0\r\ns=-\r\n", NULL},
	{"media cut short", "application/sdp", "m=", "sdp.media_desc.media= sdp.srtp=00"},
};

static void test_bodies(void)
{
	static const uint16_t only[] = {FIELD_SDP_MEDIA, FIELD_SDP_SRTP, FIELD_NONE};
	static struct parser_run r;
	char wire[1024];

	for (size_t i = 0; i < ROWS(bodies); i++) {
		int len = snprintf(wire, sizeof(wire),
			"INVITE sip:b@h SIP/2.0\r\nContent-Type: %s\r\n\r\n%s", bodies[i].type,
			bodies[i].body);
		r.only = only;
		run_begin(&r, &proto_sip);
		run_feed(&r, DIR_C2S, wire, (size_t)len);
		char want[512];
		snprintf(want, sizeof(want), "%s\n", bodies[i].text != NULL ? bodies[i].text : "");
		CHECK(strcmp(r.text, want) == 0, "%s: %s", bodies[i].name, r.text);
	}
	r.only = NULL;
}

// A body, a head, a line that are too long: told as far as they go, the stream goes on.
static void test_long(void)
{
	static char wire[300000];
	static struct parser_run r;
	static const size_t steps[] = {sizeof(wire), 1448, 333};

	for (size_t i = 0; i < ROWS(steps); i++) {
		size_t len = (size_t)sprintf(wire,
			"ACK sip:b@h SIP/2.0\r\nc: application/sdp\r\n"
			"l: 100000\r\n\r\nm=audio 1 RTP/AVP 0\r\n");
		memset(wire + len, 'x', 100000 - 21);
		len += 100000 - 21;
		len += (size_t)sprintf(wire + len, OK);
		struct bytes in = {(uint8_t *)wire, len, false};
		run_stream(
			&r, &proto_sip_tcp, DIR_C2S, in, steps[i] < len ? steps[i] : len, steps[i]);
		CHECK(r.n_tx == 2 && r.borrowed == 0, "body, %zu: %u", steps[i], r.n_tx);

		len = (size_t)sprintf(wire, "ACK sip:b@h SIP/2.0\r\nTo: ");
		memset(wire + len, 'x', 100000);
		in = (struct bytes){(uint8_t *)wire, len + 100000, false};
		run_stream(&r, &proto_sip_tcp, DIR_C2S, in, steps[i] < in.len ? steps[i] : in.len,
			steps[i]);
		CHECK(r.n_tx == 1 && r.borrowed == 0, "head, %zu: %u", steps[i], r.n_tx);
		CHECK(r.result[DIR_C2S] == PARSE_DONE, "head, %zu", steps[i]);

		memset(wire, 'x', 20000);
		len = 20000 + (size_t)sprintf(wire + 20000, "\r\n" OK);
		in = (struct bytes){(uint8_t *)wire, len, false};
		run_stream(
			&r, &proto_sip_tcp, DIR_C2S, in, steps[i] < len ? steps[i] : len, steps[i]);
		CHECK(strcmp(r.text, OK_TEXT) == 0, "line, %zu: %s", steps[i], r.text);

		memset(wire, 'x', 70000);
		in = (struct bytes){(uint8_t *)wire, 70000, false};
		run_stream(&r, &proto_sip_tcp, DIR_C2S, in, steps[i] < 70000 ? steps[i] : 70000,
			steps[i]);
		CHECK(r.result[DIR_C2S] == PARSE_DONE, "no line, %zu", steps[i]);
	}
}

static void test_gap(void)
{
	static struct parser_run r;

	run_begin(&r, &proto_sip_tcp);
	run_feed(&r, DIR_C2S, MESSAGE_HEAD "900\r\n\r\nhello", sizeof(MESSAGE_HEAD) + 11);
	run_gap(&r, DIR_C2S, 895);
	run_feed(&r, DIR_C2S, OK, sizeof(OK) - 1);
	run_feed(&r, DIR_C2S, INVITE_HEAD, 60);
	run_gap(&r, DIR_C2S, 895);
	run_feed(&r, DIR_C2S, "l: 9\r\n\r\n" OK, sizeof(OK) - 1 + 8);
	CHECK(strncmp(r.text, MESSAGE_TEXT "900\n" OK_TEXT "sip.request_line=INVITE",
		      sizeof(MESSAGE_TEXT "900\n" OK_TEXT)) == 0,
		"%s", r.text);
	CHECK(r.n_tx == 4, "%u: %s", r.n_tx, r.text);
	run_end(&r);
	CHECK(r.borrowed == 0, "%u", r.borrowed);
}

static const struct probe_row streams[] = {
	{"register", 40000, 9999, BYTES("REGISTER sip:example.org SIP/2.0\r\n"), PROBE_YES,
		DIR_C2S},
	{"line feeds before", 40000, 9999, BYTES("\r\nOPTIONS sips:h"), PROBE_YES, DIR_C2S},
	{"answer", 9999, 40000, BYTES("SIP/2.0 200 OK\r\n"), PROBE_YES, DIR_S2C},
	{"http", 40000, 80, BYTES("OPTIONS * HTTP/1.1\r\n"), PROBE_NO, DIR_C2S},
	{"rtsp", 40000, 554, BYTES("DESCRIBE rtsp://h/ RTSP/1.0\r\n"), PROBE_NO, DIR_C2S},
	{"msn", 40000, 1863, BYTES("INVITE MSNMSGR:a MSNSLP/1.0\r\n"), PROBE_NO, DIR_C2S},
	{"smtp", 40000, 25, BYTES("EHLO sip.example.org\r\n"), PROBE_NO, DIR_C2S},
	{"letters only", 40000, 9999, BYTES("ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJK"), PROBE_NO,
		DIR_C2S},
};

static const struct probe_row packets[] = {
	{"invite", 40000, 9999, BYTES("INVITE x-any:bob SIP/2.0\r\n"), PROBE_YES, DIR_C2S},
	{"a long address, cut", 40000, 9999, BYTES("INVITE sip:aaaaaaaaaaaaaa"), PROBE_YES,
		DIR_C2S},
	{"answer", 9999, 40000, BYTES("SIP/2.0 100 Trying\r\n"), PROBE_YES, DIR_S2C},
	{"keep-alive before", 5060, 5060, BYTES("hello"), PROBE_MAYBE, DIR_C2S},
	{"keep-alive, odd port", 5061, 5061, BYTES("hello"), PROBE_NO, DIR_C2S},
	{"ssdp", 40000, 1900, BYTES("M-SEARCH * HTTP/1.1\r\n"), PROBE_NO, DIR_C2S},
	{"ssdp answer", 1900, 40000, BYTES("HTTP/1.1 200 OK\r\n"), PROBE_NO, DIR_C2S},
	{"game", 40000, 9999, BYTES("SNQUERY: 127.0.0.1:AAAA:xsvr"), PROBE_NO, DIR_C2S},
};

static void test_probe(void)
{
	rows_probe(&proto_sip_tcp, streams, ROWS(streams));
	rows_probe(&proto_sip, packets, ROWS(packets));
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"messages, cut anywhere", test_cut},
		{"messages, broken anywhere", test_broken},
		{"datagrams", test_datagrams},
		{"bodies", test_bodies},
		{"long", test_long},
		{"gap", test_gap},
		{"probe", test_probe},
		CU_TEST_INFO_NULL,
	};
	return check_main("sip", tests);
}
