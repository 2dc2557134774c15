#include "tests/unit/stream_rows.h"

#define STREAMS "http://etherx.jabber.org/streams"
#define HEADER                                                                                     \
	"<?xml version='1.0'?><stream:stream to='example.org' version='1.0' "                      \
	"xmlns='jabber:client' xmlns:stream='" STREAMS "'>"
#define HEADER_TEXT                                                                                \
	"xmpp.element=stream xmpp.to=example.org xmpp.xmlns=jabber:client xmpp.xmlns=" STREAMS "\n"
#define TLS "urn:ietf:params:xml:ns:xmpp-tls"
#define SASL "urn:ietf:params:xml:ns:xmpp-sasl"

static const struct stream_row rows[] = {
	{"features", DIR_S2C,
		BYTES("<stream:features><starttls xmlns='" TLS "'><required/></starttls>"
		      "<mechanisms xmlns='" SASL "'><mechanism>PLAIN</mechanism>"
		      "<mechanism>SCRAM-SHA-1</mechanism></mechanisms></stream:features>"),
		PARSE_MORE,
		"s2c xmpp.element=features xmpp.xmlns=" TLS " xmpp.xmlns=" SASL
		" xmpp.auth=PLAIN xmpp.auth=SCRAM-SHA-1 xmpp.starttls=required\n",
		0},
	{"features, starttls may be used", DIR_S2C,
		BYTES("<features><starttls xmlns='" TLS "'/><required/></features>"), PARSE_MORE,
		"s2c xmpp.element=features xmpp.xmlns=" TLS " xmpp.starttls=offered\n", 0},
	{"starttls, asked and accepted", DIR_S2C,
		BYTES(HEADER "<starttls xmlns='" TLS "'/><proceed xmlns='" TLS "'/>\x16\x03\x03"),
		PARSE_SWITCH,
		"s2c " HEADER_TEXT "s2c xmpp.element=starttls xmpp.xmlns=" TLS
		" xmpp.starttls=asked\n"
		"s2c xmpp.element=proceed xmpp.xmlns=" TLS " xmpp.starttls=accepted\n",
		3},
	{"starttls, the answer is not seen", DIR_C2S,
		BYTES(HEADER "<starttls xmlns='" TLS "'/>\n\x16\x03\x01<\x01"), PARSE_SWITCH,
		HEADER_TEXT "xmpp.element=starttls xmpp.xmlns=" TLS " xmpp.starttls=asked\n", 5},
	{"starttls, refused; sasl failed", DIR_S2C,
		BYTES("<failure xmlns='" TLS "'/><failure xmlns='" SASL
		      "'><not-authorized/></failure></stream:stream>"),
		PARSE_DONE,
		"s2c xmpp.element=failure xmpp.xmlns=" TLS " xmpp.starttls=refused\n"
		"s2c xmpp.element=failure xmpp.xmlns=" SASL "\ns2c xmpp.element=stream_end\n",
		0},
	{"auth: the proof stays", DIR_C2S,
		BYTES("<auth mechanism=\"PLAIN\" xmlns=\"" SASL "\">AGFubmEAZ2VoZWlt</auth>"
		      "<response xmlns='" SASL "'>AAAA</response>" HEADER),
		PARSE_MORE,
		"xmpp.element=auth xmpp.auth=PLAIN xmpp.xmlns=" SASL "\n"
		"xmpp.element=response xmpp.xmlns=" SASL "\n" HEADER_TEXT,
		0},
	{"a mechanism that has elements in it is none", DIR_S2C,
		BYTES("<features><mechanisms xmlns='" SASL
		      "'><mechanism>A<b xmlns='c'>d</b></mechanism></mechanisms></features>"),
		PARSE_MORE, "s2c xmpp.element=features xmpp.xmlns=" SASL " xmpp.xmlns=c\n", 0},
	{"jabber:iq:auth", DIR_C2S,
		BYTES("<iq type='set' id='1'><query xmlns='jabber:iq:auth'><username>anna"
		      "</username><password>geheim</password></query></iq>"),
		PARSE_MORE,
		"xmpp.element=iq xmpp.type=set xmpp.xmlns=jabber:iq:auth "
		"xmpp.auth=jabber:iq:auth\n",
		0},
	{"message: the body stays, whatever is in it", DIR_C2S,
		BYTES("<message to='b&amp;c@example.org' from='a&apos;s@example.org' type='chat'>"
		      "<body to='x' mechanism='y'>to='z' &lt;b> > ' \"</body>"
		      "<!-- <iq type='x'/> --><![CDATA[</message>]]]><?pi <iq/>?></message>"
		      " \n<presence/>"),
		PARSE_MORE,
		"xmpp.element=message xmpp.to=b&c@example.org xmpp.from=a's@example.org "
		"xmpp.type=chat\nxmpp.element=presence\n",
		0},
	{"odd spaces, odd names, one namespace told once", DIR_C2S, BYTES("< a/>"), PARSE_BAD, "",
		0},
	{"spaces, nesting, one namespace told once", DIR_C2S,
		BYTES("<x:iq\n\ttype =\r\n 'get'\n><a xmlns='n'><b xmlns='n' /><b xmlns='m'><iq/>"
		      "</b></a ></x:iq >"),
		PARSE_MORE, "xmpp.element=iq xmpp.type=get xmpp.xmlns=n xmpp.xmlns=m\n", 0},
	{"not ended", DIR_C2S, BYTES("<message to='b@example.org'><body>secr"), PARSE_MORE,
		"xmpp.element=message xmpp.to=b@example.org\n", 0},
	{"not ended in its tag", DIR_C2S, BYTES("<presence/><message to='b@example.org' from='x"),
		PARSE_MORE, "xmpp.element=presence\n", 0},
	{"compressed", DIR_S2C,
		BYTES("<compressed xmlns='http://jabber.org/protocol/compress'/>\x78\x9c\x00"),
		PARSE_DONE,
		"s2c xmpp.element=compressed xmpp.xmlns=http://jabber.org/protocol/compress\n", 0},
	{"an empty stream", DIR_S2C, BYTES("<stream:stream id='1'/><iq/>"), PARSE_DONE,
		"s2c xmpp.element=stream\ns2c xmpp.element=stream_end\n", 0},
	{"an attribute twice: the first counts", DIR_C2S,
		BYTES("<iq to='a@b' to='c@d' from='e' from='f' type='get' type='set'/>"),
		PARSE_MORE, "xmpp.element=iq xmpp.to=a@b xmpp.from=e xmpp.type=get\n", 0},
	{"document type", DIR_C2S, BYTES("<!DOCTYPE x [<!ENTITY a 'b'>]><iq/>"), PARSE_BAD, "", 0},
	{"text between stanzas", DIR_C2S, BYTES("<iq/>junk<iq/>"), PARSE_BAD, "xmpp.element=iq\n",
		0},
	{"end before the beginning", DIR_C2S, BYTES("</a></b>"), PARSE_BAD, "", 0},
	{"attribute without a value", DIR_C2S, BYTES("<iq a b='c'/>"), PARSE_BAD, "", 0},
	{"attribute without quotes", DIR_C2S, BYTES("<iq a=b/>"), PARSE_BAD, "", 0},
	{"slash in a tag", DIR_C2S, BYTES("<iq / >"), PARSE_BAD, "", 0},
};

