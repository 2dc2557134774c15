// Rules as operators write them, from their text to what they match: one row a meaning.

#include "patterns/parse.h"
#include "tests/unit/check.h"
#include "tests/unit/pattern_rules.h"

#include <stdio.h>

enum { VALUES_MAX = 5 };

// A message, or the payload of a packet (field FIELD_PAYLOAD).
struct row {
	const char *name;
	const char *header; // NULL: "alert http any any -> any any"
	const char *options;
	struct match_value values[VALUES_MAX];
	bool want;
};

#define V(field, s)                                                                                \
	{                                                                                          \
		field,                                                                             \
		{                                                                                  \
			(const uint8_t *)(s), sizeof(s) - 1, false                                 \
		}                                                                                  \
	}
#define UDP "alert udp any any -> any any"
#define URI(s) V(FIELD_HTTP_URI, s)
#define PAYLOAD_IS(s) V(FIELD_PAYLOAD, s)

static const struct row rows[] = {
	// byte_test: op, endian, relative, string, bitmask, place
	{"byte_test", UDP, "byte_test:2,=,258,1;", {PAYLOAD_IS("\x00\x01\x02")}, true},
	{"byte_test, another number", UDP, "byte_test:2,=,259,1;", {PAYLOAD_IS("\x00\x01\x02")},
		false},
	{"byte_test, little", UDP, "byte_test:2,=,513,1,little;", {PAYLOAD_IS("\x00\x01\x02")},
		true},
	{"byte_test, not", UDP, "byte_test:1,!=,1,0;", {PAYLOAD_IS("\x01")}, false},
	{"byte_test, not less", UDP, "byte_test:1,!<,5,0;", {PAYLOAD_IS("\x05")}, true},
	{"byte_test, no bit of these", UDP, "byte_test:1,!&,0x0f,0;", {PAYLOAD_IS("\xf0")}, true},
	{"byte_test, some bit", UDP, "byte_test:1,&,0x30,0;", {PAYLOAD_IS("\x11")}, true},
	{"byte_test, bits masked out are shifted", UDP, "byte_test:1,=,3,0,bitmask 0xf0;",
		{PAYLOAD_IS("\x3c")}, true},
	{"byte_test, digits", UDP, "content:\"n=\"; byte_test:3,=,42,0,relative,string,dec;",
		{PAYLOAD_IS("n=42;")}, true},
	{"byte_test, hexadecimal digits", UDP, "byte_test:4,>,255,0,string,hex;",
		{PAYLOAD_IS("0100")}, true},
	{"byte_test, no digits", UDP, "byte_test:2,>=,0,0,string,dec;", {PAYLOAD_IS("xy")}, false},
	{"byte_test beyond the end", UDP, "byte_test:2,>=,0,2;", {PAYLOAD_IS("\x00\x01\x02")},
		false},
	{"byte_test before the begin", UDP, "content:\"b\"; byte_test:1,=,97,-3,relative;",
		{PAYLOAD_IS("ab")}, false},
	{"byte_test of another match", UDP, "content:\"a\"; byte_test:1,=,50,0,relative;",
		{PAYLOAD_IS("a1a2")}, true},
	// byte_jump
	{"byte_jump", UDP, "byte_jump:1,0; content:\"x\"; distance:0; within:1;",
		{PAYLOAD_IS("\x02..x")}, true},
	{"byte_jump, elsewhere", UDP, "byte_jump:1,0; content:\"x\"; distance:0; within:1;",
		{PAYLOAD_IS("\x02.x.")}, false},
	{"byte_jump, multiplier and post_offset", UDP,
		"byte_jump:1,0,multiplier 2,post_offset -1; content:\"x\"; distance:0; within:1;",
		{PAYLOAD_IS("\x02...x")}, true},
	{"byte_jump, align", UDP, "byte_jump:1,0,align; content:\"x\"; distance:0; within:1;",
		{PAYLOAD_IS("\x03....x")}, true},
	{"byte_jump, from_beginning", UDP,
		"byte_jump:1,3,from_beginning; content:\"x\"; distance:0; within:1;",
		{PAYLOAD_IS(".x.\x01")}, true},
	{"byte_jump, from_end", UDP,
		"byte_jump:1,0,from_end,post_offset -4; content:\"x\"; distance:0; within:1;",
		{PAYLOAD_IS("\x03...x")}, true},
	{"byte_jump out of the buffer", UDP, "byte_jump:1,0; isdataat:0,relative;",
		{PAYLOAD_IS("\x09..")}, false},
	{"byte_jump of no bytes", UDP,
		"content:\"abc\"; byte_jump:0,0,relative,post_offset -3; content:\"a\"; "
		"distance:0; within:1;",
		{PAYLOAD_IS(".abc")}, true},
	// byte_extract, byte_math and what uses them
	{"byte_extract for a content's place", UDP, "byte_extract:1,0,n; content:\"x\"; offset:n;",
		{PAYLOAD_IS("\x03..x")}, true},
	{"byte_extract, before the place", UDP, "byte_extract:1,0,n; content:\"x\"; offset:n;",
		{PAYLOAD_IS("\x03.x.")}, false},
	{"byte_extract for a depth", UDP, "byte_extract:1,0,n; content:\"x\"; depth:n;",
		{PAYLOAD_IS("\x03..x")}, false},
	{"byte_extract for within", UDP,
		"byte_extract:1,0,n; content:\"a\"; content:\"x\"; distance:0; within:n;",
		{PAYLOAD_IS("\x02"
			    "a.x")},
		true},
	{"byte_extract moves on", UDP, "byte_extract:1,0,n; byte_test:1,=,n,0,relative;",
		{PAYLOAD_IS("\x07\x07")}, true},
	{"byte_extract, multiplied", UDP, "byte_extract:1,0,n,multiplier 3; byte_test:1,=,n,1;",
		{PAYLOAD_IS("\x02\x06")}, true},
	{"byte_math", UDP,
		"byte_math:bytes 1, offset 0, oper +, rvalue 5, result s; byte_test:1,=,s,1;",
		{PAYLOAD_IS("\x02\x07")}, true},
	{"byte_math by zero", UDP,
		"byte_extract:1,1,z; byte_math:bytes 1, offset 0, oper /, rvalue z, result s;",
		{PAYLOAD_IS("\x02\x00")}, false},
	{"byte_math, shifted", UDP,
		"byte_math:bytes 1, offset 0, oper <<, rvalue 2, result s; byte_test:1,=,s,1;",
		{PAYLOAD_IS("\x01\x04")}, true},
	{"isdataat of a variable", UDP, "byte_extract:1,0,n; isdataat:n,relative;",
		{PAYLOAD_IS("\x03xxx")}, true},
	{"isdataat of a variable, one less", UDP, "byte_extract:1,0,n; isdataat:n,relative;",
		{PAYLOAD_IS("\x03xx")}, false},
	// isdataat, bsize, urilen
	{"isdataat counts from 0", UDP, "isdataat:2;", {PAYLOAD_IS("abc")}, true},
	{"isdataat, one more", UDP, "isdataat:3;", {PAYLOAD_IS("abc")}, false},
	{"isdataat, relative", UDP, "content:\"a\"; isdataat:2,relative;", {PAYLOAD_IS("abc")},
		true},
	{"isdataat, not", UDP, "content:\"c\"; isdataat:!1,relative;", {PAYLOAD_IS("abc")}, true},
	{"bsize", NULL, "http.uri; content:\"/\"; bsize:4;", {URI("/abc")}, true},
	{"bsize, both ends are outside", NULL, "http.uri; bsize:4<>6;", {URI("/abc")}, false},
	{"bsize, between", NULL, "http.uri; bsize:3<>6;", {URI("/abc")}, true},
	{"bsize, hexadecimal", NULL, "http.uri; bsize:<0x5;", {URI("/abc")}, true},
	{"bsize, bits", NULL, "http.uri; bsize:&0x6=0x4;", {URI("/abc")}, true},
	{"urilen is of the URI as it was sent", NULL, "urilen:6;",
		{URI("/a c"), V(FIELD_HTTP_RAW_URI, "/a%20c")}, true},
	{"urilen, norm", NULL, "urilen:4,norm;", {URI("/a c"), V(FIELD_HTTP_RAW_URI, "/a%20c")},
		true},
	// absent
	{"absent", NULL, "http.referer; absent;", {URI("/")}, true},
	{"absent, but it is there", NULL, "http.referer; absent;",
		{URI("/"), V(FIELD_HTTP_REFERER, "x")}, false},
	{"absent or else", NULL, "http.referer; absent:or_else; content:!\"evil\";",
		{URI("/"), V(FIELD_HTTP_REFERER, "good")}, true},
	{"absent or else, neither", NULL, "http.referer; absent:or_else; content:!\"evil\";",
		{URI("/"), V(FIELD_HTTP_REFERER, "evil")}, false},
	{"a negated content wants the buffer", NULL, "http.referer; content:!\"evil\";", {URI("/")},
		false},
	// buffers: older words, several values, transformations
	{"a modifier", NULL, "content:\"ab\"; http_uri;", {URI("/ab")}, true},
	{"uricontent", NULL, "uricontent:\"ab\";", {URI("/ab")}, true},
	{"a pcre's letter", NULL, "content:\"GET\"; http_method; pcre:\"/^.ab$/U\";",
		{V(FIELD_HTTP_METHOD, "GET"), URI("/ab")}, true},
	{"a pcre without quotes", NULL, "pcre:/^.a\\x62$/U; pcre:!/c/U;", {URI("/ab")}, true},
	{"a place that no value reaches", NULL,
		"http.uri; content:\"a\"; byte_test:1,=,0x62,2147483647,relative;", {URI("/ab")},
		false},
	{"a place before all values", NULL,
		"http.uri; content:\"a\"; byte_test:1,=,0x62,-2147483648,relative;", {URI("/ab")},
		false},
	{"one value has both", NULL,
		"http.request_header; content:\"a\"; content:\"b\"; distance:0;",
		{V(FIELD_HTTP_REQUEST_HEADER, "a: 1"), V(FIELD_HTTP_REQUEST_HEADER, "b: 2")},
		false},
	{"named twice, two values", NULL,
		"http.request_header; content:\"a: 1\"; http.request_header; content:\"b: 2\";",
		{V(FIELD_HTTP_REQUEST_HEADER, "b: 2"), V(FIELD_HTTP_REQUEST_HEADER, "a: 1")}, true},
	{"a host without its port, in lower case", NULL, "http.host; content:\"a.b\"; endswith;",
		{V(FIELD_HTTP_HOST, "X.A.B:8080")}, true},
	{"to_lowercase", NULL, "http.uri; to_lowercase; content:\"/abc\";", {URI("/ABC")}, true},
	{"of the buffer before it, too", NULL,
		"http.uri; content:\"ABC\"; to_lowercase; content:\"/abc\";", {URI("/ABC")}, true},
	{"dotprefix", NULL, "http.host; dotprefix; content:\".b.c\"; endswith;",
		{V(FIELD_HTTP_HOST, "b.c")}, true},
	{"a length with the dot", NULL, "http.host; dotprefix; bsize:4; content:\".b.c\";",
		{V(FIELD_HTTP_HOST, "b.c")}, true},
	{"dotprefix behind another", NULL,
		"http.host; to_lowercase; dotprefix; content:\".b.c\"; startswith;",
		{V(FIELD_HTTP_HOST, "B.C")}, true},
	{"url_decode", NULL, "http.request_body; url_decode; content:\"a b\";",
		{V(FIELD_HTTP_REQUEST_BODY, "x=a%20b")}, true},
	{"a length that is transformed", NULL, "http.uri; strip_whitespace; bsize:3;",
		{URI("a b c")}, true},
	{"base64_decode", UDP,
		"content:\"v=\"; base64_decode:relative; base64_data; content:\"secret\"; "
		"startswith;",
		{PAYLOAD_IS("v=c2VjcmV0")}, true},
	{"base64_decode, another text", UDP,
		"content:\"v=\"; base64_decode:relative; base64_data; content:\"secret\";",
		{PAYLOAD_IS("v=cHVibGlj")}, false},
	{"base64_decode of fewer bytes", UDP,
		"content:\"v=\"; base64_decode:bytes 4, relative; base64_data; content:\"secret\";",
		{PAYLOAD_IS("v=c2VjcmV0")}, false},
	{"base64_decode follows its content's buffer", NULL,
		"content:\"v=\"; http_uri; base64_decode:relative; base64_data; "
		"content:\"secret\";",
		{URI("/?v=c2VjcmV0")}, true},
	// numbers of messages
	{"mqtt.type", "alert mqtt any any -> any any", "mqtt.type:CONNACK;",
		{V(FIELD_MQTT_TYPE, "\x02")}, true},
	{"mqtt.flags", "alert mqtt any any -> any any", "mqtt.flags:!retain,dup;",
		{V(FIELD_MQTT_TYPE, "\x03"), V(FIELD_MQTT_FLAGS, "\x08")}, true},
	{"mqtt.flags, one too many", "alert mqtt any any -> any any", "mqtt.flags:!retain,dup;",
		{V(FIELD_MQTT_TYPE, "\x03"), V(FIELD_MQTT_FLAGS, "\x09")}, false},
	{"dns.opcode", "alert dns any any -> any any", "dns.opcode:5;",
		{V(FIELD_DNS_HEADER, "\x00\x01\x28\x00")}, true},
	{"dns.rcode by name", "alert dns any any -> any any", "dns.rcode:NXDOMAIN;",
		{V(FIELD_DNS_HEADER, "\x00\x01\x81\x83")}, true},
	{"dns.query is of questions", "alert dns any any -> any any", "dns.query; content:\"a\";",
		{V(FIELD_DNS_HEADER, "\x00\x01\x81\x80"), V(FIELD_DNS_QUERY, "a")}, false},
	{"dns.queries.rrname is of both", "alert dns any any -> any any",
		"dns.queries.rrname; content:\"a\";",
		{V(FIELD_DNS_HEADER, "\x00\x01\x81\x80"), V(FIELD_DNS_QUERY, "a")}, true},
	{"mdns", "alert mdns any any -> any any", "mdns.queries.rrname; content:\"a\";",
		{V(FIELD_DNS_KIND, "mdns"), V(FIELD_DNS_QUERY, "a")}, true},
	{"mdns is not dns", "alert mdns any any -> any any", "mdns.queries.rrname; content:\"a\";",
		{V(FIELD_DNS_KIND, "dns"), V(FIELD_DNS_QUERY, "a")}, false},
	{"tls.version", "alert tls any any -> any any", "tls.version:1.2;",
		{V(FIELD_TLS_VERSION, "\x03\x03")}, true},
	{"ssl_version, one of", "alert tls any any -> any any", "ssl_version:tls1.0,tls1.2;",
		{V(FIELD_TLS_VERSION, "\x03\x03")}, true},
	{"ssl_version, none of", "alert tls any any -> any any", "ssl_version:!tls1.0,tls1.2;",
		{V(FIELD_TLS_VERSION, "\x03\x03")}, false},
	{"a certificate's date", "alert tls any any -> any any", "tls_cert_notafter:<2025-06;",
		{V(FIELD_TLS_NOT_AFTER, "2025-05-31T23:59:59")}, true},
	{"a certificate's date, later", "alert tls any any -> any any",
		"tls_cert_notafter:<2025-06;", {V(FIELD_TLS_NOT_AFTER, "2025-06-01T00:00:00")},
		false},
};

