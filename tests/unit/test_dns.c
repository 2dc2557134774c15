#include "tests/unit/check.h"
#include "tests/unit/tx_log.h"

#define BYTES(s)                                                                                   \
	{                                                                                          \
		(const uint8_t *)(s), sizeof(s) - 1, false                                         \
	}
#define QUERY_FLAGS "\x01\x00"
#define ANSWER_FLAGS "\x81\x80"
#define COUNTS(qd, an) "\x00" qd "\x00" an "\x00\x00\x00\x00"
#define QUERY                                                                                      \
	"\x12\x34" QUERY_FLAGS COUNTS("\x01", "\x00") "\x01"                                       \
						      "a\x02"                                      \
						      "bc\x00\x00\x1c\x00\x01"
#define QUERY_TEXT                                                                                 \
	"dns.header=12340100 dns.kind=dns dns.query=a.bc dns.rrtype=001c dns.answers=0000\n"
#define ANSWER                                                                                     \
	"\xc0\x0c\x00\x1c\x00\x01\x00\x00\x00\x3c\x00\x04"                                         \
	"abcd"
#define RESPONSE                                                                                   \
	"\x12\x34" ANSWER_FLAGS COUNTS("\x01", "\x01") "\x01"                                      \
						       "a\x02"                                     \
						       "bc\x00\x00\x1c\x00\x01" ANSWER
#define RESPONSE_TEXT                                                                              \
	"s2c dns.header=12348180 dns.kind=dns dns.query=a.bc dns.rrtype=001c dns.answers=0001 "    \
	"dns.answers.rrname=a.bc dns.rr=001c0000003c\n"
#define RESPONSE_CUT_TEXT                                                                          \
	"s2c dns.header=12348180 dns.kind=dns dns.query=a.bc dns.rrtype=001c dns.answers=0001\n"
// One record of each kind behind a question for x, whose name is at 12.
#define RECORD(type, len, data) "\xc0\x0c\x00" type "\x00\x01\x00\x00\x00\x09\x00" len data
#define MANY(an) "\x00\x01\x81\x80" COUNTS("\x01", an) "\x01x\x00\x00\x01\x00\x01"
#define MANY_TEXT(an)                                                                              \
	"s2c dns.header=00018180 dns.kind=dns dns.query=x dns.rrtype=0001 dns.answers=00" an
#define RR(type) " dns.answers.rrname=x dns.rr=00" type "00000009"

