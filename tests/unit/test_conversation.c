// What flows of several protocols tell, from packets to transactions.

#include "tests/unit/check.h"
#include "tests/unit/flow_packet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIECES_MAX = 12, TCP_PSH_ACK = 0x18 };

struct talk {
	struct inspector *inspector;
	uint64_t counters[CTR_COUNT];
	uint8_t app_proto; // of the last flow that ended
	uint64_t last_tx; // number of the last transaction
	bool packets; // wanted, too
	bool after; // packets' flows' protocols are wanted
	size_t len;
	char text[8192];
};

static void say(struct talk *t, const char *format, const char *a, const char *b)
{
	int n = snprintf(t->text + t->len, sizeof(t->text) - t->len, format, a, b);
	if (n > 0 && (size_t)n < sizeof(t->text) - t->len)
		t->len += (size_t)n;
}

static struct inspect_wants on_wants(void *ctx)
{
	const struct talk *t = ctx;

	return (struct inspect_wants){.packets_tcp = t->packets};
}

// "tls client_hello; " : the protocol and the value of the field that names the message.
static void on_match(void *ctx, const struct find *finds, unsigned n)
{
	static const uint16_t shown[] = {FIELD_TLS_MESSAGE, FIELD_HTTP_METHOD, FIELD_HTTP_STAT_CODE,
		FIELD_DNS_QUERY, FIELD_SMTP_COMMAND, FIELD_SMTP_CODE, FIELD_STUN_FLAVOUR};
	struct talk *t = ctx;

	for (unsigned i = 0; i < n; i++) {
		if (finds[i].kind == FIND_PACKET && t->after)
			say(t, "%s; ", app_proto_table[finds[i].app_after].name, "");
		else if (finds[i].kind == FIND_PACKET)
			say(t, "%s%s; ",
				finds[i].counts.state == FLOW_STATE_NEW ? "new" : "established",
				finds[i].first_known ? " known" : "");
		if (finds[i].kind != FIND_TX)
			continue;
		t->last_tx = finds[i].tx_id;
		say(t, "%s%s", app_proto_table[finds[i].app_proto].name,
			finds[i].dir == DIR_S2C ? "<" : "");
		for (unsigned k = 0; k < finds[i].n_fields; k++) {
			const struct field_value *v = &finds[i].fields[k];
			char value[64];
			for (size_t f = 0; f < ROWS(shown); f++) {
				if (shown[f] != v->field)
					continue;
				snprintf(value, sizeof(value), "%.*s", (int)v->value.len,
					(const char *)v->value.p);
				say(t, " %s%s", value, "");
			}
		}
		say(t, "; %s%s", "", "");
	}
}

static void on_flow_end(void *ctx, struct flow *flow, enum flow_reason reason)
{
	struct talk *t = ctx;

	(void)reason;
	t->app_proto = flow->app_proto;
}

struct piece {
	enum dir dir;
	struct bytes bytes;
};

static void start_with(struct talk *t, uint32_t gathers, uint32_t sessions)
{
	static const struct inspect_hooks hooks = {.wants = on_wants,
		.match = on_match,
		.streams_close = on_close,
		.flow_end = on_flow_end};
	struct inspect_hooks mine = hooks;
	struct inspect_options options = inspect_defaults();

	*t = (struct talk){0};
	mine.ctx = t;
	options.flow.max_flows = 64;
	options.max_sessions = sessions;
	options.max_gathers = gathers;
	t->inspector = inspector_new(&options, &mine, t->counters);
	if (t->inspector == NULL)
		abort();
}

static void start(struct talk *t, uint32_t gathers)
{
	start_with(t, gathers, 64);
}

// seq: of both sides of the flow.
static struct packet packet_at(
	uint8_t l4, uint16_t port, const struct piece *piece, uint32_t seq[2], uint64_t ts_ns)
{
	enum dir dir = piece->dir;
	struct packet p = packet_of(l4, port, dir, piece->bytes, ts_ns);

	if (l4 == IPPROTO_TCP) {
		p.tcp_flags = TCP_PSH_ACK;
		p.tcp_seq = seq[dir];
		p.tcp_ack = seq[!dir];
		seq[dir] += p.payload_len;
	}
	return p;
}