static void test_cut(void)
{
	rows_cut(&proto_xmpp, rows, ROWS(rows));
}

static void test_broken(void)
{
	rows_broken(&proto_xmpp, rows, ROWS(rows));
}

// Deeper than anybody's stanza; values longer than any address; more namespaces than are told.
static void test_hostile(void)
{
	static uint8_t wire[200000];
	static struct parser_run r;
	size_t len = 0;

	for (unsigned i = 0; i < 2000; i++, len += 3)
		memcpy(wire + len, "<a>", 3);
	run_begin(&r, &proto_xmpp);
	run_feed(&r, DIR_C2S, wire, len);
	CHECK(r.result[DIR_C2S] == PARSE_BAD && r.borrowed == 0, "%d", r.result[DIR_C2S]);

	len = 0;
	memset(wire, 'x', sizeof(wire));
	memcpy(wire, "<iq to='", 8);
	memcpy(wire + 8 + 3072, "' from='", 8);
	memcpy(wire + 16 + 2 * 3072 - 1, "'/>", 3);
	run_begin(&r, &proto_xmpp);
	run_feed(&r, DIR_C2S, wire, 16 + 2 * 3072 + 2);
	CHECK(r.n_tx == 1 && strstr(r.text, "xmpp.to") == NULL, "%u", r.n_tx);
	CHECK(strstr(r.text, "xmpp.from=xxx") != NULL, "%.40s", r.text);

	len = 0;
	for (unsigned i = 0; i < 1000; i++)
		len += (size_t)sprintf((char *)wire + len, "%s xmlns:n%u='urn:n%u'%s",
			i == 0 ? "<iq" : "<b", i, i,
			i == 999	 ? "/></iq>"
				: i == 0 ? ">"
					 : "/>");
	run_begin(&r, &proto_xmpp);
	run_feed(&r, DIR_C2S, wire, len);
	CHECK(r.n_tx == 1 && strstr(r.text, "urn:n15") != NULL && strstr(r.text, "urn:n16") == NULL,
		"%s", r.text);
	CHECK(r.borrowed == 0, "%u", r.borrowed);

	// Addresses over and over: the buffer is full, and no more is kept.
	len = (size_t)sprintf((char *)wire, "<iq");
	for (unsigned i = 0; i < 60; i++) {
		len += (size_t)sprintf((char *)wire + len, " to='%02u", i);
		memset(wire + len, 'x', 3000);
		len += 3000;
		wire[len++] = '\'';
	}
	len += (size_t)sprintf((char *)wire + len, "/>");
	run_begin(&r, &proto_xmpp);
	run_feed(&r, DIR_C2S, wire, len);
	CHECK(r.n_tx == 1 && r.result[DIR_C2S] == PARSE_MORE && r.borrowed == 0, "%u", r.n_tx);
}