static const struct {
	const char *name;
	uint16_t sport, dport;
	struct bytes in;
	enum parse want;
	const char *text;
} datagrams[] = {
	{"query", 40000, 53, BYTES(QUERY), PARSE_MORE, QUERY_TEXT},
	{"response", 53, 40000, BYTES(RESPONSE), PARSE_MORE, RESPONSE_TEXT},
	{"addresses", 53, 40000,
		BYTES(MANY("\x02") RECORD("\x01", "\x04", "\xc0\x00\x02\x01") RECORD("\x1c", "\x10",
			"\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01")),
		PARSE_MORE,
		MANY_TEXT("02")
			RR("01") " dns.address=192.0.2.1" RR("1c") " dns.address=2001:db8::1\n"},
	{"names", 53, 40000,
		BYTES(MANY("\x03") RECORD("\x05", "\x04", "\x01y\xc0\x0c") RECORD(
			"\x0f", "\x05", "\x00\x0a\x01m\x00") RECORD("\x0c", "\x02", "\xc0\x0c")),
		PARSE_MORE,
		MANY_TEXT("03") RR("05") " dns.rdata.name=y.x" RR("0f") " dns.rdata.name=m" RR(
			"0c") " dns.rdata.name=x\n"},
	{"texts and numbers", 53, 40000,
		BYTES(MANY("\x03") RECORD("\x10", "\x05",
			"\x01"
			"a\x02"
			"bc") RECORD("\x21", "\x09", "\x00\x01\x00\x02\x01\xbb\x01s\x00")
				RECORD("\x06", "\x1a",
					"\x01m\x00\x01r\x00\x00\x00\x00\x01\x00\x00\x00\x02\x00\x00"
					"\x00\x03\x00\x00\x00\x04\x00\x00\x00\x05")),
		PARSE_MORE,
		MANY_TEXT("03")
			RR("10") " dns.rdata=abc" RR("21") " dns.rdata.service=1 2 443 s" RR(
				"06") " dns.rdata.soa=m r 1 2 3 4 5\n"},
	{"https with ech", 53, 40000,
		BYTES(MANY("\x01") RECORD("A", "\x18",
			"\x00\x01\x00\x00\x01\x00\x03\x02h3\x00\x03\x00\x02\x01\xbb\x00\x05\x00\x04"
			"cccc")),
		PARSE_MORE,
		MANY_TEXT("01") RR("41") " dns.rdata.service=1 . alpn=h3 port=443 ech dns.ech=\n"},
	{"https, what a client needs to know", 53, 40000,
		BYTES(MANY("\x01") RECORD("A", "\x46",
			"\x00\x01\x01y\x00\x00\x00\x00\x04\x00\x01\x00\x03\x00\x01\x00\x06\x02h2"
			"\x02h3\x00\x02\x00\x00\x00\x04\x00\x08\xc0\x00\x02\x01\xc0\x00\x02\x02"
			"\x00\x06\x00\x10\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
			"\x00\x01\x00\x07\x00\x02/q\xff\x00\x00\x01z")),
		PARSE_MORE,
		MANY_TEXT("01")
			RR("41") " dns.rdata.service=1 y mandatory=1,3 alpn=h2,h3 no-default-alpn "
				 "ipv4hint=192.0.2.1,192.0.2.2 ipv6hint=2001:db8::1 dohpath=/q "
				 "key65280\n"},
	{"https, parameters that are cut", 53, 40000,
		BYTES(MANY("\x02") RECORD("A", "\x0b",
			"\x00\x01\x00\x00\x03\x00\x03\x01\xbb\x00"
			"\x00") RECORD("A", "\x09", "\x00\x01\x00\x00\x01\x00\x09\x02h")),
		PARSE_MORE,
		MANY_TEXT("02") RR("41") " dns.rdata.service=1 . port=443" RR(
			"41") " dns.rdata.service=1 .\n"},
	{"edns has no time to live", 53, 40000,
		BYTES("\x00\x01\x81\x80\x00\x01\x00\x00\x00\x00\x00\x01\x01x\x00\x00\x01\x00\x01"
		      "\x00\x00\x29\x04\xd0\x80\x00\x00\x00\x00\x00"),
		PARSE_MORE, MANY_TEXT("00") " dns.additionals.rrname= dns.rr=0029\n"},
	{"mdns: a record of the cache to be flushed", 5353, 5353,
		BYTES("\x00\x00\x84\x00" COUNTS(
			"\x00", "\x01") "\x01x\x05local\x00\x00\x01\x80\x01"
					"\x00\x00\x00\x78\x00\x04\xc0\x00\x02"
					"\x07"),
		PARSE_MORE,
		"s2c dns.header=00008400 dns.kind=mdns dns.answers=0001 "
		"dns.answers.rrname=x.local dns.rr=000100000078 dns.address=192.0.2.7\n"},
	{"a record runs past the message", 53, 40000,
		BYTES(MANY("\x01") "\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x09\x00\x09zzz"),
		PARSE_MORE, MANY_TEXT("01") "\n"},
	{"a record's name points at itself", 53, 40000,
		BYTES(MANY("\x01") "\xc0\x13\x00\x01\x00\x01\x00\x00\x00\x09\x00\x00"), PARSE_MORE,
		MANY_TEXT("01") "\n"},
	{"root", 40000, 53, BYTES("\x00\x01\x00\x00" COUNTS("\x01", "\x00") "\x00\x00\x02\x00\x01"),
		PARSE_MORE,
		"dns.header=00010000 dns.kind=dns dns.query= dns.rrtype=0002 dns.answers=0000\n"},
	{"mdns, two questions, the second points into the first", 5353, 5353,
		BYTES("\x00\x00\x00\x00" COUNTS("\x02", "\x00") "\x01"
								"x\x05local\x00\x00\x0c\x80\x01"
								"\x02yz\xc0\x0e\x00\x10\x00\x01"),
		PARSE_MORE,
		"dns.header=00000000 dns.kind=mdns dns.query=x.local dns.rrtype=000c "
		"dns.query=yz.local dns.rrtype=0010 dns.answers=0000\n"},
	{"mdns response without questions", 5353, 5353,
		BYTES("\x00\x00\x84\x00" COUNTS("\x00", "\x07")), PARSE_MORE,
		"s2c dns.header=00008400 dns.kind=mdns dns.answers=0007\n"},
	{"llmnr", 50000, 5355,
		BYTES("\x00\x01\x00\x00" COUNTS("\x01", "\x00") "\x02pc\x00\x00\xff\x00\x01"),
		PARSE_MORE,
		"dns.header=00010000 dns.kind=llmnr dns.query=pc dns.rrtype=00ff "
		"dns.answers=0000\n"},
	{"update: the zone is told", 40000, 53,
		BYTES("\x00\x01\x28\x00" COUNTS("\x01", "\x00") "\x02zz\x00\x00\x06\x00\x01"),
		PARSE_MORE,
		"dns.header=00012800 dns.kind=dns dns.query=zz dns.rrtype=0006 dns.answers=0000\n"},
	{"bytes in labels are kept", 40000, 53,
		BYTES("\x00\x01\x00\x00" COUNTS(
			"\x01", "\x00") "\x04.\\\x00\xff\x00\x00\x01\x00\x01"),
		PARSE_MORE,
		"dns.header=00010000 dns.kind=dns dns.query=.\\00ff dns.rrtype=0001 "
		"dns.answers=0000\n"},
	{"cut in the second question", 40000, 53,
		BYTES("\x00\x01\x00\x00" COUNTS("\x02", "\x00") "\x01z\x00\x00\x01\x00\x01\x03"
								"ab"),
		PARSE_MORE,
		"dns.header=00010000 dns.kind=dns dns.query=z dns.rrtype=0001 dns.answers=0000\n"},
	{"pointer to itself", 40000, 53,
		BYTES("\x00\x01\x00\x00" COUNTS("\x01", "\x00") "\xc0\x0c\x00\x01\x00\x01"),
		PARSE_BAD, ""},
	{"pointer ahead", 40000, 53,
		BYTES("\x00\x01\x00\x00" COUNTS(
			"\x01", "\x00") "\xc0\x12\x00\x01\x00\x01\x01x\x00"),
		PARSE_MORE,
		"dns.header=00010000 dns.kind=dns dns.query=x dns.rrtype=0001 dns.answers=0000\n"},
	{"pointer past the end", 40000, 53,
		BYTES("\x00\x01\x00\x00" COUNTS("\x01", "\x00") "\xff\xff\x00\x01\x00\x01"),
		PARSE_BAD, ""},
	{"pointer round a loop", 40000, 53,
		BYTES("\x00\x01\x00\x00" COUNTS("\x02", "\x00") "\x01z\xc0\x0c\x00\x01\x00\x01"),
		PARSE_BAD, ""},
	{"pointer into the header", 40000, 53,
		BYTES("\x00\x01\x00\x00" COUNTS("\x01", "\x00") "\x01z\xc0\x0b\x00\x01\x00\x01"),
		PARSE_BAD, ""},
	{"label of 64", 40000, 53,
		BYTES("\x00\x01\x00\x00" COUNTS(
			"\x01", "\x00") "\x40"
					"0123456789012345678901234567890"
					"123456789012345678901234567890123\x00\x00\x01\x00\x01"),
		PARSE_BAD, ""},
	{"opcode 15", 40000, 53,
		BYTES("\x00\x01\x78\x00" COUNTS("\x01", "\x00") "\x01z\x00\x00\x01\x00\x01"),
		PARSE_MORE,
		"dns.header=00017800 dns.kind=dns dns.query=z dns.rrtype=0001 dns.answers=0000\n"},
	{"header cut", 40000, 53, BYTES("\x00\x01\x00\x00\x00\x01"), PARSE_BAD, ""},
};

