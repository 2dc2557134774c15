#include "tests/unit/check.h"
#include "tests/unit/tx_log.h"

#define ID "abcdefghijkl"
#define COOKIE "\x21\x12\xa4\x42"
// USERNAME with padding, SOFTWARE, REALM.
#define REQUEST                                                                                    \
	"\x00\x01\x00\x20" COOKIE ID "\x00\x06\x00\x05"                                            \
	"a:bcd\x00\x00\x00\x80\x22\x00\x04"                                                        \
	"soft\x00\x14\x00\x03"                                                                     \
	"r.x\x00\x00\x24\x00\x00"
#define REQUEST_TEXT                                                                               \
	"stun.flavour=stun stun.type=0001 stun.attrs=0006802200140024 stun.software=soft "         \
	"stun.realm=r.x stun.username=a:bcd\n"
// XOR-MAPPED-ADDRESS 192.0.2.1:32853 of RFC 5769 2.2.
#define RESPONSE                                                                                   \
	"\x01\x01\x00\x0c\x21\x12\xa4\x42\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87\xdf\xae"         \
	"\x00\x20\x00\x08\x00\x01\xa1\x47\xe1\x12\xa6\x43"
#define RESPONSE_TEXT                                                                              \
	"s2c stun.flavour=stun stun.type=0101 stun.attrs=00  stun.mapped=192.0.2.1:32853\n"
// RFC 5769 2.3.
#define RESPONSE_6                                                                                 \
	"\x01\x01\x00\x18\x21\x12\xa4\x42\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87\xdf\xae"         \
	"\x00\x20\x00\x14\x00\x02\xa1\x47\x01\x13\xa9\xfa\xa5\xd3\xf1\x79\xbc\x25\xf4\xb5\xbe\xd2" \
	"\xb9\xd9"
#define CLASSIC                                                                                    \
	"\x00\x01\x00\x08"                                                                         \
	"0123" ID "\x00\x03\x00\x04\x00\x00\x00\x06"
#define BYTES(s)                                                                                   \
	{                                                                                          \
		(const uint8_t *)(s), sizeof(s) - 1, false                                         \
	}

static const struct {
	const char *name;
	struct bytes in;
	enum dir dir;
	enum probe probe;
	enum parse want;
	const char *text;
} datagrams[] = {
	{"request", BYTES(REQUEST), DIR_C2S, PROBE_YES, PARSE_MORE, REQUEST_TEXT},
	{"response", BYTES(RESPONSE), DIR_S2C, PROBE_YES, PARSE_MORE, RESPONSE_TEXT},
	{"IPv6", BYTES(RESPONSE_6), DIR_S2C, PROBE_YES, PARSE_MORE,
		"s2c stun.flavour=stun stun.type=0101 stun.attrs=00  "
		"stun.mapped=[2001:db8:1234:5678:11:2233:4455:6677]:32853\n"},
	{"classic", BYTES(CLASSIC), DIR_C2S, PROBE_YES, PARSE_MORE,
		"stun.flavour=classic stun.type=0001 stun.attrs=0003\n"},
	{"classic of unknown type",
		BYTES("\x00\x0e\x00\x08"
		      "0123" ID "\x00\x03\x00\x04zzzz"),
		DIR_C2S, PROBE_NO, PARSE_OTHER, ""},
	{"classic, attributes that do not add up",
		BYTES("\x00\x01\x00\x08"
		      "0123" ID "\x00\x03\x00\x05zzzz"),
		DIR_C2S, PROBE_NO, PARSE_OTHER, ""},
	{"classic without attributes",
		BYTES("\x00\x01\x00\x00"
		      "0123" ID),
		DIR_C2S, PROBE_NO, PARSE_OTHER, ""},
	{"an attribute runs past the message",
		BYTES("\x00\x01\x00\x08" COOKIE ID "\x80\x22\x00\x09zzzz"), DIR_C2S, PROBE_YES,
		PARSE_MORE, "stun.flavour=stun stun.type=0001\n"},
	{"length beyond the datagram", BYTES("\x00\x01\x00\x18" COOKIE ID "\x80\x22\x00\x00"),
		DIR_C2S, PROBE_NO, PARSE_OTHER, ""},
	{"channel data", BYTES("\x40\x01\x00\x04zzzz"), DIR_C2S, PROBE_NO, PARSE_MORE, ""},
	{"DTLS", BYTES("\x16\xfe\xfd\x00\x00\x00\x00\x00\x00\x00\x00\x00\x10zzzzzzzzzzzzzzzz"),
		DIR_C2S, PROBE_NO, PARSE_OTHER, ""},
	{"RTP", BYTES("\x80\x6f\x00\x01\x00\x00\x00\x01\x00\x00\x00\x02zzzzzzzz"), DIR_C2S,
		PROBE_NO, PARSE_OTHER, ""},
	{"too short", BYTES("\x00\x01\x00\x00" COOKIE), DIR_C2S, PROBE_NO, PARSE_OTHER, ""},
};

