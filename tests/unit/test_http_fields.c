// The buffers that rules look at, made when one does.

#include "tests/unit/check.h"
#include "tests/unit/tx_log.h"

#define REQUEST                                                                                    \
	"GET  /%61?b  HTTP/1.1\r\nHost : A.b:80\r\nAccept: */*\r\nACCEPT-ENCODING:gzip \r\n"       \
	"accept-language: zh\r\ncookie: a=b; c=d\r\nX-Long: one\r\n  two\r\n\tthree \r\n"          \
	"nonsense\r\nConnection: close\r\nContent-Length: 2\r\nX-Empty:\r\n\r\nhi"
#define RESPONSE                                                                                   \
	"HTTP/1.1 404 Not Found\nServer: s\nSet-Cookie: a=b\nset-cookie: c=d\n"                    \
	"Content-Length: 0\nX: y\n\n"

static const struct {
	const char *name;
	enum dir dir;
	const char *in;
	uint16_t field;
	const char *want; // values, one after the other, each with a bar at its end
} cases[] = {
	{"uri", DIR_C2S, REQUEST, FIELD_HTTP_URI, "/%61?b|"},
	{"raw uri", DIR_C2S, REQUEST, FIELD_HTTP_RAW_URI, "/%61?b|"},
	{"raw host", DIR_C2S, REQUEST, FIELD_HTTP_RAW_HOST, "A.b:80|"},
	{"request line", DIR_C2S, REQUEST, FIELD_HTTP_REQUEST_LINE, "GET  /%61?b  HTTP/1.1|"},
	{"cookie", DIR_C2S, REQUEST, FIELD_HTTP_COOKIE, "a=b; c=d|"},
	{"accept", DIR_C2S, REQUEST, FIELD_HTTP_ACCEPT, "*/*|"},
	{"accept_enc", DIR_C2S, REQUEST, FIELD_HTTP_ACCEPT_ENC, "gzip|"},
	{"accept_lang", DIR_C2S, REQUEST, FIELD_HTTP_ACCEPT_LANG, "zh|"},
	{"connection", DIR_C2S, REQUEST, FIELD_HTTP_CONNECTION, "close|"},
	{"content_len", DIR_C2S, REQUEST, FIELD_HTTP_CONTENT_LEN, "2|"},
	{"body", DIR_C2S, REQUEST, FIELD_HTTP_REQUEST_BODY, "hi|"},
	{"start", DIR_S2C, RESPONSE, FIELD_HTTP_START, RESPONSE "|"},
	{"raw header", DIR_S2C, RESPONSE, FIELD_HTTP_RAW_HEADER,
		"Server: s\nSet-Cookie: a=b\nset-cookie: c=d\nContent-Length: 0\nX: y\n\n|"},
	{"header", DIR_C2S, REQUEST, FIELD_HTTP_HEADER,
		"Host: A.b:80\r\nAccept: */*\r\nACCEPT-ENCODING: gzip\r\naccept-language: zh\r\n"
		"X-Long: one two three\r\nConnection: close\r\nContent-Length: 2\r\nX-Empty: "
		"\r\n|"},
	{"header names", DIR_C2S, REQUEST, FIELD_HTTP_HEADER_NAMES,
		"\r\nHost\r\nAccept\r\nACCEPT-ENCODING\r\naccept-language\r\ncookie\r\nX-Long\r\n"
		"Connection\r\nContent-Length\r\nX-Empty\r\n\r\n|"},
	{"request headers", DIR_C2S, REQUEST, FIELD_HTTP_REQUEST_HEADER,
		"Host: A.b:80|Accept: */*|ACCEPT-ENCODING: gzip|accept-language: zh|"
		"X-Long: one two three|Connection: close|Content-Length: 2|X-Empty: |"
		"cookie: a=b; c=d|"},
	{"stat_msg", DIR_S2C, RESPONSE, FIELD_HTTP_STAT_MSG, "Not Found|"},
	{"response line", DIR_S2C, RESPONSE, FIELD_HTTP_RESPONSE_LINE, "HTTP/1.1 404 Not Found|"},
	{"cookies", DIR_S2C, RESPONSE, FIELD_HTTP_COOKIE, "a=b|c=d|"},
	{"response headers", DIR_S2C, RESPONSE, FIELD_HTTP_RESPONSE_HEADER,
		"Server: s|Content-Length: 0|X: y|Set-Cookie: a=b|set-cookie: c=d|"},
	{"the other side's", DIR_S2C, RESPONSE, FIELD_HTTP_REQUEST_HEADER, ""},
	{"no header", DIR_C2S, "GET / HTTP/1.1\r\n\r\n", FIELD_HTTP_HEADER, ""},
	{"no header's names", DIR_C2S, "GET / HTTP/1.1\r\n\r\n", FIELD_HTTP_HEADER_NAMES,
		"\r\n\r\n|"},
};

