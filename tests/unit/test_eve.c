#include "control/sinks/eve.h"
#include "control/sinks/eve_json.h"
#include "tests/unit/check.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

struct maker {
	_Alignas(8) uint8_t data[EVENT_RECORD_MAX];
	uint32_t len;
};

static struct event_head *make(struct maker *m, enum event_type type, uint8_t l4)
{
	struct event_head *h = (struct event_head *)m->data;

	memset(m, 0, sizeof(*m));
	h->type = (uint8_t)type;
	h->l4 = l4;
	h->ip_version = 4;
	h->ts_ns = 1700000000123456789ull;
	h->flow_id = UINT64_MAX;
	h->src[0] = 10;
	h->dst[0] = 192;
	h->sport = 40000;
	h->dport = 443;
	m->len = sizeof(*h);
	return h;
}

static void put(struct maker *m, uint16_t tag, const void *p, size_t len)
{
	struct event_value v = {.tag = tag, .len = (uint16_t)len};

	memcpy(m->data + m->len, &v, sizeof(v));
	memcpy(m->data + m->len + sizeof(v), p, len);
	m->len += (uint32_t)((sizeof(v) + len + 3) & ~(size_t)3);
}

static void done(struct maker *m)
{
	m->len = (m->len + 7) & ~7u;
	((struct event_head *)m->data)->len = m->len;
}

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