static void feed(struct talk *t, uint8_t l4, uint16_t port, const struct piece *piece,
	uint32_t seq[2], uint64_t ts_ns)
{
	struct packet p = packet_at(l4, port, piece, seq, ts_ns);

	inspect_burst(t->inspector, &p, 1);
}

static void stop(struct talk *t)
{
	inspect_finish(t->inspector);
	inspector_free(t->inspector);
}

static void run(struct talk *t, uint8_t l4, const struct piece *pieces)
{
	uint32_t seq[2] = {1000, 9000};

	start(t, inspect_defaults().max_gathers);
	for (unsigned i = 0; i < PIECES_MAX && pieces[i].bytes.len > 0; i++)
		feed(t, l4, 0, &pieces[i], seq, 1000000000ull + i);
	stop(t);
}

#define RANDOM "0123456789abcdef0123456789abcdef"
#define HELLO_BEGIN "\x16\x03\x01\x00\x2d\x01\x00\x00\x29\x03\x03" RANDOM
#define HELLO_END "\x00\x00\x02\x13\x01\x01\x00"
#define CLIENT_HELLO HELLO_BEGIN HELLO_END
#define SERVER_HELLO "\x16\x03\x03\x00\x2a\x02\x00\x00\x26\x03\x03" RANDOM "\x00\xc0\x2f\x00"
#define SEALED "\x17\x03\x03\x00\x03xyz"
#define DTLS_HELLO                                                                                 \
	"\x16\xfe\xfd\x00\x00\x00\x00\x00\x00\x00\x00\x00\x36\x01\x00\x00\x2a"                     \
	"\x00\x00\x00\x00\x00\x00\x00\x2a\xfe\xfd" RANDOM "\x00\x00\x00\x02\x13\x01\x01\x00"
#define LINE_CALL                                                                                  \
	"\xd8\x1c\x00\x01\x06\x02"                                                                 \
	"zzzzzzzzzzzzzzzzzzzzzzzzzz"
// DTLS: a fragment of a ClientHello of 42 bytes; its place and length.
#define FRAGMENT(at)                                                                               \
	"\x16\xfe\xfd\x00\x00\x00\x00\x00\x00\x00\x00\x00\x2e\x01\x00\x00\x2a\x00\x00" at
#define FRAGMENT_END                                                                               \
	"\x16\xfe\xfd\x00\x00\x00\x00\x00\x00\x00\x01\x00\x14\x01\x00\x00\x2a\x00\x00"             \
	"\x00\x00\x22\x00\x00\x08\x00\x00\x00\x02\x13\x01\x01\x00"
#define SIXTY "0123456789a123456789b123456789c123456789d123456789e123456789"
#define C2S(s)                                                                                     \
	{                                                                                          \
		DIR_C2S,                                                                           \
		{                                                                                  \
			(const uint8_t *)(s), sizeof(s) - 1, false                                 \
		}                                                                                  \
	}
#define S2C(s)                                                                                     \
	{                                                                                          \
		DIR_S2C,                                                                           \
		{                                                                                  \
			(const uint8_t *)(s), sizeof(s) - 1, false                                 \
		}                                                                                  \
	}