static void test_datagrams(void)
{
	static struct parser_run r;

	for (size_t i = 0; i < ROWS(datagrams); i++) {
		run_begin(&r, &proto_dns);
		r.io.sport = datagrams[i].sport;
		r.io.dport = datagrams[i].dport;
		run_feed(&r, DIR_C2S, datagrams[i].in.p, datagrams[i].in.len);
		CHECK(r.result[DIR_C2S] == datagrams[i].want, "%s: %d", datagrams[i].name,
			r.result[DIR_C2S]);
		CHECK(strcmp(r.text, datagrams[i].text) == 0, "%s: %s", datagrams[i].name, r.text);
	}
}

// A datagram cut short tells whole questions or nothing.
static void test_datagrams_truncated(void)
{
	static struct parser_run r;

	for (size_t i = 0; i < ROWS(datagrams); i++) {
		for (size_t n = 0; n < datagrams[i].in.len; n++) {
			run_begin(&r, &proto_dns);
			run_feed(&r, DIR_C2S, datagrams[i].in.p, n);
			CHECK(r.n_tx <= 1, "%s, first %zu", datagrams[i].name, n);
			CHECK(n >= 12 || r.n_tx == 0, "%s, first %zu", datagrams[i].name, n);
		}
	}
	struct bytes query = BYTES(QUERY);
	for (size_t n = 0; n <= query.len; n++) {
		run_begin(&r, &proto_dns);
		run_feed(&r, DIR_C2S, query.p, n);
		CHECK(strcmp(r.text, n == query.len ? QUERY_TEXT : "") == 0, "first %zu: %s", n,
			r.text);
	}
}

