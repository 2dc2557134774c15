#include "dataplane/inspect/proto/hpack.h"
#include "tests/unit/stream_rows.h"

#define PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
#define SETTINGS "\x00\x00\x00\x04\x00\x00\x00\x00\x00"
#define HEAD(len, type, flags, stream) "\x00\x00" len type flags "\x00\x00\x00" stream
// RFC 7541 C.3.1 and C.3.2: the second needs the table that the first made.
#define FIRST "\x82\x86\x84\x41\x0fwww.example.com"
#define SECOND "\x82\x86\x84\xbe\x58\x08no-cache"
#define REQUEST_1                                                                                  \
	"http.protocol=HTTP/2 http2.stream_id=00000001 http.method=GET http.uri=/ "                \
	"http.uri.raw=/ http.host.raw=www.example.com http.host=www.example.com\n"
#define REQUEST_3                                                                                  \
	"http.protocol=HTTP/2 http2.stream_id=00000003 http.method=GET http.uri=/ "                \
	"http.uri.raw=/ http.host.raw=www.example.com http.host=www.example.com\n"

static const uint8_t nothing[FIELD_COUNT];

static const struct stream_row rows[] = {
	{"two requests", DIR_C2S,
		BYTES(PREFACE SETTINGS HEAD("\x14", "\x01", "\x05", "\x01")
				FIRST HEAD("\x0e", "\x01", "\x05", "\x03") SECOND),
		PARSE_MORE, REQUEST_1 REQUEST_3, 0},
	{"padding and priority", DIR_C2S,
		BYTES(PREFACE HEAD("\x1d", "\x01", "\x2c", "\x01") "\x03"
								   "PPPPP" FIRST "ppp"),
		PARSE_MORE, REQUEST_1, 0},
	{"a block in three frames", DIR_C2S,
		BYTES(PREFACE HEAD("\x03", "\x01", "\x00", "\x01") "\x82\x86\x84" HEAD("\x05",
			"\x09", "\x00",
			"\x01") "\x41\x0fwww" HEAD("\x0c", "\x09", "\x04", "\x01") ".example.com"),
		PARSE_MORE, REQUEST_1, 0},
	{"data goes by", DIR_C2S,
		BYTES(PREFACE HEAD("\x04", "\x00", "\x01", "\x01") "data" HEAD(
			"\x14", "\x01", "\x05", "\x01") FIRST),
		PARSE_MORE, REQUEST_1, 0},
	{"data goes by, padded", DIR_C2S,
		BYTES(PREFACE HEAD("\x14", "\x01", "\x04", "\x01") FIRST HEAD("\x08", "\x00",
			"\x09", "\x01") "\x03"
					"dataPPP" HEAD("\x0e", "\x01", "\x05", "\x03") SECOND),
		PARSE_MORE, REQUEST_1 REQUEST_3, 0},
	{"something between the parts of a block", DIR_C2S,
		BYTES(PREFACE HEAD("\x03", "\x01", "\x00", "\x01") "\x82\x86\x84" SETTINGS),
		PARSE_BAD, "", 0},
	{"a continuation of nothing", DIR_C2S,
		BYTES(PREFACE HEAD("\x03", "\x09", "\x04", "\x01") "\x82\x86\x84"), PARSE_BAD, "",
		0},
	{"an index beyond the table", DIR_C2S,
		BYTES(PREFACE HEAD("\x01", "\x01", "\x05", "\x01") "\xff"), PARSE_BAD, "", 0},
	{"more padding than payload", DIR_C2S,
		BYTES(PREFACE HEAD("\x02", "\x01", "\x0c", "\x01") "\x09\x82"), PARSE_BAD, "", 0},
	{"answer", DIR_S2C, BYTES(SETTINGS HEAD("\x01", "\x01", "\x04", "\x01") "\x88"), PARSE_MORE,
		"s2c http.protocol=HTTP/2 http2.stream_id=00000001 http.stat_code=200\n", 0},
	{"a promise is no answer, but makes the table", DIR_S2C,
		BYTES(SETTINGS HEAD("\x18", "\x05", "\x04", "\x01") "\x00\x00\x00\x02" FIRST HEAD(
			"\x02", "\x01", "\x04", "\x01") "\x88\xbe"),
		PARSE_MORE,
		"s2c http.protocol=HTTP/2 http2.stream_id=00000001 http.stat_code=200 "
		"http.host.raw=www.example.com http.host=www.example.com\n",
		0},
	{"a promise in two frames", DIR_S2C,
		BYTES(SETTINGS HEAD(
			"\x07", "\x05", "\x00", "\x01") "\x00\x00\x00\x02\x82\x86\x84" HEAD("\x11",
			"\x09", "\x04", "\x01") "\x41\x0fwww.example.com" HEAD("\x01", "\x01",
			"\x04", "\x01") "\x88"),
		PARSE_MORE,
		"s2c http.protocol=HTTP/2 http2.stream_id=00000001 http.stat_code=200\n", 0},
	{"wrong preface", DIR_C2S, BYTES("PRI * HTTP/2.1\r\n"), PARSE_BAD, "", 0},
};

