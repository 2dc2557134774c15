// Marks of messengers, and RTP.

#include "tests/unit/check.h"
#include "tests/unit/tx_log.h"

#define BYTES(s)                                                                                   \
	{                                                                                          \
		(const uint8_t *)(s), sizeof(s) - 1, false                                         \
	}

static const struct {
	const char *name;
	const struct proto *proto;
	struct bytes in;
	uint16_t dport;
	enum probe want;
	const char *text; // after one feed
} rows[] = {
	{"whatsapp", &proto_whatsapp, BYTES("WA\x06\x03\x00\x00\x24\x12\x22"), 443, PROBE_YES,
		"confidence=high im.marker=noise_prologue im.function=chat im.version=0603\n"},
	{"whatsapp, edge routing", &proto_whatsapp, BYTES("ED\x00\x01\x00\x00\x05xxxxx"), 443,
		PROBE_YES, "confidence=high im.marker=edge_routing im.function=chat\n"},
	{"a word that begins like it", &proto_whatsapp, BYTES("WARNING"), 443, PROBE_NO, ""},
	{"mmtls", &proto_mmtls, BYTES("\x16\xf1\x04\x00\xa1\x00\x00\x00\x9d\x01\x04\xf1"), 443,
		PROBE_YES,
		"confidence=high im.marker=mmtls_record im.function=chat im.version=f104\n"},
	{"tls is no mmtls", &proto_mmtls, BYTES("\x16\x03\x01\x00\xa1"), 443, PROBE_NO, ""},
	{"mtproto, abridged", &proto_mtproto,
		BYTES("\xef\x0a\x00\x00\x00\x00\x00\x00\x00\x00\x01\x02\x03\x04"), 443, PROBE_YES,
		"confidence=high im.marker=mtproto_tag im.function=chat im.transport=abridged\n"},
	{"mtproto, intermediate with a key", &proto_mtproto,
		BYTES("\xee\xee\xee\xee\x40\x00\x00\x00zzzzzzzz"), 443, PROBE_YES,
		"confidence=medium im.marker=mtproto_tag im.function=chat "
		"im.transport=intermediate\n"},
	{"one byte is no mark", &proto_mtproto, BYTES("\xef\x0azzzzzzzzzz"), 443, PROBE_NO, ""},
	{"kakaotalk", &proto_kakaotalk,
		BYTES("\x00\x01\x00\x00\x0e\x00\x00\x00\x02\x00\x00\x00zzzz"), 995, PROBE_YES,
		"confidence=high im.marker=loco_handshake im.function=chat\n"},
	{"viber", &proto_viber, BYTES("\x18\x00\x00\x00\x00\x00\xfc\xff\x05\x80\x09\x00zzzz"), 4244,
		PROBE_YES, "confidence=medium im.marker=login_header im.function=chat\n"},
	{"viber, too short a length", &proto_viber,
		BYTES("\x08\x00\x00\x00\x00\x00\xfc\xff\x05\x80\x09\x00zzzz"), 4244, PROBE_NO, ""},
	{"dingtalk", &proto_dingtalk,
		BYTES("\x10\x44\x87\x80\x01\x00\x01\x00\x02\x00\x02\x64\x6b\x03zz"), 443, PROBE_YES,
		"confidence=high im.marker=lwp_hello im.function=chat\n"},
	{"dingtalk's hello comes too late", &proto_dingtalk,
		BYTES("\x10zzzzzzzzzzzzzzzzzzzz\x87\x80\x01\x00\x01\x00\x02\x00\x02\x64\x6b\x03"),
		443, PROBE_NO, ""},
	{"oicq", &proto_oicq, BYTES("\x02\x3b\x0b\x00\x01\x12\x34\x56\x1f\x5b\x6bzz\x03"), 8000,
		PROBE_YES,
		"confidence=high im.marker=oicq_header im.function=chat im.version=3b0b "
		"im.command=0001 im.account=1444895595\n"},
	{"oicq that does not end so", &proto_oicq,
		BYTES("\x02\x3b\x0b\x00\x01\x12\x34\x56\x1f\x5b\x6bzz\x04"), 8000, PROBE_NO, ""},
	{"telegram's calls", &proto_reflector,
		BYTES("0123456789abcdef\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff"
		      "\xff"),
		1400, PROBE_YES, "confidence=medium im.marker=reflector_ping im.function=call\n"},
	{"zoom", &proto_zoom, BYTES("\x05\x00\x01\x00\x00\x00\x00\x00\x10zzzzzzzzzzzz"), 8801,
		PROBE_YES, "confidence=medium im.marker=sfu_header im.function=call\n"},
	{"zoom, between two", &proto_zoom,
		BYTES("\x1f\x02\x01\x00\x08\x00\x01\x00\x04\x00zzzzzzzzzzzzzzzzzzzzzzzz"), 40001,
		PROBE_YES, "confidence=medium im.marker=p2p_probe im.function=call\n"},
	{"viber's calls", &proto_viber_call, BYTES("\xed\xf6\x09\x00zzzzzzzzzzzzzzzz"), 7985,
		PROBE_YES, "confidence=medium im.marker=call_header im.function=call\n"},
	{"viber's calls, another length", &proto_viber_call,
		BYTES("\xed\xf6\x09\x00zzzzzzzzzzzzzzzzz"), 7985, PROBE_NO, ""},
	{"viber's calls, another port", &proto_viber_call,
		BYTES("\xed\xf6\x09\x00zzzzzzzzzzzzzzzz"), 7986, PROBE_NO, ""},
	{"line's calls", &proto_line, BYTES("\xd8\x1e\x00\x66\x06\x02zzzzzzzzzzzzzzzzzzzzzzzzzzzz"),
		29070, PROBE_YES, "confidence=medium im.marker=call_header im.function=call\n"},
	{"line's calls, another length", &proto_line,
		BYTES("\xd8\x1f\x00\x66\x06\x02zzzzzzzzzzzzzzzzzzzzzzzzzzzz"), 29070, PROBE_NO, ""},
	{"not on zoom's ports", &proto_zoom,
		BYTES("\x05\x00\x01\x00\x00\x00\x00\x00\x10zzzzzzzzzzzz"), 9999, PROBE_NO, ""},
};