static unsigned count(const char *text, const char *what)
{
	unsigned n = 0;

	for (; (text = strstr(text, what)) != NULL; text++)
		n++;
	return n;
}

// As many questions as a transaction holds, of the longest names there are; no more.
static void test_many_questions(void)
{
	enum { NAME = 255, N = 40 };
	static uint8_t wire[2 + 12 + N * (NAME + 4)];
	static struct parser_run r;
	uint8_t *p = wire;

	memcpy(p, "\x29\x18\x00\x01\x00\x00\x00\x28\x00\x00\x00\x00\x00\x00", 14);
	wire[0] = (sizeof(wire) - 2) >> 8;
	wire[1] = (sizeof(wire) - 2) & 0xff;
	p += 14;
	for (unsigned q = 0; q < N; q++) {
		static const uint8_t labels[] = {63, 63, 63, 61};
		for (unsigned i = 0; i < sizeof(labels); i++) {
			*p++ = labels[i];
			memset(p, 'a' + (int)i, labels[i]);
			p += labels[i];
		}
		memcpy(p, "\x00\x00\x01\x00\x01", 5);
		p += 5;
	}
	run_begin(&r, &proto_dns);
	run_feed(&r, DIR_C2S, wire + 2, sizeof(wire) - 2);
	CHECK(r.n_tx == 1 && r.result[DIR_C2S] == PARSE_MORE, "%u", r.n_tx);
	CHECK(count(r.text, "dns.query=") == 30, "%u", count(r.text, "dns.query="));

	static const size_t steps[] = {sizeof(wire), 1460, 1};
	for (size_t i = 0; i < ROWS(steps); i++) {
		static struct parser_run t;
		struct bytes in = {wire, sizeof(wire), false};
		run_stream(&t, &proto_dns_tcp, DIR_C2S, in, steps[i], steps[i]);
		CHECK(strcmp(t.text, r.text) == 0, "tcp, steps of %zu", steps[i]);
		CHECK(t.borrowed == 0, "tcp, steps of %zu", steps[i]);
	}
}