static void test_common(void)
{
	struct maker m;
	make(&m, EVENT_TLS, IPPROTO_TCP)->flags = EVENT_CLEAR;
	put(&m, FIELD_TLS_SNI, "a.example", 9);
	put(&m, FIELD_TLS_ALPN, "h2", 2);
	put(&m, FIELD_TLS_ALPN, "http/1.1", 8);
	put(&m, FIELD_TLS_VERSION, "\x03\x04", 2);
	put(&m, TAG_SERVICE, "whatsapp", 8);
	json_t *j = json_of(&m);

	CHECK(strcmp(text_at(j, "timestamp", NULL), "2023-11-14T22:13:20.123456+0000") == 0, "%s",
		text_at(j, "timestamp", NULL));
	CHECK(json_integer_value(json_object_get(j, "flow_id")) == (1ll << 53) - 1, "53 bits");
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
		{"surrogate", "\xed\xa0\x80", 3, "\\xed\\xa0\\x80"},
		{"beyond the last", "\xf4\x90\x80\x80", 4, "\\xf4\\x90\\x80\\x80"},
		{"cut", "\xe5\xbe", 2, "\\xe5\\xbe"},
	};

	for (size_t i = 0; i < ROWS(cases); i++) {
		struct maker m;
		make(&m, EVENT_TLS, IPPROTO_TCP);
		put(&m, FIELD_TLS_SNI, cases[i].in, cases[i].len);
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
		{"a:b", "a:b", -1}, {":80", "", 80}, {"12345", "12345", -1}};

	for (size_t i = 0; i < ROWS(cases); i++) {
		struct maker m;
		make(&m, EVENT_HTTP, IPPROTO_TCP);
		put(&m, FIELD_HTTP_HOST, cases[i].in, strlen(cases[i].in));
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
	make(&m, EVENT_DNS, IPPROTO_UDP);
	put(&m, FIELD_DNS_HEADER, "\x12\x34\x81\x83", 4);
	put(&m, FIELD_DNS_QUERY, "a.example", 9);
	put(&m, FIELD_DNS_RRTYPE, "\x00\x1c", 2);
	put(&m, FIELD_DNS_QUERY, "b.example", 9);
	put(&m, FIELD_DNS_RRTYPE, "\x12\x34", 2);
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

static void test_alert(void)
{
	struct event_alert alert = {.gid = 1, .sid = 7, .rev = 2, .severity = 1};
	struct event_flow flow = {.packets = {3, 4}, .bytes = {30, 40}};
	struct maker m;

	make(&m, EVENT_ALERT, IPPROTO_ICMP)->sport = 8;
	put(&m, TAG_ALERT, &alert, sizeof(alert));
	put(&m, TAG_MSG, "hello", 5);
	put(&m, TAG_CLASSTYPE, "policy-violation", 16);
	put(&m, TAG_METADATA, "service x", 9);
	put(&m, TAG_METADATA, "service y", 9);
	put(&m, TAG_METADATA, "lonely", 6);
	put(&m, TAG_FLOW, &flow, sizeof(flow));
	json_t *j = json_of(&m);
	json_t *a = json_object_get(j, "alert");
	json_t *metadata = json_object_get(a, "metadata");

	CHECK(json_integer_value(json_object_get(a, "signature_id")) == 7, "sid");
	CHECK(strcmp(text_at(j, "alert", "category"), "Potential Corporate Privacy Violation") == 0,
		"category");
	CHECK(json_array_size(json_object_get(metadata, "service")) == 2, "one key, two values");
	CHECK(json_object_size(metadata) == 2, "two keys");
	CHECK(json_integer_value(json_object_get(j, "icmp_type")) == 8, "ICMP has no ports");
	CHECK(json_object_get(j, "src_port") == NULL, "ICMP has no ports");
	CHECK(json_integer_value(json_object_get(json_object_get(j, "flow"), "pkts_toclient")) == 4,
		"flow");
	json_decref(j);
}

// Each length and each byte of a good record made wrong, in memory of its own size.
static void test_hostile(void)
{
	static struct eve_record record;
	struct json_out out = {0};
	struct maker m;

	make(&m, EVENT_ALERT, IPPROTO_TCP);
	put(&m, TAG_MSG, "hello", 5);
	put(&m, FIELD_DNS_HEADER, "x", 1);
	put(&m, TAG_TUNNEL, "short", 5);
	done(&m);
	for (uint32_t len = 0; len <= m.len; len++) {
		uint8_t *cut = malloc(len ? len : 1);
		memcpy(cut, m.data, len);
		if (len >= 4)
			memcpy(cut, &len, 4);
		if (eve_record_read(cut, len, &record))
			eve_json_record(&out, &record);
		CHECK(len >= sizeof(struct event_head) || !eve_record_read(cut, len, &record), "%u",
			len);
		free(cut);
	}
	for (uint32_t at = 4; at < m.len; at++) {
		for (unsigned v = 0; v < 256; v += 51) {
			uint8_t *copy = malloc(m.len);
			memcpy(copy, m.data, m.len);
			copy[at] = (uint8_t)v;
			if (eve_record_read(copy, m.len, &record))
				eve_json_record(&out, &record);
			free(copy);
		}
	}
	jout_free(&out);
	CU_PASS("nothing was read beyond its end");
}

static void test_files(void)
{
	char path[] = "/tmp/sealwatch-eve.XXXXXX";
	struct eve_writer *w = NULL;
	struct stat st;
	struct maker m;

	close(mkstemp(path));
	CHECK(eve_open("/nonexistent/x", &w) == -ENOENT, "no directory");
	CHECK(eve_open("/tmp", &w) == -EISDIR, "a directory");
	CHECK(eve_open(path, &w) == 0, "open");
	make(&m, EVENT_TLS, IPPROTO_TCP);
	done(&m);
	for (unsigned i = 0; i < 5000; i++)
		CHECK(eve_write(w, m.data, m.len) == 0, "write");
	CHECK(eve_write(w, "x", 1) == -EBADMSG, "nonsense");
	CHECK(eve_flush(w) == 0 && eve_stats(w)->written == 5000 && eve_stats(w)->bad == 1,
		"counted");
	CHECK(eve_close(w) == 0, "close");
	CHECK(stat(path, &st) == 0 && st.st_size > 5000 * 100, "all is there");
	unlink(path);

	CHECK(eve_open("/dev/full", &w) == 0, "a full disk opens");
	eve_write(w, m.data, m.len);
	CHECK(eve_flush(w) == -ENOSPC, "and says so");
	CHECK(eve_stats(w)->failed == 1 && eve_stats(w)->last_errno == ENOSPC, "and counts");
	eve_close(w);
}

// A limit on the file's size cuts a write in the middle of a line, as a full disk does: what stays
// are whole lines.
static void test_no_half_line(void)
{
	char path[] = "/tmp/sealwatch-eve.XXXXXX";
	struct rlimit before, limit;
	struct eve_writer *w = NULL;
	char text[4096];
	struct maker m;

	close(mkstemp(path));
	make(&m, EVENT_TLS, IPPROTO_TCP);
	done(&m);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	limit = before;
	limit.rlim_cur = 1000;
	CHECK(eve_open(path, &w) == 0 && setrlimit(RLIMIT_FSIZE, &limit) == 0, "a limit");
	for (unsigned i = 0; i < 20; i++)
		eve_write(w, m.data, m.len);
	CHECK(eve_flush(w) == -EFBIG, "does not fit");
	setrlimit(RLIMIT_FSIZE, &before);
	uint64_t written = eve_stats(w)->written;
	CHECK(written > 0 && written + eve_stats(w)->failed == 20, "each line is one or the other");
	eve_write(w, m.data, m.len);
	CHECK(eve_close(w) == 0, "and goes on");

	FILE *f = fopen(path, "r");
	uint64_t lines = 0;
	while (fgets(text, sizeof(text), f) != NULL) {
		json_t *j = json_loads(text, 0, NULL);
		CHECK(j != NULL, "line %llu is whole", (unsigned long long)lines);
		json_decref(j);
		lines++;
	}
	fclose(f);
	CHECK(lines == written + 1, "%llu lines", (unsigned long long)lines);
	unlink(path);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"what all have", test_common},
		{"text", test_text},
		{"hosts and ports", test_host},
		{"dns", test_dns},
		{"alert", test_alert},
		{"hostile records", test_hostile},
		{"files", test_files},
		{"no half line", test_no_half_line},
		CU_TEST_INFO_NULL,
	};
	return check_main("eve", tests);
}