// Each value is compared with those that are kept: of an endless element these are few.
static void test_bounded(void)
{
	static const struct {
		const char *name, *pattern;
		bool element;
		unsigned told;
	} kinds[] = {{"attributes", " to='%04u'", false, 1},
		{"mechanisms", "<mechanism>%04u</mechanism>", true, 64},
		{"namespaces", "<b xmlns='%04u'/>", true, 16}};
	enum { N = 9000 };
	static char wire[2 * N * 32];
	static struct parser_run r;

	for (size_t i = 0; i < ROWS(kinds); i++) {
		size_t len = (size_t)sprintf(wire, kinds[i].element ? "<features><a>" : "<iq");
		for (unsigned n = 0; n < 2 * N; n++)
			len += (size_t)snprintf(wire + len, sizeof(wire) - len, kinds[i].pattern,
				n < N ? n : N - 1);
		len = (size_t)sprintf(wire + len, kinds[i].element ? "</a></features>" : "/>") +
			len;
		run_begin(&r, &proto_xmpp);
		run_feed(&r, DIR_S2C, wire, len);
		unsigned told = 0;
		for (const char *at = r.text; (at = strchr(at, '=')) != NULL; at++)
			told++;
		CHECK(r.n_tx == 1 && told == 1 + kinds[i].told, "%s: %u", kinds[i].name, told);
		run_end(&r);
	}
}

static void test_gap(void)
{
	static struct parser_run r;

	run_begin(&r, &proto_xmpp);
	run_feed(&r, DIR_C2S, "<iq type='get'><query xml", 25);
	run_gap(&r, DIR_C2S, 100);
	run_feed(&r, DIR_C2S, "ns='a'/><b></iq><c to='d'/><presence to='e'/><iq/>", 50);
	CHECK(strcmp(r.text,
		      "xmpp.element=iq xmpp.type=get\n"
		      "xmpp.element=presence xmpp.to=e\nxmpp.element=iq\n") == 0,
		"%s", r.text);
	CHECK(r.result[DIR_C2S] == PARSE_MORE, "%d", r.result[DIR_C2S]);
	run_end(&r);
	CHECK(r.borrowed == 0, "%u", r.borrowed);
}

// What the server's <compressed/> says counts for both.
static void test_compressed(void)
{
	static struct parser_run r;

	run_begin(&r, &proto_xmpp);
	run_feed(&r, DIR_C2S, "<compress/>", 11);
	run_feed(&r, DIR_S2C, "<compressed/>", 13);
	run_feed(&r, DIR_C2S, "\x78\x9c", 2);
	CHECK(r.result[DIR_C2S] == PARSE_DONE, "%d", r.result[DIR_C2S]);
}

static const struct probe_row probes[] = {
	{"client", 40000, 9999, BYTES("<?xml version='1.0'?><stream:stream to='a'>"), PROBE_YES,
		DIR_C2S},
	{"server", 5222, 40000, BYTES("<?xml version='1.0'?><stream:stream id='1'"), PROBE_YES,
		DIR_S2C},
	{"server, odd port", 9999, 40000, BYTES("<stream:stream id='1' from='x'"), PROBE_YES,
		DIR_S2C},
	{"spaces", 40000, 5222, BYTES(" \r\n<?xml version='1.0'?>\n<stream:stream "), PROBE_YES,
		DIR_C2S},
	{"another prefix", 40000, 9999, BYTES("<s:stream xmlns:s='http:'>"), PROBE_YES, DIR_C2S},
	{"no prefix", 40000, 9999, BYTES("<stream to='example.org'>"), PROBE_YES, DIR_C2S},
	{"the declaration alone", 40000, 9999, BYTES("<?xml version='1.0'?>"), PROBE_MORE, DIR_C2S},
	{"in the middle, its port", 40000, 5222, BYTES("<message to="), PROBE_YES, DIR_C2S},
	{"in the middle", 40000, 9999, BYTES("<iq id='1' type='get'>"), PROBE_YES, DIR_C2S},
	{"some message", 40000, 9999, BYTES("<message to="), PROBE_NO, DIR_C2S},
	{"soap", 40000, 9999, BYTES("<?xml version='1.0'?><soap:Envelope "), PROBE_NO, DIR_C2S},
	{"html", 40000, 9999, BYTES("<html>"), PROBE_NO, DIR_C2S},
	{"policy", 40000, 5222, BYTES("<policy-file-request/>\0"), PROBE_NO, DIR_C2S},
	{"syslog", 40000, 9999, BYTES("<34>1 2003"), PROBE_NO, DIR_C2S},
	{"streamer", 40000, 9999, BYTES("<streamer to='x'"), PROBE_NO, DIR_C2S},
	{"upstream", 40000, 9999, BYTES("<upstream to='x'"), PROBE_NO, DIR_C2S},
};

static void test_probe(void)
{
	rows_probe(&proto_xmpp, probes, ROWS(probes));
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"elements, cut anywhere", test_cut},
		{"elements, broken anywhere", test_broken},
		{"hostile", test_hostile},
		{"bounded", test_bounded},
		{"gap", test_gap},
		{"compressed", test_compressed},
		{"probe", test_probe},
		CU_TEST_INFO_NULL,
	};
	return check_main("xmpp", tests);
}
