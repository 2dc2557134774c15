// Requests and responses together: which belongs to which, and when another protocol begins.

#include "dataplane/inspect/proto/websocket.h"
#include "tests/unit/check.h"
#include "tests/unit/tx_log.h"

#define BYTES(s)                                                                                   \
	{                                                                                          \
		(const uint8_t *)(s), sizeof(s) - 1, false                                         \
	}
#define GET "GET /a HTTP/1.1\r\nHost: h\r\n\r\n"
#define GET_TEXT "http.method=GET http.uri=/a http.protocol=HTTP/1.1 http.host=h\n"
#define OK "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
#define OK_TEXT "s2c http.protocol=HTTP/1.1 http.stat_code=200\n"
#define EMPTY_TEXT(code)                                                                           \
	"s2c http.protocol=HTTP/1.1 http.stat_code=" code " http.length=0000000000000000\n"
#define UPGRADE(to) "GET /a HTTP/1.1\r\nHost: h\r\nUpgrade: " to "\r\n\r\n"
#define UPGRADE_TEXT(to)                                                                           \
	"http.method=GET http.uri=/a http.protocol=HTTP/1.1 http.host=h http.upgrade=" to "\n"

#define C2S(s)                                                                                     \
	{                                                                                          \
		DIR_C2S, BYTES(s)                                                                  \
	}
#define S2C(s)                                                                                     \
	{                                                                                          \
		DIR_S2C, BYTES(s)                                                                  \
	}
#define TUNNEL "CONNECT a.b:443 HTTP/1.1\r\n\r\n"
#define TUNNEL_TEXT                                                                                \
	"http.method=CONNECT http.uri=a.b:443 http.protocol=HTTP/1.1 http.host=a.b:443\n"
#define SWITCHED(to, more) "HTTP/1.1 101 Switching\r\nUpgrade: " to "\r\n" more "\r\n"
#define SWITCHED_TEXT(to)                                                                          \
	"s2c http.protocol=HTTP/1.1 http.stat_code=101 http.upgrade=" to                           \
	" http.length=0000000000000000\n"
#define DEFLATE_FRESH                                                                              \
	"Sec-WebSocket-Extensions: permessage-deflate;server_no_context_takeover; "                \
	"server_max_window_bits=10\r\n"

static const uint8_t nothing[FIELD_COUNT];

// Both sides of a connection, one piece after the other.
struct piece {
	enum dir dir;
	struct bytes in;
};