// Names of 127 labels, each of them reached by pointers, in as many records as there is room for:
// what is told is bounded, and so is what it costs.
static void test_many_records(void)
{
	enum { LABELS = 126, RECORD = 12, SIZE = 65535 };
	static uint8_t wire[SIZE] = "\x00\x01\x81\x80\x00\x01\x1f\xff\x00\x00\x00\x00";
	static struct parser_run r;
	uint8_t *p = wire + 12;

	for (unsigned i = 0; i < LABELS; i++, p += 2)
		memcpy(p, "\x01x", 2);
	memcpy(p, "\x00\x00\x01\x00\x01", 5);
	p += 5;
	for (; p + RECORD <= wire + SIZE; p += RECORD)
		memcpy(p, "\xc0\x0c\x00\x05\x00\x01\x00\x00\x00\x09\x00\x00", RECORD);

	run_begin(&r, &proto_dns);
	run_feed(&r, DIR_S2C, wire, sizeof(wire));
	unsigned told = count(r.text, "dns.answers.rrname=");
	CHECK(r.n_tx == 1 && told > 10 && told <= 60, "%u", told);
	CHECK(strstr(r.text, "dns.answers=1fff") != NULL, "the header's number");

	// Short names: as many as a transaction is to tell.
	memcpy(wire + 12, "\x01x\x00\x00\x01\x00\x01", 7);
	for (p = wire + 19; p + RECORD <= wire + SIZE; p += RECORD)
		memcpy(p, "\xc0\x0c\x00\x10\x00\x01\x00\x00\x00\x09\x00\x00", RECORD);
	run_begin(&r, &proto_dns);
	run_feed(&r, DIR_S2C, wire, sizeof(wire));
	told = count(r.text, "dns.answers.rrname=");
	CHECK(told == 60, "%u", told);
}

static const struct {
	const char *name;
	struct bytes in;
	enum parse want;
	const char *text;
} streams[] = {
	{"query", BYTES("\x00\x16" QUERY), PARSE_MORE, QUERY_TEXT},
	{"pipelined", BYTES("\x00\x16" QUERY "\x00\x16" QUERY "\x00\x26" RESPONSE), PARSE_MORE,
		QUERY_TEXT QUERY_TEXT RESPONSE_TEXT},
	{"too short for a header", BYTES("\x00\x0b" QUERY), PARSE_BAD, ""},
	{"malformed",
		BYTES("\x00\x12\x00\x01\x00\x00" COUNTS("\x01", "\x00") "\xc0\x0c\x00\x01\x00\x01"),
		PARSE_BAD, ""},
	{"ends within a response",
		BYTES("\x00\x16" QUERY "\x00\x26\x12\x34" ANSWER_FLAGS COUNTS(
			"\x01", "\x01") "\x01"
					"a\x02"
					"bc\x00\x00\x1c\x00\x01\xc0"),
		PARSE_MORE, QUERY_TEXT RESPONSE_CUT_TEXT},
};

static void check_stream(const struct parser_run *r, size_t i, size_t cut)
{
	CHECK(r->result[DIR_C2S] == streams[i].want, "%s, cut %zu: %d", streams[i].name, cut,
		r->result[DIR_C2S]);
	CHECK(strcmp(r->text, streams[i].text) == 0, "%s, cut %zu: %s", streams[i].name, cut,
		r->text);
	CHECK(r->borrowed == 0, "%s, cut %zu", streams[i].name, cut);
}