static void test_marks(void)
{
	static struct parser_run r;

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct bytes in = rows[i].in;
		bool tcp = rows[i].proto->state_size > 0;
		enum dir sender;
		enum probe got = rows[i].proto->probe(in, 40000, rows[i].dport, &sender);
		CHECK(got == rows[i].want, "%s: %d", rows[i].name, got);
		for (size_t n = 0; n < in.len && got == PROBE_YES && tcp; n++) {
			enum probe part = rows[i].proto->probe(
				(struct bytes){in.p, n, false}, 40000, rows[i].dport, &sender);
			CHECK(part != PROBE_NO, "%s, %zu bytes", rows[i].name, n);
		}
		for (size_t cut = 0; cut < in.len; cut++) {
			run_begin(&r, rows[i].proto);
			r.io.dport = rows[i].dport;
			if (tcp)
				run_feed(&r, DIR_C2S, in.p, cut);
			run_feed(&r, DIR_C2S, in.p + (tcp ? cut : 0), in.len - (tcp ? cut : 0));
			run_end(&r);
			CHECK(strcmp(r.text, rows[i].text) == 0, "%s, cut %zu: %s", rows[i].name,
				cut, r.text);
		}
	}
}

static void test_discord(void)
{
	static struct parser_run r;
	uint8_t ask[74] = {0, 1, 0, 70};
	enum dir sender;

	CHECK(proto_discord.probe((struct bytes){ask, 74, false}, 1, 2, &sender) == PROBE_YES,
		"ask");
	CHECK(proto_discord.probe((struct bytes){ask, 73, false}, 1, 2, &sender) == PROBE_NO,
		"another length");
	run_begin(&r, &proto_discord);
	run_feed(&r, DIR_C2S, ask, sizeof(ask));
	CHECK(strcmp(r.text, "confidence=high im.marker=ip_discovery im.function=call\n") == 0,
		"%s", r.text);
}

static void test_discord_ping(void)
{
	const uint8_t ping[8] = {0x13, 0x37, 0xca, 0xfe, 7};
	enum dir sender;

	CHECK(proto_discord.probe((struct bytes){ping, 8, false}, 1, 2, &sender) == PROBE_YES,
		"ping");
	CHECK(proto_discord.probe((struct bytes){ping, 7, false}, 1, 2, &sender) == PROBE_NO,
		"another length");
}

static void test_zoom_connect(void)
{
	uint8_t ask[109] = {1, 0, 2, 0x7d, 0x46}, told[35] = {2, 0, 1, 0x7d, 0x46};
	enum dir sender;

	CHECK(proto_zoom.probe((struct bytes){ask, 109, false}, 5, 8801, &sender) == PROBE_YES &&
			sender == DIR_C2S,
		"ask");
	CHECK(proto_zoom.probe((struct bytes){told, 35, false}, 8801, 5, &sender) == PROBE_YES &&
			sender == DIR_S2C,
		"answer");
	CHECK(proto_zoom.probe((struct bytes){ask, 109, false}, 5, 6, &sender) == PROBE_NO, "port");
	ask[20] = 1;
	CHECK(proto_zoom.probe((struct bytes){ask, 109, false}, 5, 8801, &sender) == PROBE_NO,
		"no zeros");
	CHECK(proto_zoom.probe((struct bytes){told, 34, false}, 8801, 5, &sender) == PROBE_NO,
		"length");
}