static const struct {
	const char *name;
	struct piece pieces[6];
	enum dir last; // who sent what decides
	enum parse want;
	uint8_t next;
	uint8_t setup;
	uint32_t unread;
	const char *text;
} exchanges[] = {
	{"one after the other", {C2S(GET), S2C(OK), C2S(GET), S2C(OK)}, DIR_S2C, PARSE_MORE, 0, 0,
		0, GET_TEXT OK_TEXT GET_TEXT OK_TEXT},
	{"pipelined", {C2S(GET GET), S2C(OK OK)}, DIR_S2C, PARSE_MORE, 0, 0, 0,
		GET_TEXT GET_TEXT OK_TEXT OK_TEXT},
	{"no body after HEAD",
		{C2S("HEAD /a HTTP/1.1\r\n\r\n" GET),
			S2C("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n" OK)},
		DIR_S2C, PARSE_MORE, 0, 0, 0,
		"http.method=HEAD http.uri=/a http.protocol=HTTP/1.1\n" GET_TEXT EMPTY_TEXT("200")
			OK_TEXT},
	{"interim responses",
		{C2S(GET), S2C("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n" OK)},
		DIR_S2C, PARSE_MORE, 0, 0, 0, GET_TEXT EMPTY_TEXT("100") EMPTY_TEXT("103") OK_TEXT},
	{"no body by code",
		{C2S(GET GET GET),
			S2C("HTTP/1.1 204 x\r\nContent-Length: 7\r\n\r\nHTTP/1.1 304\r\n"
			    "Transfer-Encoding: chunked\r\n\r\n" OK)},
		DIR_S2C, PARSE_MORE, 0, 0, 0,
		GET_TEXT GET_TEXT GET_TEXT EMPTY_TEXT("204") EMPTY_TEXT("304") OK_TEXT},
	{"to the end of the connection", {C2S(GET), S2C("HTTP/1.0 200 OK\r\n\r\n" OK)}, DIR_S2C,
		PARSE_DONE, 0, 0, 0, GET_TEXT "s2c http.protocol=HTTP/1.0 http.stat_code=200\n"},
	{"all of a response",
		{C2S(GET),
			S2C("HTTP/1.1 302 Found it\r\nServer: s/1\r\nLocation: /b\r\nContent-Type: "
			    "t/x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n" OK)},
		DIR_S2C, PARSE_MORE, 0, 0, 0,
		GET_TEXT "s2c http.protocol=HTTP/1.1 http.stat_code=302 http.content_type=t/x "
			 "http.server=s/1 http.location=/b\n" OK_TEXT},
	{"a length that lies",
		{C2S(GET GET),
			S2C("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
			    "longer than that\nand more" OK)},
		DIR_S2C, PARSE_MORE, 0, 0, 0, GET_TEXT GET_TEXT OK_TEXT OK_TEXT},
	{"tunnel", {C2S(TUNNEL), S2C("HTTP/1.1 200 Fine\r\nContent-Length: 1\r\n\r\n\x16\x03")},
		DIR_S2C, PARSE_SWITCH, APP_UNKNOWN, 0, 2, TUNNEL_TEXT EMPTY_TEXT("200")},
	{"tunnel refused, then allowed",
		{C2S(TUNNEL), S2C("HTTP/1.1 407 No\r\nContent-Length: 2\r\n\r\nno"), C2S(TUNNEL),
			S2C("HTTP/1.1 200 OK\r\n\r\n")},
		DIR_S2C, PARSE_SWITCH, APP_UNKNOWN, 0, 0,
		TUNNEL_TEXT
		"s2c http.protocol=HTTP/1.1 http.stat_code=407\n" TUNNEL_TEXT EMPTY_TEXT("200")},
	{"tunnel, the client does not wait", {C2S(TUNNEL "\x16\x03\x01")}, DIR_C2S, PARSE_SWITCH,
		APP_UNKNOWN, 0, 3, TUNNEL_TEXT},
	{"tunnel, nobody heard the client",
		{S2C("HTTP/1.0 200 Connection established\r\n\r\n\x16\x03")}, DIR_S2C, PARSE_SWITCH,
		APP_UNKNOWN, 0, 2,
		"s2c http.protocol=HTTP/1.0 http.stat_code=200 http.length=0000000000000000\n"},
	{"websocket", {C2S(UPGRADE("websocket")), S2C(SWITCHED("WebSocket", "") "\x81")}, DIR_S2C,
		PARSE_SWITCH, APP_WEBSOCKET, 0, 1,
		UPGRADE_TEXT("websocket") SWITCHED_TEXT("WebSocket")},
	{"websocket, compressed",
		{C2S(UPGRADE("websocket")), S2C(SWITCHED("websocket", DEFLATE_FRESH))}, DIR_S2C,
		PARSE_SWITCH, APP_WEBSOCKET, WEBSOCKET_DEFLATE | WEBSOCKET_SERVER_FRESH, 0,
		UPGRADE_TEXT("websocket") SWITCHED_TEXT("websocket")},
	{"websocket, only the client is heard",
		{C2S("GET /a HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n"
		     "Sec-WebSocket-Extensions: foo, permessage-deflate; "
		     "client_max_window_bits\r\n\r\n"
		     "\xc1\x80")},
		DIR_C2S, PARSE_SWITCH, APP_WEBSOCKET, WEBSOCKET_DEFLATE, 2,
		UPGRADE_TEXT("websocket")},
	{"http/2", {C2S(UPGRADE("h2c")), S2C(SWITCHED("h2c", "") "\x00")}, DIR_S2C, PARSE_SWITCH,
		APP_UNKNOWN, 0, 1, UPGRADE_TEXT("h2c") SWITCHED_TEXT("h2c")},
	{"upgrade not taken", {C2S(UPGRADE("h2c")), S2C(OK), C2S(GET), S2C(OK)}, DIR_S2C,
		PARSE_MORE, 0, 0, 0, UPGRADE_TEXT("h2c") OK_TEXT GET_TEXT OK_TEXT},
};