static void test_streams(void)
{
	static struct parser_run r;

	for (size_t i = 0; i < ROWS(streams); i++) {
		struct bytes in = streams[i].in;
		for (size_t cut = 1; cut <= in.len; cut++) {
			run_stream(&r, &proto_dns_tcp, DIR_C2S, in, cut, in.len);
			check_stream(&r, i, cut);
		}
		run_stream(&r, &proto_dns_tcp, DIR_C2S, in, 1, 1);
		check_stream(&r, i, 0);
	}
}

// A hole in a message does no harm to the next one; what was whole in front of it is told.
static void test_gap(void)
{
	static struct parser_run r;
	static uint8_t wire[20000] = "\x4e\x1e" RESPONSE; // 2 + 19998

	run_begin(&r, &proto_dns_tcp);
	run_feed(&r, DIR_S2C, wire, 10000);
	run_gap(&r, DIR_S2C, 10000);
	run_feed(&r, DIR_S2C, "\x00\x16" QUERY, 2 + sizeof(QUERY) - 1);
	CHECK(strcmp(r.text, RESPONSE_TEXT QUERY_TEXT) == 0, "%s", r.text);

	run_begin(&r, &proto_dns_tcp);
	run_feed(&r, DIR_S2C, wire, 10000);
	run_gap(&r, DIR_S2C, 10001);
	CHECK(r.result[DIR_S2C] == PARSE_DONE, "longer than the message: %d", r.result[DIR_S2C]);

	run_begin(&r, &proto_dns_tcp);
	run_feed(&r, DIR_S2C, wire, 36);
	run_gap(&r, DIR_S2C, 1);
	CHECK(r.result[DIR_S2C] == PARSE_MORE, "early: %d", r.result[DIR_S2C]);
	CHECK(strcmp(r.text, RESPONSE_CUT_TEXT) == 0, "%s", r.text);
	CHECK(r.borrowed == 0, "%u", r.borrowed);
}