static const struct {
	const char *name;
	uint8_t l4;
	struct piece pieces[PIECES_MAX];
	const char *text;
	enum app_proto app;
} cases[] = {
	{"both hellos", IPPROTO_TCP, {C2S(CLIENT_HELLO), S2C(SERVER_HELLO), C2S(SEALED)},
		"tls client_hello; tls< server_hello; ", APP_TLS},
	{"seen from the server's side only", IPPROTO_TCP, {S2C(SERVER_HELLO), S2C(SEALED)},
		"tls< server_hello; ", APP_TLS},
	{"unknown", IPPROTO_TCP, {C2S("\x01\x02\x03\x04zzzzzzzz"), S2C("\x05\x06\x07\x08zzzzzz")},
		"", APP_UNKNOWN},
	{"a hello later in a stream", IPPROTO_TCP,
		{C2S("\x01\x02\x03\x04zzzzzzzz"), C2S(CLIENT_HELLO)}, "tls client_hello; ",
		APP_TLS},
	{"hellos of both sides later in their streams", IPPROTO_TCP,
		{C2S("\x01\x02\x03\x04zzzzzzzz"), S2C("\x05\x06\x07\x08zzzzzzzz"),
			C2S(CLIENT_HELLO), S2C(SERVER_HELLO)},
		"tls client_hello; tls< server_hello; ", APP_TLS},
	{"a hello in two pieces, the other side's between them", IPPROTO_TCP,
		{C2S("\x01\x02\x03\x04zzzzzzzz"), S2C("\x05\x06\x07\x08zzzzzzzz"), C2S(HELLO_BEGIN),
			S2C(SERVER_HELLO), C2S(HELLO_END)},
		"tls< server_hello; tls client_hello; ", APP_TLS},
	{"starttls, a hello in two pieces, the other side's between them", IPPROTO_TCP,
		{S2C("220 h ESMTP\r\n"), C2S("EHLO h\r\nSTARTTLS\r\n"), S2C("250 h\r\n"),
			S2C("220 go\r\n"), C2S(HELLO_BEGIN), S2C(SERVER_HELLO), C2S(HELLO_END)},
		"smtp< 220; smtp EHLO; smtp STARTTLS; smtp< 250; smtp< 220; tls< server_hello; "
		"tls client_hello; ",
		APP_TLS},
	{"the server's only", IPPROTO_TCP,
		{S2C("\x05\x06\x07\x08zzzzzzzz"), S2C("zzzz" SERVER_HELLO)}, "tls< server_hello; ",
		APP_TLS},
	{"connect, then tls on both sides", IPPROTO_TCP,
		{C2S("CONNECT a.b:443 HTTP/1.1\r\n\r\n"), S2C("HTTP/1.1 200 OK\r\n\r\n"),
			C2S(CLIENT_HELLO), S2C(SERVER_HELLO)},
		"http CONNECT; http< 200; tls client_hello; tls< server_hello; ", APP_TLS},
	{"connect, answered late", IPPROTO_TCP,
		{C2S("CONNECT a.b:443 HTTP/1.1\r\n\r\n"), C2S(CLIENT_HELLO),
			S2C("HTTP/1.1 200 OK\r\n\r\n"), S2C(SERVER_HELLO)},
		"http CONNECT; tls client_hello; tls< server_hello; ", APP_TLS},
	{"starttls", IPPROTO_TCP,
		{S2C("220 h ESMTP\r\n"), C2S("EHLO h\r\nSTARTTLS\r\n"), S2C("250 h\r\n"),
			S2C("220 go\r\n"), C2S(CLIENT_HELLO), S2C(SERVER_HELLO)},
		"smtp< 220; smtp EHLO; smtp STARTTLS; smtp< 250; smtp< 220; tls client_hello; "
		"tls< server_hello; ",
		APP_TLS},
	{"smtp whose greeting tells nothing", IPPROTO_TCP,
		{S2C("220 h\r\n"), C2S("EHLO h\r\n"), S2C("250 h\r\n")},
		"smtp< 220; smtp EHLO; smtp< 250; ", APP_SMTP},
	{"the begin of a TLS record, and a plain answer", IPPROTO_TCP,
		{C2S("\x16\x03"), S2C(":irc.example.org 001 anna :Welcome\r\n"), S2C("PING x\r\n")},
		"irc<; irc<; ", APP_IRC},
	{"the begin of a TLS record, and a plain answer in two pieces", IPPROTO_TCP,
		{C2S("\x16\x03"), S2C(":irc.example.org 00"), S2C("1 anna :Welcome\r\nPING x\r\n")},
		"irc<; irc<; ", APP_IRC},
	{"smtp whose greeting tells late", IPPROTO_TCP,
		{S2C("220 " SIXTY "012 ESMTP\r\n"), C2S("EHLO h\r\n"), S2C("250 h\r\n")},
		"smtp EHLO; smtp< 250; ", APP_SMTP},
	{"smtp whose greeting tells late, in two pieces", IPPROTO_TCP,
		{S2C("220 "), S2C(SIXTY "012 ESMTP\r\n"), C2S("EHLO h\r\n"), S2C("250 h\r\n")},
		"smtp EHLO; smtp< 250; ", APP_SMTP},
	{"imap whose greeting tells late", IPPROTO_TCP,
		{S2C("* OK " SIXTY " IMAP4\r\n"), C2S("a NOOP\r\n"), S2C("a OK\r\n")},
		"imap; imap<; ", APP_IMAP},
	{"imap whose greeting tells late, in two pieces", IPPROTO_TCP,
		{S2C("* OK " SIXTY), S2C(" IMAP4\r\n"), C2S("a NOOP\r\n"), S2C("a OK\r\n")},
		"imap; imap<; ", APP_IMAP},
	{"stun and dtls share a flow", IPPROTO_UDP,
		{C2S("\x00\x01\x00\x00\x21\x12\xa4"
		     "B0123456789ab"),
			C2S(DTLS_HELLO),
			C2S("\x00\x01\x00\x00\x21\x12\xa4"
			    "B0123456789ab")},
		"stun stun; tls client_hello; stun stun; ", APP_TLS},
	{"a call's mark", IPPROTO_UDP, {C2S(LINE_CALL), C2S(DTLS_HELLO)}, "line; ", APP_LINE},
	{"a call's mark in a flow that is known", IPPROTO_UDP,
		{C2S("\x00\x01\x00\x00\x21\x12\xa4"
		     "B0123456789ab"),
			C2S(LINE_CALL), C2S(DTLS_HELLO), C2S(LINE_CALL)},
		"stun stun; tls client_hello; ", APP_TLS},
	{"dns, then something else", IPPROTO_UDP,
		{C2S("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01"
		     "a\x00\x00\x01\x00\x01"),
			C2S("zzzzzzzz")},
		"dns a; ", APP_DNS},
	{"datagrams that nobody knows", IPPROTO_UDP, {C2S("zzzzzzzz"), C2S("yyyyyyyy")}, "",
		APP_UNKNOWN},
	{"datagrams that nobody knows, and more than are looked at", IPPROTO_UDP,
		{C2S("zzzz1"), C2S("zzzz2"), C2S("zzzz3"), C2S("zzzz4"), C2S("zzzz5"), C2S("zzzz6"),
			C2S("zzzz7"), C2S("zzzz8"), C2S("zzzz9")},
		"", APP_FAILED},
};