static void feed_pieces(struct parser_run *r, const struct piece *pieces, size_t n, size_t cut)
{
	run_begin(r, &proto_http);
	for (size_t i = 0; i < n && pieces[i].in.p != NULL; i++) {
		struct bytes in = pieces[i].in;
		while (in.len > 0) {
			struct bytes part = bytes_take(&in, in.len < cut ? in.len : cut);
			if (r->result[pieces[i].dir] != PARSE_MORE)
				return;
			run_feed(r, pieces[i].dir, part.p, part.len);
			r->unread +=
				r->result[pieces[i].dir] == PARSE_SWITCH ? (uint32_t)in.len : 0;
		}
	}
}

static void test_exchanges(void)
{
	static struct parser_run r = {.wanted = nothing};

	for (size_t i = 0; i < ROWS(exchanges); i++) {
		for (size_t cut = 1; cut < 200; cut++) {
			feed_pieces(&r, exchanges[i].pieces, ROWS(exchanges[i].pieces), cut);
			CHECK(r.result[exchanges[i].last] == exchanges[i].want, "%s, cut %zu: %d",
				exchanges[i].name, cut, r.result[exchanges[i].last]);
			CHECK(r.next.app_proto == exchanges[i].next, "%s, cut %zu: %u",
				exchanges[i].name, cut, r.next.app_proto);
			CHECK(r.next.setup[0] == exchanges[i].setup, "%s, cut %zu",
				exchanges[i].name, cut);
			CHECK(exchanges[i].want != PARSE_SWITCH || r.unread == exchanges[i].unread,
				"%s, cut %zu: %u", exchanges[i].name, cut, r.unread);
			run_end(&r);
			CHECK(strcmp(r.text, exchanges[i].text) == 0, "%s, cut %zu: %s",
				exchanges[i].name, cut, r.text);
			CHECK(r.borrowed == 0, "%s", exchanges[i].name);
		}
	}
}

struct id_log {
	unsigned n;
	uint32_t ids[8];
};

static void log_id(void *ctx, const struct tx *tx)
{
	struct id_log *log = ctx;

	if (log->n < ROWS(log->ids))
		log->ids[log->n++] = tx->id;
}

// A request and its response have the same number; what a hole took is not counted.
static void test_ids(void)
{
	static const struct {
		const char *name;
		struct piece pieces[6];
		struct piece after_gap[3]; // the first one's direction has the hole
		uint32_t want[8];
	} rows[] = {
		{"pipelined", {C2S(GET GET), S2C(OK OK)}, {{0}}, {0, 1, 0, 1}},
		{"interim", {C2S(GET), S2C("HTTP/1.1 100 C\r\n\r\n" OK), C2S(GET), S2C(OK)}, {{0}},
			{0, 0, 0, 1, 1}},
		{"responses first", {S2C(OK OK), C2S(GET GET)}, {{0}}, {0, 1, 0, 1}},
		{"lost responses", {C2S(GET), S2C(OK), C2S(GET GET)}, {S2C(OK)}, {0, 0, 1, 2, 1}},
		{"lost requests", {C2S(GET), S2C(OK OK)}, {C2S(GET), S2C(OK)}, {0, 0, 1, 1, 2}},
	};
	static struct parser_run r = {.wanted = nothing};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct id_log log = {0};
		feed_pieces(&r, rows[i].pieces, 0, 0);
		r.io.tx = log_id;
		r.io.ctx = &log;
		for (unsigned k = 0; k < 6 && rows[i].pieces[k].in.p != NULL; k++)
			run_feed(&r, rows[i].pieces[k].dir, rows[i].pieces[k].in.p,
				rows[i].pieces[k].in.len);
		for (unsigned k = 0; k < 3 && rows[i].after_gap[k].in.p != NULL; k++) {
			if (k == 0)
				run_gap(&r, rows[i].after_gap[k].dir, 100);
			run_feed(&r, rows[i].after_gap[k].dir, rows[i].after_gap[k].in.p,
				rows[i].after_gap[k].in.len);
		}
		CHECK(memcmp(log.ids, rows[i].want, sizeof(log.ids)) == 0, "%s: %u %u %u %u %u",
			rows[i].name, log.ids[0], log.ids[1], log.ids[2], log.ids[3], log.ids[4]);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"exchanges, cut anywhere", test_exchanges},
		{"numbers of exchanges", test_ids},
		CU_TEST_INFO_NULL,
	};
	return check_main("http_exchange", tests);
}
