#include "control/sinks/eve_json.h"
#include "tests/unit/check.h"
#include "tests/unit/event_maker.h"

#include <jansson.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static json_t *json_of(struct maker *m)
{
	static struct eve_record record;
	struct json_out out = {0};
	json_t *json = NULL;

	done(m);
	if (eve_record_read(m->data, m->len, &record) && eve_json_record(&out, &record)) {
		CHECK(out.len > 1 && out.data[out.len - 1] == '\n', "one line");
		CHECK(memchr(out.data, '\n', out.len - 1) == NULL, "only one");
		json = json_loadb(out.data, out.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	}
	jout_free(&out);
	return json;
}

static const char *text_at(json_t *json, const char *a, const char *b)
{
	json_t *in = b != NULL ? json_object_get(json, a) : json;
	const char *text = json_string_value(json_object_get(in, b != NULL ? b : a));
	return text != NULL ? text : "";
}

static long long number_at(json_t *json, const char *a, const char *b)
{
	json_t *in = b != NULL ? json_object_get(json, a) : json;
	json_t *v = json_object_get(in, b != NULL ? b : a);
	return json_is_integer(v) ? json_integer_value(v) : -1;
}

// The C library's calendar is the judge of ours.
static void test_time(void)
{
	static const uint64_t seconds[] = {0, 68169599, 68169600, 951782399, 951782400, 951868800,
		1704067199, 1709164800, 1767225600, 4107542399, 4107542400, 13574563200};

	for (size_t i = 0; i < ROWS(seconds); i++) {
		for (int off = -1; off <= 1; off++) {
			time_t t = (time_t)seconds[i] + (seconds[i] > 0 ? off * 86400 : 0);
			char want[64], second[32];
			struct maker m;
			make_tx(&m, APP_TLS, IPPROTO_TCP)->ts_ns = (uint64_t)t * 1000000000 + 7999;
			strftime(second, sizeof(second), "%Y-%m-%dT%H:%M:%S", gmtime(&t));
			snprintf(want, sizeof(want), "%s.000007+0000", second);
			json_t *j = json_of(&m);
			CHECK(strcmp(text_at(j, "timestamp", NULL), want) == 0, "%s: %s", want,
				text_at(j, "timestamp", NULL));
			json_decref(j);
		}
	}
}

static void test_proto(void)
{
	static const struct {
		uint8_t l4, version;
		const char *proto, *src;
		bool ports;
	} cases[] = {
		{IPPROTO_TCP, 4, "TCP", "10.0.0.0", true},
		{IPPROTO_UDP, 6, "UDP", "a00::", true},
		{IPPROTO_ICMP, 4, "ICMP", "10.0.0.0", false},
		{IPPROTO_ICMPV6, 6, "IPv6-ICMP", "a00::", false},
		{IPPROTO_SCTP, 4, "SCTP", "10.0.0.0", true},
		{253, 4, "253", "10.0.0.0", true},
	};

	for (size_t i = 0; i < ROWS(cases); i++) {
		struct maker m;
		make(&m, EVENT_ALERT, cases[i].l4)->ip_version = cases[i].version;
		json_t *j = json_of(&m);
		CHECK(strcmp(text_at(j, "proto", NULL), cases[i].proto) == 0, "%s", cases[i].proto);
		CHECK(strcmp(text_at(j, "src_ip", NULL), cases[i].src) == 0, "%s: %s",
			cases[i].proto, text_at(j, "src_ip", NULL));
		CHECK(number_at(j, "ip_v", NULL) == cases[i].version, "%s", cases[i].proto);
		CHECK((number_at(j, "dest_port", NULL) == 443) == cases[i].ports, "%s",
			cases[i].proto);
		json_decref(j);
	}
}

static void test_common(void)
{
	struct maker m;
	struct event_head *h = make_tx(&m, APP_TLS, IPPROTO_TCP);
	h->flags = EVENT_CLEAR;
	h->flow_id = (1ull << 53) | 5;
	put_value(&m, FIELD_TLS_SNI, "a.example", 9);
	put_value(&m, FIELD_TLS_ALPN, "h2", 2);
	put_value(&m, FIELD_TLS_ALPN, "http/1.1", 8);
	put_value(&m, FIELD_TLS_VERSION, "\x03\x04", 2);
	put_value(&m, TAG_SERVICE, "whatsapp", 8);
	json_t *j = json_of(&m);

	CHECK(strcmp(text_at(j, "timestamp", NULL), "2023-11-14T22:13:20.123456+0000") == 0, "%s",
		text_at(j, "timestamp", NULL));
	CHECK(number_at(j, "flow_id", NULL) == 5, "readers keep 53 bits");
	CHECK(strcmp(text_at(j, "event_type", NULL), "tls") == 0, "type");
	CHECK(strcmp(text_at(j, "src_ip", NULL), "10.0.0.0") == 0, "src");
	CHECK(json_integer_value(json_object_get(j, "dest_port")) == 443, "port");
	CHECK(strcmp(text_at(j, "proto", NULL), "TCP") == 0, "proto");
	CHECK(json_object_get(j, "pcap_cnt") == NULL, "no frame number");
	CHECK(strcmp(text_at(j, "tls", "sni"), "a.example") == 0, "sni");
	CHECK(strcmp(text_at(j, "tls", "version"), "TLS 1.3") == 0, "version");
	CHECK(json_array_size(json_object_get(json_object_get(j, "tls"), "client_alpns")) == 2,
		"alpn");
	CHECK(strcmp(text_at(j, "sealwatch", "service"), "whatsapp") == 0, "service");
	CHECK(json_is_true(json_object_get(json_object_get(j, "sealwatch"), "clear")), "clear");
	json_decref(j);
}

static void test_text(void)
{
	static const struct {
		const char *name, *in;
		size_t len;
		const char *want; // as JSON reads it
	} cases[] = {
		{"plain", "abc", 3, "abc"},
		{"quotes", "a\"b\\c", 5, "a\"b\\c"},
		{"control", "a\nb\x01", 4, "a\nb\x01"},
		{"UTF-8", "\xe5\xbe\xae\xe4\xbf\xa1", 6, "\xe5\xbe\xae\xe4\xbf\xa1"},
		{"four bytes", "\xf0\x9f\x98\x80", 4, "\xf0\x9f\x98\x80"},
		{"no UTF-8", "a\xff\xfe", 3, "a\\xff\\xfe"},
		{"overlong", "\xc0\xaf", 2, "\\xc0\\xaf"},
		{"overlong three", "\xe0\x9f\x80", 3, "\\xe0\\x9f\\x80"},
		{"overlong four", "\xf0\x8f\x80\x80", 4, "\\xf0\\x8f\\x80\\x80"},
		{"surrogate", "\xed\xa0\x80", 3, "\\xed\\xa0\\x80"},
		{"beyond the last", "\xf4\x90\x80\x80", 4, "\\xf4\\x90\\x80\\x80"},
		{"cut", "\xe5\xbe", 2, "\\xe5\\xbe"},
		{"cut four", "\xf0\x9f\x98", 3, "\\xf0\\x9f\\x98"},
		{"lone tail", "a\x80z", 3, "a\\x80z"},
	};

	for (size_t i = 0; i < ROWS(cases); i++) {
		struct maker m;
		make_tx(&m, APP_TLS, IPPROTO_TCP);
		put_value(&m, FIELD_TLS_SNI, cases[i].in, cases[i].len);
		json_t *j = json_of(&m);
		CHECK(strcmp(text_at(j, "tls", "sni"), cases[i].want) == 0, "%s: %s", cases[i].name,
			text_at(j, "tls", "sni"));
		json_decref(j);
	}
}

static void test_host(void)
{
	static const struct {
		const char *in, *host;
		int port; // -1: none
	} cases[] = {{"a.example", "a.example", -1}, {"a.example:8080", "a.example", 8080},
		{"a.example:", "a.example:", -1}, {"[2001:db8::1]:80", "[2001:db8::1]", 80},
		{"a:b", "a:b", -1}, {":80", "", 80}, {"12345", "12345", -1},
		{"2001:db8::1", "2001:db8::1", -1}, {"[2001:db8::1]", "[2001:db8::1]", -1},
		{"::1", "::1", -1}, {"a.example:65535", "a.example", 65535},
		{"a.example:65536", "a.example:65536", -1}, {"a:123456", "a:123456", -1},
		{"a:8o", "a:8o", -1}, {":", ":", -1}, {"", "", -1}};

	for (size_t i = 0; i < ROWS(cases); i++) {
		struct maker m;
		make_tx(&m, APP_HTTP, IPPROTO_TCP);
		put_value(&m, FIELD_HTTP_HOST, cases[i].in, strlen(cases[i].in));
		json_t *j = json_of(&m);
		json_t *port = json_object_get(json_object_get(j, "http"), "http_port");
		CHECK(strcmp(text_at(j, "http", "hostname"), cases[i].host) == 0, "%s",
			cases[i].in);
		CHECK(cases[i].port < 0 ? port == NULL : json_integer_value(port) == cases[i].port,
			"%s", cases[i].in);
		json_decref(j);
	}
}

static void test_dns(void)
{
	struct maker m;
	make_tx(&m, APP_DNS, IPPROTO_UDP);
	put_value(&m, FIELD_DNS_HEADER, "\x12\x34\x81\x83", 4);
	put_value(&m, FIELD_DNS_QUERY, "a.example", 9);
	put_value(&m, FIELD_DNS_RRTYPE, "\x00\x1c", 2);
	put_value(&m, FIELD_DNS_QUERY, "b.example", 9);
	put_value(&m, FIELD_DNS_RRTYPE, "\x12\x34", 2);
	json_t *j = json_of(&m);
	json_t *dns = json_object_get(j, "dns");
	json_t *queries = json_object_get(dns, "queries");

	CHECK(strcmp(text_at(j, "dns", "type"), "response") == 0, "type");
	CHECK(json_integer_value(json_object_get(dns, "id")) == 0x1234, "id");
	CHECK(strcmp(text_at(j, "dns", "rcode"), "NXDOMAIN") == 0, "rcode");
	CHECK(json_is_true(json_object_get(dns, "rd")) && json_is_true(json_object_get(dns, "ra")),
		"bits");
	CHECK(json_array_size(queries) == 2, "queries");
	CHECK(strcmp(text_at(json_array_get(queries, 0), "rrtype", NULL), "AAAA") == 0,
		"known type");
	CHECK(strcmp(text_at(json_array_get(queries, 1), "rrtype", NULL), "TYPE4660") == 0,
		"other");
	json_decref(j);
}

static void test_dns_records(void)
{
	static const uint8_t a[] = {0, 1, 0, 0, 0, 60}, soa[] = {0, 6, 0, 0, 1, 0},
			     srv[] = {0, 33, 0, 0, 0, 1};
	struct maker m;

	make_tx(&m, APP_DNS, IPPROTO_UDP);
	put_value(&m, FIELD_DNS_HEADER, "\x12\x34\x81\x80", 4);
	put_value(&m, FIELD_DNS_ANSWER, "a.example", 9);
	put_value(&m, FIELD_DNS_RR, a, sizeof(a));
	put_value(&m, FIELD_DNS_ADDRESS, "192.0.2.1", 9);
	put_value(&m, FIELD_DNS_ANSWER, "s.example", 9);
	put_value(&m, FIELD_DNS_RR, srv, sizeof(srv));
	put_value(&m, FIELD_DNS_SERVICE, "1 2 443 t", 9);
	put_value(&m, FIELD_DNS_AUTHORITY, "example", 7);
	put_value(&m, FIELD_DNS_RR, soa, sizeof(soa));
	put_value(&m, FIELD_DNS_SOA, "m r 1 2 3 4 5", 13);
	put_value(&m, FIELD_DNS_ADDITIONAL, "x", 1);
	json_t *j = json_of(&m);
	json_t *dns = json_object_get(j, "dns");
	json_t *answers = json_object_get(dns, "answers");
	json_t *first = json_array_get(answers, 0), *second = json_array_get(answers, 1);
	json_t *authority = json_array_get(json_object_get(dns, "authorities"), 0);

	CHECK(json_array_size(answers) == 2, "answers");
	CHECK(strcmp(json_string_value(json_object_get(first, "rrname")), "a.example") == 0,
		"name");
	CHECK(strcmp(json_string_value(json_object_get(first, "rrtype")), "A") == 0, "type");
	CHECK(json_integer_value(json_object_get(first, "ttl")) == 60, "ttl");
	CHECK(strcmp(json_string_value(json_object_get(first, "rdata")), "192.0.2.1") == 0, "data");
	json_t *port = json_object_get(json_object_get(second, "srv"), "port");
	CHECK(json_integer_value(port) == 443, "srv");
	json_t *minimum = json_object_get(json_object_get(authority, "soa"), "minimum");
	CHECK(json_integer_value(minimum) == 5, "soa");
	CHECK(json_array_size(json_object_get(dns, "additionals")) == 1, "additionals");
	json_decref(j);
}

static void test_dns_flags(void)
{
	static const struct {
		const char *header;
		size_t len;
		const char *type, *flags, *rcode,
			*bits; // bits: those that are told, others are not
		int opcode; // -1: not known
	} cases[] = {
		{"\x00\x01\x01\x00", 4, "request", "0100", "", "rd", 0},
		{"\x00\x01\x81\x80", 4, "response", "8180", "NOERROR", "qr rd ra", 0},
		{"\x00\x01\x86\x05", 4, "response", "8605", "REFUSED", "qr aa tc", 0},
		{"\x00\x01\xc8\x4f", 4, "response", "c84f", "15", "qr z", 9},
		{"\x00\x01\x28\x00", 4, "request", "2800", "", "", 5},
		{"\x00\x01\x80", 3, "request", "", "", "", -1},
	};
	static const char *const bits[] = {"qr", "aa", "tc", "rd", "ra", "z"};

	for (size_t i = 0; i < ROWS(cases); i++) {
		struct maker m;
		make_tx(&m, APP_DNS, IPPROTO_UDP)->tx_id = 3;
		put_value(&m, FIELD_DNS_HEADER, cases[i].header, cases[i].len);
		put_value(&m, FIELD_DNS_KIND, "mdns", 4);
		json_t *j = json_of(&m);
		CHECK(strcmp(text_at(j, "event_type", NULL), "dns") == 0, "%zu", i);
		CHECK(strcmp(text_at(j, "sealwatch", "kind"), "mdns") == 0, "%zu", i);
		CHECK(number_at(j, "dns", "version") == 3 && number_at(j, "dns", "tx_id") == 3,
			"%zu", i);
		CHECK(strcmp(text_at(j, "dns", "type"), cases[i].type) == 0, "%zu", i);
		CHECK(strcmp(text_at(j, "dns", "flags"), cases[i].flags) == 0, "%zu", i);
		CHECK(strcmp(text_at(j, "dns", "rcode"), cases[i].rcode) == 0, "%zu", i);
		CHECK(number_at(j, "dns", "opcode") == cases[i].opcode, "%zu", i);
		for (size_t k = 0; k < ROWS(bits); k++)
			CHECK(json_is_true(json_object_get(json_object_get(j, "dns"), bits[k])) ==
					(strstr(cases[i].bits, bits[k]) != NULL),
				"%zu %s", i, bits[k]);
		json_decref(j);
	}
}

static void test_alert(void)
{
	struct event_alert alert = {.gid = 1, .sid = 7, .rev = 2, .severity = 1};
	struct event_flow flow = {.packets = {3, 4}, .bytes = {30, 40}};
	struct maker m;
	struct event_head *h = make(&m, EVENT_ALERT, IPPROTO_ICMP);
	h->sport = 8;
	h->dport = 0;
	h->dir = DIR_S2C;
	h->app_proto = APP_TLS;
	put_value(&m, TAG_ALERT, &alert, sizeof(alert));
	put_value(&m, TAG_MSG, "hello", 5);
	put_value(&m, TAG_CATEGORY, "Potential Corporate Privacy Violation", 37);
	put_value(&m, TAG_METADATA, "service x", 9);
	put_value(&m, TAG_METADATA, "service y", 9);
	put_value(&m, TAG_METADATA, "lonely", 6);
	put_value(&m, TAG_REFERENCE, "url,a.example", 13);
	put_value(&m, TAG_REFERENCE, "cve,2020-1", 10);
	put_value(&m, FIELD_TLS_SNI, "b.example", 9);
	put_value(&m, TAG_FLOW, &flow, sizeof(flow));
	json_t *j = json_of(&m);
	json_t *a = json_object_get(j, "alert");
	json_t *metadata = json_object_get(a, "metadata");

	CHECK(json_integer_value(json_object_get(a, "signature_id")) == 7, "sid");
	CHECK(strcmp(text_at(j, "alert", "category"), "Potential Corporate Privacy Violation") == 0,
		"category");
	CHECK(json_array_size(json_object_get(metadata, "service")) == 2, "one key, two values");
	CHECK(json_object_size(metadata) == 2, "two keys");
	CHECK(json_array_size(json_object_get(a, "references")) == 2, "references");
	CHECK(number_at(j, "icmp_type", NULL) == 8 && number_at(j, "icmp_code", NULL) == 0, "icmp");
	CHECK(strcmp(text_at(j, "direction", NULL), "to_client") == 0, "direction");
	CHECK(strcmp(text_at(j, "app_proto", NULL), "tls") == 0, "protocol");
	CHECK(strcmp(text_at(j, "tls", "sni"), "b.example") == 0, "the transaction");
	CHECK(json_integer_value(json_object_get(json_object_get(j, "flow"), "pkts_toclient")) == 4,
		"flow");
	json_decref(j);
}

// Does the field's name begin with one of the words?
static bool is_of(const char *name, const char *const *words)
{
	for (; *words != NULL; words++) {
		size_t n = strlen(*words);
		if (strncmp(name, *words, n) == 0 && name[n] == '.')
			return true;
	}
	return false;
}

// A message with all that its protocol can tell: no key comes twice in an object, which it would
// if rows of one object did not stand together in the table.
static void test_all_fields(void)
{
	static const struct {
		enum app_proto app;
		const char *words[8];
	} rows[] = {{APP_TLS, {"tls", "ja3", "ja3s", "ja4"}},
		{APP_QUIC, {"quic", "ja3", "ja3s", "ja4"}}, {APP_HTTP, {"http"}},
		{APP_HTTP2, {"http", "http2"}}, {APP_DNS, {"dns"}}, {APP_WEBSOCKET, {"websocket"}},
		{APP_SSH, {"ssh"}}, {APP_SMTP, {"smtp", "email"}}, {APP_IMAP, {"imap", "email"}},
		{APP_POP3, {"pop3", "email"}}, {APP_MQTT, {"mqtt"}}, {APP_SIP, {"sip", "sdp"}},
		{APP_XMPP, {"xmpp"}}, {APP_IRC, {"irc"}}, {APP_STUN, {"stun"}}, {APP_RTP, {"rtp"}},
		{APP_SOCKS, {"socks"}}, {APP_RTMP, {"rtmp"}}, {APP_OICQ, {"im", "confidence"}}};

	for (size_t i = 0; i < 2 * ROWS(rows); i++) {
		struct maker m;
		struct event_head *h = make_tx(&m, rows[i / 2].app, IPPROTO_TCP);
		h->dir = i % 2;
		for (unsigned id = 1; id < FIELD_COUNT; id++) {
			char dir = field_table[id].dir;
			if (is_of(field_table[id].name, rows[i / 2].words) &&
				(dir == 'B' || dir == (i % 2 == 0 ? 'C' : 'S')))
				put_value(&m, (uint16_t)id, "12", 2);
		}
		json_t *j = json_of(&m); // refuses a key that comes twice
		CHECK(j != NULL, "%s", app_proto_table[rows[i / 2].app].name);
		json_decref(j);
	}
}

static void test_flow(void)
{
	struct event_flow f = {.start_ns = 1900000000,
		.end_ns = 5100000000,
		.packets = {3, 4},
		.bytes = {30, 40},
		.tcp_flags = {0x02, 0x12},
		.state = FLOW_STATE_CLOSED,
		.reason = FLOW_END_OF_INPUT,
		.alerted = 1};
	struct event_tunnel t = {{7, 9}, TUNNEL_NONE, 5, TUNNEL_NONE, TUNNEL_NONE, TUNNEL_NONE, 0};
	struct maker m;

	make(&m, EVENT_FLOW, IPPROTO_TCP)->app_proto = APP_TLS;
	put_value(&m, TAG_FLOW, &f, sizeof(f));
	put_value(&m, TAG_TUNNEL, &t, sizeof(t));
	json_t *j = json_of(&m);
	json_t *tcp = json_object_get(j, "tcp");
	json_t *tunnel = json_object_get(json_object_get(j, "sealwatch"), "tunnel");
	CHECK(number_at(j, "flow", "bytes_toserver") == 30, "to the server");
	CHECK(number_at(j, "flow", "pkts_toclient") == 4, "to the client");
	CHECK(number_at(j, "flow", "age") == 4, "from second 1 to second 5");
	CHECK(strcmp(text_at(j, "flow", "start"), "1970-01-01T00:00:01.900000+0000") == 0, "start");
	CHECK(strcmp(text_at(j, "flow", "state"), "closed") == 0, "state");
	CHECK(strcmp(text_at(j, "flow", "reason"), "shutdown") == 0, "reason");
	CHECK(strcmp(text_at(j, "app_proto", NULL), "tls") == 0, "protocol");
	CHECK(strcmp(text_at(j, "tcp", "tcp_flags"), "12") == 0, "both sides");
	CHECK(strcmp(text_at(j, "tcp", "tcp_flags_ts"), "02") == 0, "one side");
	CHECK(json_is_true(json_object_get(tcp, "syn")) && json_object_get(tcp, "fin") == NULL,
		"flags by name");
	CHECK(json_array_size(json_object_get(j, "vlan")) == 2, "vlan");
	CHECK(number_at(tunnel, "gtp_teid", NULL) == 5, "tunnel");
	CHECK(json_object_get(tunnel, "mpls") == NULL, "no label");
	CHECK(json_object_get(json_object_get(j, "sealwatch"), "service") == NULL, "no service");
	json_decref(j);
}

// The checks of a flow's posture stand together; its grade beside the service, as in its flow record.
static void test_posture(void)
{
	struct maker m;

	make(&m, EVENT_POSTURE, IPPROTO_TCP)->app_proto = APP_TLS;
	put_value(&m, TAG_GRADE, "D", 1);
	put_value(&m, TAG_SEVERITY, "high", 4);
	put_value(&m, TAG_CHECK, "tls_version", 11);
	put_value(&m, TAG_CHECK, "tls12_cipher.cbc", 16);
	json_t *j = json_of(&m);
	json_t *posture = json_object_get(json_object_get(j, "sealwatch"), "posture");
	json_t *checks = json_object_get(posture, "checks");
	CHECK(strcmp(text_at(j, "event_type", NULL), "posture") == 0, "type");
	CHECK(strcmp(text_at(j, "sealwatch", "grade"), "D") == 0, "grade");
	CHECK(strcmp(text_at(posture, "severity", NULL), "high") == 0, "severity");
	CHECK(json_array_size(checks) == 2 &&
			strcmp(json_string_value(json_array_get(checks, 1)), "tls12_cipher.cbc") ==
				0,
		"checks");
	json_decref(j);
}

static void read_and_write(const uint8_t *bytes, uint32_t len, const char *what, uint32_t at)
{
	static struct eve_record record;
	static struct json_out out;
	uint8_t *copy = malloc(len > 0 ? len : 1); // of its own size: ASan sees what is behind

	memcpy(copy, bytes, len);
	if (len >= sizeof(uint32_t))
		memcpy(copy, &len, sizeof(len));
	if (eve_record_read(copy, len, &record) && eve_json_record(&out, &record)) {
		json_error_t e;
		json_t *j = json_loadb(out.data, out.len, JSON_ALLOW_NUL, &e);
		// The library has no place for a key with a NUL, JSON has.
		CHECK(j != NULL || json_error_code(&e) == json_error_null_byte_in_key, "%s %u: %s",
			what, at, e.text);
		CHECK(len >= sizeof(struct event_head), "%s %u", what, at);
		json_decref(j);
	}
	free(copy);
}

// Each length, and each byte made wrong, of good records: what is written is JSON all the same.
static void test_hostile(void)
{
	static const struct {
		uint16_t tag;
		const char *text;
	} values[] = {{TAG_MSG, "hello"}, {TAG_METADATA, "a b"}, {TAG_REFERENCE, "url,x"},
		{FIELD_DNS_HEADER, "xxxx"}, {FIELD_DNS_QUERY, "q"}, {FIELD_DNS_RRTYPE, "x"},
		{FIELD_HTTP_METHOD, "GET"}, {FIELD_HTTP_HOST, "h:1"}, {FIELD_TLS_VERSION, ""},
		{FIELD_TLS_ALPN, "h2"}, {TAG_TUNNEL, "short"}, {TAG_SEVERITY, "low"},
		{TAG_CHECK, "ech"}};
	struct event_flow flow = {0};

	for (unsigned type = EVENT_ALERT; type <= EVENT_POSTURE; type++) {
		struct maker m;
		make(&m, type, IPPROTO_TCP);
		put_value(&m, TAG_FLOW, &flow, sizeof(flow));
		for (size_t i = 0; i < ROWS(values); i++)
			put_value(&m, values[i].tag, values[i].text, strlen(values[i].text));
		done(&m);
		for (uint32_t len = 0; len <= m.len; len++)
			read_and_write(m.data, len, "length", len);
		for (uint32_t at = 4; at < m.len; at++) {
			uint8_t was = m.data[at];
			for (unsigned v = 0; v < 256; v += 15) {
				m.data[at] = (uint8_t)v;
				read_and_write(m.data, m.len, "byte", at);
			}
			m.data[at] = was;
		}
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"time", test_time},
		{"protocols", test_proto},
		{"what all have", test_common},
		{"text", test_text},
		{"hosts and ports", test_host},
		{"dns", test_dns},
		{"dns header", test_dns_flags},
		{"dns records", test_dns_records},
		{"alert", test_alert},
		{"posture", test_posture},
		{"all fields", test_all_fields},
		{"flow", test_flow},
		{"hostile records", test_hostile},
		CU_TEST_INFO_NULL,
	};
	return check_main("eve", tests);
}