static void test_cases(void)
{
	static struct talk t;

	for (size_t i = 0; i < ROWS(cases); i++) {
		run(&t, cases[i].l4, cases[i].pieces);
		CHECK(strcmp(t.text, cases[i].text) == 0, "%s: %s", cases[i].name, t.text);
		CHECK(t.app_proto == cases[i].app, "%s: %s", cases[i].name,
			app_proto_table[t.app_proto].name);
		CHECK(t.counters[CTR_FLOWS + cases[i].app] == 1, "%s: counted", cases[i].name);
		CHECK(t.counters[CTR_SESSIONS_ACTIVE] == 0, "%s: sessions", cases[i].name);
	}
}

// Transactions are numbered through a flow, whatever parser is at work.
static void test_numbers(void)
{
	static const struct {
		const char *name;
		struct piece pieces[PIECES_MAX];
		uint64_t last;
	} rows[] = {
		{"an exchange",
			{C2S("GET / HTTP/1.1\r\n\r\n"),
				S2C("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")},
			0},
		{"the next", {C2S("GET / HTTP/1.1\r\n\r\n"), C2S("GET / HTTP/1.1\r\n\r\n")}, 1},
		{"an exchange in a tunnel",
			{C2S("CONNECT a.b:80 HTTP/1.1\r\n\r\n"), S2C("HTTP/1.1 200 OK\r\n\r\n"),
				C2S("GET / HTTP/1.1\r\n\r\n")},
			1},
	};
	static struct talk t;

	for (size_t i = 0; i < ROWS(rows); i++) {
		run(&t, IPPROTO_TCP, rows[i].pieces);
		CHECK(t.last_tx == rows[i].last, "%s: %llu", rows[i].name,
			(unsigned long long)t.last_tx);
	}
}