static enum app_proto app_of(const struct match_value *values)
{
	for (unsigned app = 0; app < APP_COUNT; app++) {
		const char *name = app_proto_table[app].name;
		if (strncmp(field_table[values[0].field].name, name, strlen(name)) == 0)
			return (enum app_proto)app;
	}
	return APP_UNKNOWN;
}

static struct pattern_db *load(const struct row *row)
{
	struct rule_list list = {0};
	struct diags diags = {0};
	struct swdb swdb = {0};
	struct pattern_db *db = NULL;
	char text[1024], error[256] = "";

	snprintf(text, sizeof(text), "%s (%s sid:1;)",
		row->header != NULL ? row->header : "alert http any any -> any any", row->options);
	int err = rules_parse("t.rules", text, strlen(text), NULL, false, &list, &diags);
	if (err == 0)
		err = swdb_compile(&list, &swdb, &diags);
	CHECK(err == 0, "%s: %s", row->name, diags.n > 0 ? diags.items[0].text : "?");
	if (err == 0)
		err = pattern_db_load(swdb.data, swdb.len, 1, &db, error);
	CHECK(err == 0, "%s: %s", row->name, error);
	swdb_free(&swdb);
	rule_list_free(&list);
	diags_free(&diags);
	return db;
}

static void test_rows(void)
{
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct pattern_db *db = load(&rows[i]);
		bool payload = rows[i].values[0].field == FIELD_PAYLOAD;
		struct match_env env = test_env(payload ? IPPROTO_UDP : IPPROTO_TCP);
		struct match_hits hits = {0};
		unsigned n = 0;

		while (n < VALUES_MAX && rows[i].values[n].field != FIELD_NONE)
			n++;
		env.app_proto = (uint8_t)app_of(rows[i].values);
		if (db != NULL && payload)
			pattern_db_match_packet(db, 0, &env, rows[i].values[0].value, &hits);
		else if (db != NULL)
			pattern_db_match_tx(db, 0, &env, rows[i].values, n, &hits);
		CHECK((hits.n > 0) == rows[i].want, "%s", rows[i].name);
		CHECK(db == NULL || pattern_db_gave_up(db, 0) == 0, "%s: gave up", rows[i].name);
		pattern_db_free(db);
	}
}

// The payload of a row in a stream that comes byte by byte: the same answer.
static void test_streams(void)
{
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct row row = rows[i];
		struct bytes all = row.values[0].value;
		struct match_env env = test_env(IPPROTO_TCP);
		bool hit = false;

		// What is about the end of the buffer depends on where a stream ends.
		if (row.values[0].field != FIELD_PAYLOAD || strstr(row.options, "from_end") ||
			strstr(row.options, "isdataat:!"))
			continue;
		row.header = "alert tcp any any -> any any";
		struct pattern_db *db = load(&row);
		struct pattern_stream *s = db != NULL ? pattern_stream_open(db) : NULL;
		for (size_t at = 0; at < all.len && s != NULL; at++) {
			struct match_hits hits = {0};
			pattern_db_match_stream(
				db, 0, s, &env, at, (struct bytes){all.p + at, 1, false}, &hits);
			hit = hit || hits.n > 0;
		}
		CHECK(hit == row.want, "%s", row.name);
		pattern_stream_close(s);
		pattern_db_free(db);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"meanings", test_rows},
		{"in streams", test_streams},
		CU_TEST_INFO_NULL,
	};
	return check_main("language", tests);
}