static void test_datagrams(void)
{
	static struct parser_run r;

	for (size_t i = 0; i < ROWS(datagrams); i++) {
		enum dir sender = DIR_C2S;
		enum probe probe = proto_stun.probe(datagrams[i].in, 1, 2, &sender);
		CHECK(probe == datagrams[i].probe, "%s: probe %d", datagrams[i].name, probe);
		CHECK(probe != PROBE_YES || sender == datagrams[i].dir, "%s: sender",
			datagrams[i].name);
		run_begin(&r, &proto_stun);
		run_feed(&r, datagrams[i].dir, datagrams[i].in.p, datagrams[i].in.len);
		CHECK(r.result[datagrams[i].dir] == datagrams[i].want, "%s: %d", datagrams[i].name,
			r.result[datagrams[i].dir]);
		CHECK(strcmp(r.text, datagrams[i].text) == 0, "%s: %s", datagrams[i].name, r.text);
		for (size_t n = 0; n < datagrams[i].in.len; n++) {
			run_begin(&r, &proto_stun);
			run_feed(&r, DIR_C2S, datagrams[i].in.p, n);
		}
	}
}

#define FRAMED(len, message) "\x00" len message
static const struct {
	const char *name;
	struct bytes in;
	enum dir dir;
	const char *text;
} streams[] = {
	{"bare", BYTES(REQUEST REQUEST), DIR_C2S, REQUEST_TEXT REQUEST_TEXT},
	{"framed", BYTES(FRAMED("\x34", REQUEST) FRAMED("\x34", REQUEST)), DIR_C2S,
		REQUEST_TEXT REQUEST_TEXT},
	{"media between",
		BYTES(FRAMED("\x20", RESPONSE) FRAMED("\x04", "\x80zzz") FRAMED("\x20", RESPONSE)),
		DIR_S2C, RESPONSE_TEXT RESPONSE_TEXT},
	{"channel data between", BYTES(REQUEST "\x40\x00\x00\x05zzzzz\x00\x00\x00" REQUEST),
		DIR_C2S, REQUEST_TEXT REQUEST_TEXT},
	{"cut", BYTES(REQUEST "\x00\x01\x00\x20"), DIR_C2S, REQUEST_TEXT},
	{"a first frame without a message",
		BYTES("\x00\x00\x00\x08\x00\x74\x21\x12\xa4\x42zzzzzzzzzzzzzz"), DIR_C2S, ""},
	{"channel data first", BYTES("\x40\x00\x00\x00" REQUEST), DIR_C2S, REQUEST_TEXT},
	{"longer than a buffer", BYTES(REQUEST "\x3f\xff\xff\xff\x21\x12"), DIR_C2S, REQUEST_TEXT},
};

static void test_streams(void)
{
	static struct parser_run r;

	for (size_t i = 0; i < ROWS(streams); i++) {
		struct bytes in = streams[i].in;
		for (size_t cut = 1; cut <= in.len; cut++) {
			run_stream(&r, &proto_stun_tcp, streams[i].dir, in, cut, in.len);
			CHECK(strcmp(r.text, streams[i].text) == 0, "%s, cut %zu: %s",
				streams[i].name, cut, r.text);
			CHECK(r.borrowed == 0, "%s, cut %zu", streams[i].name, cut);
			CHECK((r.result[streams[i].dir] == PARSE_BAD) ==
					(strstr(streams[i].name, "longer") != NULL),
				"%s, cut %zu", streams[i].name, cut);
		}
		run_stream(&r, &proto_stun_tcp, streams[i].dir, in, 1, 1);
		CHECK(strcmp(r.text, streams[i].text) == 0, "%s, bytes: %s", streams[i].name,
			r.text);
		enum dir sender;
		if (streams[i].text[0] == '\0' || in.p[0] == 0x40)
			continue;
		CHECK(proto_stun_tcp.probe(in, 1, 2, &sender) == PROBE_YES, "%s", streams[i].name);
		for (size_t n = 0; n < 10; n++)
			CHECK(proto_stun_tcp.probe((struct bytes){in.p, n, false}, 1, 2, &sender) ==
					PROBE_MORE,
				"%s, %zu", streams[i].name, n);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"datagrams", test_datagrams},
		{"streams", test_streams},
		CU_TEST_INFO_NULL,
	};
	return check_main("stun", tests);
}