static const struct {
	const char *name;
	const struct proto *proto;
	uint16_t sport, dport;
	struct bytes in;
	enum probe want;
	enum dir sender;
} probes[] = {
	{"query", &proto_dns, 40000, 53, BYTES(QUERY), PROBE_YES, DIR_C2S},
	{"query, odd port", &proto_dns, 40000, 9999, BYTES(QUERY), PROBE_YES, DIR_C2S},
	{"response, odd port", &proto_dns, 9999, 40000, BYTES(RESPONSE), PROBE_YES, DIR_S2C},
	{"netbios name service", &proto_dns, 137, 137, BYTES(QUERY), PROBE_NO, DIR_C2S},
	{"netbios datagrams", &proto_dns, 40000, 138, BYTES(QUERY), PROBE_NO, DIR_C2S},
	{"odd type", &proto_dns, 40000, 53,
		BYTES("\x00\x01\x00\x00" COUNTS("\x01", "\x00") "\x01x\x00\x7f\xff\x00\x01"),
		PROBE_YES, DIR_C2S},
	{"odd type, odd port", &proto_dns, 40000, 9999,
		BYTES("\x00\x01\x00\x00" COUNTS("\x01", "\x00") "\x01x\x00\x7f\xff\x00\x01"),
		PROBE_NO, DIR_C2S},
	{"odd opcode", &proto_dns, 40000, 53,
		BYTES("\x00\x01\x78\x00" COUNTS("\x01", "\x00") "\x01x\x00\x00\x01\x00\x01"),
		PROBE_YES, DIR_C2S},
	{"odd opcode, odd type", &proto_dns, 40000, 53,
		BYTES("\x00\x01\x78\x00" COUNTS("\x01", "\x00") "\x01x\x00\x7f\xff\x00\x01"),
		PROBE_NO, DIR_C2S},
	{"odd opcode, odd port", &proto_dns, 40000, 9999,
		BYTES("\x00\x01\x78\x00" COUNTS("\x01", "\x00") "\x01x\x00\x00\x01\x00\x01"),
		PROBE_NO, DIR_C2S},
	{"odd class, odd port", &proto_dns, 40000, 9999,
		BYTES("\x00\x01\x00\x00" COUNTS("\x01", "\x00") "\x01x\x00\x00\x01\x00\x07"),
		PROBE_NO, DIR_C2S},
	{"reserved bit, odd port", &proto_dns, 40000, 9999,
		BYTES("\x00\x01\x00\x40" COUNTS("\x01", "\x00") "\x01x\x00\x00\x01\x00\x01"),
		PROBE_NO, DIR_C2S},
	{"more records than bytes, odd port", &proto_dns, 9999, 40000,
		BYTES("\x00\x01\x80\x00" COUNTS("\x01", "\x02") "\x01x\x00\x00\x01\x00\x01" ANSWER),
		PROBE_NO, DIR_C2S},
	{"question cut", &proto_dns, 40000, 53,
		BYTES("\x00\x01\x00\x00" COUNTS("\x01", "\x00") "\x01x\x00\x00\x01\x00"), PROBE_NO,
		DIR_C2S},
	{"nothing asked", &proto_dns, 40000, 53, BYTES("\x00\x01\x00\x00" COUNTS("\x00", "\x00")),
		PROBE_NO, DIR_C2S},
	{"refused, nothing repeated", &proto_dns, 53, 40000,
		BYTES("\x00\x01\x80\x05" COUNTS("\x00", "\x00")), PROBE_YES, DIR_S2C},
	{"eleven bytes", &proto_dns, 40000, 53,
		BYTES("\x00\x01\x01\x00\x00\x01\x00\x00\x00\x00\x00"), PROBE_NO, DIR_C2S},
	{"tcp query", &proto_dns_tcp, 40000, 53, BYTES("\x00\x16" QUERY), PROBE_YES, DIR_C2S},
	{"tcp query, odd port", &proto_dns_tcp, 40000, 9999, BYTES("\x00\x16" QUERY), PROBE_YES,
		DIR_C2S},
	{"tcp, length only", &proto_dns_tcp, 40000, 53, BYTES("\x00\x16"), PROBE_MORE, DIR_C2S},
	{"tcp, one byte", &proto_dns_tcp, 40000, 53, BYTES("\x00"), PROBE_MORE, DIR_C2S},
	{"tcp, question cut", &proto_dns_tcp, 40000, 53,
		BYTES("\x00\x16\x12\x34" QUERY_FLAGS COUNTS("\x01", "\x00") "\x01"
									    "a"),
		PROBE_MORE, DIR_C2S},
	{"tcp, question longer than the message", &proto_dns_tcp, 40000, 53,
		BYTES("\x00\x0f" QUERY), PROBE_NO, DIR_C2S},
	{"tcp, length too short", &proto_dns_tcp, 40000, 53, BYTES("\x00\x0b" QUERY), PROBE_NO,
		DIR_C2S},
	{"tcp, http", &proto_dns_tcp, 40000, 80, BYTES("GET /index.html HTTP/1.1\r\n"), PROBE_NO,
		DIR_C2S},
};

static void test_probe(void)
{
	for (size_t i = 0; i < ROWS(probes); i++) {
		enum dir sender = DIR_C2S;
		enum probe got = probes[i].proto->probe(
			probes[i].in, probes[i].sport, probes[i].dport, &sender);
		CHECK(got == probes[i].want, "%s: %d", probes[i].name, got);
		CHECK(got != PROBE_YES || sender == probes[i].sender, "%s: sender %d",
			probes[i].name, sender);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"datagrams", test_datagrams},
		{"datagrams, truncated", test_datagrams_truncated},
		{"many questions", test_many_questions},
		{"many records", test_many_records},
		{"streams, cut anywhere", test_streams},
		{"gap", test_gap},
		{"probe", test_probe},
		CU_TEST_INFO_NULL,
	};
	return check_main("dns", tests);
}