// Flows that hold a buffer and never go on: the oldest gives up its message, the latest is read.
static void test_buffers(void)
{
	enum { FLOWS = 40, BUFFERS = 16 };
	static const struct {
		const char *name;
		uint8_t l4;
		struct piece pieces[2];
		const char *text;
	} rows[] = {
		{"half of a hello", IPPROTO_TCP, {C2S(HELLO_BEGIN), C2S(HELLO_END)},
			"tls client_hello; "},
		{"half of an answer, told when it is given up", IPPROTO_TCP,
			{S2C("HTTP/1.1 200 OK\r\nX"), S2C(": y\r\n\r\n")},
			"http< 200; http< 200; "},
		{"a fragment of a hello", IPPROTO_UDP,
			{C2S(FRAGMENT("\x00\x00\x00\x00\x00\x22") "\xfe\xfd" RANDOM),
				C2S(FRAGMENT_END)},
			"tls client_hello; "},
	};
	static struct talk t;

	for (size_t i = 0; i < ROWS(rows); i++) {
		uint32_t seq[FLOWS][2];
		start(&t, BUFFERS);
		for (unsigned k = 0; k < FLOWS; k++) {
			seq[k][0] = 1000;
			seq[k][1] = 9000;
			feed(&t, rows[i].l4, (uint16_t)k, &rows[i].pieces[0], seq[k],
				1000000000 + k);
		}
		t.len = 0;
		feed(&t, rows[i].l4, FLOWS - 1, &rows[i].pieces[1], seq[FLOWS - 1], 1000000900);
		CHECK(strcmp(t.text, rows[i].text) == 0, "%s: %s", rows[i].name, t.text);
		feed(&t, rows[i].l4, 0, &rows[i].pieces[1], seq[0], 1000000901);
		CHECK(t.counters[CTR_GATHER_DENIED] == 0, "%s: denied", rows[i].name);
		// All but those that leave a quarter free.
		CHECK(t.counters[CTR_GATHER_EVICTED] == FLOWS - BUFFERS + BUFFERS / 4,
			"%s: %llu evicted", rows[i].name,
			(unsigned long long)t.counters[CTR_GATHER_EVICTED]);
		stop(&t);
		CHECK(t.counters[CTR_SESSIONS_ACTIVE] == 0, "%s: sessions", rows[i].name);
	}
}

// A flow is what it was at each packet, however many packets come at once.
static void test_state_in_burst(void)
{
	static const struct piece pieces[] = {{DIR_C2S, {(const uint8_t *)"a?", 2, false}},
		{DIR_S2C, {(const uint8_t *)"b!", 2, false}}};
	static struct talk t;

	for (unsigned burst = 1; burst <= 2; burst++) {
		uint32_t seq[2] = {1000, 9000};
		struct packet packets[2];
		start(&t, 16);
		t.packets = true;
		for (unsigned i = 0; i < 2; i++)
			packets[i] = packet_at(IPPROTO_TCP, 0, &pieces[i], seq, 1000000000ull + i);
		for (unsigned i = 0; i < 2; i += burst)
			inspect_burst(t.inspector, &packets[i], burst);
		CHECK(strcmp(t.text, "new; established; ") == 0, "bursts of %u: %s", burst, t.text);
		stop(&t);
	}
}

// What a packet let be known stands with it, whatever comes behind it in the burst.
static void test_known_after(void)
{
	static const struct piece pieces[] = {C2S("GE"), C2S("T / HTTP/1.1\r\nHost: a\r\n\r\n"),
		C2S("GET / HTTP/1.1\r\nHost: a\r\n\r\n")};
	static struct talk t;

	for (unsigned burst = 1; burst <= 3; burst += 2) {
		uint32_t seq[2] = {1000, 9000};
		struct packet packets[3];
		start(&t, 16);
		t.packets = t.after = true;
		for (unsigned i = 0; i < 3; i++)
			packets[i] = packet_at(IPPROTO_TCP, 0, &pieces[i], seq, 1000000000ull + i);
		for (unsigned i = 0; i < 3; i += burst)
			inspect_burst(t.inspector, &packets[i], burst);
		CHECK(strcmp(t.text, "unknown; http; http GET; http; http GET; ") == 0,
			"bursts of %u: %s", burst, t.text);
		stop(&t);
	}
}