struct values {
	uint16_t field;
	size_t len;
	char text[65536];
};

static void note(void *ctx, const struct tx *tx)
{
	struct values *v = ctx;

	for (unsigned i = 0; i < tx->n_fields; i++) {
		struct bytes value = tx->fields[i].value;
		if (tx->fields[i].field != v->field || v->len + value.len + 2 > sizeof(v->text))
			continue;
		memcpy(v->text + v->len, value.p, value.len);
		v->len += value.len;
		v->text[v->len++] = '|';
	}
	v->text[v->len] = '\0';
}

static struct parser_run run;

static struct gather *take(void *ctx)
{
	(void)ctx;
	return run_on_take(&run);
}

static void give(void *ctx, struct gather *g)
{
	(void)ctx;
	run_on_give(&run, g);
}

// One rule that looks at one buffer.
static void values_of(
	struct values *v, enum dir dir, const char *in, size_t len, uint16_t field, bool wanted)
{
	static uint8_t fields[FIELD_COUNT];

	memset(fields, 0, sizeof(fields));
	fields[field] = wanted;
	v->field = field;
	v->len = 0;
	v->text[0] = '\0';
	run.wanted = fields;
	run_begin(&run, &proto_http);
	run.io.ctx = v;
	run.io.tx = note;
	run.io.gather_take = take;
	run.io.gather_give = give;
	run_feed(&run, dir, in, len);
	run_end(&run);
}

static void test_fields(void)
{
	static struct values v;

	for (size_t i = 0; i < ROWS(cases); i++) {
		values_of(&v, cases[i].dir, cases[i].in, strlen(cases[i].in), cases[i].field, true);
		CHECK(strcmp(v.text, cases[i].want) == 0, "%s: %s", cases[i].name, v.text);
		CHECK(run.borrowed == 0, "%s", cases[i].name);
		if (field_table[cases[i].field].path[0] != '\0')
			continue;
		values_of(
			&v, cases[i].dir, cases[i].in, strlen(cases[i].in), cases[i].field, false);
		CHECK(v.len == 0, "%s, not wanted: %s", cases[i].name, v.text);
	}
}

// More headers than a transaction has room for, and longer than a buffer when they are normal.
static void test_many(void)
{
	static char in[GATHER_MAX];
	static struct values v;
	size_t len = (size_t)sprintf(in, "GET / HTTP/1.1\n");

	while (len < sizeof(in) - 4) {
		memcpy(in + len, "a:\n", 3);
		len += 3;
	}
	in[len++] = '\n';
	values_of(&v, DIR_C2S, in, len, FIELD_HTTP_REQUEST_HEADER, true);
	CHECK(v.len == 64 * 4, "%zu", v.len);
	values_of(&v, DIR_C2S, in, len, FIELD_HTTP_HEADER, true);
	CHECK(run.borrowed == 0, "header");
	values_of(&v, DIR_C2S, in, len, FIELD_HTTP_HEADER_NAMES, true);
	CHECK(run.borrowed == 0, "names");
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"buffers of rules", test_fields},
		{"many headers", test_many},
		CU_TEST_INFO_NULL,
	};
	return check_main("http_fields", tests);
}