// wiki.mumble.info/wiki/Protocol: the question alone could be anybody's.
static void test_mumble(void)
{
	static const uint8_t ask[12] = {0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8};
	static const uint8_t good[24] = {
		0, 1, 3, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 9, 0, 0, 0, 99};
	static struct parser_run r;
	enum dir sender;

	CHECK(proto_mumble.probe((struct bytes){ask, 12, false}, 1, 2, &sender) == PROBE_MAYBE,
		"ask");
	CHECK(proto_mumble.probe((struct bytes){good, 12, false}, 1, 2, &sender) == PROBE_NO,
		"no zeros");
	for (unsigned wrong = 0; wrong <= 24; wrong++) {
		uint8_t told[24];
		bool matters = wrong < 12 && wrong != 2 && wrong != 3;
		memcpy(told, good, sizeof(told));
		if (wrong == 1)
			told[1] = 0;
		else if (wrong < 24)
			told[wrong] ^= 0x40;
		run_begin(&r, &proto_mumble);
		run_feed(&r, DIR_C2S, ask, sizeof(ask));
		run_feed(&r, DIR_S2C, told, sizeof(told));
		CHECK((strstr(r.text, "ping_answer") != NULL) == !matters, "%u: %s", wrong, r.text);
	}
	run_begin(&r, &proto_mumble);
	run_feed(&r, DIR_C2S, ask, sizeof(ask));
	run_feed(&r, DIR_C2S, good, sizeof(good));
	CHECK(r.text[0] == '\0', "its own answer");
}

// A datagram of RTP with this sequence number and SSRC.
static void feed_rtp(struct parser_run *r, uint16_t sequence, uint8_t ssrc)
{
	uint8_t wire[20] = {0x80, 0x6f, (uint8_t)(sequence >> 8), (uint8_t)sequence, 0, 0, 0, 1,
		ssrc, ssrc, ssrc, ssrc};

	run_feed(r, DIR_C2S, wire, sizeof(wire));
}

static void test_rtp(void)
{
	static const struct {
		const char *name;
		uint16_t sequences[6];
		uint8_t ssrcs[6];
		unsigned n_tx;
	} talks[] = {
		{"counts up", {65534, 65535, 0, 1, 2, 3}, {7, 7, 7, 7, 7, 7}, 1},
		{"one is lost", {1, 2, 4, 5, 6, 7}, {7, 7, 7, 7, 7, 7}, 1},
		{"jumps", {1, 100, 50, 900, 3, 70}, {7, 7, 7, 7, 7, 7}, 0},
		{"many sources", {1, 2, 3, 4, 5, 6}, {1, 2, 3, 4, 5, 6}, 0},
		{"always the same", {9, 9, 9, 9, 9, 9}, {7, 7, 7, 7, 7, 7}, 0},
	};
	static const uint8_t rtcp[] = {0x81, 201, 0, 7, 1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
	static struct parser_run r;
	enum dir sender;

	for (size_t i = 0; i < ROWS(talks); i++) {
		run_begin(&r, &proto_rtp);
		for (unsigned k = 0; k < 6; k++)
			feed_rtp(&r, talks[i].sequences[k], talks[i].ssrcs[k]);
		CHECK(r.n_tx == talks[i].n_tx, "%s: %s", talks[i].name, r.text);
	}
	CHECK(proto_rtp.probe((struct bytes){rtcp, sizeof(rtcp), false}, 1, 2, &sender) ==
			PROBE_YES,
		"rtcp");
	for (size_t n = 0; n < sizeof(rtcp); n++)
		CHECK(proto_rtp.probe((struct bytes){rtcp, n, false}, 1, 2, &sender) == PROBE_NO,
			"rtcp, %zu bytes", n);
	run_begin(&r, &proto_rtp);
	run_feed(&r, DIR_C2S, rtcp, sizeof(rtcp));
	CHECK(strstr(r.text, "rtp.rtcp_type=c9") != NULL, "%s", r.text);
	run_feed(&r, DIR_C2S, "\x00\x01", 2);
	CHECK(r.result[DIR_C2S] == PARSE_OTHER, "something else");
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"marks", test_marks},
		{"discord", test_discord},
		{"Discord: ping", test_discord_ping},
		{"Zoom: connect", test_zoom_connect},
		{"Mumble", test_mumble},
		{"rtp", test_rtp},
		CU_TEST_INFO_NULL,
	};
	return check_main("messengers", tests);
}