// Of each direction one packet is the first whose protocol is known, and again when it changes. Of TCP
// that is one after the packet that told.
static void test_first_known(void)
{
	static const struct {
		const char *name;
		uint8_t l4;
		struct piece pieces[PIECES_MAX];
		const char *text;
	} rows[] = {
		{"http", IPPROTO_TCP,
			{C2S("GET / HTTP/1.1\r\n\r\n"), S2C("HTTP/1.1 200 OK\r\n\r\n"),
				C2S("GET / HTTP/1.1\r\n\r\n"), C2S("GET / HTTP/1.1\r\n\r\n")},
			"new; http GET; established known; http< 200; established known; http GET; "
			"established; http GET; "},
		{"starttls", IPPROTO_TCP,
			{S2C("220 h ESMTP\r\n"), C2S("STARTTLS\r\n"), S2C("220 go\r\n"),
				C2S(CLIENT_HELLO), S2C(SERVER_HELLO), C2S("x")},
			"new; smtp< 220; established known; smtp STARTTLS; established known; "
			"smtp< 220; established; tls client_hello; established known; "
			"tls< server_hello; established known; "},
	};
	static struct talk t;

	for (size_t i = 0; i < ROWS(rows); i++) {
		uint32_t seq[2] = {1000, 9000};
		start(&t, 16);
		t.packets = true;
		for (unsigned k = 0; k < PIECES_MAX && rows[i].pieces[k].bytes.len > 0; k++)
			feed(&t, rows[i].l4, 0, &rows[i].pieces[k], seq, 1000000000ull + k);
		CHECK(strcmp(t.text, rows[i].text) == 0, "%s: %s", rows[i].name, t.text);
		stop(&t);
	}
}

// Who gives up its session when there is none left: one that nobody answered, if there is one, and never
// for a packet that needs none. Lines are told by a, b, ... : capitals are the server's.
static void test_sessions_shed(void)
{
	static const struct {
		const char *name;
		const char *lines; // flows' packets
		uint32_t sessions;
		const char *text;
		unsigned shed, denied;
	} rows[] = {
		{"there is room", "aAbBaA", 2, "irc; irc<; irc; irc<; irc; irc<; ", 0, 0},
		{"the one that nobody answered", "aAbcCa", 2, "irc; irc<; irc; irc; irc<; irc; ", 1,
			0},
		{"is only counted from there on", "aAbcb", 2, "irc; irc<; irc; irc; ", 1, 0},
		{"all were answered: the first", "aAbBcCbBa", 2,
			"irc; irc<; irc; irc<; irc; irc<; irc; irc<; ", 1, 0},
		{"a flood beside one that talks", "aAbcdefghijkaA", 2,
			"irc; irc<; irc; irc; irc; irc; irc; irc; irc; irc; irc; irc; irc; irc<; ",
			9, 0},
		{"none at all", "aAbB", 0, "", 0, 2},
	};
	static const struct piece client = C2S("PRIVMSG #x :y\r\n"),
				  server = S2C(":a!b@c PRIVMSG #x :y\r\n");

	for (size_t i = 0; i < ROWS(rows); i++) {
		static struct talk t;
		uint32_t seq[26][2] = {0};
		start_with(&t, 16, rows[i].sessions);
		for (const char *c = rows[i].lines; *c != '\0'; c++) {
			unsigned flow = (unsigned)((*c | 0x20) - 'a');
			feed(&t, IPPROTO_TCP, (uint16_t)(6667 + flow),
				*c & 0x20 ? &client : &server, seq[flow], 1000000000ull);
		}
		CHECK(strcmp(t.text, rows[i].text) == 0, "%s: %s", rows[i].name, t.text);
		CHECK(t.counters[CTR_SESSIONS_SHED] == rows[i].shed &&
				t.counters[CTR_SESSIONS_DENIED] == rows[i].denied,
			"%s: %u shed, %u denied", rows[i].name,
			(unsigned)t.counters[CTR_SESSIONS_SHED],
			(unsigned)t.counters[CTR_SESSIONS_DENIED]);
		stop(&t);
		CHECK(t.counters[CTR_SESSIONS_ACTIVE] == 0, "%s: all come back", rows[i].name);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"flows", test_cases},
		{"numbers", test_numbers},
		{"buffers", test_buffers},
		{"state in a burst", test_state_in_burst},
		{"first known", test_first_known},
		{"sessions run out", test_sessions_shed},
		{"what a packet lets be known", test_known_after},
		CU_TEST_INFO_NULL,
	};
	return check_main("conversation", tests);
}