// The rows' runner keeps what is wanted from run to run; here nothing is.
static void check_rows(void)
{
	static struct parser_run r = {.wanted = nothing};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct bytes in = rows[i].in;
		for (size_t cut = 1; cut <= in.len; cut++) {
			run_stream(&r, &proto_http2, rows[i].dir, in, cut, in.len);
			row_check(&r, &rows[i], "cut", cut);
		}
		run_stream(&r, &proto_http2, rows[i].dir, in, 1, 1);
		row_check(&r, &rows[i], "bytes", 1);
	}
	rows_broken(&proto_http2, rows, ROWS(rows));
}

static void test_wanted(void)
{
	static struct parser_run r;

	run_stream(&r, &proto_http2, DIR_C2S, rows[0].in, rows[0].in.len, 1);
	CHECK(strstr(r.text, "http.request_header=cache-control: no-cache") != NULL, "%s", r.text);
}

// A padded body in two frames, cut at every place: told whole, behind its request.
static void test_body(void)
{
	static const uint8_t in[] = PREFACE HEAD("\x14", "\x01", "\x04", "\x01") FIRST HEAD("\x08",
		"\x00", "\x08", "\x01") "\x03"
					"dataPPP" HEAD("\x04", "\x00", "\x01", "\x01") "more";
	static struct parser_run r;

	for (size_t cut = 1; cut < sizeof(in) - 1; cut++) {
		struct bytes all = {in, sizeof(in) - 1, false};
		run_stream(&r, &proto_http2, DIR_C2S, all, cut, all.len);
		CHECK(r.n_tx == 2 && strstr(r.text, "http.request_body=646174616d6f7265\n") != NULL,
			"%zu: %s", cut, r.text);
	}
}

static void test_pool(void)
{
	struct hpack_pool *pool = hpack_pool_new();
	struct hpack *all[HPACK_SLOTS];
	struct hpack_header out[HPACK_HEADERS_MAX];
	uint8_t text[8];
	struct bytes block = {(const uint8_t *)FIRST, sizeof(FIRST) - 1, false};

	for (unsigned i = 0; i < HPACK_SLOTS; i++) {
		all[i] = hpack_take(pool);
		CHECK(all[i] != NULL, "%u", i);
	}
	CHECK(hpack_take(pool) == NULL, "all are taken");
	CHECK(hpack_decode(all[0], block, text, sizeof(text), out) == 0, "no room for the texts");
	for (unsigned i = 0; i < HPACK_SLOTS; i++)
		hpack_give(pool, all[i]);
	hpack_give(pool, NULL);
	hpack_pool_free(pool);
}

static void test_probe(void)
{
	static const struct {
		struct bytes in;
		enum probe want;
	} cases[] = {{BYTES(PREFACE), PROBE_YES}, {BYTES("PRI * HT"), PROBE_MORE},
		{BYTES("PRI * HTTP/1"), PROBE_NO}, {BYTES(SETTINGS), PROBE_YES},
		{BYTES("\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x64"), PROBE_YES},
		{BYTES("\x00\x00\x06\x04\x00\x00\x00\x00\x00\x77\x77"), PROBE_NO},
		{BYTES("\x00\x00\x05\x04"), PROBE_NO}, {BYTES("\x00\x00\x00\x01"), PROBE_NO},
		{BYTES("\x00"), PROBE_MORE}, {BYTES("GET / HTTP/1.1\r\n"), PROBE_NO},
		{BYTES(""), PROBE_MORE}};

	for (size_t i = 0; i < ROWS(cases); i++) {
		enum dir sender;
		enum probe got = proto_http2.probe(cases[i].in, 1, 2, &sender);
		CHECK(got == cases[i].want, "%zu: %d", i, got);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"rows", check_rows},
		{"wanted", test_wanted},
		{"body", test_body},
		{"pool", test_pool},
		{"probe", test_probe},
		CU_TEST_INFO_NULL,
	};
	return check_main("http2", tests);
}
