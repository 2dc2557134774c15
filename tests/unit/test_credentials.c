// That credentials stand in a message is told, and never what they are.

#include "dataplane/inspect/proto/http_credentials.h"
#include "tests/unit/check.h"
#include "tests/unit/tx_log.h"

#define GET(headers) "GET /a HTTP/1.1\r\n" headers "\r\n\r\n"
#define POST(type, len, body)                                                                      \
	"POST / HTTP/1.1\r\nContent-Type: " type "\r\nContent-Length: " len "\r\n\r\n" body
#define SIP(value) "REGISTER sip:h SIP/2.0\r\n" value "\r\n\r\n"
#define FORM "application/x-www-form-urlencoded"

static const struct {
	const char *name, *in, *text;
	const struct proto *proto;
} rows[] = {
	{"none", GET("Host: h"), "\n", &proto_http},
	{"basic", GET("Authorization: Basic Zm9vOmJhcg=="), "http.credentials=basic\n",
		&proto_http},
	{"digest to a proxy", GET("Proxy-Authorization: Digest username=\"u\""),
		"http.credentials=digest\n", &proto_http},
	{"bearer", GET("authorization:bearer t"), "http.credentials=bearer\n", &proto_http},
	{"of its own", GET("Authorization: hunter2"), "http.credentials=other\n", &proto_http},
	{"session", GET("Cookie: a=b; PHPSESSID=x"), "http.credentials=session\n", &proto_http},
	{"cookie of no session", GET("Cookie: colour=sess"), "\n", &proto_http},
	{"query", "GET /?u=a&password=b HTTP/1.1\r\n\r\n", "http.credentials=form\n", &proto_http},
	{"empty password", "GET /?password= HTTP/1.1\r\n\r\n", "\n", &proto_http},
	{"form", POST(FORM, "8", "u=a&pwd="), "\n", &proto_http},
	{"form, filled in", POST(FORM "; charset=x", "9", "u=a&pwd=b"), "http.credentials=form\n",
		&proto_http},
	{"another body", POST("text/plain", "9", "u=a&pwd=b"), "\n", &proto_http},
	{"sip, md5 unless said", SIP("Authorization: Digest username=\"u\", response=\"r\""),
		"sip.auth=digest-md5\n", &proto_sip},
	{"sip, said", SIP("Proxy-Authorization: Digest algorithm=\"SHA-256\",response=\"r\""),
		"sip.auth=digest-sha\n", &proto_sip},
	{"sip, another scheme", SIP("Authorization: Basic dTpw"), "sip.auth=basic\n", &proto_sip},
	{"sip, none", SIP("Via: x"), "\n", &proto_sip},
};

static void test_rows(void)
{
	static const uint16_t only[] = {FIELD_HTTP_CREDENTIALS, FIELD_SIP_AUTH, FIELD_NONE};
	static const uint8_t none[FIELD_COUNT];
	static struct parser_run r = {.only = only, .wanted = none};

	for (size_t i = 0; i < ROWS(rows); i++) {
		run_begin(&r, rows[i].proto);
		run_feed(&r, DIR_C2S, rows[i].in, strlen(rows[i].in));
		run_end(&r);
		CHECK(strcmp(r.text, rows[i].text) == 0, "%s: %s", rows[i].name, r.text);
		CHECK(r.borrowed == 0, "%s", rows[i].name);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"rows", test_rows},
		CU_TEST_INFO_NULL,
	};
	return check_main("credentials", tests);
}
